// Restores of chosen tables in the simulated application: the plan and its words.

import { tableName } from "@/lib/text";
import type { Schema } from "../../../client";

export function chosenTables(
	detail: Schema["BackupDetail"],
	request: Schema["RestorePlanRequest"],
	tag: string,
	schemas: boolean,
): Schema["RestoreTable"][] {
	const wanted = new Set(request.tables ?? []);
	const tables = detail.tables.filter((each) => wanted.has(tableName(each)) || wanted.has(each.name));
	return tables.map((each) => {
		const from = { schema: each.schema, name: each.name };
		const name =
			request.table_name ??
			(request.suffix
				? `${each.name}${request.suffix}`
				: request.schema
					? each.name
					: `${each.name}_restored_${tag}`);
		return {
			from,
			to: request.replace ? from : { schema: request.schema ?? each.schema, name },
			kept_as: request.replace
				? schemas
					? { schema: `holdfast_before_${tag}`, name: each.name }
					: { name: `${each.name}_before_${tag}` }
				: null,
			rows: each.rows,
			bytes: each.bytes,
			notes: request.replace
				? [
						"The columns are the same, so the table stays and its rows are replaced: views, indexes, rights, policies and everything else that hangs on it stay as they are now.",
						`Its triggers do not fire for it: ${each.name}_touched.`,
						`Its sequence ${tableName(each)}_id_seq goes on from where it is, or from the highest restored number if that is higher.`,
					]
				: [
						"With its columns, checks, keys and indexes. Without foreign keys, triggers, policies and rights: a copy to look at and to take rows from, which acts on nothing else.",
					],
		};
	});
}

export function tableSteps(tables: readonly Schema["RestoreTable"][], tag: string): string[] {
	const [first] = tables;
	const names = (each: (table: Schema["RestoreTable"]) => string) =>
		tables.length > 1
			? `${first ? each(first) : ""} and ${tables.length - 1} more`
			: first
				? each(first)
				: "";
	const replaced = tables.some((each) => each.kept_as);
	return [
		`Load the rows into a schema of their own, holdfast_restoring_${tag}.`,
		"Count and compare every table with the snapshot; on any difference remove the copy and stop.",
		...(replaced
			? [
					"Count the rows that would point to nothing; if there are any and they are not allowed, remove the copy and stop.",
					"In one transaction, with the tables locked:",
					`Replace the rows of ${names((each) => tableName(each.to))}.`,
					`Keep what is replaced as ${names((each) => (each.kept_as ? tableName(each.kept_as) : ""))} until you release it: undo is one step.`,
				]
			: [`In one transaction, give the proven copies their names: ${names((each) => tableName(each.to))}.`]),
	];
}
