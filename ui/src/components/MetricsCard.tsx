import type { ReactNode } from "react";
import { Dot, type Tone } from "./Badge";

interface MetricsCardProps {
	title: string;
	value: ReactNode;
	/** Beside the number. */
	unit?: ReactNode;
	/** Why the number is what it is. */
	why?: ReactNode;
	tone?: Tone;
}

export function MetricsCard({ title, value, unit, why, tone }: MetricsCardProps) {
	return (
		<section className="min-w-0 rounded-lg border border-line bg-panel px-3.5 py-3">
			<h2 className="flex items-center gap-1.5 font-medium text-sm text-text-2">
				{tone && <Dot tone={tone} />}
				{title}
			</h2>
			<p className="tabular mt-1 flex flex-wrap items-baseline gap-x-1.5 font-semibold text-xl tracking-tight">
				{value}
				{unit && <span className="font-medium text-sm tracking-normal text-text-2">{unit}</span>}
			</p>
			{why && <p className="mt-0.5 text-sm text-text-2">{why}</p>}
		</section>
	);
}
