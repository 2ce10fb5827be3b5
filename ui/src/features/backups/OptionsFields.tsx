// What can be chosen before a backup: its note, its kind, its tables, what is done about proof and gaps.

import type { Schema } from "@/api/client";
import { CheckField, Choice, TextField } from "@/components/Field";
import { TablePicker } from "@/components/TablePicker";

export interface OptionsDraft {
	note: string;
	kind: Schema["BackupKind"];
	/** Chosen tables instead of all. */
	some: boolean;
	picked: Schema["TableName"][];
	/** Patterns, separated by commas. */
	include: string;
	exclude: string;
	strict: boolean;
	prove: boolean;
}

export const blank: OptionsDraft = {
	note: "",
	kind: "full",
	some: false,
	picked: [],
	include: "",
	exclude: "",
	strict: false,
	prove: false,
};

const everythingOf: Record<Schema["BackupKind"], string> = {
	full: "and everything else in the database",
	schema: "and every other object, without rows",
	data: "their rows, nothing else",
};

interface OptionsFieldsProps {
	connection: Schema["Connection"];
	draft: OptionsDraft;
	onDraft: (change: Partial<OptionsDraft>) => void;
}

export function OptionsFields({ connection, draft, onDraft }: OptionsFieldsProps) {
	return (
		<>
			<TextField
				label="Note"
				value={draft.note}
				onText={(note) => onDraft({ note })}
				placeholder="Before release 4.2"
				hint="The backup's name in every list."
				data-testid="backup-note"
			/>
			<Choice
				legend="Kind"
				row
				value={draft.kind}
				onPick={(kind) => onDraft({ kind })}
				choices={[
					{ value: "full", label: "Full", hint: "structure and rows", testId: "kind-full" },
					{ value: "schema", label: "Schema", hint: "structure only", testId: "kind-schema" },
					{ value: "data", label: "Data", hint: "rows only", testId: "kind-data" },
				]}
			/>
			<TablesFields connection={connection} draft={draft} onDraft={onDraft} />
			<div className="grid grid-cols-2 gap-3">
				<CheckField
					label="Prove it afterwards"
					hint="Load into a scratch database, compare every table."
					checked={draft.prove}
					onCheck={(prove) => onDraft({ prove })}
				/>
				<CheckField
					label="Strict"
					hint="Refuse instead of making a partial backup."
					checked={draft.strict}
					onCheck={(strict) => onDraft({ strict })}
				/>
			</div>
		</>
	);
}

function TablesFields({ connection, draft, onDraft }: OptionsFieldsProps) {
	return (
		<>
			<Choice
				legend="Tables"
				row
				value={draft.some ? "some" : "all"}
				onPick={(value) => onDraft({ some: value === "some" })}
				choices={[
					{ value: "all", label: "All tables", hint: everythingOf[draft.kind] },
					{ value: "some", label: "Chosen tables", hint: "with what belongs to them", testId: "tables-some" },
				]}
			/>
			{draft.some && (
				<TablePicker
					connection={connection.id}
					picked={draft.picked}
					onPick={(picked) => onDraft({ picked })}
					maxHeight={160}
				/>
			)}
			<div className="grid grid-cols-2 gap-3">
				{draft.some && (
					<TextField
						label="Also tables like"
						mono
						value={draft.include}
						onText={(include) => onDraft({ include })}
						placeholder="none"
						hint="Separated by commas; * and ? match."
					/>
				)}
				<TextField
					label="Without the rows of"
					mono
					value={draft.exclude}
					onText={(exclude) => onDraft({ exclude })}
					placeholder="none"
					hint="For example: logs, reporting.*"
				/>
			</div>
		</>
	);
}
