// `npm run dev`: the page in a browser on the real application (`page_host`, on a data folder that goes with it).

import { spawn } from "node:child_process";
import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { createInterface } from "node:readline";
import type { Plugin, ViteDevServer } from "vite";

const program = resolve("../target/debug/page_host");

export function devHost(): Plugin {
	return { name: "holdfast-dev-host", apply: "serve", configureServer: serve };
}

interface Application {
	ask(asked: object): Promise<object>;
	listen(listener: (event: object) => void): () => void;
	end(): void;
}

function serve(server: ViteDevServer): void {
	// The tests bring their own.
	if (process.env.VITEST !== undefined) return;
	let application: Application | null = null;
	const start = () => {
		application ??= begin();
		return application;
	};
	server.middlewares.use("/__host/call", (request, response) => {
		let body = "";
		request.on("data", (part: Buffer) => {
			body += part.toString();
		});
		request.on("end", async () => {
			response.setHeader("content-type", "application/json");
			if (!existsSync(program))
				return response.end(
					JSON.stringify({ error: refusal("The application is not built. Run: cargo xtask build") }),
				);
			response.end(JSON.stringify(await start().ask(JSON.parse(body))));
		});
	});
	server.middlewares.use("/__host/events", (_request, response) => {
		response.writeHead(200, { "content-type": "text/event-stream", "cache-control": "no-store" });
		if (!existsSync(program)) return;
		const stop = start().listen((event) => response.write(`data: ${JSON.stringify(event)}\n\n`));
		response.on("close", stop);
	});
	server.httpServer?.on("close", () => application?.end());
}

function refusal(message: string) {
	return { code: "internal", message, hint: null, retry: true, native: null };
}

function begin(): Application {
	const folder = mkdtempSync(join(tmpdir(), "holdfast-dev-"));
	const child = spawn(program, [folder], { stdio: ["pipe", "pipe", "inherit"] });
	const waiting = new Map<number, (answer: object) => void>();
	const listeners = new Set<(event: object) => void>();
	let last = 0;
	createInterface({ input: child.stdout }).on("line", (line) => {
		const said = JSON.parse(line) as { id: number; event?: object };
		if (said.event !== undefined) for (const listener of listeners) listener(said.event);
		else waiting.get(said.id)?.(said);
		waiting.delete(said.id);
	});
	child.on("exit", () => rmSync(folder, { recursive: true, force: true }));
	return {
		ask(asked: object) {
			const id = ++last;
			child.stdin.write(`${JSON.stringify({ id, ...asked })}\n`);
			return new Promise((answer) => waiting.set(id, answer));
		},
		listen(listener: (event: object) => void) {
			listeners.add(listener);
			return () => listeners.delete(listener);
		},
		end: () => child.stdin.end(),
	};
}
