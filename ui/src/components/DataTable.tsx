// Rows of any number: scrolls virtually beyond a hundred rows, sorts by its headings, is walked with the arrow keys.
// Built of ARIA table roles instead of <table>, because virtual rows are positioned.

import { useVirtualizer } from "@tanstack/react-virtual";
import { type ReactNode, type RefObject, useEffect, useRef } from "react";
import { classes } from "./classes";
import { TableHead } from "./TableHead";
import { TableRow } from "./TableRow";
import { useRowKeys } from "./tableKeys";
import { useOrder } from "./tableOrder";

export interface Column<T> {
	id: string;
	title: ReactNode;
	/** For screen readers when the heading is empty. */
	label?: string;
	cell: (row: T) => ReactNode;
	/** A CSS grid track: "minmax(160px,2fr)", "96px". */
	width: string;
	right?: boolean;
	/** Makes the heading sort; strings by locale, numbers by value, absent last. */
	sort?: (row: T) => string | number | null | undefined;
}

interface DataTableProps<T> {
	label: string;
	rows: readonly T[];
	columns: readonly Column<T>[];
	rowKey: (row: T) => string;
	/** The accessible name of a row that can be chosen. */
	rowLabel?: (row: T) => string;
	selected?: string | null;
	onSelect?: (row: T) => void;
	onOpen?: (row: T) => void;
	/** Shown instead of rows when there are none. */
	empty?: ReactNode;
	rowHeight?: number;
	/** Fills its parent and scrolls inside; else it is as high as its rows, up to this many pixels. */
	maxHeight?: number | "fill";
	rowTestId?: string;
	onEnd?: () => void;
}

const virtualFrom = 100;

export function DataTable<T>(props: DataTableProps<T>) {
	const { rows, columns, selected, onSelect, onOpen, maxHeight = 560, rowHeight = 32 } = props;
	const scroller = useRef<HTMLDivElement>(null);
	const { order, sorted, orderBy } = useOrder(rows, columns);
	const drawn = useDrawnRows(sorted.length, rowHeight, scroller, props.onEnd);
	const keys = useRowKeys({ rows: sorted, rowHeight, scroller, scrollTo: drawn.scrollTo, onSelect, onOpen });
	const tracks = columns.map((each) => each.width).join(" ");
	const choosable = onSelect !== undefined || onOpen !== undefined;
	const drawRow = ({ index, top }: DrawnRow) => {
		const row = sorted[index];
		if (row === undefined) return null;
		const key = props.rowKey(row);
		return (
			<TableRow
				key={key}
				row={row}
				index={index}
				rowKey={key}
				name={choosable ? (props.rowLabel?.(row) ?? key) : undefined}
				columns={columns}
				tracks={tracks}
				height={rowHeight}
				top={top}
				chosen={selected === undefined ? undefined : selected === key}
				tabStop={index === keys.tabStop}
				testId={props.rowTestId}
				onActive={() => keys.setActive(index)}
				onKey={(event) => keys.onKey(event, index, row)}
				onSelect={onSelect}
				onOpen={onOpen}
			/>
		);
	};
	return (
		<div
			role="table"
			aria-label={props.label}
			aria-rowcount={sorted.length + 1}
			className={classes(
				"flex min-h-0 min-w-0 flex-col overflow-hidden rounded-lg border border-line bg-panel",
				maxHeight === "fill" && "max-h-full",
			)}
		>
			<div
				ref={scroller}
				role="presentation"
				className="scroll-thin min-h-0 flex-auto overflow-auto"
				style={maxHeight === "fill" ? undefined : { maxHeight }}
			>
				<TableHead columns={columns} tracks={tracks} order={order} onOrder={orderBy} />
				<div
					role="rowgroup"
					className={classes("min-w-fit", drawn.height !== null && "relative")}
					style={drawn.height === null ? undefined : { height: drawn.height }}
				>
					{drawn.rows.map(drawRow)}
				</div>
				{sorted.length === 0 && props.empty}
			</div>
		</div>
	);
}

interface DrawnRow {
	index: number;
	/** null: below the row before it. */
	top: number | null;
}

interface DrawnRows {
	rows: DrawnRow[];
	/** Of all rows together; null: as high as the rows that are drawn, which are all. */
	height: number | null;
	scrollTo: ((index: number) => void) | null;
}

/** Which rows are in the document: all of a short table, those around the window of a long one. */
function useDrawnRows(
	count: number,
	rowHeight: number,
	scroller: RefObject<HTMLDivElement | null>,
	onEnd: (() => void) | undefined,
): DrawnRows {
	const virtual = count > virtualFrom;
	const virtualizer = useVirtualizer({
		count,
		getScrollElement: () => scroller.current,
		estimateSize: () => rowHeight,
		overscan: 12,
		enabled: virtual,
	});
	const seen = virtual ? virtualizer.getVirtualItems() : [];
	const last = seen.at(-1)?.index ?? -1;
	useEffect(() => {
		if (onEnd && virtual && last >= count - 20) onEnd();
	}, [onEnd, virtual, last, count]);
	if (!virtual)
		return {
			rows: Array.from({ length: count }, (_, index) => ({ index, top: null })),
			height: null,
			scrollTo: null,
		};
	return {
		rows: seen.map((each) => ({ index: each.index, top: each.start })),
		height: virtualizer.getTotalSize(),
		scrollTo: (index) => virtualizer.scrollToIndex(index),
	};
}

/** Text that may be long: one line, cut with dots, whole on hover. */
export function Cut({ text, strong, mono }: { text: string; strong?: boolean; mono?: boolean }) {
	return (
		<span title={text} className={classes("truncate", strong && "font-medium", mono && "font-mono text-sm")}>
			{text}
		</span>
	);
}
