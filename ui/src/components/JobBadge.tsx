// How a job stands, in a word.

import type { Schema } from "@/api/client";
import { Badge, type Tone } from "./Badge";

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
