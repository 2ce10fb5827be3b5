// The headings of a table; those that sort are buttons.

import { ArrowDown, ArrowUp } from "lucide-react";
import { classes } from "./classes";
import type { Column } from "./DataTable";
import type { Order } from "./tableOrder";

interface TableHeadProps<T> {
	columns: readonly Column<T>[];
	tracks: string;
	order: Order | null;
	onOrder: (id: string) => void;
}

export function TableHead<T>({ columns, tracks, order, onOrder }: TableHeadProps<T>) {
	return (
		<div role="rowgroup" className="sticky top-0 z-10 min-w-fit border-line border-b bg-panel">
			<div role="row" aria-rowindex={1} className="grid" style={{ gridTemplateColumns: tracks }}>
				{columns.map((column) => {
					const sorting = order?.id === column.id ? order : null;
					return (
						<div
							key={column.id}
							role="columnheader"
							aria-sort={sorting ? (sorting.down ? "descending" : "ascending") : undefined}
							className={classes(
								"flex h-8 min-w-0 items-center px-3 whitespace-nowrap font-medium text-[11.5px] text-text-3",
								column.right && "justify-end",
							)}
						>
							<Heading column={column} sorting={sorting} onOrder={onOrder} />
						</div>
					);
				})}
			</div>
		</div>
	);
}

interface HeadingProps<T> {
	column: Column<T>;
	sorting: Order | null;
	onOrder: (id: string) => void;
}

function Heading<T>({ column, sorting, onOrder }: HeadingProps<T>) {
	if (column.sort === undefined)
		return column.label ? <span className="sr-only">{column.label}</span> : column.title;
	const Arrow = sorting?.down ? ArrowDown : ArrowUp;
	return (
		<button
			type="button"
			className="-mx-1 inline-flex items-center gap-1 rounded px-1 hover:text-text"
			onClick={() => onOrder(column.id)}
		>
			{column.title}
			{sorting && <Arrow aria-hidden className="size-3" />}
		</button>
	);
}
