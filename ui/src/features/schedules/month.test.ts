import { describe, expect, it } from "vitest";
import { monthDays, monthName } from "./month";

describe("calendar page", () => {
	it("has whole weeks from Monday that follow each other without a gap", () => {
		for (let month = 0; month < 24; month++) {
			const days = monthDays(2026, month);
			expect(days.length % 7).toBe(0);
			expect(new Date(days[0]?.start ?? 0).getDay()).toBe(1);
			expect(days.filter((each) => each.inside)).toHaveLength(new Date(2026, month + 1, 0).getDate());
			for (const [at, day] of days.entries()) expect(day.end).toBe(days[at + 1]?.start ?? day.end);
		}
	});
	it("runs over the end of a year", () => {
		expect(monthName(2026, 12)).toBe("January 2027");
		expect(monthDays(2026, 12).find((each) => each.inside)?.date).toBe(1);
	});
});
