// What a loss would cost, on the simulated host: rules of a group from the preview to the deletion, and a restore drill from
// its button to the measured time.

import { screen, waitFor, within } from "@testing-library/react";
import { describe, expect, it } from "vitest";
import type { Schema } from "@/api/client";
import { Visit } from "./visit";

describe("rules of a group", () => {
	it("show what they would do to each member, hold for those without their own, and are carried out", async () => {
		const visit = new Visit("#/groups/Production");
		const set = { connection: "Billing", rules: {}, zone: "UTC" };
		const plan = await visit.host.invoke("retention.set.plan", set, null);
		const { plan_id, digest } = plan as Schema["RetentionSetPlan"];
		await visit.host.invoke("retention.set.apply", { plan_id }, { digest });
		await visit.type("rule-keep_last", "1");
		await waitFor(async () =>
			expect((await visit.find("group-summary")).textContent).toContain("of 1 database"),
		);
		const rows = await screen.findAllByTestId("group-member");
		expect(rows.map((each) => each.textContent?.slice(0, 16))).toEqual([
			expect.stringContaining("Billingits own"),
			expect.stringContaining("Shopthe group's"),
			expect.stringContaining("Wikithe group's"),
		]);
		expect(await visit.find("group-run")).toHaveProperty("disabled", true);
		await visit.press("group-save");
		await visit.press("apply");
		await visit.find("group-forget");
		const before = visit.world.backups.length;
		await waitFor(async () => expect(await visit.find("group-run")).toHaveProperty("disabled", false));
		await visit.press("group-run");
		const dialog = await visit.find("plan-dialog");
		expect(within(dialog).getAllByText("Shop").length).toBeGreaterThan(1);
		await visit.press("apply");
		await waitFor(() => expect(visit.world.backups.length).toBeLessThan(before));
		expect(visit.world.backups.filter((each) => each.backup.connection_name === "Billing")).toHaveLength(2);
		await visit.press("retention-daily");
		expect(await visit.find("schedule-group")).toHaveProperty("value", "Production");
		await visit.press("schedule-save");
		await screen.findByRole("heading", { name: "Production retention" });
		expect(visit.world.schedules.at(-1)?.request).toEqual({ group: "Production" });
	});
	it("are named on a member's page, which can go back to them", async () => {
		const visit = new Visit("#/db/{Billing}/retention");
		const set = { group: "Production", rules: { keep_last: 3 } };
		const plan = await visit.host.invoke("retention.group.set.plan", set, null);
		const { plan_id, digest } = plan as Schema["GroupRetentionSetPlan"];
		await visit.host.invoke("retention.group.set.apply", { plan_id }, { digest });
		expect((await visit.find("retention-of-group")).textContent).toContain("Rules of the group Production");
		await visit.type("rule-keep_last", "9");
		await visit.press("retention-save");
		await visit.press("apply");
		await visit.press("retention-inherit");
		await visit.press("apply");
		await waitFor(async () => expect(await visit.find("rule-keep_last")).toHaveProperty("value", "3"));
		expect(visit.world.retention.size).toBe(0);
	});
	it("of a group nobody is in says so", async () => {
		const visit = new Visit("#/groups/Nobody");
		expect((await visit.find("error-state")).textContent).toContain("No connection is in the group");
	});
});

describe("a restore drill", () => {
	it("proves the newest whole backup, and its time is on the overview", async () => {
		const visit = new Visit("#/db/{Wiki}/backups");
		expect((await visit.find("recovery")).textContent).toContain("never");
		await visit.user.click(within(await visit.find("recovery")).getByTestId("drill-open"));
		await visit.press("drill-start");
		await waitFor(async () => expect((await visit.find("recovery")).textContent).toContain("1 min 12 s"));
		expect(visit.world.jobs[0]?.operation).toBe("backup.drill");
		await visit.press("nav-overview");
		const row = (await screen.findAllByRole("row")).find((each) => each.textContent?.startsWith("Wiki"));
		expect(row?.textContent).toContain("1 min 12 s");
		expect(row?.textContent).toContain("proven just now");
	});
	it("of a read-only connection is made on another server of its kind", async () => {
		const visit = new Visit("#/db/{Analytics}/backups");
		await visit.user.click(within(await visit.find("recovery")).getByTestId("drill-open"));
		const choice = await visit.find("drill-server");
		expect(within(choice).queryByText("Analytics")).toBeNull();
		await visit.press("drill-start");
		await waitFor(() => expect(visit.world.jobs[0]?.state).toBe("succeeded"));
		expect(visit.world.jobs[0]?.connection_id).toBe(visit.idOf("Shop"));
	});
	it("without a backup to drill with says what to do first", async () => {
		const visit = new Visit("#/");
		const buttons = await screen.findAllByTestId("drill-open");
		expect(buttons.some((each) => each.getAttribute("aria-label")?.includes("Sample shop"))).toBe(false);
		visit.world.backups = visit.world.backups.filter((each) => each.backup.connection_name !== "Billing");
		const billing = buttons.find((each) => each.getAttribute("aria-label")?.includes("Billing"));
		await visit.user.click(billing as HTMLElement);
		await visit.press("drill-start");
		expect((await visit.find("error-state")).textContent).toContain("Back it up first");
	});
});
