// The finer part of a timing: its zone, the hours in which it may run, what happens to a missed run, and the spread.

import type { Schema } from "@/api/client";
import { CheckField, Choice, TextField } from "@/components/Field";
import { homeZone, type ScheduleDraft, usualWindow } from "./draft";
import { DayPicker } from "./WhenFields";

const zones: readonly string[] = Intl.supportedValuesOf("timeZone");

interface TimingFieldsProps {
	draft: ScheduleDraft;
	onDraft: (change: Partial<ScheduleDraft>) => void;
}

export function TimingFields({ draft, onDraft }: TimingFieldsProps) {
	const { window } = draft;
	const clockless = draft.when.way === "start";
	return (
		<>
			<div className="grid grid-cols-2 gap-3">
				<TextField
					label="Time zone"
					value={draft.zone}
					onText={(zone) => onDraft({ zone })}
					list="time-zones"
					hint={draft.zone === homeZone ? "This computer's." : `This computer's is ${homeZone}.`}
					data-testid="schedule-zone"
				/>
				<datalist id="time-zones">
					{zones.map((zone) => (
						<option key={zone} value={zone} />
					))}
				</datalist>
				<TextField
					label="Spread the start over (minutes)"
					inputMode="numeric"
					value={draft.jitter}
					onText={(jitter) => onDraft({ jitter })}
					error={/^\d{1,2}$/.test(draft.jitter) && Number(draft.jitter) <= 60 ? null : "0 to 60."}
					hint="So that many do not start at once."
				/>
			</div>
			{!clockless && (
				<Choice
					legend="When nobody was there at the time (computer off, asleep)"
					row
					value={draft.missed}
					onPick={(missed) => onDraft({ missed })}
					choices={[
						{
							value: "catch_up",
							label: "Catch up once",
							hint: "as soon as possible, however many were missed",
						},
						{ value: "skip", label: "Skip", hint: "wait for the next time" },
					]}
				/>
			)}
			<CheckField
				label="Only in a maintenance window"
				hint="A time outside of it is not a run."
				checked={window !== null}
				onCheck={(on) => onDraft({ window: on ? usualWindow : null })}
				data-testid="schedule-window"
			/>
			{window !== null && <WindowFields window={window} onWindow={(next) => onDraft({ window: next })} />}
		</>
	);
}

function WindowFields({
	window,
	onWindow,
}: {
	window: Schema["Window"];
	onWindow: (window: Schema["Window"]) => void;
}) {
	const overnight = window.until <= window.from;
	return (
		<div className="flex flex-col gap-3 rounded-lg border border-line p-3">
			<DayPicker
				legend="Opens on"
				picked={window.days}
				onPick={(picked) => onWindow({ ...window, days: picked })}
			/>
			{window.days.length === 0 && <p className="text-bad text-sm">It would never open.</p>}
			<div className="flex flex-wrap items-start gap-3">
				<TextField
					label="From"
					type="time"
					className="w-28"
					value={window.from}
					onText={(from) => onWindow({ ...window, from })}
				/>
				<TextField
					label={overnight ? "Until, the next day" : "Until"}
					type="time"
					className="w-32"
					value={window.until === "24:00" ? "00:00" : window.until}
					onText={(until) => onWindow({ ...window, until: until === "00:00" ? "24:00" : until })}
				/>
			</div>
			<Choice
				legend="A run that still goes on when it closes"
				row
				value={window.at_close ?? "finish"}
				onPick={(at_close) => onWindow({ ...window, at_close })}
				choices={[
					{ value: "finish", label: "May finish" },
					{ value: "stop", label: "Is cancelled" },
				]}
			/>
		</div>
	);
}
