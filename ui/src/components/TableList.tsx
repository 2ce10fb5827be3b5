// Tables with their sizes: to look at, or to pick from.

import { type ReactNode, useId } from "react";
import { count } from "@/lib/bytes";
import { tableName } from "@/lib/text";
import { type Column, Cut, DataTable } from "./DataTable";
import { Bytes } from "./Moment";

export interface ListedTable {
	schema?: string | null;
	name: string;
	/** Absent: not known. */
	rows?: number | null;
	bytes?: number | null;
}

interface TableListProps {
	label: string;
	tables: readonly ListedTable[];
	/** The numbers are the engine's guesses. */
	estimated?: boolean;
	empty?: ReactNode;
	maxHeight: number | "fill";
	rowHeight?: number;
	/** With it, each table has a box; names as `tableName` gives them. */
	picked?: readonly string[];
	onPick?: (picked: string[]) => void;
	/** At most one is picked. */
	one?: boolean;
	/** At the end of each row. */
	action?: { label: string; cell: (table: ListedTable) => ReactNode; width: string };
}

/** The engine's plan as tables of a list. */
export function planned(
	tables: readonly {
		schema?: string | null;
		name: string;
		estimated_rows?: number | null;
		estimated_bytes?: number | null;
	}[],
): ListedTable[] {
	return tables.map((each) => ({
		schema: each.schema,
		name: each.name,
		rows: each.estimated_rows,
		bytes: each.estimated_bytes,
	}));
}

export function TableList(props: TableListProps) {
	const { label, tables, estimated, empty, maxHeight, rowHeight = 28, picked, onPick, one, action } = props;
	const group = useId();
	const toggle = (name: string) => {
		if (one) onPick?.([name]);
		else
			onPick?.(picked?.includes(name) ? picked.filter((each) => each !== name) : [...(picked ?? []), name]);
	};
	const idOf = (name: string) => (onPick ? `${group}-${name}` : undefined);
	const columns = [nameColumn(idOf), ...sizeColumns(estimated ?? false)];
	if (onPick)
		columns.unshift({
			id: "pick",
			title: "",
			label: "Chosen",
			width: "34px",
			cell: (row) => (
				<input
					id={idOf(tableName(row))}
					type={one ? "radio" : "checkbox"}
					name={one ? group : undefined}
					className="tick"
					aria-label={tableName(row)}
					checked={picked?.includes(tableName(row)) ?? false}
					onChange={() => toggle(tableName(row))}
				/>
			),
		});
	if (action)
		columns.push({ id: "action", title: "", label: action.label, width: action.width, cell: action.cell });
	return (
		<DataTable
			label={label}
			rows={tables}
			rowKey={tableName}
			rowHeight={rowHeight}
			maxHeight={maxHeight}
			columns={columns}
			empty={empty}
		/>
	);
}

/** The name is the label of the table's box, where there is one. */
function nameColumn(idOf: (name: string) => string | undefined): Column<ListedTable> {
	return {
		id: "name",
		title: "Table",
		width: "minmax(160px,3fr)",
		sort: tableName,
		cell: (row) => {
			const name = <Cut text={tableName(row)} mono />;
			const box = idOf(tableName(row));
			if (box === undefined) return name;
			return (
				<label htmlFor={box} className="flex min-w-0 flex-1">
					{name}
				</label>
			);
		},
	};
}

function sizeColumns(estimated: boolean): Column<ListedTable>[] {
	return [
		{
			id: "rows",
			title: estimated ? "Rows, estimated" : "Rows",
			width: "minmax(110px,1fr)",
			right: true,
			sort: (row) => row.rows,
			cell: (row) => (row.rows == null ? <span className="text-text-3">unknown</span> : count(row.rows)),
		},
		{
			id: "bytes",
			title: "Size",
			width: "minmax(90px,1fr)",
			right: true,
			sort: (row) => row.bytes,
			cell: (row) => <Bytes value={row.bytes} />,
		},
	];
}
