// What a database does not need any more, on the simulated host: found, deleted by rules, a whole table emptied.

import { screen, waitFor, within } from "@testing-library/react";
import { describe, expect, it } from "vitest";
import { Visit } from "./visit";

describe("candidates", () => {
	it("are looked for when asked, explained, and lead to the next step", async () => {
		const visit = new Visit("#/db/{Shop}/cleanup");
		await visit.find("candidates-look");
		expect(screen.queryAllByTestId("candidate")).toHaveLength(0);
		await visit.press("candidates-look");
		const found = await screen.findAllByTestId("candidate");
		expect(found.some((each) => each.textContent?.includes("fits tmp_*"))).toBe(true);
		expect(screen.getAllByTestId("candidate-copy")[0]?.title).toBe(
			"DROP INDEX CONCURRENTLY public.sessions_user_agent_idx;",
		);
		await visit.press("candidate-compact");
		const dialog = await visit.find("maintenance-dialog");
		expect(dialog.textContent).toContain("VACUUM FULL of Shop");
		await waitFor(() =>
			expect(within(dialog).getByLabelText("public.orders")).toHaveProperty("checked", true),
		);
		await visit.user.click(within(dialog).getByRole("button", { name: "Cancel" }));
		await waitFor(() => expect(screen.queryByTestId("maintenance-dialog")).toBeNull());
	});
	it("take other names for temporary ones, and lead to clearing", async () => {
		const visit = new Visit("#/db/{Shop}/cleanup");
		await visit.type("candidate-patterns", "cart*, nothing");
		await visit.press("candidates-look");
		const clear = await screen.findAllByTestId("candidate-clear");
		await visit.user.click(clear[0] as HTMLElement);
		const dialog = await visit.find("clear-table");
		await waitFor(() => expect(within(dialog).getByTestId("clear-plan")).toHaveProperty("disabled", false));
	});
});

describe("rules", () => {
	it("show what they would delete before they are kept, run, and tell where the rows are", async () => {
		const visit = new Visit("#/db/{Field notes}/cleanup");
		await visit.find("rules-none");
		await visit.press("rule-add");
		await visit.type("rule-name", "old orders");
		await visit.user.click(await screen.findByLabelText("orders"));
		await visit.user.selectOptions(await visit.find("rule-column"), "placed_at");
		await visit.type("rule-days", "100");
		expect((await visit.find("rule-preview")).textContent).toContain("9,360 of 12,480 rows of orders");
		await visit.press("rule-save");
		await visit.press("apply");
		expect((await visit.find("cleanup-rule")).textContent).toContain("placed_at older than 100 days");
		await visit.press("rule-run");
		await visit.press("apply");
		expect((await visit.find("cleared")).textContent).toContain("9,360 rows deleted, 3,120 left");
		const archive = visit.world.backups[0]?.backup;
		expect(archive?.name).toBe("Archive before cleaning up");
		expect(archive?.pinned).toBe(true);
		await visit.press("cleared-backup");
		await screen.findByRole("heading", { name: "Archive before cleaning up" });
	});
	it("that are wrong say so in place and are not kept", async () => {
		const visit = new Visit("#/db/{Field notes}/cleanup");
		await visit.press("rule-add");
		await visit.type("rule-name", "wrong");
		await visit.user.click(await screen.findByLabelText("orders"));
		await visit.press("rule-matching");
		await visit.type("rule-condition", "no such thing");
		const form = await visit.find("rule-form");
		await within(form).findByText(/no SQL that runs on orders/);
		await visit.type("rule-condition", "true");
		expect((await visit.find("rule-blocker")).textContent).toContain("All 12480 rows");
		await visit.press("rule-save");
		const dialog = await visit.find("plan-dialog");
		await within(dialog).findAllByText(/All 12480 rows/);
		expect(await visit.find("apply")).toHaveProperty("disabled", true);
		expect(visit.world.cleanupRules.some((each) => each.name === "wrong")).toBe(false);
	});
	it("do not take the name of another", async () => {
		const visit = new Visit("#/db/{Field notes}/cleanup");
		await visit.press("rule-add");
		await visit.type("rule-name", "old events");
		expect((await visit.find("rule-form")).textContent).toContain("There is a rule of this name already.");
		expect(await visit.find("rule-save")).toHaveProperty("disabled", true);
	});
	it("run by themselves once scheduled, chosen by name", async () => {
		const visit = new Visit("#/db/{Shop}/cleanup");
		await visit.user.click((await screen.findAllByTestId("rule-menu"))[0] as HTMLElement);
		await visit.press("rule-schedule");
		expect(await visit.find("schedule-rule")).toHaveProperty(
			"selectedOptions.0.text",
			"old events (public.events)",
		);
		await visit.press("schedule-save");
		await screen.findByRole("heading", { name: "Clean up old events" });
		const saved = visit.world.schedules.find((each) => each.name === "Clean up old events");
		expect(saved?.operation).toBe("cleanup.run");
		expect(saved?.request).toEqual({ rule: visit.world.cleanupRules[0]?.id });
		await visit.press("schedule-run");
		await waitFor(() => expect(visit.world.jobs[0]?.state).toBe("succeeded"));
		expect(visit.world.jobs[0]?.operation).toBe("cleanup.run");
	});
});

