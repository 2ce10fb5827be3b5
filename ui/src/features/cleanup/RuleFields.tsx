// The fields of a rule: whose rows, which of them, how many at once, and whether they are archived first.

import { useState } from "react";
import type { Schema } from "@/api/client";
import { CheckField, Choice, SelectField, TextArea, TextField } from "@/components/Field";
import { TablePicker } from "@/components/TablePicker";
import { tableName } from "@/lib/text";
import { useTimeColumns } from "./columns";
import { isWhole, mostBatch, type RuleDraft } from "./ruleDraft";

interface FieldsProps {
	connection: Schema["Connection"];
	draft: RuleDraft;
	onDraft: (change: Partial<RuleDraft>) => void;
}

interface RuleFieldsProps extends FieldsProps {
	/** To change; null: a new one. */
	rule: Schema["CleanupRule"] | null;
	/** Another rule has this name. */
	doubled: boolean;
}

export function RuleFields({ connection, rule, draft, onDraft, doubled }: RuleFieldsProps) {
	return (
		<>
			<TextField
				label="Name"
				value={draft.name}
				onText={(text) => onDraft({ name: text })}
				placeholder="old events"
				disabled={rule !== null}
				hint={rule !== null && "Schedules know the rule by it, so it stays."}
				error={doubled ? "There is a rule of this name already." : null}
				data-testid="rule-name"
			/>
			{rule === null ? (
				<div className="flex flex-col gap-1">
					<span className="font-medium text-sm text-text-2">Table</span>
					<TablePicker
						connection={connection.id}
						one
						maxHeight={114}
						picked={draft.table === null ? [] : [draft.table]}
						onPick={(picked) => onDraft({ table: picked[0] ?? null, column: "" })}
					/>
				</div>
			) : (
				<p>
					<span className="text-text-2">Table</span>{" "}
					<code className="font-mono text-sm">{tableName(rule.table)}</code>
				</p>
			)}

			<RowsFields connection={connection} draft={draft} onDraft={onDraft} />
			<RunningFields draft={draft} onDraft={onDraft} />
		</>
	);
}

function RowsFields({ connection, draft, onDraft }: FieldsProps) {
	return (
		<>
			<Choice
				legend="Rows"
				row
				value={draft.way}
				onPick={(way) => onDraft({ way })}
				choices={[
					{ value: "older", label: "Older than so many days", hint: "by a column that holds a time" },
					{
						value: "matching",
						label: "That fit a condition",
						hint: "in SQL, as after WHERE",
						testId: "rule-matching",
					},
				]}
			/>
			{draft.way === "older" ? (
				<div className="grid grid-cols-2 gap-3">
					<ColumnField connection={connection} draft={draft} onColumn={(column) => onDraft({ column })} />
					<TextField
						label="Older than"
						inputMode="numeric"
						value={draft.days}
						onText={(days) => onDraft({ days })}
						after={<span className="text-sm text-text-2">days</span>}
						error={isWhole(draft.days, 4_000_000_000) ? null : "A whole number, one at least."}
						data-testid="rule-days"
					/>
				</div>
			) : (
				<TextArea
					label="Condition"
					mono
					value={draft.condition}
					onText={(condition) => onDraft({ condition })}
					placeholder="state = 'done' AND paid"
					data-testid="rule-condition"
				/>
			)}
		</>
	);
}

function RunningFields({ draft, onDraft }: Omit<FieldsProps, "connection">) {
	return (
		<div className="grid grid-cols-2 gap-3">
			<TextField
				label="Rows in one transaction"
				inputMode="numeric"
				value={draft.batch}
				onText={(batch) => onDraft({ batch })}
				hint="Fewer hold locks for a shorter time."
				error={isWhole(draft.batch, mostBatch) ? null : "Between 1 and 1,000,000."}
				data-testid="rule-batch"
			/>
			<CheckField
				className="pt-5"
				label="Archive the rows first"
				hint={
					draft.archive
						? "Into a backup that is proven and pinned before anything goes."
						: "Nothing holds them afterwards; they cannot be had back."
				}
				checked={draft.archive}
				onCheck={(archive) => onDraft({ archive })}
				data-testid="rule-archive"
			/>
		</div>
	);
}

const other = "\u0000other";

interface ColumnFieldProps {
	connection: Schema["Connection"];
	draft: RuleDraft;
	onColumn: (column: string) => void;
}

/** Picked from what the newest backup knows of the table, else typed. */
function ColumnField({ connection, draft, onColumn }: ColumnFieldProps) {
	const known = useTimeColumns(connection, draft.table);
	const [typing, setTyping] = useState(false);
	if (known.length === 0 || typing || (draft.column !== "" && !known.includes(draft.column)))
		return (
			<TextField
				label="Column with the time"
				mono
				value={draft.column}
				onText={onColumn}
				placeholder="created_at"
				data-testid="rule-column"
			/>
		);
	return (
		<SelectField
			label="Column with the time"
			value={draft.column}
			onPick={(column) => {
				setTyping(column === other);
				onColumn(column === other ? "" : column);
			}}
			choices={[
				{ value: "", text: "Choose…" },
				...known.map((column) => ({ value: column, text: column })),
				{ value: other, text: "Another column…" },
			]}
			data-testid="rule-column"
		/>
	);
}
