// The main job from the first start to the undo, on the real application with a database of SQLite. The same test ids
// drive the real window: start-create, passphrase, passphrase-again, create-vault, recovery-words, recovery-stored,
// recovery-continue, database-nav[data-connection], back-up-now[data-connection], backup-row, verify-restored,
// restore-open, target-new, target-replace, restore-plan, typed-name, restore-start, restore-done, undo, apply,
// restore-undone.

import { screen, waitFor, within } from "@testing-library/react";
import { describe, expect } from "vitest";
import { begun, goTo, passphrase } from "./begun";
import { story } from "./story";

describe("first start", () => {
	story("makes a vault, insists on the recovery kit, connects the sample", async (visit) => {
		visit.open();
		await visit.press("start-create");
		await visit.type("passphrase", passphrase);
		await visit.type("passphrase-again", "plum tiger sofa");
		expect(await visit.find("create-vault")).toHaveProperty("disabled", true);
		await visit.type("passphrase-again", passphrase);
		await visit.press("create-vault");
		expect(within(await visit.find("recovery-words")).getAllByRole("listitem")).toHaveLength(24);
		expect(await visit.find("recovery-continue")).toHaveProperty("disabled", true);
		await visit.press("recovery-stored");
		await visit.press("recovery-continue");
		expect((await visit.find("database-nav")).dataset.connection).toBe("Sample shop");
		expect(document.querySelectorAll("main")).toHaveLength(1);
		expect(screen.queryByTestId("recovery-words")).toBeNull();
	});
	story("shows what the core refuses", async (visit) => {
		visit.open();
		await visit.press("start-create");
		await visit.type("passphrase", "short");
		await visit.type("passphrase-again", "short");
		await visit.press("create-vault");
		await waitFor(() => expect(screen.getByTestId("error-state").dataset.code).toBe("passphrase_too_weak"));
	});
});

describe("main job", () => {
	story("backs up, proves, restores with replace and undoes", async (visit) => {
		await begun(visit);
		visit.open();
		await goTo(visit, "Sample shop");
		await visit.user.click((await screen.findAllByTestId("back-up-now"))[0] as HTMLElement);
		await waitFor(async () => expect((await visit.find("backup-row")).textContent).toContain("Stored"));
		await visit.press("verify-restored");
		await waitFor(() => expect(screen.getByTestId("backup-row").textContent).toContain("Restored"));
		await waitFor(() =>
			expect(screen.getByTestId("proof-summary").textContent).toMatch(/(\d+) of \1 tables/),
		);

		await visit.press("restore-open");
		await visit.press("target-replace");
		await visit.press("restore-plan");
		const start = await visit.find("restore-start");
		expect(start).toHaveProperty("disabled", true);
		await visit.type("typed-name", "Sample sho");
		expect(start).toHaveProperty("disabled", true);
		const [live] = (await visit.call("connection.list", {})).connections;
		const wanted = live?.spec.engine === "sqlite" ? (live.spec.path.split("/").at(-1) ?? "") : "";
		await visit.type("typed-name", wanted);
		await visit.user.click(start);
		expect((await visit.find("restore-done")).textContent).toMatch(/(\d+) of \1 tables/);

		await visit.press("undo");
		await visit.find("plan-dialog");
		expect(screen.queryByTestId("typed-name")).toBeNull();
		await visit.press("apply");
		await visit.find("restore-undone");
		expect((await visit.call("restore.list", {})).restores[0]?.state).toBe("undone");
	});
	story("shows the plan before a deletion", async (visit) => {
		await begun(visit);
		visit.open();
		await goTo(visit, "Sample shop");
		await visit.user.click((await screen.findAllByTestId("back-up-now"))[0] as HTMLElement);
		await waitFor(async () => expect((await visit.find("backup-row")).textContent).toContain("Stored"));
		await visit.user.click(await screen.findByRole("button", { name: "Other checks and saving" }));
		await visit.user.click(await screen.findByRole("menuitem", { name: "Delete…" }));
		expect((await visit.find("plan-dialog")).textContent).toContain("Sample shop");
		expect((await visit.call("backup.list", {})).backups).toHaveLength(1);
	});
});

describe("locked vault", () => {
	story("asks, refuses a wrong passphrase with its hint, opens with the right one", async (visit) => {
		await begun(visit);
		await visit.call("vault.lock", {});
		visit.open();
		await visit.type("unlock-passphrase", "wrong");
		await visit.press("unlock");
		await waitFor(() =>
			expect(
				screen.getAllByTestId("error-state").some((each) => each.dataset.code === "passphrase_wrong"),
			).toBe(true),
		);
		await visit.type("unlock-passphrase", passphrase);
		await visit.press("unlock");
		await screen.findByRole("heading", { name: "Overview" });
	});
	story("does not block what needs no vault", async (visit) => {
		await begun(visit);
		await visit.call("vault.lock", {});
		visit.open();
		await visit.user.click(await screen.findByRole("button", { name: "Look around without it" }));
		await goTo(visit, "Sample shop");
		await visit.find("banner-unlock");
	});
});
