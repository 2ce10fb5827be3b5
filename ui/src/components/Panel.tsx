import type { ReactNode } from "react";
import { classes } from "./classes";

export function Panel({
	title,
	aside,
	className,
	children,
	padded = true,
}: {
	title?: ReactNode;
	aside?: ReactNode;
	className?: string;
	children: ReactNode;
	padded?: boolean;
}) {
	return (
		<section className={classes("min-w-0 overflow-hidden rounded-lg border border-line bg-panel", className)}>
			{(title || aside) && (
				<div className={classes("flex min-h-9 items-center gap-2 px-4 pt-2.5", !padded && "pb-1.5")}>
					<h2 className="min-w-0 font-semibold">{title}</h2>
					<div className="ml-auto flex items-center gap-2">{aside}</div>
				</div>
			)}
			<div className={classes(padded && "px-4 pt-2 pb-3.5")}>{children}</div>
		</section>
	);
}

/** Name and value, one below the other. */
export function Facts({ children, wide }: { children: ReactNode; wide?: boolean }) {
	return (
		<dl
			className={classes("grid gap-x-3 gap-y-1.5", wide ? "grid-cols-[150px_1fr]" : "grid-cols-[88px_1fr]")}
		>
			{children}
		</dl>
	);
}

export function Fact({ name, children, bad }: { name: string; children: ReactNode; bad?: boolean }) {
	return (
		<>
			<dt className="text-text-2">{name}</dt>
			<dd className={classes("tabular min-w-0 wrap-anywhere", bad && "font-medium text-bad")}>{children}</dd>
		</>
	);
}

export function Note({ tone = "plain", children }: { tone?: "plain" | "warn" | "ok"; children: ReactNode }) {
	return (
		<div
			className={classes(
				"rounded-lg border px-3 py-2",
				tone === "plain" && "border-line bg-line-soft text-text-2",
				tone === "warn" && "border-warn/35 bg-warn-soft",
				tone === "ok" && "border-ok/45 bg-ok-soft",
			)}
		>
			{children}
		</div>
	);
}
