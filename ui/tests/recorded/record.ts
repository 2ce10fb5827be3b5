// A host that asks the real application and keeps what it answers on a tape. What is done begins a frame; before the
// next one, everything that was asked in the frame is asked once more, so that it holds what things had come to.

import { type ChildProcessWithoutNullStreams, spawn } from "node:child_process";
import { mkdtempSync, realpathSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { createInterface } from "node:readline";
import type { Schema } from "@/api/client";
import type { Host } from "@/api/host/host";
import { policies } from "./policies";
import type { Dialogs } from "./replay";
import { steady } from "./steady";
import type { Machine } from "./story";
import { type Answered, type Asked, type Frame, key, type Tape } from "./tape";

const program = resolve("../target/debug/page_host");

export class Recorder {
	readonly folder = realpathSync(mkdtempSync(join(tmpdir(), "holdfast-page-")));
	readonly #frames: Frame[] = [{ act: null, events: [], reads: [] }];
	readonly #waiting = new Map<number, (answered: Answered) => void>();
	readonly #listeners = new Set<(event: Schema["Event"]) => void>();
	readonly #application: ChildProcessWithoutNullStreams;
	#asked = 0;
	#closed = false;
	#doing: Promise<unknown> = Promise.resolve();

	constructor({ secrets = "keychain" }: Machine) {
		const how = { keychain: [], none: ["no-keychain"], sealed: ["sealed"] }[secrets];
		this.#application = spawn(program, [this.folder, ...how]);
		createInterface({ input: this.#application.stdout }).on("line", (line) => this.#hear(line));
		this.#application.stderr.on("data", (text: Buffer) => process.stderr.write(text));
	}

	host(dialogs: Dialogs): Host {
		return {
			kind: "recorded",
			invoke: async (operation, request, confirmation) => {
				const asked = { operation, request, confirmation };
				const answered = await (changes(operation) ? this.#act(asked) : this.#read(asked));
				if ("error" in answered) throw structuredClone(answered.error);
				return structuredClone(answered.answer);
			},
			onEvent: (listener) => {
				this.#listeners.add(listener);
				return () => this.#listeners.delete(listener);
			},
			...dialogs,
		};
	}

	/** Once all is quiet: the application and its folder are gone afterwards. */
	async end(): Promise<void> {
		// Some things are asked by the clock, a little after the page has opened: a slower replay asks them too.
		await new Promise((resume) => setTimeout(resume, 2_000));
		await this.#doing;
		await this.#settle();
		// The page may still ask while the application closes; what it hears then is no answer.
		this.#closed = true;
		const ended = new Promise((done) => this.#application.on("exit", done));
		this.#application.stdin.end();
		await ended;
		rmSync(this.folder, { recursive: true });
	}

	tape(): Tape {
		const frames = this.#frames.map((frame) => ({ ...frame, events: last(frame.events) }));
		return steady({ recorded_at_ms: 0, frames }, this.folder);
	}

	get #frame(): Frame {
		return this.#frames.at(-1) as Frame;
	}

	/** One after the other: a frame has one beginning. */
	#act(asked: Asked): Promise<Answered> {
		const acting = this.#doing.then(async () => {
			await this.#settle();
			const frame: Frame = { act: null, events: [], reads: [] };
			this.#frames.push(frame);
			const answered = await this.#ask(asked);
			frame.act = { ...asked, ...answered };
			return answered;
		});
		this.#doing = acting.catch(() => null);
		return acting;
	}

	async #read(asked: Asked): Promise<Answered> {
		const frame = this.#frame;
		const answered = await this.#ask(asked);
		if (this.#closed) return answered;
		const known = frame.reads.findIndex((each) => key(each) === key(asked));
		frame.reads.splice(known < 0 ? frame.reads.length : known, 1, { ...asked, ...answered });
		return answered;
	}

	async #settle(): Promise<void> {
		const isBusy = async () => {
			const jobs = await this.#ask({
				operation: "job.list",
				request: { active_only: true },
				confirmation: null,
			});
			return "answer" in jobs && (jobs.answer as Schema["JobListResponse"]).jobs.length > 0;
		};
		while (await isBusy()) await new Promise((resume) => setTimeout(resume, 50));
		for (const each of [...this.#frame.reads]) if (!once(each.operation)) await this.#read(each);
	}

	#ask(asked: Asked): Promise<Answered> {
		const id = ++this.#asked;
		this.#application.stdin.write(`${JSON.stringify({ id, ...asked })}\n`);
		return new Promise((answer) => this.#waiting.set(id, answer));
	}

	#hear(line: string): void {
		const said = JSON.parse(line) as { event: Schema["Event"] } | (Answered & { id: number });
		if ("event" in said) {
			this.#frame.events.push(said.event);
			for (const listener of this.#listeners) listener(structuredClone(said.event));
			return;
		}
		const { id, ...answered } = said;
		this.#waiting.get(id)?.(answered);
		this.#waiting.delete(id);
	}
}

function changes(operation: string): boolean {
	return policies[operation]?.risk !== "read" || policies[operation]?.audit === "both";
}

/** A plan is made anew each time it is asked for: the one that was shown is the one that is applied. */
function once(operation: string): boolean {
	return operation.endsWith(".plan");
}

/** Of each job its last word, of every other kind one: the page asks again all the same. */
function last(events: readonly Schema["Event"][]): Schema["Event"][] {
	const name = (event: Schema["Event"]) =>
		event.type === "job" ? `job ${event.job.id}` : JSON.stringify(event);
	return events.filter((event, at) => events.findLastIndex((each) => name(each) === name(event)) === at);
}
