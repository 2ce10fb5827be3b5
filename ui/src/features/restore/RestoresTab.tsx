// The restores into one database, with what is still kept of each.

import { useNavigate } from "@tanstack/react-router";
import { FileInput, History } from "lucide-react";
import { useState } from "react";
import type { Schema } from "@/api/client";
import { useRead } from "@/api/queries";
import { Button } from "@/components/Button";
import { type Column, Cut, DataTable } from "@/components/DataTable";
import { RelativeTime } from "@/components/Moment";
import { Answered, EmptyState } from "@/components/States";
import { duration } from "@/lib/time";
import { FollowUp } from "./FollowUp";
import { RestoreBadge } from "./RestorePage";

export function RestoresTab({ connection }: { connection: Schema["Connection"] }) {
	const navigate = useNavigate();
	const list = useRead("restore.list", { connection: connection.id });
	const [asking, setAsking] = useState<Asked | null>(null);
	return (
		<Answered question={list} rows={4}>
			{({ restores }) => (
				<>
					<Intro connection={connection} />
					<DataTable
						label="Restores"
						rows={restores}
						rowKey={(restore) => restore.id}
						rowLabel={(restore) =>
							`Open the ${restore.imported_from == null ? "restore" : "import"} of ${restore.backup_name}`
						}
						rowTestId="restore-row"
						maxHeight={640}
						rowHeight={36}
						onOpen={(restore) =>
							void navigate({ to: "/restores/$restoreId", params: { restoreId: restore.id } })
						}
						columns={restoreColumns(setAsking)}
						empty={<NothingRestored connection={connection} />}
					/>
					{asking && <FollowUp restore={asking.restore} what={asking.what} onClose={() => setAsking(null)} />}
				</>
			)}
		</Answered>
	);
}

interface Asked {
	restore: Schema["Restore"];
	what: "undo" | "release";
}

function Intro({ connection }: { connection: Schema["Connection"] }) {
	const navigate = useNavigate();
	return (
		<div className="mb-2.5 flex items-center gap-3">
			<p className="text-sm text-text-2">What was restored or imported here, newest first.</p>
			<Button
				className="ml-auto"
				icon={<FileInput aria-hidden className="size-3.5" />}
				disabled={connection.read_only}
				title={connection.read_only ? "This connection is read-only" : undefined}
				onClick={() => void navigate({ to: "/import", search: { connection: connection.id } })}
				data-testid="import-open"
			>
				Import an SQL file…
			</Button>
		</div>
	);
}

function NothingRestored({ connection }: { connection: Schema["Connection"] }) {
	const navigate = useNavigate();
	return (
		<EmptyState
			icon={<History aria-hidden />}
			title={`Nothing was restored into ${connection.name} yet`}
			action={
				<Button
					onClick={() =>
						void navigate({
							to: "/db/$connectionId/backups",
							params: { connectionId: connection.id },
						})
					}
				>
					Pick a backup
				</Button>
			}
		>
			Restores into a new database are safe to try at any time.
		</EmptyState>
	);
}

const factColumns: readonly Column<Schema["Restore"]>[] = [
	{
		id: "backup",
		title: "From",
		width: "minmax(110px,1.5fr)",
		sort: (row) => row.backup_name,
		cell: (row) => <Cut text={row.backup_name} strong />,
	},
	{
		id: "into",
		title: "Into",
		width: "minmax(120px,1.6fr)",
		cell: (row) => <Cut text={row.replace ? `${row.database} (replaced)` : row.database} />,
	},
	{
		id: "state",
		title: "State",
		width: "112px",
		cell: (row) => <RestoreBadge state={row.state} />,
	},
	{
		id: "when",
		title: "When",
		width: "100px",
		sort: (row) => row.started_at_ms,
		cell: (row) => (
			<span className="text-text-2">
				<RelativeTime at={row.started_at_ms} />
			</span>
		),
	},
	{
		id: "took",
		title: "Took",
		width: "84px",
		right: true,
		sort: (row) => row.duration_ms,
		cell: (row) => row.duration_ms != null && duration(row.duration_ms),
	},
];

function restoreColumns(onAsk: (asked: Asked) => void): Column<Schema["Restore"]>[] {
	const ask = (restore: Schema["Restore"], what: Asked["what"]) => (event: React.MouseEvent) => {
		event.stopPropagation();
		onAsk({ restore, what });
	};
	return [
		...factColumns,
		{
			id: "actions",
			title: "",
			label: "Actions",
			width: "152px",
			right: true,
			cell: (row) => (
				<span className="flex gap-1.5">
					{row.can_release && (
						<Button
							small
							tone="danger"
							onClick={ask(row, "release")}
							aria-label={`Release what ${row.backup_name} kept`}
						>
							Release…
						</Button>
					)}
					{row.can_undo && (
						<Button small onClick={ask(row, "undo")} aria-label={`Undo the restore of ${row.backup_name}`}>
							Undo…
						</Button>
					)}
				</span>
			),
		},
	];
}
