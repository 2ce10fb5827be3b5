// The columns of the list of databases.

import { Link } from "@tanstack/react-router";
import type { ReactNode } from "react";
import type { Schema } from "@/api/client";
import { Dot } from "@/components/Badge";
import type { Column } from "@/components/DataTable";
import { EnvironmentChip } from "@/components/EnvironmentChip";
import { healthTone } from "@/components/health";
import { LevelBadge } from "@/components/LevelBadge";
import { Bytes, RelativeTime } from "@/components/Moment";
import { Sparkline } from "@/components/Sparkline";
import { bytes } from "@/lib/bytes";
import { engineNames, serverName } from "@/lib/text";
import { duration } from "@/lib/time";

type Row = Schema["DatabaseOverview"];
type Part = (connection: Schema["Connection"]) => ReactNode;

export function databaseColumns(backUp: Part, drill: Part): Column<Row>[] {
	return [
		...factColumns,
		restoreColumn(drill),
		{
			id: "actions",
			title: "",
			label: "Actions",
			width: "104px",
			right: true,
			cell: (row) => backUp(row.connection),
		},
	];
}

const factColumns: readonly Column<Row>[] = [
	{
		id: "database",
		title: "Database",
		width: "minmax(150px,1fr)",
		sort: (row) => row.connection.name,
		cell: (row) => (
			<div className="min-w-0">
				<div className="flex items-center gap-1.5">
					<Link
						to="/db/$connectionId/backups"
						params={{ connectionId: row.connection.id }}
						className="truncate rounded-sm font-medium hover:underline"
						title={row.connection.name}
						tabIndex={-1}
					>
						{row.connection.name}
					</Link>
					<EnvironmentChip environment={row.connection.environment} />
				</div>
				<div className="truncate text-sm text-text-2">
					{row.health.server ? serverName(row.health.server) : engineNames[row.connection.spec.engine]}
				</div>
			</div>
		),
	},
	{
		id: "health",
		title: "Health",
		width: "minmax(120px,2fr)",
		cell: (row) => (
			<span className="flex min-w-0 items-center gap-2">
				<Dot tone={healthTone(row.health.state)} />
				<span className="line-clamp-2" title={row.health.summary}>
					{row.health.summary}
				</span>
			</span>
		),
	},
	{
		id: "size",
		title: "Size",
		width: "86px",
		right: true,
		sort: (row) => row.health.server?.size_bytes ?? row.last_backup?.size_bytes,
		cell: (row) => <Bytes value={row.health.server?.size_bytes ?? row.last_backup?.size_bytes} />,
	},
	{
		id: "history",
		title: "Backup sizes",
		width: "104px",
		cell: (row) => (
			<Sparkline
				values={row.size_history}
				label={`Sizes of the last ${row.size_history.length} backups: ${row.size_history.map(bytes).join(", ")}`}
			/>
		),
	},
	{
		id: "backup",
		title: "Last backup",
		width: "128px",
		sort: (row) => row.last_backup?.created_at_ms,
		cell: (row) =>
			row.last_backup ? (
				<div className="flex flex-col items-start gap-0.5">
					<LevelBadge backup={row.last_backup} />
					<span className="text-sm text-text-2">
						<RelativeTime at={row.last_backup.created_at_ms} />
					</span>
				</div>
			) : (
				<span className="font-medium text-bad">Never</span>
			),
	},
];

function restoreColumn(drill: Part): Column<Row> {
	return {
		id: "restore",
		title: "Time to restore",
		width: "154px",
		right: true,
		sort: (row) => row.restore_ms,
		cell: (row) => (
			<span className="flex min-w-0 items-center gap-1.5">
				<span className="flex min-w-0 flex-col">
					{row.restore_ms == null ? (
						<span className="text-text-3">not measured</span>
					) : (
						duration(row.restore_ms)
					)}
					{row.last_proven && (
						<span className="text-sm text-text-2">
							proven <RelativeTime at={row.last_proven.proven_at_ms} />
						</span>
					)}
				</span>
				{row.last_backup ? drill(row.connection) : <span aria-hidden className="size-6 shrink-0" />}
			</span>
		),
	};
}
