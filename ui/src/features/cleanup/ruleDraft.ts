// A rule as the form holds it, and the request it becomes.

import type { Request, Schema } from "@/api/client";

export interface RuleDraft {
	name: string;
	table: Schema["TableName"] | null;
	way: "older" | "matching";
	column: string;
	days: string;
	condition: string;
	batch: string;
	archive: boolean;
}

export function draftOf(rule: Schema["CleanupRule"] | null): RuleDraft {
	const rows = rule?.rows;
	return {
		name: rule?.name ?? "",
		table: rule?.table ?? null,
		way: rows?.kind ?? "older",
		column: rows?.kind === "older" ? rows.column : "",
		days: rows?.kind === "older" ? String(rows.days) : "90",
		condition: rows?.kind === "matching" ? rows.condition : "",
		batch: String(rule?.batch_rows ?? 10_000),
		archive: rule?.archive ?? true,
	};
}

export const mostBatch = 1_000_000;

export function isWhole(text: string, most: number): boolean {
	return /^\d{1,9}$/.test(text) && Number(text) >= 1 && Number(text) <= most;
}

/** Null while something that is needed is missing. The name is not, for a preview. */
export function requestFrom(draft: RuleDraft, connection: string): Request<"cleanup.preview"> | null {
	const { table, way, batch, archive } = draft;
	const column = draft.column.trim();
	const condition = draft.condition.trim();
	if (table === null || !isWhole(batch, mostBatch)) return null;
	if (way === "older" ? column === "" || !isWhole(draft.days, 4_000_000_000) : condition === "") return null;
	return {
		name: draft.name.trim(),
		connection,
		table,
		rows:
			way === "older" ? { kind: "older", column, days: Number(draft.days) } : { kind: "matching", condition },
		batch_rows: Number(batch),
		archive,
	};
}
