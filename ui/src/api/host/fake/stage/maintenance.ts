// What each engine's people do to a database now and then, who is connected, and what was done before.

import type { Schema } from "../../../client";
import type { World } from "../world";
import { day, GiB, hour, MiB, minute } from "./units";

type Action = Schema["MaintenanceAction"];

const action = (
	kind: Action["kind"],
	title: string,
	what: string,
	locks: string,
	more: Partial<Action> = {},
): Action => ({
	kind,
	title,
	what,
	locks,
	warning: null,
	takes_tables: true,
	writes: true,
	unavailable: null,
	...more,
});

const actions: Record<Schema["EngineKind"], Action[]> = {
	postgres: [
		action(
			"vacuum",
			"VACUUM",
			"Makes the room of dead rows usable again and renews the visibility map; worth it after many updates or deletions.",
			"Reads and writes go on; only changes of the table itself wait.",
		),
		action("analyze", "ANALYZE", "Renews the planner's statistics.", "Reads and writes go on."),
		action(
			"vacuum_full",
			"VACUUM FULL",
			"Writes every table anew and gives the freed room back to the disk.",
			"Nobody can read or write a table while it is written anew.",
			{ warning: "Each table is locked completely, and needs as much free disk as it takes now." },
		),
		action(
			"reindex",
			"REINDEX CONCURRENTLY",
			"Builds every index anew beside the old one.",
			"Reads and writes go on.",
		),
		action(
			"check",
			"Integrity",
			"Reads every index and table with amcheck and looks for damage.",
			"Reads and writes go on.",
			{ writes: false, unavailable: "The extension amcheck is not installed in this database." },
		),
		action("bloat", "Bloat estimate", "Estimates wasted room from statistics.", "Nothing is locked.", {
			writes: false,
		}),
	],
	mysql: [
		action("analyze", "ANALYZE TABLE", "Renews the statistics of the keys.", "A read lock for a moment."),
		action(
			"optimize",
			"OPTIMIZE TABLE",
			"Writes tables anew and gives freed room back.",
			"Writes wait at the end of each table.",
			{
				warning: "Each table is copied: it needs as much free disk as it takes now.",
			},
		),
		action("check", "CHECK TABLE", "Looks for damage.", "Writes wait while a table is read.", {
			writes: false,
		}),
	],
	sqlite: [
		action(
			"vacuum",
			"VACUUM",
			"Writes the file anew without its free pages.",
			"Writers wait until it is done.",
			{
				takes_tables: false,
			},
		),
		action("optimize", "PRAGMA optimize", "Renews statistics where it helps.", "A write lock for a moment.", {
			takes_tables: false,
		}),
		action(
			"check",
			"integrity_check",
			"Reads every page and index and looks for damage.",
			"Reads and writes go on.",
			{
				takes_tables: false,
				writes: false,
			},
		),
	],
};

export function actionsOf(engine: Schema["EngineKind"]): Action[] {
	return actions[engine];
}

export function sessionsOf(world: World, connection: string): Schema["ServerSession"][] {
	const rows: [string, string, string | null, string, number | null, boolean][] = [
		["app", "shop-web", "10.0.4.21", "idle", 4 * hour + 12 * minute, false],
		["app", "shop-web", "10.0.4.22", "idle in transaction", 51 * minute, true],
		["reporting", "metabase", "10.0.5.3", "idle", 33 * minute, false],
		["app", "shop-worker", "10.0.4.30", "active", null, false],
		["holdfast", "Holdfast", null, "idle", 2 * minute, false],
	];
	return rows
		.map(([user, application, client, state, idle_ms, in_transaction], at) => ({
			id: 4_100 + at * 7 + (connection.charCodeAt(0) % 7),
			started: new Date(world.now() - day).toISOString(),
			user,
			application,
			client,
			state,
			idle_ms,
			in_transaction,
			ours: user === "holdfast",
		}))
		.filter((each) => !world.closedSessions.has(each.id));
}

export function pastMaintenance(world: World, now: number): void {
	const shop = world.connections.find((each) => each.name === "Shop")?.id ?? "";
	const done = (kind: Action["kind"], age: number, took: number, report: Schema["MaintenanceReport"]) =>
		world.maintenance.push({
			job_id: world.nextId(),
			connection_id: shop,
			action: kind,
			tables: [],
			state: "succeeded",
			created_at_ms: now - age,
			duration_ms: took,
			report,
			error: null,
		});
	done("analyze", 7 * hour, 48_000, { tables: 84, bytes_before: null, bytes_after: null, findings: [] });
	done("vacuum", 2 * day, 412_000, {
		tables: 84,
		bytes_before: 38.6 * GiB,
		bytes_after: 38.1 * GiB,
		findings: [],
	});
	done("bloat", 3 * day, 2_100, {
		tables: 84,
		bytes_before: null,
		bytes_after: null,
		findings: [
			{
				table: "public.orders",
				level: "warning",
				text: "About a third of the table is dead rows; VACUUM makes the room usable again.",
				bytes: 2.1 * GiB,
			},
			{
				table: "public.carts",
				level: "info",
				text: "Some free room, as usual for a table that is written often.",
				bytes: 84 * MiB,
			},
		],
	});
}
