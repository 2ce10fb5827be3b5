// The bar at the bottom: what runs now, and how the last one ended. The result is read out by screen readers.

import { Link } from "@tanstack/react-router";
import { Check, CircleAlert, CircleSlash } from "lucide-react";
import type { Schema } from "@/api/client";
import { jobEnded } from "@/api/events";
import { useAct, useRead } from "@/api/queries";
import { Badge } from "@/components/Badge";
import { Button } from "@/components/Button";
import { classes } from "@/components/classes";
import { RelativeTime } from "@/components/Moment";
import { ProgressBar, progressWords } from "@/components/ProgressIndicator";
import { sayError } from "@/components/say";

export function JobBar() {
	const jobs = useRead("job.list", { limit: 50 });
	const all = jobs.data?.jobs ?? [];
	const running = all.filter((each) => !jobEnded(each));
	const last = all
		.filter(jobEnded)
		.toSorted((left, right) => (right.ended_at_ms ?? 0) - (left.ended_at_ms ?? 0))[0];
	const now = running[0];
	return (
		<footer
			className="flex h-9 shrink-0 items-center gap-3.5 overflow-hidden border-line border-t bg-panel px-5 text-text-2"
			data-testid="job-bar"
		>
			{now ? (
				<Running job={now} others={running.length - 1} />
			) : (
				<span className="shrink-0 text-text-3">Nothing is running</span>
			)}
			<div
				role="status"
				aria-live="polite"
				className={classes("ml-auto flex min-w-0 items-center gap-1.5", now && "max-w-[28%] max-xl:sr-only")}
				data-testid="last-result"
			>
				{last && <Last job={last} />}
			</div>
		</footer>
	);
}

function Running({ job, others }: { job: Schema["Job"]; others: number }) {
	const cancel = useAct("job.cancel");
	return (
		<>
			<Link to="/jobs" className="shrink-0 rounded-full" aria-label={`${job.title}: show all jobs`}>
				<Badge tone="accent">{job.title}</Badge>
			</Link>
			<ProgressBar progress={job.progress} label={job.title} className="w-[120px] shrink-0 xl:w-[180px]" />
			<span
				className="tabular min-w-0 flex-1 truncate"
				title={`${job.progress.phase}. ${progressWords(job.progress)}`}
			>
				{[job.progress.phase, progressWords(job.progress, true)].filter(Boolean).join(" · ")}
			</span>
			{job.cancellable && (
				<Button
					small
					tone="quiet"
					busy={cancel.isPending}
					aria-label={`Cancel: ${job.title}`}
					onClick={() => cancel.mutate({ request: { job: job.id } }, { onError: sayError })}
				>
					Cancel
				</Button>
			)}
			{others > 0 && (
				<Link to="/jobs" className="shrink-0 rounded-sm hover:underline">
					and {others} more
				</Link>
			)}
		</>
	);
}

const endings: Record<string, string> = {
	succeeded: "done",
	failed: "failed",
	cancelled: "cancelled",
	interrupted: "interrupted",
};

function Last({ job }: { job: Schema["Job"] }) {
	const bad = job.state === "failed" || job.state === "interrupted";
	return (
		<>
			{job.state === "succeeded" ? (
				<Check aria-hidden className="size-3.5 shrink-0 text-ok" />
			) : bad ? (
				<CircleAlert aria-hidden className="size-3.5 shrink-0 text-bad" />
			) : (
				<CircleSlash aria-hidden className="size-3.5 shrink-0" />
			)}
			<Link
				to="/jobs"
				search={{ job: job.id }}
				className="truncate rounded-sm hover:underline"
				title={job.error?.message ?? job.title}
			>
				{job.title}: {endings[job.state]}
				{bad && job.error && <span className="hidden xl:inline">. {job.error.message}</span>}
			</Link>
			<span className="shrink-0 text-text-3" aria-hidden>
				<RelativeTime at={job.ended_at_ms} />
			</span>
		</>
	);
}
