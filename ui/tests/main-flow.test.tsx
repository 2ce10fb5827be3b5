// What the recorded stories do not tell yet, on the simulated host: no keychain, a sealed file, other engines.

import { render, screen, waitFor } from "@testing-library/react";
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
});

describe("main job", () => {
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
});

describe("the window as a whole", () => {
	it("shows an error with its way out where a list cannot be read", async () => {
		open("failing");
		expect((await find("error-state")).dataset.code).toBe("catalog_damaged");
	});
});
