// Which tables, and whether they come beside the live ones or in their place.

import type { Schema } from "@/api/client";
import { CheckField, Choice, TextField } from "@/components/Field";
import { type ListedTable, TableList } from "@/components/TableList";
import type { TargetDraft } from "./TargetForm";

interface TablesFormProps {
	tables: readonly Schema["TableSnapshot"][];
	/** Tables can go into another schema. */
	schemas: boolean;
	target: TargetDraft;
	onTarget: (change: Partial<TargetDraft>) => void;
}

/** The part of a request that is about chosen tables. */
export function tablesRequest(target: TargetDraft): Partial<Schema["RestorePlanRequest"]> {
	const tables = [...target.tables];
	if (target.way === "replace") return { tables, replace: true, allow_dangling: target.allowDangling };
	const naming = target.naming.trim() || null;
	return {
		tables,
		replace: false,
		table_name: tables.length === 1 ? naming : null,
		suffix: tables.length === 1 ? null : naming,
		schema: target.schema.trim() || null,
	};
}

export function TablesForm({ tables, schemas, target, onTarget }: TablesFormProps) {
	const held: ListedTable[] = tables
		.filter((each) => each.has_rows)
		.map((each) => ({ schema: each.schema, name: each.name, rows: each.rows, bytes: each.bytes || null }));
	const one = target.tables.length === 1;
	return (
		<>
			<TableList
				label="Tables of the backup to choose from"
				tables={held}
				rowHeight={26}
				maxHeight={210}
				picked={target.tables}
				onPick={(picked) => onTarget({ tables: picked })}
				empty={<p className="p-3 text-text-2">This backup holds no rows of any table.</p>}
			/>
			<Choice
				legend="Put them"
				value={target.way}
				onPick={(way) => onTarget({ way })}
				choices={[
					{
						value: "new",
						label: "Beside the live tables, under new names",
						hint: "The live tables are not touched.",
						testId: "tables-beside",
					},
					{
						value: "replace",
						label: "In the place of the live tables",
						hint: "Loaded beside, proven, then put in place in one transaction. The old rows are kept; undo is one click.",
						testId: "tables-replace",
					},
				]}
			/>
			{target.way === "new" ? (
				<div className="grid grid-cols-2 gap-3">
					<TextField
						label={one ? "Name of the new table" : "Append to each name"}
						mono
						value={target.naming}
						onText={(naming) => onTarget({ naming })}
						hint={`Leave it empty to have a free ${one ? "name" : "ending"} chosen; the next step shows it.`}
						data-testid="tables-naming"
					/>
					{schemas && (
						<TextField
							label="Schema"
							mono
							value={target.schema}
							onText={(schema) => onTarget({ schema })}
							hint="Empty: the table's own. Made when it does not exist."
						/>
					)}
				</div>
			) : (
				<CheckField
					label="Also when rows would be left without a parent"
					hint="Rows of other tables that point to rows which are not in the backup. Without this, they are counted and stop the restore."
					checked={target.allowDangling}
					onCheck={(allowDangling) => onTarget({ allowDangling })}
				/>
			)}
		</>
	);
}
