// What is refused before anything happens, and rules that let backups go, on the real application.

import { screen, waitFor, within } from "@testing-library/react";
import { describe, expect } from "vitest";
import { begun, goTo } from "./begun";
import { story, type Visit } from "./story";

/** Two backups of the sample, the second is the newest. */
async function backedUp(visit: Visit): Promise<string> {
	await begun(visit);
	const [sample] = (await visit.call("connection.list", {})).connections;
	const id = sample?.id ?? "";
	for (const note of ["first", "second"]) {
		const { job_id } = await visit.call("backup.create", { connection: id, note });
		await waitFor(async () => expect((await visit.call("job.get", { job: job_id })).state).toBe("succeeded"));
	}
	return id;
}

describe("retention", () => {
	story("shows what rules would do, saves them, and deletes after the plan", async (visit) => {
		const id = await backedUp(visit);
		visit.open(`#/db/${id}/retention`);
		await visit.user.click(await visit.find("rule-keep_last"));
		await visit.user.paste("1");
		const going = await visit.find("retention-going");
		await waitFor(() => expect(within(going).getAllByText("first")).toHaveLength(1));
		expect(within(going).queryByText("second")).toBeNull();
		expect(await visit.find("retention-apply")).toHaveProperty("disabled", true);
		await visit.press("retention-save");
		await visit.press("apply");
		await waitFor(async () => expect(await visit.find("retention-apply")).toHaveProperty("disabled", false));
		await visit.press("retention-apply");
		await visit.press("apply");
		await waitFor(() => expect(screen.queryByTestId("retention-going")).toBeNull());
		const left = (await visit.call("backup.list", {})).backups.map((each) => each.name);
		expect(left).toEqual(["second"]);
	});
});

describe("a read-only connection", () => {
	story("is not restored over: that is refused before there is a plan", async (visit) => {
		const id = await backedUp(visit);
		await visit.call("connection.update", { id, read_only: true });
		visit.open();
		await goTo(visit, "Sample shop");
		await visit.user.click((await screen.findAllByTestId("backup-row"))[0] as HTMLElement);
		await visit.press("restore-open");
		await visit.press("target-replace");
		await visit.press("restore-plan");
		const refusal = await visit.find("error-state");
		expect([refusal.dataset.code, refusal.textContent]).toEqual([
			"read_only",
			expect.stringContaining("is read-only"),
		]);
		expect(screen.queryByTestId("restore-start")).toBeNull();
	});
});

describe("a backup of a database that is not connected here", () => {
	story("restores to the connection that the list has chosen", async (visit) => {
		const id = await backedUp(visit);
		await visit.call("connection.remove", { connection: id });
		await visit.call("sample.create", {});
		visit.open();
		await screen.findByText(/not connected here/);
		await visit.user.click((await screen.findAllByTestId("backup-row"))[0] as HTMLElement);
		await visit.press("restore-open");
		await visit.press("restore-plan");
		await visit.find("restore-start");
	});
});
