// What a job did, line by line, with the moment each thing began.

import type { Schema } from "@/api/client";
import { jobEnded } from "@/api/events";
import { useRead } from "@/api/queries";
import { clock } from "@/lib/time";

/** Nothing announces a line; a running job is asked this often. */
const EVERY_MS = 2000;

export function JobLog({ job }: { job: Schema["Job"] }) {
	const running = !jobEnded(job);
	// The state is part of the question: the last lines come with the end.
	const log = useRead("job.log", { job: job.id }, running ? { refetchInterval: EVERY_MS } : { staleTime: 0 });
	const lines = log.data?.lines ?? [];
	if (lines.length === 0) return null;
	return (
		<section aria-labelledby="job-log">
			<h3 id="job-log" className="mb-1.5 font-medium">
				Log
			</h3>
			<ol
				className="scroll-thin flex max-h-[260px] flex-col gap-0.5 overflow-y-auto text-sm"
				data-testid="job-log"
			>
				{lines.map((line, at) => (
					<li
						// biome-ignore lint/suspicious/noArrayIndexKey: lines are only ever added at the end
						key={at}
						className="grid grid-cols-[auto_1fr] gap-2"
					>
						<time className="tabular text-text-3" dateTime={new Date(line.at_ms).toISOString()}>
							{clock(line.at_ms).slice(0, 8)}
						</time>
						<span className="min-w-0 wrap-anywhere text-text-2">{line.text}</span>
					</li>
				))}
			</ol>
		</section>
	);
}
