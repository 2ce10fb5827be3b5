// A schedule, made or changed: what runs, when, and the next five runs before anything is saved.

import { useDeferredValue, useState } from "react";
import type { Schema } from "@/api/client";
import { useAct, useRead } from "@/api/queries";
import { Button } from "@/components/Button";
import { SelectField, TextField } from "@/components/Field";
import { useNow } from "@/components/Moment";
import { Panel } from "@/components/Panel";
import { ErrorState, LoadingRows } from "@/components/States";
import { groupsOf, tableName } from "@/lib/text";
import { relative } from "@/lib/time";
import { type CallKind, type CallSubject, callOf, calls, callText } from "./calls";
import { addRequest, blankDraft, draftOf, type ScheduleDraft, timingOf } from "./draft";
import { type Preset, presets } from "./presets";
import { TimingFields } from "./TimingFields";
import { WhenFields } from "./WhenFields";

interface ScheduleFormProps {
	connections: readonly Schema["Connection"][];
	/** To change; absent: a new one. */
	schedule?: Schema["Schedule"];
	/** Begin with this, and this preset. */
	about?: Partial<CallSubject>;
	preset?: Preset;
	onDone: (id: string) => void;
	onCancel: () => void;
}

export function ScheduleForm(props: ScheduleFormProps) {
	const { connections, schedule, preset, onDone, onCancel } = props;
	const first = { connection: connections[0]?.id, ...given(props.about) };
	const [draft, setDraft] = useState<ScheduleDraft>(() =>
		schedule ? draftOf(schedule) : blankDraft(first, preset),
	);
	const set = (change: Partial<ScheduleDraft>) => setDraft((old) => ({ ...old, ...change }));
	const add = useAct("schedule.add", ({ id }) => onDone(id));
	const update = useAct("schedule.update", ({ id }) => onDone(id));
	const timing = timingOf(draft);
	const call = callOf(draft.call);
	const rules = useRules(draft, schedule);
	const rule = rules.find((each) => each.id === draft.rule);
	const madeUp = nameFor(draft, connections, rule);
	const name = draft.name.trim() || madeUp;
	const complete =
		schedule !== undefined ||
		((!call.connection || draft.connection !== "") &&
			(!call.rule || rule !== undefined) &&
			(!call.group || draft.group !== ""));
	const ready = timing !== null && complete;
	const save = () => {
		if (timing === null) return;
		if (schedule) update.mutate({ request: { schedule: schedule.id, name, timing } });
		else add.mutate({ request: addRequest(draft, name, timing) });
	};
	const error = add.error ?? update.error;
	return (
		<form
			className="grid grid-cols-[minmax(0,1fr)_276px] items-start gap-4 xl:grid-cols-[minmax(0,680px)_320px]"
			data-testid="schedule-form"
			onSubmit={(event) => {
				event.preventDefault();
				if (ready) save();
			}}
		>
			<div className="flex min-w-0 flex-col gap-3">
				<Panel title="What">
					<div className="flex flex-col gap-3">
						{schedule ? (
							<p data-testid="schedule-what">
								{callText(schedule)}
								{schedule.connection_id != null && (
									<span className="text-text-2">
										,{" "}
										{connections.find((each) => each.id === schedule.connection_id)?.name ??
											"a database that is gone"}
									</span>
								)}
							</p>
						) : (
							<>
								<Presets
									onPick={(picked) => setDraft((old) => ({ ...old, call: picked.call, when: picked.when }))}
								/>
								<div className="grid grid-cols-2 gap-3">
									<SelectField
										label="Run"
										value={draft.call}
										onPick={(kind) => set({ call: kind as CallKind })}
										choices={calls.map((each) => ({ value: each.kind, text: each.text }))}
										hint={call.about}
										data-testid="schedule-call"
									/>
									{call.connection && (
										<SelectField
											label="Database"
											value={draft.connection}
											onPick={(connection) => set({ connection, rule: "" })}
											choices={connections.map((each) => ({ value: each.id, text: each.name }))}
											data-testid="schedule-connection"
										/>
									)}
								</div>
								{call.group && (
									<SelectField
										label="Group"
										value={draft.group}
										onPick={(group) => set({ group })}
										choices={[
											{ value: "", text: "Choose…" },
											...groupsOf(connections).map((each) => ({ value: each, text: each })),
										]}
										data-testid="schedule-group"
									/>
								)}
								{call.rule && (
									<RuleField rules={rules} picked={draft.rule} onPick={(picked) => set({ rule: picked })} />
								)}
							</>
						)}
						<TextField
							label="Name"
							value={draft.name}
							onText={(text) => set({ name: text })}
							placeholder={madeUp}
							data-testid="schedule-name"
						/>
					</div>
				</Panel>
				<Panel title="When">
					<div className="flex flex-col gap-3">
						<WhenFields when={draft.when} onWhen={(when) => set({ when })} />
						<TimingFields draft={draft} onDraft={set} />
					</div>
				</Panel>
				{error && <ErrorState error={error} />}
				<div className="flex justify-end gap-2">
					<Button onClick={onCancel}>Cancel</Button>
					<Button
						tone="primary"
						type="submit"
						disabled={!ready}
						busy={add.isPending || update.isPending}
						data-testid="schedule-save"
					>
						{schedule ? "Save" : "Add schedule"}
					</Button>
				</div>
			</div>
			<Preview timing={timing} />
		</form>
	);
}

