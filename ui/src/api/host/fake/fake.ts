// The simulated host: a page in a plain browser behaves as in the window. Never part of a production build;
// scripts/inspect-build.mjs looks for the mark below.

import type { Confirmation, Schema } from "../../client";
import type { Host } from "../host";
import { handlers } from "./operations";
import { record } from "./stage/past";
import { stage } from "./stage/scenes";
import { refusal, type Scene, type World } from "./world";

export const mark = "holdfast-simulated-host";

export interface FakeHost extends Host {
	readonly world: World;
}

export function fakeHost(query: URLSearchParams, now: () => number = Date.now): FakeHost {
	const pace = Number(query.get("pace") ?? 140);
	const scene = (query.get("scene") ?? "full") as Scene;
	const world = stage(scene, now, pace);
	const theme = query.get("theme") as Schema["Theme"] | null;
	if (theme !== null) world.settings.theme = theme;
	const listeners = new Set<(event: Schema["Event"]) => void>();
	world.emit = (event) => {
		// As on the wire: a copy, and never inside the call that caused it.
		const copy = structuredClone(event);
		queueMicrotask(() => {
			for (const listener of listeners) listener(copy);
		});
	};
	if (scene === "full" && query.get("busy") === "1")
		queueMicrotask(() => handlers["backup.create"](world, { connection: "Billing" }, null));
	return {
		kind: "fake",
		world,
		async invoke(operation, request, confirmation) {
			const handler = handlers[operation as keyof typeof handlers] as
				| ((world: World, request: unknown, confirmation: Confirmation | null) => unknown)
				| undefined;
			await new Promise((resolve) => setTimeout(resolve, pace === 0 ? 0 : 60));
			if (handler === undefined) throw refusal("unknown_operation", `There is no operation ${operation}.`);
			if (
				scene === "failing" &&
				/\.(list|get|status)$/.test(operation) &&
				!/^(vault|settings|connection)/.test(operation)
			)
				throw refusal(
					"catalog_damaged",
					"The catalog cannot be read.",
					"Restore catalog.sqlite from the copy kept beside it.",
					{ native: "SQLITE_CORRUPT (11)" },
				);
			try {
				const response = handler(world, structuredClone(request), confirmation);
				if (changing.test(operation))
					record(world, operation, { kind: "application" }, targetName(world, request), null);
				return structuredClone(response);
			} catch (error) {
				if (changing.test(operation))
					record(
						world,
						operation,
						{ kind: "application" },
						targetName(world, request),
						(error as Schema["ApiError"]).code,
					);
				throw structuredClone(error);
			}
		},
		onEvent(listener) {
			listeners.add(listener);
			return () => listeners.delete(listener);
		},
		chooseSavePath: async ({ defaultName }) => `/home/ada/${defaultName}`,
		chooseFolder: async () => "/mnt/backups/vault",
		desktopState: async () => ({
			tray: query.get("tray") !== "0",
			starts_at_login: world.settings.start_at_login ?? false,
			problem: null,
		}),
		chooseFile: async () => "/home/ada/certificates/ca.pem",
	};
}

const changing =
	/\.(apply|create|add|update|remove|init|unlock|lock|attach|verify|export|cancel|use_file|recovery_kit|change_passphrase|pin|set|run|run_now)$|^vault\.check$/;

function targetName(world: World, request: object): string | null {
	const fields = request as Record<string, unknown>;
	const reference = fields.connection ?? fields.name ?? fields.to;
	if (typeof reference !== "string") return null;
	return world.connections.find((each) => each.id === reference)?.name ?? reference;
}
