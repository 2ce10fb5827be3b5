import { describe, expect, it } from "vitest";
import type { Schema } from "@/api/client";
import { blankWhen, fromWhen, toWhen } from "./when";

describe("ways to say when", () => {
	it("mean the stored timing", () => {
		expect(toWhen(blankWhen)).toEqual({ kind: "cron", pattern: "0 2 * * *" });
		expect(toWhen({ ...blankWhen, way: "weekly", days: ["sun", "mon"], time: "23:05" })).toEqual({
			kind: "cron",
			pattern: "5 23 * * mon,sun",
		});
		expect(toWhen({ ...blankWhen, way: "every", amount: "6", unit: "hours" })).toEqual({
			kind: "every",
			seconds: 21_600,
		});
		expect(toWhen({ ...blankWhen, way: "monthly", date: "L" })).toEqual({
			kind: "cron",
			pattern: "0 2 L * *",
		});
	});
	it("are nothing while something is missing", () => {
		expect(toWhen({ ...blankWhen, time: "2" })).toBeNull();
		expect(toWhen({ ...blankWhen, way: "weekly", days: [] })).toBeNull();
		expect(toWhen({ ...blankWhen, way: "every", amount: "0" })).toBeNull();
		expect(toWhen({ ...blankWhen, way: "once", at: "" })).toBeNull();
		expect(toWhen({ ...blankWhen, way: "monthly", date: "32" })).toBeNull();
	});
	it("come back from what is stored as the same timing", () => {
		const stored: Schema["When"][] = [
			{ kind: "cron", pattern: "0 2 * * *" },
			{ kind: "cron", pattern: "30 3 * * mon,fri" },
			{ kind: "cron", pattern: "0 1 15 * *" },
			{ kind: "cron", pattern: "*/10 8-17 * * mon-fri" },
			{ kind: "cron", pattern: "0 2 * jan *" },
			{ kind: "every", seconds: 5_400 },
			{ kind: "every", seconds: 172_800 },
			{ kind: "once", at: "2026-11-21T02:00" },
			{ kind: "start" },
		];
		for (const when of stored) expect(toWhen(fromWhen(when))).toEqual(when);
	});
	it("choose the plainest way", () => {
		expect(fromWhen({ kind: "cron", pattern: "0 2 * * SUN" }).way).toBe("weekly");
		expect(fromWhen({ kind: "cron", pattern: "0 2 * * 1-5" }).way).toBe("cron");
		expect(fromWhen({ kind: "every", seconds: 3_600 })).toMatchObject({ amount: "1", unit: "hours" });
	});
});
