// Due times of the simulated schedules: five-field patterns, intervals and single times in a zone, with their window.
// The real thing knows more of cron and all of daylight saving; here a local time is simply looked up.

import type { Schema } from "../../../client";
import { refusal } from "../world";
import { day, minute } from "./units";

const names = {
	months: ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"],
	days: ["sun", "mon", "tue", "wed", "thu", "fri", "sat"],
};

export function coming(timing: Schema["Timing"], after: number, until: number, most: number, anchor: number) {
	const found: number[] = [];
	let at = after;
	while (found.length < most) {
		const next = nextDue(timing, at, anchor);
		if (next === null || next >= until) break;
		if (isOpen(timing, next)) found.push(next);
		at = next;
		if (at - after > 400 * day) break;
	}
	return found;
}

export function localTime(at: number, zone: string): string {
	const { year, month, date, hours, minutes } = parts(at, zone);
	const two = (value: number) => String(value).padStart(2, "0");
	const short = new Intl.DateTimeFormat("en-GB", { timeZone: zone, timeZoneName: "short" })
		.formatToParts(at)
		.find((each) => each.type === "timeZoneName")?.value;
	return `${year}-${two(month)}-${two(date)} ${two(hours)}:${two(minutes)} ${short}`;
}

export function check(timing: Schema["Timing"]): void {
	try {
		parts(0, timing.zone);
	} catch {
		throw refusal(
			"bad_request",
			`There is no time zone “${timing.zone}”.`,
			"Use an IANA name such as Europe/Berlin.",
		);
	}
	if (timing.when.kind === "cron") fields(timing.when.pattern);
	if (timing.when.kind === "every" && timing.when.seconds < 60)
		throw refusal("bad_request", "An interval is one minute at least.");
}

export function words(timing: Schema["Timing"]): string {
	const { when, zone } = timing;
	if (when.kind === "start") return "Each time Holdfast starts";
	if (when.kind === "every") {
		const hours = when.seconds / 3600;
		return `Every ${Number.isInteger(hours) ? `${hours} hours` : `${Math.round(when.seconds / 60)} minutes`}`;
	}
	if (when.kind === "once") return `Once, at ${when.at.replace("T", " ")} (${zone})`;
	const [minutes = "", hours = "", , , days = "*"] = when.pattern.split(/\s+/);
	const time =
		/^\d+$/.test(minutes) && /^\d+$/.test(hours) ? `At ${pad(hours)}:${pad(minutes)}` : when.pattern;
	return `${time}${days === "*" ? "" : `, on ${days.toUpperCase()}`} (${zone})`;
}

function pad(text: string): string {
	return text.padStart(2, "0");
}

function nextDue(timing: Schema["Timing"], after: number, anchor: number): number | null {
	const { when, zone } = timing;
	if (when.kind === "start") return null;
	if (when.kind === "every") {
		const period = when.seconds * 1000;
		return anchor + (Math.floor((after - anchor) / period) + 1) * period;
	}
	if (when.kind === "once") {
		const [, year = 0, month = 1, date = 1, hours = 0, minutes = 0] = (
			/^(\d+)-(\d+)-(\d+)T(\d+):(\d+)$/.exec(when.at) ?? []
		).map(Number);
		const at = instant(year, month, date, hours, minutes, zone);
		return at > after ? at : null;
	}
	const wanted = fields(when.pattern);
	const first = parts(after, zone);
	for (let ahead = 0; ahead < 800; ahead++) {
		const date = new Date(Date.UTC(first.year, first.month - 1, first.date + ahead));
		const fits =
			wanted.months.has(date.getUTCMonth() + 1) &&
			wanted.dates.has(date.getUTCDate()) &&
			wanted.days.has(date.getUTCDay());
		if (!fits) continue;
		for (const hours of wanted.hours)
			for (const minutes of wanted.minutes) {
				const at = instant(
					date.getUTCFullYear(),
					date.getUTCMonth() + 1,
					date.getUTCDate(),
					hours,
					minutes,
					zone,
				);
				if (at > after) return at;
			}
	}
	return null;
}

function fields(pattern: string) {
	const parts = pattern.trim().split(/\s+/);
	const bad = () =>
		refusal(
			"bad_request",
			`“${pattern}” is not a cron pattern.`,
			"Write five fields, minute hour day month weekday: `0 2 * * *` is every day at 02:00.",
		);
	if (parts.length !== 5) throw bad();
	const field = (at: number, least: number, most: number, words: string[] = []): Set<number> => {
		const numbers = new Set<number>();
		for (const part of (parts[at] ?? "").toLowerCase().split(",")) {
			const [range = "", step = "1"] = part.split("/");
			const number = (text: string) => (words.includes(text) ? words.indexOf(text) + least : Number(text));
			const [from = Number.NaN, to] = range === "*" ? [least, most] : range.split("-").map(number);
			const last = to ?? (part.includes("/") ? most : from);
			if (
				![from, last, Number(step)].every(Number.isInteger) ||
				from < least ||
				last > most ||
				Number(step) < 1
			)
				throw bad();
			for (let value = from; value <= last; value += Number(step)) numbers.add(value);
		}
		return numbers;
	};
	const days = field(4, 0, 7, names.days);
	if (days.has(7)) days.add(0);
	return {
		minutes: field(0, 0, 59),
		hours: field(1, 0, 23),
		dates: field(2, 1, 31),
		months: field(3, 1, 12, names.months),
		days,
	};
}

function isOpen(timing: Schema["Timing"], at: number): boolean {
	const { window, zone } = timing;
	if (window == null) return true;
	const { year, month, date, hours, minutes } = parts(at, zone);
	const time = `${pad(String(hours))}:${pad(String(minutes))}`;
	const weekday = (back: number) =>
		names.days[new Date(Date.UTC(year, month - 1, date - back)).getUTCDay()] as Schema["Day"];
	const overnight = window.until <= window.from;
	if (window.days.includes(weekday(0)) && time >= window.from && (overnight || time < window.until))
		return true;
	return overnight && window.days.includes(weekday(1)) && time < window.until;
}

function parts(at: number, zone: string) {
	const found = new Intl.DateTimeFormat("en-GB", {
		timeZone: zone,
		hourCycle: "h23",
		year: "numeric",
		month: "numeric",
		day: "numeric",
		hour: "numeric",
		minute: "numeric",
	}).formatToParts(at);
	const number = (type: string) => Number(found.find((each) => each.type === type)?.value);
	return {
		year: number("year"),
		month: number("month"),
		date: number("day"),
		hours: number("hour"),
		minutes: number("minute"),
	};
}

function instant(year: number, month: number, date: number, hours: number, minutes: number, zone: string) {
	const wanted = Date.UTC(year, month - 1, date, hours, minutes);
	const shown = parts(wanted, zone);
	const off = Date.UTC(shown.year, shown.month - 1, shown.date, shown.hours, shown.minutes) - wanted;
	return Math.floor((wanted - off) / minute) * minute;
}
