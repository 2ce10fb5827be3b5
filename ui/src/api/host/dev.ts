// The host of `npm run dev`: the real application behind the development server (`scripts/dev-host.mjs`). Paths are typed,
// because a browser has no dialogs that tell them.

import type { Schema } from "../client";
import type { Host } from "./host";

export function devHost(): Host {
	return {
		kind: "dev",
		async invoke(operation, request, confirmation) {
			const body = JSON.stringify({ operation, request, confirmation });
			const answered = await (await fetch("/__host/call", { method: "POST", body })).json();
			if (answered.error) throw answered.error;
			return answered.answer;
		},
		onEvent(listener) {
			const events = new EventSource("/__host/events");
			events.onmessage = ({ data }) => listener(JSON.parse(data) as Schema["Event"]);
			return () => events.close();
		},
		chooseSavePath: async ({ defaultName }) => window.prompt("Save as (whole path)", defaultName),
		chooseFolder: async () => window.prompt("Folder (whole path)"),
		chooseFile: async () => window.prompt("File (whole path)"),
		desktopState: async () => ({ tray: true, starts_at_login: false, problem: null }),
	};
}
