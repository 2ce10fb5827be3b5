import { describe, expect, it } from "vitest";
import { bytes, bytesOf, count, counted, savedPercent } from "./bytes";
import { strength } from "./passphrase";
import { listed, operationName, tableName } from "./text";
import { absolute, duration, relative, remaining } from "./time";

describe("bytes", () => {
	it("uses IEC units and never prints a four-digit number with a unit above bytes", () => {
		expect([0, 1, 999, 1000, 1024, 1536, 10 * 1024, 38.2 * 1024 ** 3].map(bytes)).toEqual([
			"0 B",
			"1 B",
			"999 B",
			"0.98 KiB",
			"1 KiB",
			"1.5 KiB",
			"10 KiB",
			"38.2 GiB",
		]);
		expect(bytes(1023.99 * 1024 ** 2)).toBe("1 GiB");
		expect(bytes(Number.NaN)).toBe("unknown");
	});
	it("tells progress in the unit of the total", () => {
		expect(bytesOf(412 * 1024 ** 2, 664 * 1024 ** 2)).toBe("412 of 664 MiB");
		expect(bytesOf(100 * 1024 ** 2, 38.2 * 1024 ** 3)).toBe("0.1 of 38.2 GiB");
	});
	it("groups and counts", () => {
		expect(count(212_480_113)).toBe("212,480,113");
		expect([counted(1, "table"), counted(2, "table"), counted(2, "index", "indexes")]).toEqual([
			"1 table",
			"2 tables",
			"2 indexes",
		]);
	});
	it("never rounds savings up to a hundred percent", () => {
		expect(savedPercent(1, 1_000_000)).toBe("99.9\u00a0%");
		expect(savedPercent(0, 100)).toBe("99.9\u00a0%");
		expect(savedPercent(50, 100)).toBe("50\u00a0%");
		expect(savedPercent(100, 50)).toBeNull();
		expect(savedPercent(1, 0)).toBeNull();
	});
});

describe("time", () => {
	const now = new Date(2026, 10, 21, 12, 0, 0).getTime();
	it("is relative in words", () => {
		const ago = (ms: number) => relative(now - ms, now);
		expect(ago(0)).toBe("just now");
		expect(ago(12 * 60_000)).toBe("12 min ago");
		expect(ago(3 * 3_600_000)).toBe("3 h ago");
		expect(ago(30 * 3_600_000)).toBe("yesterday");
		expect(ago(3 * 86_400_000)).toBe("3 days ago");
		expect(ago(400 * 86_400_000)).toMatch(/^\d+ \w+ 2025$/);
		expect(relative(now + 5 * 3_600_000, now)).toBe("in 5 h");
	});
	it("names the zone in absolute times", () => {
		expect(absolute(Date.UTC(2026, 10, 21, 13, 1, 22), "Europe/Berlin")).toMatch(
			/^Sat 21 Nov 2026, 14:01:22 (CET|GMT\+1)$/,
		);
	});
	it("says durations with two units at most", () => {
		expect([420, 1400, 38_000, 250_000, 3_600_000, 187_200_000].map(duration)).toEqual([
			"420 ms",
			"1.4 s",
			"38 s",
			"4 min 10 s",
			"1 h",
			"2 d 4 h",
		]);
		expect(duration(59_900)).toBe("59 s");
		expect(remaining(2_100)).toBe("about 2 s left");
	});
});

describe("text", () => {
	it("lists names and counts the rest", () => {
		expect(listed(["a"])).toBe("a");
		expect(listed(["a", "b"])).toBe("a and b");
		expect(listed(["a", "b", "c", "d"], 2)).toBe("a, b and 2 more");
	});
	it("keeps an unknown operation readable", () => {
		expect(operationName("backup.create")).toBe("Back up");
		expect(operationName("new.thing")).toBe("new.thing");
	});
	it("leaves out the schema where there is none", () => {
		expect([
			tableName({ name: "t" }),
			tableName({ schema: null, name: "t" }),
			tableName({ schema: "s", name: "t" }),
		]).toEqual(["t", "t", "s.t"]);
	});
});

describe("passphrase strength", () => {
	it("does not fall for habits and repetition", () => {
		for (const weak of ["password", "Password123!", "aaaaaaaaaaaaaaaaaaaaaaaa", "qwerty12345"])
			expect(strength(weak).score, weak).toBeLessThanOrEqual(1);
	});
	it("honours several unrelated words", () => {
		expect(strength("plum tiger sofa anvil comet").score).toBe(4);
	});
});
