// What is not needed in each database, the rules an administrator has set, and what they have deleted.

import type { Schema } from "../../../client";
import { fits } from "../pattern";
import { hex, type World } from "../world";
import { backup } from "./backups";
import { day, GiB, MiB } from "./units";

const usualPatterns = ["tmp_*", "temp_*", "*_tmp", "*_temp", "*_old", "*_bak", "*_backup", "*_copy", "zz_*"];

export function candidatesOf(
	world: World,
	connection: Schema["Connection"],
	patterns: readonly string[],
): Schema["CleanupCandidate"][] {
	return [...advice[connection.spec.engine], ...temporary(world, connection, patterns)];
}

const advice: Record<Schema["EngineKind"], Schema["CleanupCandidate"][]> = {
	postgres: [
		{
			kind: "empty_room",
			name: "public.orders",
			why: "An estimate: about a third of its pages hold dead rows or nothing. Maintenance gives it back.",
			bytes: 2.1 * GiB,
			next: { kind: "maintain", action: "vacuum_full", title: "VACUUM FULL", table: "public.orders" },
		},
		{
			kind: "unused_index",
			name: "public.sessions_user_agent_idx",
			why: "No query on public.sessions has used it since 2026-03-02; a standby may, and yearly work may.",
			bytes: 640 * MiB,
			next: { kind: "statement", sql: "DROP INDEX CONCURRENTLY public.sessions_user_agent_idx;" },
		},
		{
			kind: "duplicate_index",
			name: "public.payments_order_id_idx1",
			why: "public.payments_order_id_idx covers the very same columns in the same way.",
			bytes: 310 * MiB,
			next: { kind: "statement", sql: "DROP INDEX CONCURRENTLY public.payments_order_id_idx1;" },
		},
		{
			kind: "leftover_database",
			name: "shop_restoring_0a1b2c3d",
			why: "It is named as Holdfast names a restore or proof that is not finished, and none runs from here; another machine's may.",
			next: { kind: "statement", sql: 'DROP DATABASE "shop_restoring_0a1b2c3d";' },
		},
	],
	mysql: [
		{
			kind: "duplicate_index",
			name: "events.created_at_2",
			why: "created_at covers the very same columns in the same way.",
			next: { kind: "statement", sql: "DROP INDEX `created_at_2` ON `events`;" },
		},
	],
	sqlite: [
		{
			kind: "empty_room",
			name: "main",
			why: "An estimate: 212 of its 2,270 pages are free. Maintenance gives it back.",
			bytes: 868_352,
			next: { kind: "maintain", action: "vacuum", title: "VACUUM", table: null },
		},
	],
};

function temporary(
	world: World,
	connection: Schema["Connection"],
	patterns: readonly string[],
): Schema["CleanupCandidate"][] {
	const wanted = patterns.length > 0 ? patterns : usualPatterns;
	return (world.tables.get(connection.id) ?? []).flatMap((table) => {
		const by = wanted.find((each) => fits(each, table.name));
		if (by === undefined) return [];
		return [
			{
				kind: "temporary_table" as const,
				name: table.schema === null ? table.name : `${table.schema}.${table.name}`,
				why: `Its name fits ${by}; look into it before it goes.`,
				next: { kind: "clear" as const },
				bytes: table.bytes,
			},
		];
	});
}

/** Foreign keys of other tables, by the table they point at. */
const pointing: Record<string, [string, Schema["OnDelete"]][]> = {
	customers: [
		["orders", "refuse"],
		["events", "cascade"],
	],
	orders: [["order_items", "cascade"]],
	products: [["order_items", "refuse"]],
};

export function referringTo(
	world: World,
	connection: Schema["Connection"],
	table: Schema["TableName"],
): Schema["Referring"][] {
	const all = world.tables.get(connection.id) ?? [];
	return (pointing[table.name] ?? []).flatMap(([name, on_delete]) => {
		const child = all.find((each) => each.name === name);
		if (child === undefined) return [];
		return [
			{
				table: { schema: child.schema, name },
				constraint: `${name}_${table.name.replace(/s$/, "")}_id_fkey`,
				on_delete,
				rows: child.rows,
			},
		];
	});
}

export function pastCleanup(world: World, now: number): void {
	const shop = world.connections.find((each) => each.name === "Shop");
	if (shop === undefined) return;
	const rule = (name: string, table: string, rows: Schema["RowChoice"], archive = true) =>
		world.cleanupRules.push({
			id: hex(`rule-${name}`, 32),
			name,
			connection_id: shop.id,
			table: { schema: "public", name: table },
			rows,
			batch_rows: 10_000,
			archive,
		});
	rule("old events", "events", { kind: "older", column: "created_at", days: 180 });
	rule("finished carts", "carts", { kind: "matching", condition: "payload->>'state' = 'done'" }, false);
	const archive = backup(world, "Shop", "Archive before cleaning up", now - 2 * day - 90 * 60_000, {
		stored: 44 * MiB,
		size: 1.2 * GiB,
		level: "restored",
	});
	archive.backup.pinned = true;
	archive.backup.whole = false;
	const at = now - 2 * day - 90 * 60_000;
	world.jobs.push({
		id: hex("job-cleanup", 32),
		operation: "cleanup.run",
		title: "Clean up public.events in Shop (old events)",
		connection_id: shop.id,
		state: "succeeded",
		created_at_ms: at,
		started_at_ms: at,
		ended_at_ms: at + 94_000,
		progress: {
			phase: "Done",
			done_bytes: 1.2 * GiB,
			total_bytes: 1.2 * GiB,
			done_rows: 418_220,
			bytes_per_second: 0,
			eta_ms: null,
			step: null,
			steps: null,
		},
		error: null,
		result: { deleted: 418_220, left: 3_120_400, backup_id: archive.id, remarks: [] } as never,
		cancellable: false,
	});
}
