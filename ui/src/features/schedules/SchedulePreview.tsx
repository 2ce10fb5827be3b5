// What a timing means, as the program understands it, and when it is due next.

import { useDeferredValue } from "react";
import type { Schema } from "@/api/client";
import { useRead } from "@/api/queries";
import { useNow } from "@/components/Moment";
import { Panel } from "@/components/Panel";
import { ErrorState, LoadingRows } from "@/components/States";
import { relative } from "@/lib/time";

export function SchedulePreview({ timing }: { timing: Schema["Timing"] | null }) {
	const asked = useDeferredValue(timing);
	const preview = useRead(
		"schedule.preview",
		{ timing: asked ?? { when: { kind: "start" }, zone: "UTC" } },
		{ enabled: asked !== null, staleTime: 30_000 },
	);
	return (
		<Panel title="Next runs" className="sticky top-0">
			<div className="flex flex-col gap-2" data-testid="schedule-preview" aria-live="polite">
				{timing === null ? (
					<p className="text-text-2">Complete the timing to see them.</p>
				) : preview.error ? (
					<ErrorState error={preview.error} compact />
				) : preview.data === undefined ? (
					<LoadingRows rows={2} />
				) : (
					<>
						<p className="font-medium wrap-anywhere">{preview.data.words}</p>
						<NextRuns runs={preview.data.next} />
						{preview.data.next.length === 0 && timing.when.kind === "start" && (
							<p className="text-text-2">No clock decides: it becomes due at each start.</p>
						)}
					</>
				)}
			</div>
		</Panel>
	);
}

/** Local times of the schedule's zone, and how far away they are. */
export function NextRuns({ runs }: { runs: readonly Schema["NextRun"][] }) {
	const now = useNow();
	return (
		<ol className="flex flex-col">
			{runs.map((run) => (
				<li
					key={run.at_ms}
					className="flex items-baseline gap-2 border-line-soft border-b py-1 last:border-0"
				>
					<span className="tabular">{run.local}</span>
					<span className="ml-auto shrink-0 text-sm text-text-2">{relative(run.at_ms, now)}</span>
				</li>
			))}
		</ol>
	);
}
