import { Check } from "lucide-react";
import { classes } from "./classes";

/** Where a wizard stands. */
export function Steps({ names, at }: { names: readonly string[]; at: number }) {
	return (
		<ol aria-label="Steps" className="flex flex-wrap items-center gap-x-3 gap-y-1">
			{names.map((name, index) => (
				<li
					key={name}
					aria-current={index === at ? "step" : undefined}
					className={classes(
						"flex items-center gap-1.5",
						index === at ? "font-medium text-text" : "text-text-3",
					)}
				>
					<span
						aria-hidden
						className={classes(
							"inline-flex size-[18px] items-center justify-center rounded-full border-[1.5px] font-semibold text-xs leading-none",
							index === at
								? "border-accent bg-accent text-on-accent"
								: index < at
									? "border-ok text-ok"
									: "border-current",
						)}
					>
						{index < at ? <Check className="size-3" /> : index + 1}
					</span>
					{name}
				</li>
			))}
		</ol>
	);
}
