// The work that was just started here: its progress while it runs, then what it did and where the rows are now.

import { useNavigate } from "@tanstack/react-router";
import type { Schema } from "@/api/client";
import { jobEnded } from "@/api/events";
import { resultOf } from "@/api/policies";
import { useAct, useRead } from "@/api/queries";
import { Button } from "@/components/Button";
import { Note, Panel } from "@/components/Panel";
import { ProgressIndicator } from "@/components/ProgressIndicator";
import { Answered, ErrorState } from "@/components/States";
import { sayError } from "@/components/say";
import { count, counted } from "@/lib/bytes";

export function ClearedNow({ jobId, onClose }: { jobId: string; onClose: () => void }) {
	const question = useRead("job.get", { job: jobId });
	const cancel = useAct("job.cancel");
	return (
		<Answered question={question} rows={2}>
			{(job) => (
				<Panel
					title={job.title}
					aside={
						jobEnded(job) ? (
							<Button small onClick={onClose}>
								Close
							</Button>
						) : (
							job.cancellable && (
								<Button
									small
									busy={cancel.isPending}
									onClick={() => cancel.mutate({ request: { job: job.id } }, { onError: sayError })}
								>
									Cancel
								</Button>
							)
						)
					}
				>
					{jobEnded(job) ? (
						<Outcome job={job} />
					) : (
						<ProgressIndicator progress={job.progress} label={job.title} />
					)}
				</Panel>
			)}
		</Answered>
	);
}

function Outcome({ job }: { job: Schema["Job"] }) {
	const navigate = useNavigate();
	const cleared = resultOf(job, "ClearOutcome");
	if (cleared === null)
		return job.error ? (
			<ErrorState error={job.error} compact />
		) : (
			<p className="text-text-2">It ended without a result.</p>
		);
	const { deleted, left, backup_id: backup = null, remarks = [] } = cleared;
	return (
		<div className="flex flex-col gap-2" data-testid="cleared">
			<Note tone="ok">
				<div className="flex items-center gap-3">
					<p className="min-w-0">
						<span className="font-medium">
							{deleted === 0 ? "There was nothing to delete" : `${counted(deleted, "row")} deleted`}
						</span>
						, {count(left)} left.{" "}
						{backup !== null && "What went is in a proven backup, from which it can be restored."}
					</p>
					<span className="ml-auto flex shrink-0 items-center gap-2">
						<Button small onClick={() => void navigate({ to: "/jobs", search: { job: job.id } })}>
							Show job
						</Button>
						{backup !== null && (
							<Button
								small
								onClick={() => void navigate({ to: "/backups/$backupId", params: { backupId: backup } })}
								data-testid="cleared-backup"
							>
								Show backup
							</Button>
						)}
					</span>
				</div>
			</Note>
			{remarks.map((each) => (
				<p key={each} className="text-text-2">
					{each}
				</p>
			))}
		</div>
	);
}
