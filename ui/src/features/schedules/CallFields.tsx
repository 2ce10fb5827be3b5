// What a schedule runs: chosen for a new one, said for one that is there.

import type { Schema } from "@/api/client";
import { Button } from "@/components/Button";
import { SelectField } from "@/components/Field";
import { groupsOf, tableName } from "@/lib/text";
import { type CallKind, callOf, calls, callText } from "./calls";
import type { ScheduleDraft } from "./draft";
import { type Preset, presets } from "./presets";

interface FixedProps {
	schedule: Schema["Schedule"];
	connections: readonly Schema["Connection"][];
}

/** It stays what it is: only its name and its timing can be changed. */
export function Fixed({ schedule, connections }: FixedProps) {
	return (
		<p data-testid="schedule-what">
			{callText(schedule)}
			{schedule.connection_id != null && (
				<span className="text-text-2">
					,{" "}
					{connections.find((each) => each.id === schedule.connection_id)?.name ?? "a database that is gone"}
				</span>
			)}
		</p>
	);
}

interface CallFieldsProps {
	draft: ScheduleDraft;
	onDraft: (change: Partial<ScheduleDraft>) => void;
	connections: readonly Schema["Connection"][];
	/** Clean-up rules of the chosen database. */
	rules: readonly Schema["CleanupRule"][];
}

export function CallFields({ draft, onDraft, connections, rules }: CallFieldsProps) {
	const call = callOf(draft.call);
	return (
		<>
			<Presets onPick={(picked) => onDraft({ call: picked.call, when: picked.when })} />
			<div className="grid grid-cols-2 gap-3">
				<SelectField
					label="Run"
					value={draft.call}
					onPick={(kind) => onDraft({ call: kind as CallKind })}
					choices={calls.map((each) => ({ value: each.kind, text: each.text }))}
					hint={call.about}
					data-testid="schedule-call"
				/>
				{call.connection && (
					<SelectField
						label="Database"
						value={draft.connection}
						onPick={(connection) => onDraft({ connection, rule: "" })}
						choices={connections.map((each) => ({ value: each.id, text: each.name }))}
						data-testid="schedule-connection"
					/>
				)}
			</div>
			{call.group && (
				<SelectField
					label="Group"
					value={draft.group}
					onPick={(group) => onDraft({ group })}
					choices={[
						{ value: "", text: "Choose…" },
						...groupsOf(connections).map((each) => ({ value: each, text: each })),
					]}
					data-testid="schedule-group"
				/>
			)}
			{call.rule && (
				<RuleField rules={rules} picked={draft.rule} onPick={(picked) => onDraft({ rule: picked })} />
			)}
		</>
	);
}

interface RuleFieldProps {
	rules: readonly Schema["CleanupRule"][];
	picked: string;
	onPick: (rule: string) => void;
}

function RuleField({ rules, picked, onPick }: RuleFieldProps) {
	if (rules.length === 0)
		return <p className="text-text-2">This database has no rule yet: add one on its tab Clean up.</p>;
	return (
		<SelectField
			label="Rule"
			value={picked}
			onPick={onPick}
			choices={[
				{ value: "", text: "Choose…" },
				...rules.map((each) => ({ value: each.id, text: `${each.name} (${tableName(each.table)})` })),
			]}
			data-testid="schedule-rule"
		/>
	);
}

function Presets({ onPick }: { onPick: (preset: Preset) => void }) {
	return (
		<div className="flex flex-wrap items-center gap-1.5">
			<span className="mr-1 text-sm text-text-2">Usual:</span>
			{presets.map((each) => (
				<Button key={each.id} small onClick={() => onPick(each)} data-testid={`preset-${each.id}`}>
					{each.text}
				</Button>
			))}
		</div>
	);
}
