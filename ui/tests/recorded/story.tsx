// A story of the page on the real application: recorded with HOLDFAST_REWRITE=1, replayed from its tape without.

import { readFileSync, writeFileSync } from "node:fs";
import { render, screen, waitFor } from "@testing-library/react";
import userEvent, { type UserEvent } from "@testing-library/user-event";
import { expect, it } from "vitest";
import {
	type Confirmation,
	type OperationName,
	type Request,
	type Response,
	type Schema,
	setHost,
} from "@/api/client";
import type { Host } from "@/api/host/host";
import { App } from "@/app/App";
import { makeClient } from "@/app/cache";
import { makeRouter } from "@/app/routes";
import { Recorder } from "./record";
import { type Dialogs, replay } from "./replay";
import { brought } from "./steady";
import type { Tape } from "./tape";

const rewriting = process.env.HOLDFAST_REWRITE === "1";

const desktop = (folder: string, { tray = true }: Machine): Dialogs => ({
	desktopState: async () => ({ tray, starts_at_login: false, problem: null }),
	chooseSavePath: async ({ defaultName }) => `${folder}/${defaultName}`,
	chooseFolder: async () => `${folder}/vault`,
	chooseFile: async () => `${folder}/dump.sql`,
});

interface Agreeable {
	plan_id: string;
	digest: string;
	confirm_name?: string | null;
}

/** Of the machine that the story is told on. */
export interface Machine {
	/** Where secrets are kept; `none`: this account has no keychain. */
	secrets?: "keychain" | "none" | "sealed";
	/** False: the desktop shows no icons. */
	tray?: boolean;
}

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

	/** Around the application: databases, sessions of others, damage (see `page_host.rs`). On the tape like everything that is done. */
	async stage(what: "file" | "database", request: object): Promise<Schema["ConnectionSpec"]>;
	async stage(what: "session" | "damage" | "restart", request: object): Promise<null>;
	async stage(what: string, request: object): Promise<unknown> {
		return this.host.invoke(`stage.${what}`, request, null);
	}

	/** Makes a plan and agrees to it as it is. */
	async agree(name: string, request: object): Promise<void> {
		const plan = (await this.host.invoke(`${name}.plan`, request, null)) as Agreeable;
		const { plan_id, digest, confirm_name } = plan;
		await this.host.invoke(
			`${name}.apply`,
			{ plan_id },
			confirm_name == null ? { digest } : { digest, name: confirm_name },
		);
	}

	/** Adds a connection that proves nothing by itself; its id. */
	async connect(name: string, spec: Schema["ConnectionSpec"], more: object = {}): Promise<string> {
		const request = { name, spec, environment: "development", prove_after_backup: false, ...more };
		return (await this.call("connection.add", request as Request<"connection.add">)).id;
	}

	/** A backup, once it is made; its id. */
	async backUp(connection: string, note: string): Promise<string> {
		const { job_id, id } = await this.call("backup.create", { connection, note });
		await waitFor(async () => expect((await this.call("job.get", { job: job_id })).state).toBe("succeeded"), {
			timeout: 20_000,
		});
		return id;
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

export function story(name: string, tell: (visit: Visit) => Promise<void>, machine: Machine = {}): void {
	const file = `tests/recorded/tapes/${name.replaceAll(/[^a-z0-9]+/gi, "-").toLowerCase()}.json`;
	if (rewriting)
		it(name, async () => {
			const recorder = new Recorder(machine);
			const told = tell(new Visit(recorder.host(desktop(recorder.folder, machine)), recorder.folder));
			// A story that fails leaves neither the application nor a tape behind.
			const tape = await told.finally(() => recorder.end()).then(() => recorder.tape());
			writeFileSync(file, `${JSON.stringify(tape, null, "\t")}\n`);
		}, 240_000);
	else
		it(name, async () => {
			const tape = brought(JSON.parse(readFileSync(file, "utf8")) as Tape, Date.now());
			const host = replay(tape, desktop("/home/ada", machine));
			const told = tell(new Visit(host, "/home/ada"));
			await told.catch((reason: unknown) => {
				expect(host.missing, "questions that the tape does not answer").toEqual([]);
				throw reason;
			});
			expect(host.missing, "questions that the tape does not answer").toEqual([]);
		});
}
