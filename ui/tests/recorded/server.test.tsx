// What only a server has, on the real application with a real PostgreSQL: maintenance that makes others wait, sessions of
// others, what no backup captures, a server that does not answer.

import { screen, waitFor, within } from "@testing-library/react";
import { describe, expect } from "vitest";
import type { Schema } from "@/api/client";
import { begun } from "./begun";
import { story, type Visit } from "./story";

const shop = `
	CREATE TABLE orders (id int PRIMARY KEY, what text);
	INSERT INTO orders SELECT i, repeat('x', 100) FROM generate_series(1, 2000) i;`;

async function connected(visit: Visit): Promise<string> {
	await begun(visit);
	return visit.connect("Shop", await visit.stage("database", { name: "shop", sql: shop }));
}

describe("maintenance", () => {
	story("runs what warns only when the warning is accepted, and keeps the result", async (visit) => {
		const id = await connected(visit);
		visit.open(`#/db/${id}/maintenance`);
		const cards = await screen.findAllByTestId("maintenance-card");
		const full = cards.find((each) => each.dataset.kind === "vacuum_full") as HTMLElement;
		await visit.user.click(within(full).getByTestId("maintenance-open"));
		expect(await visit.find("maintenance-start")).toHaveProperty("disabled", true);
		await visit.press("maintenance-accept");
		await visit.press("maintenance-start");
		await waitFor(async () => {
			const [run] = (await visit.call("maintenance.history", { connection: id })).runs;
			expect([run?.action, run?.state]).toEqual(["vacuum_full", "succeeded"]);
		});
	});
	story("says why an action cannot be done, and offers no button for it", async (visit) => {
		const id = await connected(visit);
		visit.open(`#/db/${id}/maintenance`);
		const cards = await screen.findAllByTestId("maintenance-card");
		const check = cards.find((each) => each.dataset.kind === "check") as HTMLElement;
		expect(check.textContent).toContain("amcheck is not installed");
		expect(within(check).queryByTestId("maintenance-open")).toBeNull();
	});
	story("closes idle sessions after their names were shown, never our own", async (visit) => {
		const id = await connected(visit);
		await visit.stage("session", { database: "shop", name: "metabase", idle_seconds: 62 });
		visit.open(`#/db/${id}/maintenance`);
		await waitFor(async () => expect(await visit.find("sessions-close")).toHaveProperty("disabled", false));
		await visit.press("sessions-close");
		const minutes = await screen.findByLabelText(/for more than/, {}, { timeout: 30_000 });
		await visit.user.clear(minutes);
		await visit.user.click(minutes);
		await visit.user.paste("1");
		await visit.press("sessions-plan");
		const dialog = await visit.find("plan-dialog");
		expect(dialog.textContent).toContain("metabase");
		await visit.press("apply");
		await waitFor(async () => {
			const { sessions } = await visit.call("session.list", { connection: id });
			expect(sessions.filter((each) => !each.ours)).toHaveLength(0);
		});
	});
});

describe("schedules", () => {
	story("of what makes others wait is agreed to beside it", async (visit) => {
		const id = await connected(visit);
		await visit.call("schedule.add", {
			name: "rewrite",
			operation: "maintenance.run",
			request: { connection: id, action: "vacuum_full" } as never,
			timing: { when: { kind: "every", seconds: 86_400 }, zone: "UTC" } as Schema["Timing"],
			enabled: true,
		});
		visit.open("#/schedules");
		await visit.user.click((await screen.findAllByTestId("schedule-row"))[0] as HTMLElement);
		await visit.press("consent-agree");
		await visit.press("apply");
		await waitFor(async () => {
			const [kept] = (await visit.call("schedule.list", {})).schedules;
			const shown = await visit.call("schedule.get", { schedule: kept?.id ?? "" });
			expect(shown.consent?.kind).toBe("given");
		});
	});
});

describe("sessions that stay open", () => {
	story("are counted, and limited for one connection", async (visit) => {
		const id = await connected(visit);
		visit.open(`#/db/${id}/settings`);
		await visit.find("pool");
		await visit.press("pool-own");
		await waitFor(async () => {
			const { connections } = await visit.call("connection.list", {});
			expect(connections.find((each) => each.id === id)?.pool?.size).toBe(2);
		});
		await waitFor(() => expect(screen.getByLabelText("Stay open")).toHaveProperty("disabled", false));
		await visit.user.clear(screen.getByLabelText("Stay open"));
		await visit.user.click(screen.getByLabelText("Stay open"));
		await visit.user.paste("5");
		await visit.user.tab();
		await waitFor(async () => {
			const { connections } = await visit.call("connection.list", {});
			expect(connections.find((each) => each.id === id)?.pool?.size).toBe(5);
		});
	});
});
