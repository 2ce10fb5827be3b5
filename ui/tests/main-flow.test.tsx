// The main job from the first start to the undo, on the simulated host. The same test ids drive the real window:
// start-create, passphrase, passphrase-again, create-vault, recovery-words, recovery-stored, recovery-continue,
// database-nav[data-connection], back-up-now[data-connection], backup-row, verify-restored, restore-open, target-new,
// target-replace, restore-plan, typed-name, restore-start, restore-done, undo, apply, restore-undone.

import { render, screen, waitFor, within } from "@testing-library/react";
import userEvent, { type UserEvent } from "@testing-library/user-event";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { setHost } from "@/api/client";
import { type FakeHost, fakeHost } from "@/api/host/fake/fake";
import { App } from "@/app/App";
import { makeClient } from "@/app/cache";
import { makeRouter } from "@/app/routes";

let host: FakeHost;
let user: UserEvent;
const complaints = vi.fn();

function open(scene: string): void {
	window.location.hash = "#/";
	host = fakeHost(new URLSearchParams({ pace: "0", scene }));
	setHost(host);
	user = userEvent.setup();
	render(<App client={makeClient()} router={makeRouter()} />);
}

const find = (id: string) => screen.findByTestId(id, {}, { timeout: 20_000 });
const press = async (id: string) => user.click(await find(id));
const goTo = async (name: string) => {
	const links = await screen.findAllByTestId("database-nav");
	await user.click(links.find((each) => each.dataset.connection === name) as HTMLElement);
};

beforeEach(() => {
	complaints.mockReset();
	vi.spyOn(console, "error").mockImplementation(complaints);
});
afterEach(() => vi.restoreAllMocks());

