// The desktop window: one command for every operation, one event for everything that changes.

import { invoke } from "@tauri-apps/api/core";
import { listen } from "@tauri-apps/api/event";
import type { Schema } from "../client";
import type { Host } from "./host";

export function tauriHost(): Host {
	return {
		kind: "tauri",
		invoke: (operation, request, confirmation) => invoke("call", { operation, request, confirmation }),
		onEvent(listener) {
			const stopping = listen<Schema["Event"]>("holdfast://event", (event) => listener(event.payload));
			return () => {
				void stopping.then((stop) => stop());
			};
		},
		chooseSavePath: ({ defaultName, filters }) => invoke("choose_save_path", { defaultName, filters }),
		chooseFolder: () => invoke("choose_folder"),
		chooseFile: () => invoke("choose_file"),
		desktopState: () => invoke("desktop_state"),
	};
}
