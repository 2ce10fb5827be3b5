// The list of backups, wherever one is shown. Attempts that did not finish are in it as such.

import { Pin } from "lucide-react";
import type { ReactNode } from "react";
import type { Schema } from "@/api/client";
import { count } from "@/lib/bytes";
import { type Column, Cut, DataTable } from "./DataTable";
import { LevelBadge } from "./LevelBadge";
import { Bytes, RelativeTime } from "./Moment";
import { useWide } from "./useWide";

type Backup = Schema["Backup"];

interface BackupListTableProps {
	backups: readonly Backup[];
	selected?: string | null;
	onSelect?: (backup: Backup) => void;
	onOpen?: (backup: Backup) => void;
	actions?: (backup: Backup) => ReactNode;
	empty: ReactNode;
	/** Less room: the panel beside the list is open. */
	narrow?: boolean;
	/** The list mixes databases: name each one's. */
	mixed?: boolean;
	maxHeight?: number | "fill";
}

export function isGood(backup: Backup): boolean {
	return backup.state === "complete" || backup.state === "partial";
}

function kindOf(backup: Schema["Backup"]): string {
	const done = backup.state === "complete" || backup.state === "partial";
	return done && backup.kind === "full" && !backup.whole ? "tables" : backup.kind;
}

export function BackupListTable(props: BackupListTableProps) {
	const { backups, actions, narrow, mixed, maxHeight = "fill", ...rest } = props;
	const wide = useWide();
	const columns = columnsFor({ wide, narrow: narrow ?? false, mixed: mixed ?? false, actions });
	return (
		<DataTable
			label="Backups"
			rows={backups}
			columns={columns}
			rowKey={(row) => row.id}
			rowLabel={(row) => `${row.name}, ${row.state}`}
			rowTestId="backup-row"
			maxHeight={maxHeight}
			{...rest}
		/>
	);
}

/** What every list of backups can show, in its order. */
function allColumns(wide: boolean): Column<Backup>[] {
	return [
		{
			id: "name",
			title: "Name",
			width: "minmax(120px,2fr)",
			sort: (row) => row.name,
			cell: (row) => (
				<span className="flex min-w-0 items-center gap-1.5">
					<Cut text={row.name} strong />
					{row.pinned && (
						<Pin
							role="img"
							aria-label="pinned: rules never remove it"
							className="size-3 shrink-0 text-accent"
						/>
					)}
				</span>
			),
		},
		{
			id: "taken",
			title: "Taken",
			width: wide ? "minmax(88px,1fr)" : "88px",
			sort: (row) => row.created_at_ms,
			cell: (row) => (
				<span className="text-text-2">
					<RelativeTime at={row.created_at_ms} />
				</span>
			),
		},
		{
			id: "kind",
			title: "Kind",
			width: "68px",
			sort: kindOf,
			cell: (row) => <span className="text-text-2">{kindOf(row)}</span>,
		},
		{
			id: "size",
			title: "Size",
			width: wide ? "86px" : "80px",
			right: true,
			sort: (row) => row.size_bytes,
			cell: (row) => isGood(row) && <Bytes value={row.size_bytes} />,
		},
		{
			id: "stored",
			title: "New bytes",
			width: "86px",
			right: true,
			sort: (row) => row.stored_bytes,
			cell: (row) => isGood(row) && <Bytes value={row.stored_bytes} />,
		},
		{
			id: "level",
			title: "Level",
			width: wide ? "minmax(150px,1.2fr)" : "160px",
			sort: (row) => row.level,
			cell: (row) => <LevelBadge backup={row} />,
		},
	];
}

const rowsColumn: Column<Backup> = {
	id: "rows",
	title: "Rows",
	width: "112px",
	right: true,
	sort: (row) => row.row_count,
	cell: (row) => isGood(row) && count(row.row_count),
};

const databaseColumn: Column<Backup> = {
	id: "database",
	title: "Database",
	width: "minmax(110px,1.2fr)",
	sort: (row) => row.connection_name,
	cell: (row) => <Cut text={row.connection_name} />,
};

interface Room {
	wide: boolean;
	narrow: boolean;
	mixed: boolean;
	actions?: (backup: Backup) => ReactNode;
}

function columnsFor({ wide, narrow, mixed, actions }: Room): Column<Backup>[] {
	const columns = allColumns(wide).filter((each) => wide || (each.id !== "kind" && each.id !== "stored"));
	if (!narrow && wide) columns.splice(3, 0, rowsColumn);
	if (mixed) columns.unshift(databaseColumn);
	// Without room the name needs it more: the panel beside the list has the same actions.
	if (actions && (wide || !narrow))
		columns.push({
			id: "actions",
			title: "",
			label: "Actions",
			width: "40px",
			right: true,
			cell: (row) => actions(row),
		});
	return columns;
}
