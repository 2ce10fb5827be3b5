// A story of the page on the real application: recorded with HOLDFAST_REWRITE=1, replayed from its tape without.

import { readFileSync, writeFileSync } from "node:fs";
import { render, screen } from "@testing-library/react";
import userEvent, { type UserEvent } from "@testing-library/user-event";
import { expect, it } from "vitest";
import { type Confirmation, type OperationName, type Request, type Response, setHost } from "@/api/client";
import type { Host } from "@/api/host/host";
import { App } from "@/app/App";
import { makeClient } from "@/app/cache";
import { makeRouter } from "@/app/routes";
import { Recorder } from "./record";
import { type Dialogs, replay } from "./replay";
import { brought } from "./steady";
import type { Tape } from "./tape";

const rewriting = process.env.HOLDFAST_REWRITE === "1";

const dialogs = (folder: string): Dialogs => ({
	chooseSavePath: async ({ defaultName }) => `${folder}/${defaultName}`,
	chooseFolder: async () => `${folder}/vault`,
	chooseFile: async () => `${folder}/dump.sql`,
});

export class Visit {
	readonly user: UserEvent = userEvent.setup();
	constructor(
		private readonly host: Host,
		/** Where the story may put files. */
		readonly folder: string,
	) {}

	/** Before the page is there, or beside it: as another window would. */
	async call<K extends OperationName>(
		name: K,
		request: Request<K>,
		confirmation: Confirmation | null = null,
	): Promise<Response<K>> {
		return (await this.host.invoke(name, request as object, confirmation)) as Response<K>;
	}

	open(address = "#/"): void {
		setHost(this.host);
		window.location.hash = address;
		render(<App client={makeClient()} router={makeRouter()} />);
	}

	find(id: string): Promise<HTMLElement> {
		return screen.findByTestId(id);
	}

	async press(id: string): Promise<void> {
		await this.user.click(await this.find(id));
	}

	async type(id: string, text: string): Promise<void> {
		const field = await this.find(id);
		await this.user.clear(field);
		await this.user.type(field, text);
	}
}

export function story(name: string, tell: (visit: Visit) => Promise<void>): void {
	const file = `tests/recorded/tapes/${name.replaceAll(/[^a-z0-9]+/gi, "-").toLowerCase()}.json`;
	if (rewriting)
		it(name, async () => {
			const recorder = new Recorder();
			const told = tell(new Visit(recorder.host(dialogs(recorder.folder)), recorder.folder));
			// A story that fails leaves neither the application nor a tape behind.
			const tape = await told.finally(() => recorder.end()).then(() => recorder.tape());
			writeFileSync(file, `${JSON.stringify(tape, null, "\t")}\n`);
		});
	else
		it(name, async () => {
			const tape = brought(JSON.parse(readFileSync(file, "utf8")) as Tape, Date.now());
			const host = replay(tape, dialogs("/home/ada"));
			const told = tell(new Visit(host, "/home/ada"));
			await told.catch((reason: unknown) => {
				expect(host.missing, "questions that the tape does not answer").toEqual([]);
				throw reason;
			});
			expect(host.missing, "questions that the tape does not answer").toEqual([]);
		});
}
