// Work that happens by itself, on the simulated host: a schedule from its preset to its run, the reason of a blocked
// one, retention from the rules to the deletion, maintenance with its warning, sessions.

import { render, screen, waitFor, within } from "@testing-library/react";
import userEvent, { type UserEvent } from "@testing-library/user-event";
import { beforeEach, describe, expect, it } from "vitest";
import { setHost } from "@/api/client";
import { type FakeHost, fakeHost } from "@/api/host/fake/fake";
import { App } from "@/app/App";
import { makeClient } from "@/app/cache";
import { makeRouter } from "@/app/routes";

let host: FakeHost;
let user: UserEvent;

function open(address: string): void {
	window.location.hash = address;
	host = fakeHost(new URLSearchParams({ pace: "0", scene: "full" }));
	setHost(host);
	user = userEvent.setup();
	render(<App client={makeClient()} router={makeRouter()} />);
}

const find = (id: string) => screen.findByTestId(id, {}, { timeout: 20_000 });
const press = async (id: string) => user.click(await find(id));
const idOf = (name: string) => host.world.connections.find((each) => each.name === name)?.id ?? "";

beforeEach(() => {
	window.location.hash = "#/";
});

describe("schedules", () => {
	it("shows the next five runs before anything is saved, saves, and runs at once", async () => {
		open("#/schedules/new?preset=%22weekly%22");
		const preview = await find("schedule-preview");
		await waitFor(() => expect(within(preview).getAllByRole("listitem")).toHaveLength(5));
		expect(host.world.schedules.some((each) => each.name === "Shop weekly")).toBe(false);
		await press("schedule-save");
		await screen.findByRole("heading", { name: "Shop weekly" });
		const saved = host.world.schedules.find((each) => each.name === "Shop weekly");
		expect(saved?.timing.when).toEqual({ kind: "cron", pattern: "0 2 * * sun" });
		await press("schedule-run");
		await waitFor(() => expect(host.world.runs[0]?.schedule_id).toBe(saved?.id));
		await waitFor(() => expect(host.world.jobs[0]?.state).toBe("succeeded"));
	});
	it("refuses what could never be read as a pattern, with the reason", async () => {
		open("#/schedules/new");
		await press("when-cron");
		await user.clear(await find("when-pattern"));
		await user.type(await find("when-pattern"), "99 2 * * *");
		const preview = await find("schedule-preview");
		expect(await within(preview).findByText(/not a cron pattern/)).toBeTruthy();
		await press("schedule-save");
		await waitFor(() => expect(screen.getAllByTestId("error-state").length).toBeGreaterThan(1));
		expect(host.world.schedules.some((each) => each.name.startsWith("Shop back up"))).toBe(false);
	});
	it("keeps the reason of a blocked one visible", async () => {
		open("#/schedules");
		const rows = await screen.findAllByTestId("schedule-row");
		await user.click(rows.find((each) => each.textContent?.includes("Wiki nightly")) as HTMLElement);
		expect((await find("schedule-problem")).textContent).toContain("refused the connection");
	});
	it("turns one off and on in the list", async () => {
		open("#/schedules");
		const lever = await screen.findByRole("switch", { name: "Shop nightly: on" });
		await user.click(lever);
		const schedule = () => host.world.schedules.find((each) => each.name === "Shop nightly");
		await waitFor(() => expect(schedule()?.enabled).toBe(false));
	});
});

describe("retention", () => {
	it("shows what rules would do, saves them, deletes after the plan, and spares what is pinned", async () => {
		open("#/");
		window.location.hash = `#/db/${idOf("Shop")}/retention`;
		await user.type(await find("rule-keep_last"), "1");
		const going = await find("retention-going");
		const first = within(going).getAllByText("Nightly").length;
		expect(await find("retention-apply")).toHaveProperty("disabled", true);
		const oldest = host.world.backups
			.filter((each) => each.backup.connection_name === "Shop" && each.backup.state === "complete")
			.toSorted((left, right) => left.backup.created_at_ms - right.backup.created_at_ms)[0];
		await host.invoke("backup.pin", { backup: oldest?.id ?? "", pinned: true }, null);
		await waitFor(() =>
			expect(within(screen.getByTestId("retention-going")).getAllByText("Nightly")).toHaveLength(first - 1),
		);
		await press("retention-save");
		await waitFor(async () => expect(await find("retention-apply")).toHaveProperty("disabled", false));
		await press("retention-apply");
		await press("apply");
		await waitFor(() => expect(screen.queryByTestId("retention-going")).toBeNull());
		expect(host.world.backups.some((each) => each.id === oldest?.id)).toBe(true);
	});
});

describe("maintenance", () => {
	it("runs what warns only when the warning is accepted, and keeps the result", async () => {
		open("#/");
		window.location.hash = `#/db/${idOf("Shop")}/maintenance`;
		const cards = await screen.findAllByTestId("maintenance-card");
		const full = cards.find((each) => each.dataset.kind === "vacuum_full") as HTMLElement;
		await user.click(within(full).getByTestId("maintenance-open"));
		await screen.findByText(/84 tables/);
		expect(await find("maintenance-start")).toHaveProperty("disabled", true);
		await press("maintenance-accept");
		await press("maintenance-start");
		await waitFor(() => expect(host.world.maintenance[0]?.state).toBe("succeeded"));
		expect(host.world.maintenance[0]?.action).toBe("vacuum_full");
	});
	it("says why an action cannot be done, and offers no button for it", async () => {
		open("#/");
		window.location.hash = `#/db/${idOf("Shop")}/maintenance`;
		const cards = await screen.findAllByTestId("maintenance-card");
		const check = cards.find((each) => each.dataset.kind === "check") as HTMLElement;
		expect(check.textContent).toContain("amcheck is not installed");
		expect(within(check).queryByTestId("maintenance-open")).toBeNull();
	});
	it("closes idle sessions after their names were shown, never our own", async () => {
		open("#/");
		window.location.hash = `#/db/${idOf("Shop")}/maintenance`;
		await press("sessions-close");
		await press("sessions-plan");
		const dialog = await find("plan-dialog");
		expect(dialog.textContent).toContain("metabase");
		expect(dialog.textContent).not.toContain("ours");
		await press("apply");
		await waitFor(() => expect(host.world.closedSessions.size).toBe(2));
	});
});

describe("settings of the desktop", () => {
	it("say what closing the window means where there is no tray", async () => {
		window.location.hash = "#/settings";
		host = fakeHost(new URLSearchParams({ pace: "0", scene: "full", tray: "0" }));
		setHost(host);
		render(<App client={makeClient()} router={makeRouter()} />);
		expect((await find("no-tray")).textContent).toContain("ends Holdfast after its last job");
		await waitFor(() => expect(screen.getByTestId("keep-in-tray")).toHaveProperty("disabled", true));
	});
});
