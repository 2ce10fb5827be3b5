import type { Schema } from "@/api/client";
import { environmentNames } from "@/lib/text";
import { classes } from "./classes";

const looks: Record<Schema["Environment"], { text: string; className: string }> = {
	production: { text: "PROD", className: "bg-bad-soft text-bad" },
	staging: { text: "staging", className: "bg-warn-soft text-warn" },
	development: { text: "dev", className: "bg-line-soft text-text-2" },
};

export function EnvironmentChip({ environment }: { environment: Schema["Environment"] }) {
	const look = looks[environment];
	return (
		<span
			title={environmentNames[environment]}
			className={classes("shrink-0 rounded px-1.5 font-semibold text-xs leading-4", look.className)}
		>
			{look.text}
		</span>
	);
}
