// Sizes and counts for people: IEC units, three significant digits, thin grouping of thousands.

const units = ["B", "KiB", "MiB", "GiB", "TiB", "PiB", "EiB"] as const;

export function bytes(value: number): string {
	if (!Number.isFinite(value)) return "unknown";
	let rest = Math.abs(value);
	let unit = 0;
	// 999.5 would round to 1000 in the smaller unit.
	while (rest >= 999.5 && unit < units.length - 1) {
		rest /= 1024;
		unit += 1;
	}
	const digits = unit === 0 || rest >= 100 ? 0 : rest >= 10 ? 1 : 2;
	const text = trimZeros(rest.toFixed(digits));
	return `${value < 0 ? "-" : ""}${text} ${units[unit]}`;
}

export function rate(bytesPerSecond: number): string {
	return `${bytes(bytesPerSecond)}/s`;
}

/** "412 of 664 MiB": both in the unit of the total. */
export function bytesOf(done: number, total: number): string {
	const [, unit = "B"] = bytes(total).split(" ");
	const power = units.indexOf(unit as (typeof units)[number]);
	const scaled = done / 1024 ** Math.max(power, 0);
	const digits = power <= 0 || scaled >= 100 ? 0 : scaled >= 10 ? 1 : 2;
	return `${trimZeros(scaled.toFixed(digits))} of ${bytes(total)}`;
}

const grouped = new Intl.NumberFormat("en-GB");

export function count(value: number): string {
	return grouped.format(value);
}

/** "1 table", "84 tables". */
export function counted(value: number, one: string, many = `${one}s`): string {
	return `${count(value)} ${value === 1 ? one : many}`;
}

/** Saved share in percent; null when there is nothing to compare. Never rounds up to a boast of 100. */
export function savedPercent(stored: number, restores: number): string | null {
	if (restores <= 0 || stored > restores) return null;
	const share = (1 - stored / restores) * 100;
	if (share < 1) return null;
	const digits = share >= 99 ? 1 : 0;
	const floor = Math.min(99.9, Math.floor(share * 10 ** digits) / 10 ** digits);
	return `${floor.toFixed(digits)}\u00a0%`;
}

function trimZeros(text: string): string {
	return text.includes(".") ? text.replace(/\.?0+$/, "") : text;
}
