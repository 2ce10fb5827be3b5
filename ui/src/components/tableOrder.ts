// In which order a table shows its rows: by one heading, downwards first, then upwards, then as they came.

import { useMemo, useState } from "react";
import type { Column } from "./DataTable";

export interface Order {
	id: string;
	down: boolean;
}

export function useOrder<T>(rows: readonly T[], columns: readonly Column<T>[]) {
	const [order, setOrder] = useState<Order | null>(null);
	const sorted = useMemo(() => sortRows(rows, columns, order), [rows, columns, order]);
	return { order, sorted, orderBy: (id: string) => setOrder(nextOrder(order, id)) };
}

function nextOrder(order: Order | null, id: string): Order | null {
	if (order?.id !== id) return { id, down: true };
	return order.down ? { id, down: false } : null;
}

function sortRows<T>(rows: readonly T[], columns: readonly Column<T>[], order: Order | null): readonly T[] {
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
