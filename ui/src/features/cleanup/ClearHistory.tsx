// What was deleted from a database before, by hand and by schedules, and the backup that holds it.

import { Link, useNavigate } from "@tanstack/react-router";
import type { Schema } from "@/api/client";
import { answers, resultOf } from "@/api/policies";
import { useRead } from "@/api/queries";
import { Cut, DataTable } from "@/components/DataTable";
import { JobBadge, startedColumn } from "@/components/JobBadge";
import { count } from "@/lib/bytes";

type Job = Schema["Job"];

export function ClearHistory({ connection }: { connection: string }) {
	const navigate = useNavigate();
	const jobs = useRead("job.list", { connection, limit: 500 });
	const past = (jobs.data?.jobs ?? []).filter((job) => answers(job.operation, "ClearOutcome"));
	if (past.length === 0) return null;
	return (
		<section aria-label="What was deleted" data-testid="clear-history">
			<h2 className="mb-1.5 font-semibold">What was deleted</h2>
			<DataTable
				label="Deletions"
				rows={past}
				rowKey={(job) => job.id}
				rowLabel={(job) => job.title}
				maxHeight={240}
				onSelect={(job) => void navigate({ to: "/jobs", search: { job: job.id } })}
				columns={[
					{
						id: "title",
						title: "What",
						width: "minmax(160px,2fr)",
						sort: (job) => job.title,
						cell: (job) => <Cut text={job.title} />,
					},
					{
						id: "state",
						title: "Result",
						width: "104px",
						cell: (job) => <JobBadge state={job.state} />,
					},
					startedColumn,
					{
						id: "deleted",
						title: "Rows",
						width: "92px",
						right: true,
						sort: (job) => resultOf(job, "ClearOutcome")?.deleted,
						cell: (job) => {
							const cleared = resultOf(job, "ClearOutcome");
							return cleared !== null && count(cleared.deleted);
						},
					},
					{ id: "backup", title: "Kept in", width: "84px", cell: (job) => <Kept job={job} /> },
				]}
			/>
		</section>
	);
}

function Kept({ job }: { job: Job }) {
	const backup = resultOf(job, "ClearOutcome")?.backup_id ?? null;
	if (backup === null) return null;
	return (
		<Link
			to="/backups/$backupId"
			params={{ backupId: backup }}
			className="rounded-sm text-accent hover:underline"
			onClick={(event) => event.stopPropagation()}
		>
			Backup
		</Link>
	);
}
