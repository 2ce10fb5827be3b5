// What became of due times: a badge, and a list with the reason of everything that did not end well.

import { Link } from "@tanstack/react-router";
import type { Schema } from "@/api/client";
import { Badge, type Tone } from "@/components/Badge";
import { RelativeTime } from "@/components/Moment";
import { duration } from "@/lib/time";

export const runLooks: Record<Schema["RunState"], { text: string; tone: Tone }> = {
	waiting: { text: "Waiting", tone: "warn" },
	running: { text: "Running", tone: "accent" },
	succeeded: { text: "Done", tone: "ok" },
	failed: { text: "Failed", tone: "bad" },
	cancelled: { text: "Cancelled", tone: "neutral" },
	interrupted: { text: "Interrupted", tone: "warn" },
	skipped: { text: "Skipped", tone: "neutral" },
};

export function RunBadge({ run }: { run: Pick<Schema["ScheduledRun"], "state" | "error"> }) {
	const { text, tone } = runLooks[run.state];
	return (
		<Badge tone={tone} title={run.error?.message}>
			{text}
		</Badge>
	);
}

export function RunList({ runs }: { runs: readonly Schema["ScheduledRun"][] }) {
	return (
		<ol className="flex flex-col">
			{runs.map((run) => (
				<li key={run.id} className="flex flex-col border-line-soft border-b py-1.5 last:border-0">
					<span className="flex items-center gap-2">
						<RunBadge run={run} />
						<span className="text-text-2">
							<RelativeTime at={run.due_ms} />
						</span>
						<span className="tabular ml-auto shrink-0 text-sm text-text-2">{took(run)}</span>
					</span>
					{run.state === "waiting" && (
						<span className="text-sm text-text-2">
							{run.error ? "tried again" : "starts"} <RelativeTime at={run.starts_at_ms} />
						</span>
					)}
					{(run.attempt > 1 || run.missed > 0) && (
						<span className="text-sm text-text-2">
							{[
								run.attempt > 1 && `attempt ${run.attempt}`,
								run.missed > 0 && `stands for ${run.missed} missed before it`,
							]
								.filter(Boolean)
								.join(", ")}
						</span>
					)}
					{run.error && <span className="text-sm wrap-anywhere">{run.error.message}</span>}
					{run.job_id != null && (
						<Link
							to="/jobs"
							search={{ job: run.job_id }}
							className="w-fit rounded-sm text-sm text-text-2 underline decoration-line-strong underline-offset-2 hover:text-text"
						>
							Its job
						</Link>
					)}
				</li>
			))}
		</ol>
	);
}

function took(run: Schema["ScheduledRun"]): string {
	if (run.started_at_ms == null || run.ended_at_ms == null) return "";
	return duration(Math.max(0, run.ended_at_ms - run.started_at_ms));
}
