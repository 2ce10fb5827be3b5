// The days of a calendar page: whole weeks from Monday, in the time of this computer.

export interface CalendarDay {
	/** Midnight at its beginning. */
	start: number;
	/** Exclusive; a day with a change of the clocks has 23 or 25 hours. */
	end: number;
	/** Of the month that is shown. */
	inside: boolean;
	date: number;
}

/** `month` counts from January 0 and may run over: 12 is the next year's January. */
export function monthDays(year: number, month: number): CalendarDay[] {
	const first = new Date(year, month, 1);
	const before = (first.getDay() + 6) % 7;
	const length = new Date(year, month + 1, 0).getDate();
	const weeks = Math.ceil((before + length) / 7);
	return Array.from({ length: weeks * 7 }, (_, at) => {
		const start = new Date(year, month, at - before + 1);
		return {
			start: start.getTime(),
			end: new Date(year, month, at - before + 2).getTime(),
			inside: start.getMonth() === first.getMonth(),
			date: start.getDate(),
		};
	});
}

export function monthName(year: number, month: number): string {
	return new Intl.DateTimeFormat("en-GB", { month: "long", year: "numeric" }).format(
		new Date(year, month, 1),
	);
}
