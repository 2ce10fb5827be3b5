// How a job stands, in a word, and when it began: the same in every list of jobs.

import type { Schema } from "@/api/client";
import { Badge, type Tone } from "./Badge";
import type { Column } from "./DataTable";
import { RelativeTime } from "./Moment";

const looks: Record<Schema["JobState"], { text: string; tone: Tone }> = {
	queued: { text: "Queued", tone: "neutral" },
	running: { text: "Running", tone: "accent" },
	succeeded: { text: "Done", tone: "ok" },
	failed: { text: "Failed", tone: "bad" },
	cancelled: { text: "Cancelled", tone: "neutral" },
	interrupted: { text: "Interrupted", tone: "warn" },
};

export function jobStateText(state: Schema["JobState"]): string {
	return looks[state].text;
}

export function JobBadge({ state }: { state: Schema["JobState"] }) {
	return <Badge tone={looks[state].tone}>{looks[state].text}</Badge>;
}

export const startedColumn: Column<Schema["Job"]> = {
	id: "started",
	title: "Started",
	width: "96px",
	sort: (job) => job.created_at_ms,
	cell: (job) => (
		<span className="text-text-2">
			<RelativeTime at={job.started_at_ms ?? job.created_at_ms} />
		</span>
	),
};
