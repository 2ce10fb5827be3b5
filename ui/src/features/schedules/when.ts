// The ways people say when something runs, and the stored timing that each of them means.

import type { Schema } from "@/api/client";

export type Way = "daily" | "weekly" | "monthly" | "every" | "once" | "start" | "cron";

/** What the form holds: every way keeps its own fields, so that changing one's mind loses nothing. */
export interface WhenDraft {
	way: Way;
	/** Local time "02:00", of daily, weekly and monthly. */
	time: string;
	days: readonly Schema["Day"][];
	/** Day of the month; "L": the last. */
	date: string;
	/** "6" */
	amount: string;
	unit: "minutes" | "hours" | "days";
	/** Local time "2026-11-21T02:00". */
	at: string;
	pattern: string;
}

export const blankWhen: WhenDraft = {
	way: "daily",
	time: "02:00",
	days: ["sun"],
	date: "1",
	amount: "6",
	unit: "hours",
	at: "",
	pattern: "0 2 * * *",
};

export const days: readonly { value: Schema["Day"]; short: string; text: string }[] = [
	{ value: "mon", short: "Mon", text: "Monday" },
	{ value: "tue", short: "Tue", text: "Tuesday" },
	{ value: "wed", short: "Wed", text: "Wednesday" },
	{ value: "thu", short: "Thu", text: "Thursday" },
	{ value: "fri", short: "Fri", text: "Friday" },
	{ value: "sat", short: "Sat", text: "Saturday" },
	{ value: "sun", short: "Sun", text: "Sunday" },
];

const seconds = { minutes: 60, hours: 3600, days: 86_400 } as const;

/** Null: something is missing or cannot be read yet. */
export function toWhen(draft: WhenDraft): Schema["When"] | null {
	const time = /^([01]\d|2[0-3]):([0-5]\d)$/.exec(draft.time);
	const clock = time === null ? null : `${Number(time[2])} ${Number(time[1])}`;
	switch (draft.way) {
		case "daily":
			return clock === null ? null : { kind: "cron", pattern: `${clock} * * *` };
		case "weekly": {
			const chosen = days.filter((each) => draft.days.includes(each.value)).map((each) => each.value);
			if (clock === null || chosen.length === 0) return null;
			return { kind: "cron", pattern: `${clock} * * ${chosen.join(",")}` };
		}
		case "monthly":
			return clock === null || !isDate(draft.date)
				? null
				: { kind: "cron", pattern: `${clock} ${draft.date} * *` };
		case "every":
			return /^\d{1,5}$/.test(draft.amount) && Number(draft.amount) > 0
				? { kind: "every", seconds: Number(draft.amount) * seconds[draft.unit] }
				: null;
		case "once":
			return /^\d{4}-\d\d-\d\dT\d\d:\d\d/.test(draft.at) ? { kind: "once", at: draft.at.slice(0, 16) } : null;
		case "start":
			return { kind: "start" };
		case "cron":
			return draft.pattern.trim() === "" ? null : { kind: "cron", pattern: draft.pattern.trim() };
	}
}

/** The way that says it best; a pattern that none of them can say stays a pattern. */
export function fromWhen(when: Schema["When"]): WhenDraft {
	switch (when.kind) {
		case "start":
			return { ...blankWhen, way: "start" };
		case "once":
			return { ...blankWhen, way: "once", at: when.at };
		case "every": {
			const unit = when.seconds % 86_400 === 0 ? "days" : when.seconds % 3600 === 0 ? "hours" : "minutes";
			// Seconds that make no whole minutes come from the command line; they are not rounded away.
			if (when.seconds % 60 !== 0) return { ...blankWhen, way: "every", amount: "", unit: "minutes" };
			return { ...blankWhen, way: "every", amount: String(when.seconds / seconds[unit]), unit };
		}
		case "cron":
			return fromPattern(when.pattern);
	}
}

function fromPattern(pattern: string): WhenDraft {
	const other: WhenDraft = { ...blankWhen, way: "cron", pattern };
	const [minute = "", hour = "", date = "", month = "", weekday = ""] = pattern.trim().split(/\s+/);
	if (!/^\d{1,2}$/.test(minute) || !/^\d{1,2}$/.test(hour) || month !== "*") return other;
	const time = `${hour.padStart(2, "0")}:${minute.padStart(2, "0")}`;
	if (date === "*" && weekday === "*") return { ...other, way: "daily", time };
	if (weekday === "*" && isDate(date)) return { ...other, way: "monthly", time, date };
	const chosen = weekday.toLowerCase().split(",");
	const known = days.map((each) => each.value).filter((each) => chosen.includes(each));
	if (date === "*" && known.length === chosen.length) return { ...other, way: "weekly", time, days: known };
	return other;
}

function isDate(text: string): boolean {
	return text === "L" || (/^\d{1,2}$/.test(text) && Number(text) >= 1 && Number(text) <= 31);
}
