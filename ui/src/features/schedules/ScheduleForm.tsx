// A schedule, made or changed: what runs, when, and the next five runs before anything is saved.

import { useState } from "react";
import type { Schema } from "@/api/client";
import { useAct, useRead } from "@/api/queries";
import { Button } from "@/components/Button";
import { TextField } from "@/components/Field";
import { Panel } from "@/components/Panel";
import { ErrorState } from "@/components/States";
import { CallFields, Fixed } from "./CallFields";
import { type CallSubject, callOf } from "./calls";
import { addRequest, blankDraft, draftOf, type ScheduleDraft, timingOf } from "./draft";
import { type Preset, presets } from "./presets";
import { SchedulePreview } from "./SchedulePreview";
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
							<Fixed schedule={schedule} connections={connections} />
						) : (
							<CallFields draft={draft} onDraft={set} connections={connections} rules={rules} />
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
			<SchedulePreview timing={timing} />
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
