// Rows of any number: scrolls virtually beyond a hundred rows, sorts by its headings, is walked with the arrow keys.
// Built of ARIA table roles instead of <table>, because virtual rows are positioned.

import { useVirtualizer } from "@tanstack/react-virtual";
import { ArrowDown, ArrowUp } from "lucide-react";
import { type KeyboardEvent, type ReactNode, useEffect, useMemo, useRef, useState } from "react";
import { classes } from "./classes";

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
	const {
		label,
		rows,
		columns,
		rowKey,
		rowLabel,
		selected,
		onSelect,
		onOpen,
		empty,
		maxHeight = 560,
		rowTestId,
		onEnd,
	} = props;
	const rowHeight = props.rowHeight ?? 32;
	const scroller = useRef<HTMLDivElement>(null);
	const [order, setOrder] = useState<{ id: string; down: boolean } | null>(null);
	const [active, setActive] = useState(0);
	const sorted = useMemo(() => sortRows(rows, columns, order), [rows, columns, order]);
	const virtual = sorted.length > virtualFrom;
	const virtualizer = useVirtualizer({
		count: sorted.length,
		getScrollElement: () => scroller.current,
		estimateSize: () => rowHeight,
		overscan: 12,
		enabled: virtual,
	});
	const items = virtual
		? virtualizer.getVirtualItems().map((each) => ({ index: each.index, start: each.start }))
		: sorted.map((_, index) => ({ index, start: 0 }));
	const last = items.at(-1)?.index ?? -1;
	useEffect(() => {
		if (onEnd && virtual && last >= sorted.length - 20) onEnd();
	}, [onEnd, virtual, last, sorted.length]);

	const tracks = columns.map((each) => each.width).join(" ");
	const choosable = onSelect !== undefined || onOpen !== undefined;
	const focusRow = (index: number) => {
		const bounded = Math.max(0, Math.min(sorted.length - 1, index));
		setActive(bounded);
		if (virtual) virtualizer.scrollToIndex(bounded);
		requestAnimationFrame(() =>
			scroller.current?.querySelector<HTMLElement>(`[data-row="${bounded}"]`)?.focus(),
		);
	};
	const onKey = (event: KeyboardEvent, index: number, row: T) => {
		if (event.target !== event.currentTarget) return;
		const page = Math.max(1, Math.floor((scroller.current?.clientHeight ?? 320) / rowHeight) - 1);
		const moves: Record<string, number> = {
			ArrowDown: 1,
			ArrowUp: -1,
			PageDown: page,
			PageUp: -page,
			Home: -index,
			End: sorted.length,
		};
		const move = moves[event.key];
		if (move !== undefined) {
			event.preventDefault();
			focusRow(index + move);
			const next = sorted[Math.max(0, Math.min(sorted.length - 1, index + move))];
			if (next !== undefined) onSelect?.(next);
		} else if (event.key === "Enter" || event.key === " ") {
			event.preventDefault();
			if (event.key === "Enter" && onOpen) onOpen(row);
			else onSelect?.(row);
		}
	};

	return (
		<div
			role="table"
			aria-label={label}
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
									{column.sort ? (
										<button
											type="button"
											className="-mx-1 inline-flex items-center gap-1 rounded px-1 hover:text-text"
											onClick={() => setOrder(nextOrder(order, column.id))}
										>
											{column.title}
											{sorting &&
												(sorting.down ? (
													<ArrowDown aria-hidden className="size-3" />
												) : (
													<ArrowUp aria-hidden className="size-3" />
												))}
										</button>
									) : column.label ? (
										<span className="sr-only">{column.label}</span>
									) : (
										column.title
									)}
								</div>
							);
						})}
					</div>
				</div>
				<div
					role="rowgroup"
					className={classes("min-w-fit", virtual && "relative")}
					style={virtual ? { height: virtualizer.getTotalSize() } : undefined}
				>
					{items.map(({ index, start }) => {
						const row = sorted[index];
						if (row === undefined) return null;
						const key = rowKey(row);
						const chosen = selected != null && selected === key;
						return (
							<div
								key={key}
								role="row"
								aria-rowindex={index + 2}
								aria-label={choosable ? (rowLabel?.(row) ?? key) : undefined}
								aria-selected={selected === undefined ? undefined : chosen}
								data-row={index}
								data-key={key}
								data-testid={rowTestId}
								tabIndex={choosable ? (index === Math.min(active, sorted.length - 1) ? 0 : -1) : undefined}
								onFocus={choosable ? () => setActive(index) : undefined}
								onClick={choosable ? () => (onSelect ?? onOpen)?.(row) : undefined}
								onDoubleClick={onOpen && onSelect ? () => onOpen(row) : undefined}
								onKeyDown={choosable ? (event) => onKey(event, index, row) : undefined}
								className={classes(
									"grid border-line-soft [&:not(:last-child)]:border-b",
									virtual && "absolute inset-x-0",
									choosable && "-outline-offset-2",
									chosen ? "bg-accent-soft" : choosable && "hover:bg-line-soft/60",
								)}
								style={{
									gridTemplateColumns: tracks,
									minHeight: rowHeight,
									...(virtual ? { top: start, height: rowHeight } : {}),
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
					})}
				</div>
				{sorted.length === 0 && empty}
			</div>
		</div>
	);
}

function nextOrder(
	order: { id: string; down: boolean } | null,
	id: string,
): { id: string; down: boolean } | null {
	if (order?.id !== id) return { id, down: true };
	return order.down ? { id, down: false } : null;
}

function sortRows<T>(
	rows: readonly T[],
	columns: readonly Column<T>[],
	order: { id: string; down: boolean } | null,
): readonly T[] {
	const by = order && columns.find((each) => each.id === order.id)?.sort;
	if (!order || !by) return rows;
	return rows.toSorted((left, right) => {
		const a = by(left);
		const b = by(right);
		if (a == null || b == null) return a == null ? (b == null ? 0 : 1) : -1;
		const compared =
			typeof a === "number" && typeof b === "number"
				? a - b
				: String(a).localeCompare(String(b), "en", { numeric: true });
		return order.down ? -compared : compared;
	});
}

/** Text that may be long: one line, cut with dots, whole on hover. */
export function Cut({ text, strong, mono }: { text: string; strong?: boolean; mono?: boolean }) {
	return (
		<span title={text} className={classes("truncate", strong && "font-medium", mono && "font-mono text-sm")}>
			{text}
		</span>
	);
}