describe("first start", () => {
	it("makes a vault, insists on the recovery kit, connects the sample", async () => {
		open("fresh");
		await press("start-create");
		await user.type(await find("passphrase"), "plum tiger sofa anvil");
		await user.type(await find("passphrase-again"), "plum tiger sofa");
		expect(await find("create-vault")).toHaveProperty("disabled", true);
		await user.type(await find("passphrase-again"), " anvil");
		await press("create-vault");
		expect(within(await find("recovery-words")).getAllByRole("listitem")).toHaveLength(24);
		expect(await find("recovery-continue")).toHaveProperty("disabled", true);
		await press("recovery-stored");
		await press("recovery-continue");
		expect((await find("database-nav")).dataset.connection).toBe("Sample shop");
		expect(document.querySelectorAll("main")).toHaveLength(1);
		expect(document.body.textContent).not.toContain("umbrella");
	});
	it("says that there is no keychain and chooses nothing for the person", async () => {
		open("nokeychain");
		await press("start-create");
		expect((await screen.findByRole("radio", { name: /system's keychain/ })).hasAttribute("disabled")).toBe(
			true,
		);
		expect((await find("error-state")).dataset.code).toBe("keychain_absent");
		await user.type(await find("passphrase"), "plum tiger sofa anvil");
		await user.type(await find("passphrase-again"), "plum tiger sofa anvil");
		await press("create-vault");
		await find("recovery-words");
		expect(host.world.secrets.backend).toBe("unavailable");
		expect(host.world.vault.remembers_key).toBe(false);
	});
	it("shows what the core refuses", async () => {
		open("fresh");
		await press("start-create");
		await user.type(await find("passphrase"), "short");
		await user.type(await find("passphrase-again"), "short");
		await press("create-vault");
		await waitFor(() => expect(screen.getByTestId("error-state").dataset.code).toBe("passphrase_too_weak"));
	});
});

describe("main job", () => {
	it("backs up, proves, restores with replace and undoes", async () => {
		open("full");
		await goTo("Sample shop");
		await user.click((await screen.findAllByTestId("back-up-now"))[0] as HTMLElement);
		await waitFor(async () => expect((await find("backup-row")).textContent).toContain("Decoded"), {
			timeout: 20_000,
		});
		await press("verify-restored");
		await waitFor(() => expect(screen.getByTestId("backup-row").textContent).toContain("Restored"), {
			timeout: 20_000,
		});
		expect((await find("proof-summary")).textContent).toContain("5 of 5 tables");

		await press("restore-open");
		await press("target-replace");
		await press("restore-plan");
		const start = await find("restore-start");
		expect(start).toHaveProperty("disabled", true);
		await user.type(await find("typed-name"), "shop.sqlit");
		expect(start).toHaveProperty("disabled", true);
		await user.type(await find("typed-name"), "e");
		await user.click(start);
		expect((await find("restore-done")).textContent).toContain("5 of 5 tables");

		await press("undo");
		await find("plan-dialog");
		expect(screen.queryByTestId("typed-name")).toBeNull();
		await press("apply");
		await find("restore-undone");
		expect(host.world.restores[0]?.state).toBe("undone");
	});
	it("stops before anything happens when something stands in the way", async () => {
		open("full");
		await goTo("Analytics");
		await press("restore-open");
		await press("target-replace");
		await press("restore-plan");
		expect((await find("blockers")).textContent).toContain("read-only");
		expect(screen.queryByTestId("typed-name")).toBeNull();
		expect(await find("restore-start")).toHaveProperty("disabled", true);
	});
	it("shows a failed proof as a failure and takes no level away from other backups", async () => {
		open("full");
		await goTo("Field notes");
		const rows = await screen.findAllByTestId("backup-row");
		expect(rows.map((each) => /Damaged|Restored/.exec(each.textContent ?? "")?.[0])).toEqual([
			"Restored",
			"Damaged",
		]);
		await user.click(rows[1] as HTMLElement);
		expect((await find("proof-summary")).dataset.tone).toBe("bad");
	});
	it("shows the plan before a deletion and lists what is not captured before a backup", async () => {
		open("full");
		await goTo("Shop");
		await press("backup-options-open");
		expect((await find("omissions")).textContent).toContain("shop_to_warehouse");
		await user.keyboard("{Escape}");
		await waitFor(() => expect(screen.queryByTestId("backup-options")).toBeNull());
		const before = host.world.backups.length;
		await user.click(await screen.findByRole("button", { name: "Other checks and saving" }));
		await user.click(await screen.findByRole("menuitem", { name: "Delete…" }));
		expect((await find("plan-dialog")).textContent).toContain("newest backup of Shop that is proven");
		expect(host.world.backups).toHaveLength(before);
		await press("apply");
		await waitFor(() => expect(host.world.backups).toHaveLength(before - 1));
	});
});

describe("locked vault", () => {
	it("asks, refuses a wrong passphrase with its hint, opens with the right one", async () => {
		open("locked");
		await user.type(await find("unlock-passphrase"), "wrong");
		await press("unlock");
		await waitFor(() =>
			expect(
				screen.getAllByTestId("error-state").some((each) => each.dataset.code === "passphrase_wrong"),
			).toBe(true),
		);
		await user.clear(await find("unlock-passphrase"));
		await user.type(await find("unlock-passphrase"), "correct horse battery staple");
		await press("unlock");
		await screen.findByRole("heading", { name: "Overview" });
	});
	it("opens the vault and the sealed file with one passphrase", async () => {
		open("sealed");
		await screen.findByText(/is sealed too/);
		await user.type(await find("unlock-passphrase"), "correct horse battery staple");
		await press("unlock");
		await screen.findByRole("heading", { name: "Overview" });
		expect(host.world.secrets.locked).toBe(false);
	});
	it("asks for the sealed file's own passphrase when it has another one", async () => {
		open("sealed");
		host.world.filePassphrase = "seven green umbrellas at noon";
		await user.type(await find("unlock-passphrase"), "correct horse battery staple");
		await press("unlock");
		await screen.findByRole("heading", { name: "One more passphrase" });
		await user.type(await find("sealed-passphrase"), "seven green umbrellas at noon");
		await press("sealed-open");
		await screen.findByRole("heading", { name: "Overview" });
	});
	it("does not block what needs no vault", async () => {
		open("locked");
		await user.click(await screen.findByRole("button", { name: "Look around without it" }));
		await goTo("Shop");
		expect((await screen.findAllByTestId("backup-row")).length).toBeGreaterThan(3);
		await find("banner-unlock");
	});
});

describe("a backup of a database that is not connected here", () => {
	it("restores to the connection that the list has chosen", async () => {
		open("full");
		host.world.connections = host.world.connections.filter((each) => each.name !== "Field notes");
		await screen.findByText(/not connected here/);
		await user.click((await screen.findAllByTestId("backup-row"))[0] as HTMLElement);
		await press("restore-open");
		await press("restore-plan");
		await find("restore-start");
	});
});

describe("the window as a whole", () => {
	it("finds with Ctrl-K and runs what was found", async () => {
		open("full");
		await find("find");
		await user.keyboard("{Control>}k{/Control}");
		await user.type(await find("palette-input"), "field notes");
		await user.keyboard("{Enter}");
		await screen.findByRole("heading", { name: "Field notes" });
		expect(screen.queryByTestId("palette-input")).toBeNull();
	});
	it("shows an error with its way out where a list cannot be read", async () => {
		open("failing");
		expect((await find("error-state")).dataset.code).toBe("catalog_damaged");
	});
	it("never renders a name as markup", async () => {
		open("full");
		const hostile = `<img src=x onerror=alert(1)>"'\u202e`;
		for (const connection of host.world.connections) connection.name = `${hostile}${connection.name}`;
		for (const each of host.world.backups) {
			each.backup.name = hostile;
			for (const table of each.tables) table.name = hostile + table.name;
		}
		host.world.emit({ type: "changed", what: "everything" });
		await waitFor(() => expect(document.body.textContent).toContain(hostile));
		await user.click((await screen.findAllByTestId("database-nav"))[0] as HTMLElement);
		await press("backup-details");
		await screen.findByRole("table", { name: "Tables of the backup" });
		expect(document.querySelector("img[src='x']")).toBeNull();
	});
	it("gives every focusable element a name and keeps the console quiet on every page", async () => {
		open("full");
		await find("find");
		for (const page of ["overview", "jobs", "schedules", "vault", "audit", "settings"]) {
			await press(`nav-${page}`);
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
	});
});
