// Work that happens by itself, on the simulated host: a schedule from its preset to its run, the reason of a blocked
// one, retention from the rules to the deletion, maintenance with its warning, sessions.

import { screen, waitFor, within } from "@testing-library/react";
import { describe, expect, it } from "vitest";
import { Visit } from "./visit";

describe("schedules", () => {
	it("keeps the reason of a blocked one visible", async () => {
		const visit = new Visit("#/schedules");
		const rows = await screen.findAllByTestId("schedule-row");
		await visit.user.click(rows.find((each) => each.textContent?.includes("Wiki nightly")) as HTMLElement);
		expect((await visit.find("schedule-problem")).textContent).toContain("refused the connection");
	});
});

describe("retention", () => {
	it("shows what rules would do, saves them, deletes after the plan, and spares what is pinned", async () => {
		const visit = new Visit("#/db/{Shop}/retention");
		await visit.user.type(await visit.find("rule-keep_last"), "1");
		const going = await visit.find("retention-going");
		const first = within(going).getAllByText("Nightly").length;
		expect(await visit.find("retention-apply")).toHaveProperty("disabled", true);
		const oldest = visit.world.backups
			.filter((each) => each.backup.connection_name === "Shop" && each.backup.state === "complete")
			.toSorted((left, right) => left.backup.created_at_ms - right.backup.created_at_ms)[0];
		await visit.host.invoke("backup.pin", { backup: oldest?.id ?? "", pinned: true }, null);
		await waitFor(() =>
			expect(within(screen.getByTestId("retention-going")).getAllByText("Nightly")).toHaveLength(first - 1),
		);
		await visit.press("retention-save");
		await visit.press("apply");
		await waitFor(async () => expect(await visit.find("retention-apply")).toHaveProperty("disabled", false));
		await visit.press("retention-apply");
		await visit.press("apply");
		await waitFor(() => expect(screen.queryByTestId("retention-going")).toBeNull());
		expect(visit.world.backups.some((each) => each.id === oldest?.id)).toBe(true);
	});
});

describe("maintenance", () => {
	it("runs what warns only when the warning is accepted, and keeps the result", async () => {
		const visit = new Visit("#/db/{Shop}/maintenance");
		const cards = await screen.findAllByTestId("maintenance-card");
		const full = cards.find((each) => each.dataset.kind === "vacuum_full") as HTMLElement;
		await visit.user.click(within(full).getByTestId("maintenance-open"));
		await screen.findByText(/84 tables/);
		expect(await visit.find("maintenance-start")).toHaveProperty("disabled", true);
		await visit.press("maintenance-accept");
		await visit.press("maintenance-start");
		await waitFor(() => expect(visit.world.maintenance[0]?.state).toBe("succeeded"));
		expect(visit.world.maintenance[0]?.action).toBe("vacuum_full");
	});
	it("says why an action cannot be done, and offers no button for it", async () => {
		new Visit("#/db/{Shop}/maintenance");
		const cards = await screen.findAllByTestId("maintenance-card");
		const check = cards.find((each) => each.dataset.kind === "check") as HTMLElement;
		expect(check.textContent).toContain("amcheck is not installed");
		expect(within(check).queryByTestId("maintenance-open")).toBeNull();
	});
	it("closes idle sessions after their names were shown, never our own", async () => {
		const visit = new Visit("#/db/{Shop}/maintenance");
		await visit.press("sessions-close");
		await visit.press("sessions-plan");
		const dialog = await visit.find("plan-dialog");
		expect(dialog.textContent).toContain("metabase");
		expect(dialog.textContent).not.toContain("ours");
		await visit.press("apply");
		await waitFor(() => expect(visit.world.closedSessions.size).toBe(2));
	});
});

describe("settings of the desktop", () => {
	it("say what closing the window means where there is no tray", async () => {
		const visit = new Visit("#/settings", { tray: "0" });
		expect((await visit.find("no-tray")).textContent).toContain("ends Holdfast after its last job");
		await waitFor(() => expect(screen.getByTestId("keep-in-tray")).toHaveProperty("disabled", true));
	});
});
