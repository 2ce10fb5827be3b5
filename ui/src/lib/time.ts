// Times for people. The present is always passed in, so that every function can be tested.

const second = 1000;
const minute = 60 * second;
const hour = 60 * minute;
const day = 24 * hour;

/** "just now", "3 h ago", "yesterday", "12 Mar 2026". */
export function relative(at: number, now: number): string {
	const past = now - at;
	const age = Math.abs(past);
	if (age < 45 * second) return "just now";
	const say = (value: number, unit: string) => (past >= 0 ? `${value} ${unit} ago` : `in ${value} ${unit}`);
	if (age < hour) return say(Math.max(1, Math.round(age / minute)), "min");
	if (age < day) return say(Math.round(age / hour), "h");
	const days = calendarDays(at, now);
	if (days === 1) return "yesterday";
	if (days === -1) return "tomorrow";
	if (Math.abs(days) < 30) return days > 0 ? `${days} days ago` : `in ${-days} days`;
	return new Intl.DateTimeFormat("en-GB", { day: "numeric", month: "short", year: "numeric" }).format(at);
}

function calendarDays(at: number, now: number): number {
	const midnight = (time: number) => {
		const date = new Date(time);
		return Date.UTC(date.getFullYear(), date.getMonth(), date.getDate());
	};
	return Math.round((midnight(now) - midnight(at)) / day);
}

/** "Sat 21 Nov 2026, 14:01:22 CET": unmistakable, with the zone it is told in. */
export function absolute(at: number, timeZone?: string): string {
	const parts = new Intl.DateTimeFormat("en-GB", {
		weekday: "short",
		day: "numeric",
		month: "short",
		year: "numeric",
		hour: "2-digit",
		minute: "2-digit",
		second: "2-digit",
		hourCycle: "h23",
		timeZoneName: "short",
		timeZone,
	}).formatToParts(at);
	const part = (type: Intl.DateTimeFormatPartTypes) => parts.find((each) => each.type === type)?.value ?? "";
	const date = `${part("weekday")} ${part("day")} ${part("month")} ${part("year")}`;
	return `${date}, ${part("hour")}:${part("minute")}:${part("second")} ${part("timeZoneName")}`;
}

/** "14:01:22 CET" */
export function clock(at: number, timeZone?: string): string {
	return absolute(at, timeZone).split(", ").at(-1) ?? "";
}

/** "420 ms", "1.4 s", "38 s", "4 min 10 s", "2 d 4 h". */
export function duration(ms: number): string {
	if (ms < second) return `${Math.max(0, Math.round(ms))} ms`;
	if (ms < 10 * second) return `${(ms / second).toFixed(1).replace(/\.0$/, "")} s`;
	if (ms < minute) return `${Math.min(59, Math.round(ms / second))} s`;
	if (ms < hour) return pair(Math.floor(ms / minute), "min", Math.floor((ms % minute) / second), "s");
	if (ms < day) return pair(Math.floor(ms / hour), "h", Math.floor((ms % hour) / minute), "min");
	return pair(Math.floor(ms / day), "d", Math.floor((ms % day) / hour), "h");
}

function pair(major: number, majorUnit: string, minor: number, minorUnit: string): string {
	return minor === 0 ? `${major} ${majorUnit}` : `${major} ${majorUnit} ${minor} ${minorUnit}`;
}

/** Remaining time is a guess and sounds like one: "about 2 s left". */
export function remaining(ms: number): string {
	return ms < second ? "almost done" : `about ${duration(Math.round(ms / second) * second)} left`;
}
