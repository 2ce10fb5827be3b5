// The backups of one database, with details and proof beside the list.

import { Link, useNavigate } from "@tanstack/react-router";
import { Archive } from "lucide-react";
import { useEffect, useState } from "react";
import type { Schema } from "@/api/client";
import { useRead } from "@/api/queries";
import { BackupListTable, isGood } from "@/components/BackupListTable";
import { ProgressIndicator } from "@/components/ProgressIndicator";
import { Answered, EmptyState, ErrorState } from "@/components/States";
import { BackUpButton } from "./BackUpButton";
import { BackupActions } from "./BackupActions";
import { BackupFacts } from "./BackupFacts";
import { ProofSummary } from "./ProofSummary";
import { Recovery } from "./Recovery";

export function BackupsTab({ connection }: { connection: Schema["Connection"] }) {
	const navigate = useNavigate();
	const list = useRead("backup.list", { connection: connection.id });
	const [selected, setSelected] = useState<string | null>(null);
	const backups = list.data?.backups ?? [];
	const chosen = backups.find((each) => each.id === selected) ?? null;
	const newest = backups[0]?.id ?? null;
	// The newest is what somebody wants to see first; also when a new one arrives.
	useEffect(() => setSelected(newest), [newest]);
	return (
		<Answered question={list} rows={6}>
			{(data) =>
				data.backups.length === 0 ? (
					<EmptyState
						icon={<Archive aria-hidden />}
						title={`${connection.name} was never backed up`}
						action={<BackUpButton connection={connection} primary text="Back up now" />}
					>
						The first backup holds everything; each further one stores only what changed, and restores on its
						own.
					</EmptyState>
				) : (
					<div className="flex h-full min-h-0 flex-col gap-3">
						<Recovery connection={connection} />
						<div className="flex min-h-0 flex-1 gap-4">
							<div className="min-h-0 min-w-0 flex-1">
								<BackupListTable
									backups={data.backups}
									narrow
									selected={selected}
									onSelect={(backup) => setSelected(backup.id)}
									onOpen={(backup) =>
										void navigate({ to: "/backups/$backupId", params: { backupId: backup.id } })
									}
									actions={(backup) => <BackupActions backup={backup} compact />}
									empty={null}
								/>
							</div>
							{chosen && <Aside key={chosen.id} backup={chosen} />}
						</div>
					</div>
				)
			}
		</Answered>
	);
}

function Aside({ backup }: { backup: Schema["Backup"] }) {
	const good = isGood(backup);
	const detail = useRead("backup.get", { backup: backup.id }, { enabled: good });
	return (
		<aside
			aria-label={`Details of ${backup.name}`}
			className="scroll-thin flex w-[276px] shrink-0 flex-col gap-3 self-start overflow-y-auto rounded-lg border border-line bg-panel p-4 max-h-full xl:w-[344px]"
		>
			<h2 className="font-semibold wrap-anywhere">
				<Link
					to="/backups/$backupId"
					params={{ backupId: backup.id }}
					className="rounded-sm hover:underline"
					data-testid="backup-details"
				>
					{backup.name}
				</Link>
			</h2>
			{backup.state === "running" && <RunningJob backup={backup} />}
			{backup.error && backup.state !== "cancelled" && <ErrorState error={backup.error} compact />}
			{!good && (!backup.error || backup.state === "cancelled") && backup.state !== "running" && (
				<p className="text-text-2">
					{backup.state === "cancelled" ? "It was cancelled" : "It did not finish"}, so there is nothing to
					restore. Nothing of it stays in the vault after the next clean-up.
				</p>
			)}
			{good && (
				<Answered question={detail} rows={4}>
					{(data) => (
						<>
							<ProofSummary detail={data} />
							<BackupFacts detail={data} />
						</>
					)}
				</Answered>
			)}
			<BackupActions backup={backup} />
		</aside>
	);
}

function RunningJob({ backup }: { backup: Schema["Backup"] }) {
	const job = useRead("job.get", { job: backup.job_id ?? "" }, { enabled: backup.job_id != null });
	if (job.data === undefined) return <p className="text-text-2">It is being made.</p>;
	return <ProgressIndicator progress={job.data.progress} label={job.data.title} />;
}
