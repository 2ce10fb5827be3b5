import { describe, expect, it } from "vitest";
import type { Schema } from "@/api/client";
import { everyJob, fits } from "./JobFilters";

const job = {
	title: "Back up Shop",
	operation: "backup.create",
	connection_id: "1",
	state: "interrupted",
	error: { code: "interrupted", message: "The program ended.", retry: true },
} as Schema["Job"];

describe("filters of jobs", () => {
	it("let everything through until something is chosen", () => expect(fits(job, everyJob)).toBe(true));
	it("count an interrupted job as one that went wrong", () => {
		expect(fits(job, { ...everyJob, state: "bad" })).toBe(true);
		for (const state of ["good", "stopped", "running"] as const)
			expect(fits(job, { ...everyJob, state })).toBe(false);
	});
	it("look into titles and errors, whatever the case", () => {
		expect(fits(job, { ...everyJob, text: " PROGRAM ended" })).toBe(true);
		expect(fits(job, { ...everyJob, text: "billing" })).toBe(false);
	});
	it("all have to agree", () => {
		expect(fits(job, { ...everyJob, connection: "1", operation: "backup.create" })).toBe(true);
		expect(fits(job, { ...everyJob, connection: "1", operation: "vault.check" })).toBe(false);
		expect(fits(job, { ...everyJob, connection: "2" })).toBe(false);
	});
});