/** Without what is not given: it would hide what there is. */
function given(about: Partial<CallSubject> | undefined): Partial<CallSubject> {
	return Object.fromEntries(Object.entries(about ?? {}).filter(([, value]) => value !== undefined));
}

/** The clean-up rules of the chosen database; asked for only when one is to be chosen. */
function useRules(draft: ScheduleDraft, schedule: Schema["Schedule"] | undefined) {
	const wanted = schedule === undefined && callOf(draft.call).rule === true;
	const list = useRead("cleanup.list", {}, { enabled: wanted, staleTime: 0 });
	return (list.data?.rules ?? []).filter((each) => each.connection_id === draft.connection);
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

function nameFor(
	draft: ScheduleDraft,
	connections: readonly Schema["Connection"][],
	rule: Schema["CleanupRule"] | undefined,
): string {
	if (rule !== undefined && callOf(draft.call).rule) return `Clean up ${rule.name}`;
	if (draft.group !== "" && callOf(draft.call).group) return `${draft.group} retention`;
	const call = callOf(draft.call);
	const like = presets.find((each) => each.call === draft.call && each.when.way === draft.when.way);
	const database = connections.find((each) => each.id === draft.connection)?.name;
	const what = like?.name ?? call.text.toLowerCase();
	return call.connection && database !== undefined
		? `${database} ${what}`
		: what.charAt(0).toUpperCase() + what.slice(1);
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

/** What the timing means, as the program understands it. */
function Preview({ timing }: { timing: Schema["Timing"] | null }) {
	const asked = useDeferredValue(timing);
	const preview = useRead(
		"schedule.preview",
		{ timing: asked ?? { when: { kind: "start" }, zone: "UTC" } },
		{ enabled: asked !== null, staleTime: 30_000 },
	);
	return (
		<Panel title="Next runs" className="sticky top-0">
			<div className="flex flex-col gap-2" data-testid="schedule-preview" aria-live="polite">
				{timing === null ? (
					<p className="text-text-2">Complete the timing to see them.</p>
				) : preview.error ? (
					<ErrorState error={preview.error} compact />
				) : preview.data === undefined ? (
					<LoadingRows rows={2} />
				) : (
					<>
						<p className="font-medium wrap-anywhere">{preview.data.words}</p>
						<NextRuns runs={preview.data.next} />
						{preview.data.next.length === 0 && timing.when.kind === "start" && (
							<p className="text-text-2">No clock decides: it becomes due at each start.</p>
						)}
					</>
				)}
			</div>
		</Panel>
	);
}

/** Local times of the schedule's zone, and how far away they are. */
export function NextRuns({ runs }: { runs: readonly Schema["NextRun"][] }) {
	const now = useNow();
	return (
		<ol className="flex flex-col">
			{runs.map((run) => (
				<li
					key={run.at_ms}
					className="flex items-baseline gap-2 border-line-soft border-b py-1 last:border-0"
				>
					<span className="tabular">{run.local}</span>
					<span className="ml-auto shrink-0 text-sm text-text-2">{relative(run.at_ms, now)}</span>
				</li>
			))}
		</ol>
	);
}
