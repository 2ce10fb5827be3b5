// When it runs: a way to say it, and the fields of that way.

import { classes } from "@/components/classes";
import { Choice, SelectField, TextField } from "@/components/Field";
import { days, type Way, type WhenDraft } from "./when";

interface WhenFieldsProps {
	when: WhenDraft;
	onWhen: (when: WhenDraft) => void;
}

const ways: readonly { value: Way; label: string }[] = [
	{ value: "daily", label: "Daily" },
	{ value: "weekly", label: "Weekly" },
	{ value: "monthly", label: "Monthly" },
	{ value: "every", label: "Every…" },
	{ value: "once", label: "Once" },
	{ value: "start", label: "At start" },
	{ value: "cron", label: "Cron" },
];

export function WhenFields({ when, onWhen }: WhenFieldsProps) {
	const set = (change: Partial<WhenDraft>) => onWhen({ ...when, ...change });
	return (
		<>
			<Choice
				legend="When"
				hideLegend
				dense
				value={when.way}
				onPick={(way) => set({ way })}
				choices={ways.map((each) => ({ ...each, testId: `when-${each.value}` }))}
			/>
			<FieldsOf when={when} set={set} />
		</>
	);
}

interface FieldsProps {
	when: WhenDraft;
	set: (change: Partial<WhenDraft>) => void;
}

/** The fields of the chosen way. */
function FieldsOf({ when, set }: FieldsProps) {
	switch (when.way) {
		case "daily":
			return <Clock when={when} set={set} />;
		case "weekly":
			return (
				<div className="flex flex-wrap items-start gap-x-4 gap-y-2">
					<Clock when={when} set={set} />
					<DayPicker legend="On" picked={when.days} onPick={(picked) => set({ days: picked })} />
				</div>
			);
		case "monthly":
			return <Monthly when={when} set={set} />;
		case "every":
			return <Every when={when} set={set} />;
		case "once":
			return (
				<TextField
					label="At"
					type="datetime-local"
					className="w-56"
					value={when.at}
					onText={(at) => set({ at })}
					data-testid="when-at"
				/>
			);
		case "start":
			return (
				<p className="text-text-2">
					Each time the program that runs schedules starts: this window, or <code>holdfastctl worker</code>.
				</p>
			);
		case "cron":
			return (
				<TextField
					label="Pattern"
					mono
					value={when.pattern}
					onText={(pattern) => set({ pattern })}
					hint="Minute, hour, day of the month, month, day of the week: 0 2 * * mon-fri"
					data-testid="when-pattern"
				/>
			);
	}
}

function Clock({ when, set }: FieldsProps) {
	return (
		<TextField
			label="Time"
			type="time"
			value={when.time}
			onText={(time) => set({ time })}
			className="w-28"
			data-testid="when-time"
		/>
	);
}

function Monthly({ when, set }: FieldsProps) {
	return (
		<div className="flex flex-wrap items-start gap-4">
			<Clock when={when} set={set} />
			<SelectField
				label="On day"
				className="w-40"
				value={when.date}
				onPick={(date) => set({ date })}
				choices={[
					...Array.from({ length: 28 }, (_, at) => ({ value: String(at + 1), text: `${at + 1}.` })),
					{ value: "L", text: "the last of the month" },
				]}
			/>
		</div>
	);
}

function Every({ when, set }: FieldsProps) {
	return (
		<div className="flex items-end gap-2">
			<TextField
				label="Every"
				inputMode="numeric"
				className="w-20"
				value={when.amount}
				onText={(amount) => set({ amount })}
				data-testid="when-amount"
			/>
			<SelectField
				label="Unit"
				hideLabel
				className="w-32"
				value={when.unit}
				onPick={(unit) => set({ unit })}
				choices={[
					{ value: "minutes", text: "minutes" },
					{ value: "hours", text: "hours" },
					{ value: "days", text: "days" },
				]}
			/>
		</div>
	);
}

interface DayPickerProps {
	legend: string;
	picked: readonly (typeof days)[number]["value"][];
	onPick: (picked: (typeof days)[number]["value"][]) => void;
}

export function DayPicker({ legend, picked, onPick }: DayPickerProps) {
	return (
		<fieldset className="m-0 min-w-0 border-0 p-0">
			<legend className="mb-1 p-0 font-medium text-sm text-text-2">{legend}</legend>
			<div className="flex flex-wrap gap-1">
				{days.map(({ value, short, text }) => {
					const on = picked.includes(value);
					return (
						<button
							key={value}
							type="button"
							aria-pressed={on}
							aria-label={text}
							onClick={() => onPick(on ? picked.filter((each) => each !== value) : [...picked, value])}
							className={classes(
								"h-7 min-w-11 rounded-md border px-2 text-sm",
								on
									? "border-accent bg-accent-soft font-medium"
									: "border-line bg-panel hover:border-line-strong",
							)}
						>
							{short}
						</button>
					);
				})}
			</div>
		</fieldset>
	);
}
