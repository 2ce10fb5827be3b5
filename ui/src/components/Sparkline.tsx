/** A few values as a line; the numbers themselves are in its name. */
export function Sparkline({ values, label }: { values: readonly number[]; label: string }) {
	if (values.length < 2) return null;
	const width = 72;
	const height = 18;
	const least = Math.min(...values);
	const span = Math.max(...values) - least;
	const points = values.map((value, at) => {
		const x = 2 + (at / (values.length - 1)) * (width - 4);
		const y = span === 0 ? height / 2 : height - 3 - ((value - least) / span) * (height - 6);
		return `${x.toFixed(1)},${y.toFixed(1)}`;
	});
	const [lastX, lastY] = (points.at(-1) ?? "0,0").split(",");
	return (
		<svg
			role="img"
			aria-label={label}
			width={width}
			height={height}
			viewBox={`0 0 ${width} ${height}`}
			className="text-accent"
		>
			<title>{label}</title>
			<polyline
				points={points.join(" ")}
				fill="none"
				stroke="currentColor"
				strokeWidth="1.25"
				strokeLinejoin="round"
				strokeLinecap="round"
			/>
			<circle cx={lastX} cy={lastY} r="1.75" fill="currentColor" />
		</svg>
	);
}
