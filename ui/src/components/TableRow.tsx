// One row of a table: drawn where the table says, chosen by a click, a key or the focus.

import type { KeyboardEvent } from "react";
import { classes } from "./classes";
import type { Column } from "./DataTable";

interface TableRowProps<T> {
	row: T;
	index: number;
	rowKey: string;
	/** The accessible name; undefined where rows cannot be chosen. */
	name: string | undefined;
	columns: readonly Column<T>[];
	tracks: string;
	height: number;
	/** From the table's top, in pixels; null: it stands below the row before it. */
	top: number | null;
	/** undefined: no row of this table can be the chosen one. */
	chosen: boolean | undefined;
	tabStop: boolean;
	testId?: string;
	onActive: () => void;
	onKey: (event: KeyboardEvent) => void;
	onSelect?: (row: T) => void;
	onOpen?: (row: T) => void;
}

export function TableRow<T>(props: TableRowProps<T>) {
	const { row, index, rowKey, name, columns, tracks, height, top, chosen, tabStop, testId } = props;
	const { onActive, onKey, onSelect, onOpen } = props;
	const choosable = onSelect !== undefined || onOpen !== undefined;
	return (
		<div
			role="row"
			aria-rowindex={index + 2}
			aria-label={name}
			aria-selected={chosen}
			data-row={index}
			data-key={rowKey}
			data-testid={testId}
			tabIndex={choosable ? (tabStop ? 0 : -1) : undefined}
			onFocus={choosable ? onActive : undefined}
			onClick={choosable ? () => (onSelect ?? onOpen)?.(row) : undefined}
			onDoubleClick={onOpen && onSelect ? () => onOpen(row) : undefined}
			onKeyDown={choosable ? onKey : undefined}
			className={classes(
				"grid border-line-soft [&:not(:last-child)]:border-b",
				top !== null && "absolute inset-x-0",
				choosable && "-outline-offset-2",
				chosen ? "bg-accent-soft" : choosable && "hover:bg-line-soft/60",
			)}
			style={{
				gridTemplateColumns: tracks,
				minHeight: height,
				...(top === null ? {} : { top, height }),
			}}
		>
			{columns.map((column) => (
				<div
					key={column.id}
					role="cell"
					className={classes(
						"flex min-w-0 items-center px-3 py-1",
						column.right && "tabular justify-end whitespace-nowrap text-right",
					)}
				>
					{column.cell(row)}
				</div>
			))}
		</div>
	);
}
