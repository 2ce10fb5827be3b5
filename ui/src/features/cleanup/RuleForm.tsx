// A rule, made or changed. What it would delete is counted while it is written, before anything is kept.

import { useState } from "react";
import type { Schema } from "@/api/client";
import { useAct } from "@/api/queries";
import { Button } from "@/components/Button";
import { CheckField, Choice, SelectField, TextArea, TextField } from "@/components/Field";
import { Modal } from "@/components/Modal";
import { Panel } from "@/components/Panel";
import { Answered, ErrorState, LoadingRows } from "@/components/States";
import { sayDone } from "@/components/say";
import { TablePicker } from "@/components/TablePicker";
import { count, counted } from "@/lib/bytes";
import { tableName } from "@/lib/text";
import { useTimeColumns } from "./columns";
import { useLivePreview } from "./livePreview";
import { RulePreview } from "./RulePreview";
import { draftOf, isWhole, mostBatch, type RuleDraft, requestFrom } from "./ruleDraft";

interface RuleFormProps {
	connection: Schema["Connection"];
	/** To change; null: a new one. */
	rule: Schema["CleanupRule"] | null;
	/** Names that other rules have. */
	taken: readonly string[];
	onClose: () => void;
}

export function RuleForm({ connection, rule, taken, onClose }: RuleFormProps) {
	const [draft, setDraft] = useState<RuleDraft>(() => draftOf(rule));
	const set = (change: Partial<RuleDraft>) => setDraft((old) => ({ ...old, ...change }));
	const save = useAct("cleanup.set", (kept) => {
		sayDone(`The rule ${kept.name} is kept. Nothing is deleted until it runs.`);
		onClose();
	});
	const request = requestFrom(draft, connection.id);
	const preview = useLivePreview(request);
	const name = draft.name.trim();
	const doubled = rule === null && taken.includes(name);
	return (
		<Modal
			title={rule === null ? `Add a clean-up rule for ${connection.name}` : `Change ${rule.name}`}
			about="A rule deletes old rows of one table, whenever it runs: when you say so, or by a schedule."
			open
			wide
			onClose={onClose}
			testId="rule-form"
			footer={
				<>
					{/* The preview may be below the fold: its number never is. */}
					<p className="mr-auto min-w-0 truncate text-text-2" data-testid="rule-outcome">
						{preview.answer &&
							`${count(preview.answer.matching)} of ${counted(preview.answer.total, "row")} now`}
					</p>
					<Button onClick={onClose}>Cancel</Button>
					<Button
						tone="primary"
						disabled={request === null || name === "" || doubled}
						busy={save.isPending}
						data-testid="rule-save"
						onClick={() => request && save.mutate({ request })}
					>
						{rule === null ? "Keep rule" : "Save"}
					</Button>
				</>
			}
		>
			<div className="flex flex-col gap-3 pb-2">
				<TextField
					label="Name"
					value={draft.name}
					onText={(text) => set({ name: text })}
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
							onPick={(picked) => set({ table: picked[0] ?? null, column: "" })}
						/>
					</div>
				) : (
					<p>
						<span className="text-text-2">Table</span>{" "}
						<code className="font-mono text-sm">{tableName(rule.table)}</code>
					</p>
				)}
				<Choice
					legend="Rows"
					row
					value={draft.way}
					onPick={(way) => set({ way })}
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
						<ColumnField connection={connection} draft={draft} onColumn={(column) => set({ column })} />
						<TextField
							label="Older than"
							inputMode="numeric"
							value={draft.days}
							onText={(days) => set({ days })}
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
						onText={(condition) => set({ condition })}
						placeholder="state = 'done' AND paid"
						data-testid="rule-condition"
					/>
				)}
				<div className="grid grid-cols-2 gap-3">
					<TextField
						label="Rows in one transaction"
						inputMode="numeric"
						value={draft.batch}
						onText={(batch) => set({ batch })}
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
						onCheck={(archive) => set({ archive })}
						data-testid="rule-archive"
					/>
				</div>
				<Panel title="What it would do now">
					<div aria-live="polite" aria-busy={preview.waiting}>
						{request === null ? (
							<p className="text-text-2">Choose the table and the rows to see how many would go.</p>
						) : preview.waiting ? (
							<LoadingRows rows={1} />
						) : (
							<Answered question={preview.question} rows={1}>
								{(data) => <RulePreview preview={data} />}
							</Answered>
						)}
					</div>
				</Panel>
				{save.error && <ErrorState error={save.error} compact />}
			</div>
		</Modal>
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
