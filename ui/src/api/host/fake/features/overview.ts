// What the first page of the simulated application shows.

import type { Schema } from "../../../client";
import type { HandlersOf } from "../gate";
import { connectionOf, type World } from "../world";

export const overviewOperations: HandlersOf<"overview" | "health"> = {
	"overview.get": (world) => overview(world),
	"health.check": (world, request) => {
		const connection = connectionOf(world, request.connection);
		const health = { ...(world.health.get(connection.id) as Schema["Health"]), checked_at_ms: world.now() };
		world.health.set(connection.id, health);
		return health;
	},
};

function overview(world: World): Schema["Overview"] {
	const now = world.now();
	const databases = world.connections.map((connection): Schema["DatabaseOverview"] => {
		const own = world.backups
			.filter((each) => each.backup.connection_id === connection.id)
			.toSorted((left, right) => right.backup.created_at_ms - left.backup.created_at_ms);
		const good = own.filter((each) => each.backup.level !== null && each.backup.whole);
		return {
			connection,
			health: world.health.get(connection.id) as Schema["Health"],
			last_backup: good[0]?.backup ?? null,
			backup_count: good.length,
			size_history: good.toReversed().map((each) => each.backup.size_bytes),
			last_proven: provenOf(good),
			restore_ms:
				good.flatMap((each) => each.proofs).find((each) => each.restore_ms != null)?.restore_ms ?? null,
		};
	});
	const backedUp = databases.filter((each) => each.last_backup != null);
	const oldest = databases.toSorted(
		(left, right) => (left.last_backup?.created_at_ms ?? 0) - (right.last_backup?.created_at_ms ?? 0),
	)[0];
	return {
		databases,
		vault: world.vault,
		needs_you: databases
			.filter((each) => each.health.state === "down" || each.health.state === "warning")
			.map((each) => ({
				connection: each.connection.name,
				reason:
					each.health.state === "down"
						? `${each.connection.name} does not answer`
						: `${each.connection.name} is short of connections`,
			})),
		backed_up: backedUp.length,
		proven_last_24h: world.connections.filter((connection) =>
			world.backups.some(
				(each) =>
					each.backup.connection_id === connection.id &&
					each.backup.level === "restored" &&
					!each.backup.damaged &&
					now - (each.backup.level_at_ms ?? 0) < 86_400_000,
			),
		).length,
		most_at_risk:
			oldest === undefined
				? null
				: { connection: oldest.connection.name, since_ms: oldest.last_backup?.created_at_ms ?? null },
		running_jobs: world.jobs.filter((each) => each.state === "running").length,
	};
}

function provenOf(newestFirst: readonly Schema["BackupDetail"][]): Schema["Proven"] | null {
	for (const { id, backup, proofs } of newestFirst) {
		const record = proofs.find((each) => each.level === "restored" && each.passed);
		if (record !== undefined && !backup.damaged)
			return {
				backup_id: id,
				backup_made_at_ms: backup.created_at_ms,
				proven_at_ms: record.started_at_ms,
				restore_ms: record.restore_ms ?? null,
			};
	}
	return null;
}
