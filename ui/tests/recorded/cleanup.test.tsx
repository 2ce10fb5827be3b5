// What a database does not need any more, on the real application: found, deleted by rules, a whole table emptied.

import { screen, waitFor, within } from "@testing-library/react";
import { describe, expect } from "vitest";
import { begun } from "./begun";
import { story, type Visit } from "./story";

const shop = `
	PRAGMA foreign_keys = on;
	CREATE TABLE customers (id INTEGER PRIMARY KEY, name TEXT);
	CREATE TABLE orders (id INTEGER PRIMARY KEY, customer INTEGER NOT NULL REFERENCES customers, placed_at TEXT);
	CREATE TABLE order_items (id INTEGER PRIMARY KEY, order_id INTEGER REFERENCES orders ON DELETE CASCADE);
	CREATE TABLE tmp_import (id INTEGER PRIMARY KEY, what TEXT);
	CREATE TABLE log (id INTEGER PRIMARY KEY, what TEXT);
	CREATE TRIGGER orders_gone AFTER DELETE ON orders BEGIN SELECT 1; END;
	INSERT INTO customers VALUES (1, 'ann'), (2, 'bert');
	WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 40)
	INSERT INTO orders SELECT i, 1 + i % 2, datetime('now', '-' || (i * 10) || ' days') FROM n;
	INSERT INTO order_items SELECT id, id FROM orders;
	INSERT INTO tmp_import SELECT id, 'x' FROM orders;
	WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 20000)
	INSERT INTO log SELECT i, hex(zeroblob(200)) FROM n;
	DELETE FROM log WHERE id > 10;`;

/** A file with old orders, backed up, and its page. */
async function cleaning(visit: Visit, more: object = {}): Promise<string> {
	await begun(visit);
	const file = await visit.stage("file", { name: "shop.sqlite", sql: shop });
	const id = await visit.connect("Shop", file, more);
	await visit.backUp(id, "before");
	visit.open(`#/db/${id}/cleanup`);
	return id;
}

const rule = (connection: string) => ({
	connection,
	name: "old events",
	table: { name: "log" },
	rows: { kind: "matching", condition: "id < 4" },
});

describe("candidates", () => {
	story("are looked for when asked, explained, and lead to the next step", async (visit) => {
		await cleaning(visit);
		await visit.find("candidates-look");
		expect(screen.queryAllByTestId("candidate")).toHaveLength(0);
		await visit.press("candidates-look");
		const found = await screen.findAllByTestId("candidate");
		expect(found.some((each) => each.textContent?.includes("tmp_*"))).toBe(true);
		await visit.press("candidate-compact");
		const dialog = await visit.find("maintenance-dialog");
		expect(dialog.textContent).toContain("VACUUM of Shop");
		await visit.user.click(within(dialog).getByRole("button", { name: "Cancel" }));
		await waitFor(() => expect(screen.queryByTestId("maintenance-dialog")).toBeNull());
	});
	story("take other names for temporary ones, and lead to clearing", async (visit) => {
		await cleaning(visit);
		await visit.user.clear(await visit.find("candidate-patterns"));
		await visit.user.click(await visit.find("candidate-patterns"));
		await visit.user.paste("order_*, nothing");
		await visit.press("candidates-look");
		const clear = await screen.findAllByTestId("candidate-clear");
		await visit.user.click(clear[0] as HTMLElement);
		const dialog = await visit.find("clear-table");
		await waitFor(() => expect(within(dialog).getByTestId("clear-plan")).toHaveProperty("disabled", false));
	});
});