describe("clearing a table", () => {
	it("wants its name, and afterwards leads to the safety backup", async () => {
		const visit = new Visit("#/db/{Field notes}/cleanup");
		await visit.press("clear-open");
		await visit.user.click(await screen.findByLabelText("orders"));
		await visit.press("clear-plan");
		const dialog = await visit.find("plan-dialog");
		expect(dialog.textContent).toContain("Up to 31872 rows of order_items go too");
		await visit.type("typed-name", "Orders");
		expect(await visit.find("apply")).toHaveProperty("disabled", true);
		await visit.type("typed-name", "orders");
		await visit.press("apply");
		expect((await visit.find("cleared")).textContent).toContain("12,480 rows deleted, 0 left");
		expect(visit.world.backups[0]?.backup.name).toBe("Safety backup before clearing");
		expect((await visit.find("clear-history")).textContent).toContain("Clear orders in Field notes");
	});
	it("names the triggers that no backup looks after", async () => {
		const visit = new Visit("#/db/{Shop}/cleanup");
		await visit.press("clear-open");
		await visit.user.click(await screen.findByLabelText("reporting.payments"));
		await visit.press("clear-plan");
		expect((await visit.find("clear-remarks")).textContent).toContain("payments_gone");
	});
	it("is stopped by foreign keys that refuse, before anything is asked", async () => {
		const visit = new Visit("#/db/{Field notes}/cleanup");
		await visit.press("clear-open");
		await visit.user.click(await screen.findByLabelText("customers"));
		await visit.press("clear-plan");
		expect((await visit.find("blockers")).textContent).toContain("orders");
		expect(screen.queryByTestId("typed-name")).toBeNull();
		expect(await visit.find("apply")).toHaveProperty("disabled", true);
	});
	it("is not offered on a read-only connection, nor is a rule", async () => {
		const visit = new Visit("#/db/{Analytics}/cleanup");
		expect(await visit.find("clear-open")).toHaveProperty("disabled", true);
		expect(await visit.find("rule-add")).toHaveProperty("disabled", true);
		await visit.press("candidates-look");
		await screen.findAllByTestId("candidate");
	});
	it("says what is wrong while the vault is locked, and changes nothing", async () => {
		const visit = new Visit("#/db/{Field notes}/cleanup");
		await visit.press("clear-open");
		visit.world.vault.state = "locked";
		await visit.user.click(await screen.findByLabelText("orders"));
		await visit.press("clear-plan");
		await visit.type("typed-name", "orders");
		await visit.press("apply");
		const dialog = await visit.find("plan-dialog");
		await within(dialog).findByText("The vault is locked.");
		expect(
			visit.world.tables.get(visit.idOf("Field notes"))?.find((each) => each.name === "orders")?.rows,
		).toBe(12_480);
	});
});
