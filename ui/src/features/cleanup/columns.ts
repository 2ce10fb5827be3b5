// The columns of a table as the newest backup that can be read holds them: they spare typing the column of an age rule.

import type { Schema } from "@/api/client";
import { useRead } from "@/api/queries";
import { isGood } from "@/components/BackupListTable";
import { tableName } from "@/lib/text";

/** Names of columns that may hold a time, likelier ones first; empty while or where nothing is known. */
export function useTimeColumns(
	connection: Schema["Connection"],
	table: Schema["TableName"] | null,
): string[] {
	const backups = useRead("backup.list", { connection: connection.id });
	const newest = backups.data?.backups.find((each) => isGood(each) && each.table_count > 0);
	const detail = useRead("backup.get", { backup: newest?.id ?? "" }, { enabled: newest !== undefined });
	const held = detail.data?.tables.find((each) => table !== null && tableName(each) === tableName(table));
	return timeColumns(connection.offers.clearing?.typed_times ?? true, held?.columns ?? []);
}

/** Where columns do not say by their type that they hold a time, any of them may. */
export function timeColumns(
	typedTimes: boolean,
	columns: readonly { name: string; type_name: string }[],
): string[] {
	const typed = (type: string) => /date|time/i.test(type);
	const named = (name: string) =>
		/(^|_)(at|on|date|time|day|created|updated|modified|seen|expires)$/i.test(name);
	const rank = (each: { name: string; type_name: string }) =>
		(typed(each.type_name) ? 0 : 2) + (named(each.name) ? 0 : 1);
	return columns
		.filter((each) => !typedTimes || typed(each.type_name))
		.toSorted((left, right) => rank(left) - rank(right))
		.map((each) => each.name);
}
