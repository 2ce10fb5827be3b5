// A host that refuses everything, as the application does when its own data is damaged.

import { render, screen } from "@testing-library/react";
import { expect, it } from "vitest";
import { type Schema, setHost } from "@/api/client";
import { App } from "@/app/App";
import { makeClient } from "@/app/cache";
import { makeRouter } from "@/app/routes";

const damaged: Schema["ApiError"] = {
	code: "catalog_damaged",
	message: "The catalog is damaged.",
	hint: "Put the copy of it back that lies beside it.",
	retry: false,
};

it("shows an error with its way out where a list cannot be read", async () => {
	const nothing = async () => null;
	setHost({
		kind: "recorded",
		invoke: () => Promise.reject(damaged),
		onEvent: () => () => undefined,
		chooseSavePath: nothing,
		chooseFolder: nothing,
		chooseFile: nothing,
		desktopState: async () => ({ tray: true, starts_at_login: false, problem: null }),
	});
	render(<App client={makeClient()} router={makeRouter()} />);
	const shown = (await screen.findAllByTestId("error-state"))[0];
	expect(shown?.dataset.code).toBe("catalog_damaged");
	expect(shown?.textContent).toContain("Put the copy of it back");
});
