// Work that happens by itself, on the real application: a schedule from its preset to its run, retention from the rules
// to the deletion; and the window as a whole.

import { screen, waitFor, within } from "@testing-library/react";
import { describe, expect, vi } from "vitest";
import { begun, goTo } from "./begun";
import { story } from "./story";

describe("schedules", () => {
	story("shows the next five runs before anything is saved, saves, and runs at once", async (visit) => {
		await begun(visit);
		visit.open("#/schedules/new?preset=%22weekly%22");
		const preview = await visit.find("schedule-preview");
		await waitFor(() => expect(within(preview).getAllByRole("listitem")).toHaveLength(5));
		expect((await visit.call("schedule.list", {})).schedules).toEqual([]);
		await visit.press("schedule-save");
		await screen.findByRole("heading", { name: "Sample shop weekly" });
		const [saved] = (await visit.call("schedule.list", {})).schedules;
		expect(saved?.timing.when).toEqual({ kind: "cron", pattern: "0 2 * * sun" });
		await visit.press("schedule-run");
		await waitFor(async () => {
			const [run] = (await visit.call("run.list", {})).runs;
			expect([run?.schedule_id, run?.state]).toEqual([saved?.id, "succeeded"]);
		});
	});
	story("refuses what could never be read as a pattern, with the reason", async (visit) => {
		await begun(visit);
		visit.open("#/schedules/new");
		await visit.press("when-cron");
		// In one piece: each letter would be asked about.
		await visit.user.clear(await visit.find("when-pattern"));
		await visit.user.click(await visit.find("when-pattern"));
		await visit.user.paste("99 2 * * *");
		const preview = await visit.find("schedule-preview");
		await waitFor(() => expect(within(preview).getByTestId("error-state").textContent).toContain("99"));
		await visit.press("schedule-save");
		await waitFor(() => expect(screen.getAllByTestId("error-state").length).toBeGreaterThan(1));
		expect((await visit.call("schedule.list", {})).schedules).toEqual([]);
	});
	story("turns one off in the list", async (visit) => {
		await begun(visit);
		const [sample] = (await visit.call("connection.list", {})).connections;
		await visit.call("schedule.add", {
			name: "Shop nightly",
			operation: "backup.create",
			request: { connection: sample?.id } as never,
			timing: { when: { kind: "cron", pattern: "0 2 * * *" }, zone: "UTC" },
		});
		visit.open("#/schedules");
		await visit.user.click(await screen.findByRole("switch", { name: "Shop nightly: on" }));
		await waitFor(async () =>
			expect((await visit.call("schedule.list", {})).schedules[0]?.enabled).toBe(false),
		);
	});
});

describe("the window as a whole", () => {
	story("finds with Ctrl-K and goes to what was found", async (visit) => {
		await begun(visit);
		visit.open();
		await visit.find("find");
		await visit.user.keyboard("{Control>}k{/Control}");
		await visit.type("palette-input", "sample");
		await visit.user.keyboard("{Enter}");
		await screen.findByRole("heading", { name: "Sample shop" });
		expect(screen.queryByTestId("palette-input")).toBeNull();
	});
	story("never renders a name as markup", async (visit) => {
		await begun(visit);
		const hostile = `<img src=x onerror=alert(1)>"'`;
		const [sample] = (await visit.call("connection.list", {})).connections;
		await visit.call("connection.update", { id: sample?.id ?? "", name: hostile });
		visit.open();
		await goTo(visit, hostile);
		await screen.findByRole("heading", { name: hostile });
		expect(document.querySelector("img[src='x']")).toBeNull();
	});
	story("gives every focusable element a name and keeps the console quiet on every page", async (visit) => {
		const complaints = vi.spyOn(console, "error");
		await begun(visit);
		visit.open();
		await visit.find("find");
		for (const page of ["overview", "jobs", "schedules", "vault", "audit", "settings"]) {
			await visit.press(`nav-${page}`);
			await screen.findByRole("heading", { level: 1 });
			for (const element of document.querySelectorAll<HTMLElement>(
				"a[href],button,input,select,textarea,[tabindex='0']",
			)) {
				if (element.closest("[aria-hidden='true']")) continue;
				const labelled = (element as HTMLInputElement).labels?.[0]?.textContent;
				const name = element.getAttribute("aria-label") ?? (labelled || element.textContent || element.title);
				expect(name?.trim(), element.outerHTML.slice(0, 200)).toBeTruthy();
			}
			expect(document.querySelectorAll("main")).toHaveLength(1);
		}
		expect(complaints.mock.calls.map((call) => String(call[0]).slice(0, 200))).toEqual([]);
		complaints.mockRestore();
	});
});
