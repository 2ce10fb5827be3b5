// The places for secrets and what a desktop offers, on the real application without a keychain or without a tray.

import { screen, waitFor } from "@testing-library/react";
import { describe, expect } from "vitest";
import { begun, passphrase } from "./begun";
import { story } from "./story";

describe("first start", () => {
	story(
		"says that there is no keychain and chooses nothing for the person",
		async (visit) => {
			visit.open();
			await visit.press("start-create");
			const choice = await screen.findByRole("radio", { name: /system's keychain/ });
			expect(choice.hasAttribute("disabled")).toBe(true);
			expect((await visit.find("error-state")).dataset.code).toBe("keychain_absent");
			await visit.type("passphrase", passphrase);
			await visit.type("passphrase-again", passphrase);
			await visit.press("create-vault");
			await visit.find("recovery-words");
			expect((await visit.call("vault.status", {})).remembers_key).toBe(false);
		},
		{ secrets: "none" },
	);
});

describe("settings of the desktop", () => {
	story(
		"say what closing the window means where there is no tray",
		async (visit) => {
			await begun(visit);
			visit.open("#/settings");
			expect((await visit.find("no-tray")).textContent).toContain("ends Holdfast after its last job");
			await waitFor(() => expect(screen.getByTestId("keep-in-tray")).toHaveProperty("disabled", true));
		},
		{ tray: false },
	);
});

describe("secrets in a sealed file", () => {
	story(
		"open with the vault, by one passphrase",
		async (visit) => {
			await visit.call("secrets.use_file", { passphrase });
			await visit.call("vault.init", { passphrase });
			await visit.stage("restart", {});
			visit.open();
			await screen.findByText(/is sealed too/);
			await visit.type("unlock-passphrase", passphrase);
			await visit.press("unlock");
			await screen.findByRole("heading", { name: "Overview" });
			expect((await visit.call("secrets.status", {})).locked).toBe(false);
		},
		{ secrets: "sealed" },
	);
	story(
		"ask for a passphrase of their own when they have another one",
		async (visit) => {
			const other = "seven green umbrellas at noon";
			await visit.call("secrets.use_file", { passphrase: other });
			await visit.call("vault.init", { passphrase, remember: false });
			await visit.stage("restart", {});
			visit.open();
			await visit.type("unlock-passphrase", passphrase);
			await visit.press("unlock");
			await screen.findByRole("heading", { name: "One more passphrase" });
			await visit.type("sealed-passphrase", other);
			await visit.press("sealed-open");
			await screen.findByRole("heading", { name: "Overview" });
		},
		{ secrets: "sealed" },
	);
});
