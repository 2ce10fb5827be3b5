import type { ReactNode } from "react";
import { classes } from "./classes";

export type Tone = "neutral" | "accent" | "ok" | "warn" | "bad";

const tones: Record<Tone, string> = {
	neutral: "bg-line-soft text-text-2",
	accent: "bg-accent-soft text-accent",
	ok: "bg-ok-soft text-ok",
	warn: "bg-warn-soft text-warn",
	bad: "bg-bad-soft text-bad",
};

export function Badge({
	tone = "neutral",
	title,
	children,
}: {
	tone?: Tone;
	title?: string;
	children: ReactNode;
}) {
	return (
		<span
			title={title}
			className={classes(
				"inline-flex h-[19px] shrink-0 items-center gap-1.5 rounded-full px-2 font-medium text-[11.5px] whitespace-nowrap",
				tones[tone],
			)}
		>
			{children}
		</span>
	);
}

const dots: Record<Tone, string> = {
	neutral: "bg-line-strong",
	accent: "bg-accent",
	ok: "bg-ok",
	warn: "bg-warn",
	bad: "bg-bad",
};

export function Dot({ tone, label }: { tone: Tone; label?: string }) {
	const look = classes("inline-block size-[7px] shrink-0 rounded-full", dots[tone]);
	if (label === undefined) return <span aria-hidden className={look} />;
	return <span role="img" aria-label={label} title={label} className={look} />;
}