describe("cleaning rules", () => {
	story(
		"show what they would delete before they are kept, run, and tell where the rows are",
		async (visit) => {
			await cleaning(visit);
			await visit.find("rules-none");
			await visit.press("rule-add");
			await visit.user.click(await visit.find("rule-name"));
			await visit.user.paste("old orders");
			await visit.user.click(await screen.findByLabelText("orders"));
			await visit.user.selectOptions(await visit.find("rule-column"), "placed_at");
			await visit.user.clear(await visit.find("rule-days"));
			await visit.user.click(await visit.find("rule-days"));
			await visit.user.paste("105");
			await waitFor(async () =>
				expect((await visit.find("rule-preview")).textContent).toContain("30 of 40 rows of orders"),
			);
			await visit.press("rule-save");
			await visit.press("apply");
			expect((await visit.find("cleanup-rule")).textContent).toContain("placed_at older than 105 days");
			await visit.press("rule-run");
			await visit.press("apply");
			expect((await visit.find("cleared")).textContent).toContain("30 rows deleted, 10 left");
			const archive = (await visit.call("backup.list", {})).backups.find((each) => each.pinned);
			expect(archive?.name).toBe("Archive before cleaning up");
			await visit.press("cleared-backup");
			await screen.findByRole("heading", { name: "Archive before cleaning up" });
		},
	);
	story("that are wrong say so in place and are not kept", async (visit) => {
		await cleaning(visit);
		await visit.press("rule-add");
		await visit.user.click(await visit.find("rule-name"));
		await visit.user.paste("wrong");
		await visit.user.click(await screen.findByLabelText("orders"));
		await visit.press("rule-matching");
		await visit.user.click(await visit.find("rule-condition"));
		await visit.user.paste("no such thing");
		const form = await visit.find("rule-form");
		const refused = await within(form).findAllByText(/near "such"|syntax error/);
		expect(refused.length).toBeGreaterThan(0);
		await visit.user.clear(await visit.find("rule-condition"));
		await visit.user.click(await visit.find("rule-condition"));
		await visit.user.paste("true");
		expect((await visit.find("rule-blocker")).textContent).toContain("All 40 rows");
		await visit.press("rule-save");
		await visit.find("plan-dialog");
		expect(await visit.find("apply")).toHaveProperty("disabled", true);
		expect((await visit.call("cleanup.list", {})).rules).toHaveLength(0);
	});
	story("do not take the name of another, and run by themselves once scheduled", async (visit) => {
		const id = await cleaning(visit);
		await visit.agree("cleanup.set", rule(id));
		await visit.press("rule-add");
		await visit.user.click(await visit.find("rule-name"));
		await visit.user.paste("old events");
		await waitFor(async () =>
			expect((await visit.find("rule-form")).textContent).toContain("There is a rule of this name already."),
		);
		expect(await visit.find("rule-save")).toHaveProperty("disabled", true);
		await visit.user.keyboard("{Escape}");
		await visit.user.click((await screen.findAllByTestId("rule-menu"))[0] as HTMLElement);
		await visit.press("rule-schedule");
		expect(await visit.find("schedule-rule")).toHaveProperty("selectedOptions.0.text", "old events (log)");
		await visit.press("schedule-save");
		await screen.findByRole("heading", { name: "Clean up old events" });
		const [saved] = (await visit.call("schedule.list", {})).schedules;
		expect(saved?.operation).toBe("cleanup.run");
		const [kept] = (await visit.call("cleanup.list", {})).rules;
		expect(saved?.request).toEqual({ rule: kept?.id });
	});
	story("of an earlier version wait until somebody agrees", async (visit) => {
		const id = await cleaning(visit, { environment: "production" });
		await visit.agree("cleanup.set", rule(id));
		// Another environment voids what was agreed to.
		await visit.call("connection.update", { id, environment: "staging" });
		await visit.press("rule-agree");
		await visit.press("apply");
		await waitFor(() => expect(screen.queryByTestId("rule-agree")).toBeNull());
		expect((await visit.call("cleanup.list", {})).rules[0]?.consent?.kind).toBe("given");
	});
});

describe("clearing a table", () => {
	story("wants its name, and afterwards leads to the safety backup", async (visit) => {
		await cleaning(visit);
		await visit.press("clear-open");
		await visit.user.click(await screen.findByLabelText("orders"));
		await visit.press("clear-plan");
		const dialog = await visit.find("plan-dialog");
		expect(dialog.textContent).toContain("40 rows of order_items go too");
		expect((await visit.find("clear-remarks")).textContent).toContain("orders_gone");
		await visit.type("typed-name", "Orders");
		expect(await visit.find("apply")).toHaveProperty("disabled", true);
		await visit.type("typed-name", "orders");
		await visit.press("apply");
		expect((await visit.find("cleared")).textContent).toContain("40 rows deleted, 0 left");
		const [newest] = (await visit.call("backup.list", {})).backups;
		expect(newest?.name).toBe("Safety backup before clearing");
		expect((await visit.find("clear-history")).textContent).toContain("Clear orders in Shop");
	});
	story("is stopped by foreign keys that refuse, before anything is asked", async (visit) => {
		await cleaning(visit);
		await visit.press("clear-open");
		await visit.user.click(await screen.findByLabelText("customers"));
		await visit.press("clear-plan");
		expect((await visit.find("blockers")).textContent).toContain("orders");
		expect(screen.queryByTestId("typed-name")).toBeNull();
		expect(await visit.find("apply")).toHaveProperty("disabled", true);
	});
	story("is not offered on a read-only connection, nor is a rule", async (visit) => {
		await cleaning(visit, { read_only: true });
		expect(await visit.find("clear-open")).toHaveProperty("disabled", true);
		expect(await visit.find("rule-add")).toHaveProperty("disabled", true);
		await visit.press("candidates-look");
		await screen.findAllByTestId("candidate");
	});
	story("says what is wrong while the vault is locked, and changes nothing", async (visit) => {
		const id = await cleaning(visit);
		await visit.press("clear-open");
		await visit.user.click(await screen.findByLabelText("tmp_import"));
		await visit.press("clear-plan");
		await visit.find("typed-name");
		await visit.call("vault.lock", {});
		await visit.type("typed-name", "tmp_import");
		await visit.press("apply");
		await screen.findAllByText(/vault is locked/i);
		const { tables } = await visit.call("database.inspect", { connection: id });
		expect(tables.find((each) => each.name === "tmp_import")?.estimated_rows).toBe(40);
	});
});
