// Rules and what hangs on a table, in words.

import type { Request, Schema } from "@/api/client";
import { counted } from "@/lib/bytes";
import { tableName } from "@/lib/text";

export function rowsText(rows: Schema["RowChoice"]): string {
	return rows.kind === "older"
		? `${rows.column} older than ${counted(rows.days, "day")}`
		: `where ${rows.condition}`;
}

/** What a foreign key means for a deletion. */
export function referringText({ table, constraint, on_delete, rows }: Schema["Referring"]): string {
	const those = `${counted(rows, "row")} of ${tableName(table)}`;
	switch (on_delete) {
		case "cascade":
			return `Up to ${those} go too (${constraint}).`;
		case "unset":
			return `Up to ${those} lose what they point at (${constraint}).`;
		case "refuse":
			return `${those} may stand in the way (${constraint}).`;
	}
}

/** As it was set; to look at what it would do, or to keep it anew. */
export function requestOf(rule: Schema["CleanupRule"]): Request<"cleanup.set.plan"> {
	return {
		name: rule.name,
		connection: rule.connection_id,
		table: rule.table,
		rows: rule.rows,
		batch_rows: rule.batch_rows,
		archive: rule.archive,
	};
}
