// Walking through a table's rows with the keyboard: one row is the tab stop, arrows, pages, Home and End move it.

import { type KeyboardEvent, type RefObject, useState } from "react";

interface RowKeys<T> {
	rows: readonly T[];
	rowHeight: number;
	scroller: RefObject<HTMLDivElement | null>;
	/** Brings a row into the window that is not drawn yet. */
	scrollTo: ((index: number) => void) | null;
	onSelect?: (row: T) => void;
	onOpen?: (row: T) => void;
}

export function useRowKeys<T>({ rows, rowHeight, scroller, scrollTo, onSelect, onOpen }: RowKeys<T>) {
	const [active, setActive] = useState(0);
	const bounded = (index: number) => Math.max(0, Math.min(rows.length - 1, index));
	const focusRow = (index: number) => {
		setActive(index);
		scrollTo?.(index);
		requestAnimationFrame(() =>
			scroller.current?.querySelector<HTMLElement>(`[data-row="${index}"]`)?.focus(),
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
			End: rows.length,
		};
		const move = moves[event.key];
		if (move !== undefined) {
			event.preventDefault();
			focusRow(bounded(index + move));
			const next = rows[bounded(index + move)];
			if (next !== undefined) onSelect?.(next);
		} else if (event.key === "Enter" || event.key === " ") {
			event.preventDefault();
			if (event.key === "Enter" && onOpen) onOpen(row);
			else onSelect?.(row);
		}
	};
	return { tabStop: bounded(active), setActive, onKey };
}
