// What a loss would cost, on the real application: rules of a group from the preview to the deletion, and a restore drill from
// its button to the measured time.

import { screen, waitFor, within } from "@testing-library/react";
import { describe, expect } from "vitest";
import { begun } from "./begun";
import { story, type Visit } from "./story";

/** Three files of a group, two backups each. */
async function group(visit: Visit): Promise<Record<"Billing" | "Shop" | "Wiki", string>> {
	await begun(visit);
	const made = async (name: string) => {
		const sql = `CREATE TABLE t (n INTEGER PRIMARY KEY); INSERT INTO t VALUES (1); -- ${name}`;
		const file = await visit.stage("file", { name: `${name}.sqlite`, sql });
		const id = await visit.connect(name, file, { group: "Production" });
		await visit.backUp(id, "first");
		await visit.backUp(id, "second");
		return id;
	};
	return { Billing: await made("Billing"), Shop: await made("Shop"), Wiki: await made("Wiki") };
}

describe("rules of a group", () => {
	story(
		"show what they would do to each member, hold for those without their own, and are carried out",
		async (visit) => {
			const { Billing } = await group(visit);
			await visit.agree("retention.set", { connection: Billing, rules: {}, zone: "UTC" });
			visit.open("#/groups/Production");
			await visit.user.click(await visit.find("rule-keep_last"));
			await visit.user.paste("1");
			await waitFor(async () =>
				expect((await visit.find("group-summary")).textContent).toContain("of 2 databases"),
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
			await waitFor(async () => expect(await visit.find("group-run")).toHaveProperty("disabled", false));
			await visit.press("group-run");
			const dialog = await visit.find("plan-dialog");
			expect(within(dialog).getAllByText("Shop").length).toBeGreaterThan(0);
			await visit.press("apply");
			await waitFor(async () => expect((await visit.call("backup.list", {})).backups).toHaveLength(4));
			await visit.press("retention-daily");
			expect(await visit.find("schedule-group")).toHaveProperty("value", "Production");
			await visit.press("schedule-save");
			await screen.findByRole("heading", { name: "Production retention" });
			const [saved] = (await visit.call("schedule.list", {})).schedules;
			expect(saved?.request).toEqual({ group: "Production" });
		},
	);
	story("are named on a member's page, which can go back to them", async (visit) => {
		const { Billing } = await group(visit);
		await visit.agree("retention.group.set", { group: "Production", rules: { keep_last: 3 } });
		visit.open(`#/db/${Billing}/retention`);
		expect((await visit.find("retention-of-group")).textContent).toContain("Rules of the group Production");
		await visit.user.clear(await visit.find("rule-keep_last"));
		await visit.user.click(await visit.find("rule-keep_last"));
		await visit.user.paste("9");
		await visit.press("retention-save");
		await visit.press("apply");
		await visit.press("retention-inherit");
		await visit.press("apply");
		await waitFor(async () => expect(await visit.find("rule-keep_last")).toHaveProperty("value", "3"));
		const held = await visit.call("retention.get", { connection: Billing });
		expect([held.of_group, held.rules.keep_last]).toEqual(["Production", 3]);
	});
	story("of a group nobody is in says so", async (visit) => {
		await begun(visit);
		visit.open("#/groups/Nobody");
		expect((await visit.find("error-state")).textContent).toContain("No connection is in the group");
	});
});

describe("a restore drill", () => {
	story("proves the newest whole backup, and its time is on the overview", async (visit) => {
		const { Wiki } = await group(visit);
		visit.open(`#/db/${Wiki}/backups`);
		expect((await visit.find("recovery")).textContent).toContain("never");
		await visit.user.click(within(await visit.find("recovery")).getByTestId("drill-open"));
		await visit.press("drill-start");
		await waitFor(async () => expect((await visit.find("recovery")).textContent).not.toContain("never"));
		const { jobs } = await visit.call("job.list", {});
		expect(jobs[0]?.operation).toBe("backup.drill");
		await visit.press("nav-overview");
		await waitFor(() => {
			const row = screen.getAllByRole("row").find((each) => each.textContent?.startsWith("Wiki"));
			expect(row?.textContent).toContain("proven");
		});
	});
	story("of a read-only connection is made on another server of its kind", async (visit) => {
		await begun(visit);
		const spec = await visit.stage("database", { name: "shop", sql: "CREATE TABLE t (n int)" });
		const analytics = await visit.connect("Analytics", spec, { read_only: true });
		await visit.backUp(analytics, "before");
		const shop = await visit.connect("Shop", spec);
		visit.open(`#/db/${analytics}/backups`);
		await visit.user.click(within(await visit.find("recovery")).getByTestId("drill-open"));
		await visit.press("drill-start");
		await waitFor(async () => {
			const [drill] = (await visit.call("job.list", {})).jobs;
			expect([drill?.operation, drill?.state]).toEqual(["backup.drill", "succeeded"]);
			expect(drill?.connection_id).toBe(shop);
		});
	});
	story("without a backup to drill with says what to do first", async (visit) => {
		await begun(visit);
		const [sample] = (await visit.call("connection.list", {})).connections;
		visit.open(`#/db/${sample?.id}/backups`);
		await visit.find("back-up-now");
		const buttons = screen.queryAllByTestId("drill-open");
		if (buttons[0] !== undefined) {
			await visit.user.click(buttons[0]);
			await visit.press("drill-start");
			expect((await visit.find("error-state")).textContent).toContain("Back it up first");
		}
	});
});

describe("a backup whose pack is damaged", () => {
	story("shows a failed proof as a failure and takes no level away from other backups", async (visit) => {
		await begun(visit);
		const file = await visit.stage("file", {
			name: "notes.sqlite",
			sql: "CREATE TABLE t (n INTEGER PRIMARY KEY, what TEXT); WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 5000) INSERT INTO t SELECT i, hex(randomblob(40)) FROM n",
		});
		const id = await visit.connect("Field notes", file);
		const bad = await visit.backUp(id, "first");
		await visit.stage("damage", {});
		const verify = await visit.call("backup.verify", { backup: bad, level: "restored" });
		await waitFor(async () => {
			const { state } = await visit.call("job.get", { job: verify.job_id });
			expect(["succeeded", "failed"]).toContain(state);
		});
		visit.open(`#/db/${id}/backups`);
		const [row] = await screen.findAllByTestId("backup-row");
		await waitFor(() => expect(row?.textContent).toContain("Damaged"));
		await visit.user.click(row as HTMLElement);
		await screen.findByRole("heading", { name: "first" });
		expect((await screen.findAllByText(/damaged/i)).length).toBeGreaterThan(0);
		expect(screen.queryByText("Restored")).toBeNull();
	});
});
