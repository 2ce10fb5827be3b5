// What rules decide about each backup: it goes, or it stays and why.

import { useNavigate } from "@tanstack/react-router";
import type { Schema } from "@/api/client";
import { useAct } from "@/api/queries";
import { Badge } from "@/components/Badge";
import { type Column, Cut, DataTable } from "@/components/DataTable";
import { LevelBadge } from "@/components/LevelBadge";
import { Bytes, RelativeTime } from "@/components/Moment";
import { PinButton } from "@/components/PinButton";
import { sayError } from "@/components/say";
import { counted } from "@/lib/bytes";
import { reasonText } from "./reasons";

type Backup = Schema["Backup"];

function columnsOf<T>(backup: (row: T) => Backup): Column<T>[] {
	return [
		{
			id: "name",
			title: "Backup",
			width: "minmax(100px,1.4fr)",
			sort: (row) => backup(row).name,
			cell: (row) => <Cut text={backup(row).name} strong />,
		},
		{
			id: "taken",
			title: "Taken",
			width: "92px",
			sort: (row) => backup(row).created_at_ms,
			cell: (row) => (
				<span className="text-text-2">
					<RelativeTime at={backup(row).created_at_ms} />
				</span>
			),
		},
		{
			id: "level",
			title: "Level",
			width: "172px",
			sort: (row) => backup(row).level,
			cell: (row) => <LevelBadge backup={backup(row)} />,
		},
	];
}

const database: Column<Backup> = {
	id: "database",
	title: "Database",
	width: "minmax(90px,1fr)",
	sort: (row) => row.connection_name,
	cell: (row) => <Cut text={row.connection_name} />,
};

interface GoingProps {
	backups: readonly Backup[];
	/** Of several databases: each one's is named. */
	mixed?: boolean;
}

export function Going({ backups, mixed }: GoingProps) {
	return (
		<section aria-label="Backups that go" data-testid="retention-going">
			<h2 className="mb-1.5 font-semibold text-bad">{counted(backups.length, "backup")} would go</h2>
			<DataTable
				label="Backups that go"
				rows={backups}
				rowKey={(row) => row.id}
				maxHeight={230}
				columns={[
					...(mixed ? [database] : []),
					...columnsOf((row: Backup) => row),
					{
						id: "added",
						title: "Had added",
						width: "92px",
						right: true,
						sort: (row) => row.stored_bytes,
						cell: (row) => <Bytes value={row.stored_bytes} />,
					},
				]}
			/>
		</section>
	);
}

export function Staying({ staying }: { staying: readonly Schema["StayingBackup"][] }) {
	const navigate = useNavigate();
	const pin = useAct("backup.pin");
	return (
		<section aria-label="Backups that stay" data-testid="retention-staying">
			<h2 className="mb-1.5 font-semibold">{counted(staying.length, "backup")} stay, each for its reasons</h2>
			<DataTable
				label="Backups that stay"
				rows={staying}
				rowKey={(row) => row.backup.id}
				rowLabel={(row) => `Open ${row.backup.name}`}
				maxHeight={360}
				onOpen={(row) => void navigate({ to: "/backups/$backupId", params: { backupId: row.backup.id } })}
				columns={[
					...columnsOf((row: Schema["StayingBackup"]) => row.backup),
					{
						id: "why",
						title: "Why it stays",
						width: "minmax(150px,2fr)",
						cell: (row) => (
							<span
								className="flex min-w-0 gap-1 overflow-hidden"
								title={row.reasons.map(reasonText).join(", ")}
							>
								{row.reasons.map((reason) => (
									<Badge
										key={reason.kind}
										tone={
											reason.kind === "newest_proven"
												? "ok"
												: reason.kind === "pinned"
													? "accent"
													: reason.kind === "clock_wrong" || reason.kind === "damaged"
														? "warn"
														: "neutral"
										}
									>
										{reasonText(reason)}
									</Badge>
								))}
							</span>
						),
					},
					{
						id: "pin",
						title: "",
						label: "Pin",
						width: "40px",
						right: true,
						cell: (row) => (
							<PinButton
								backup={row.backup}
								onPin={(pinned) =>
									pin.mutate({ request: { backup: row.backup.id, pinned } }, { onError: sayError })
								}
							/>
						),
					},
				]}
				empty={<p className="p-3 text-text-2">There are no good backups yet.</p>}
			/>
		</section>
	);
}
