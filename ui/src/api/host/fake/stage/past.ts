// What happened before the curtain rose: backups, a restore, jobs, the audit trail.

import type { Schema } from "../../../client";
import { hex, refusal, type World } from "../world";
import { backup, failed, tableProofs } from "./backups";
import { pastCleanup } from "./cleanup";
import { addConnection, specs } from "./databases";
import { pastMaintenance } from "./maintenance";
import { pastSchedules } from "./schedules";
import { day, GiB, hour, KiB, MiB, minute } from "./units";
import { refreshVault } from "./vault";

export function populate(world: World): void {
	const now = world.now();
	for (const each of specs) addConnection(world, each, now - 90 * day);
	const healthOf = (name: string) => {
		const id = world.connections.find((each) => each.name === name)?.id ?? "";
		return { id, health: world.health.get(id) as Schema["Health"] };
	};
	const billing = healthOf("Billing");
	world.health.set(billing.id, {
		...billing.health,
		state: "warning",
		summary: "Connections at 91 %",
		latency_ms: 41,
	});
	const wiki = healthOf("Wiki");
	world.health.set(wiki.id, {
		state: "down",
		summary: "No answer for 6 min: connection refused",
		server: null,
		latency_ms: null,
		checked_at_ms: now - 20_000,
		error: refusal(
			"connection_refused",
			"wiki.example.com refused the connection on port 5432.",
			"Check that PostgreSQL is running there and that a firewall lets this machine in.",
			{ retry: true, native: "ECONNREFUSED (111)" },
		),
	});

	const shop = "Shop";
	backup(world, shop, "Nightly", now - 3 * day - 2 * hour, {
		stored: 7.9 * GiB,
		size: 37.7 * GiB,
		level: "restored",
	});
	backup(world, shop, "Nightly", now - 2 * day - 2 * hour, {
		stored: 201 * MiB,
		size: 37.9 * GiB,
		level: "decoded",
		partial: true,
	});
	backup(world, shop, "Schema only", now - 2 * day, {
		stored: 12 * KiB,
		size: 1.1 * MiB,
		level: "decoded",
		kind: "schema",
	});
	backup(world, shop, "Nightly", now - day - 2 * hour, {
		stored: 190 * MiB,
		size: 38 * GiB,
		level: "stored",
	});
	backup(world, shop, "Nightly", now - 18 * hour, { stored: 184 * MiB, size: 38.1 * GiB, level: "restored" });
	failed(world, shop, "Before release 4.2", now - 3.4 * hour);
	backup(world, shop, "Before release 4.2", now - 3 * hour, {
		stored: 212 * MiB,
		size: 38.2 * GiB,
		level: "restored",
	});
	backup(world, "Billing", "Nightly", now - 2 * day, {
		stored: 88 * MiB,
		size: 655 * MiB,
		level: "restored",
	});
	backup(world, "Billing", "Nightly", now - day, { stored: 4 * MiB, size: 661 * MiB, level: "restored" });
	backup(world, "Wiki", "Nightly", now - 2 * day - 4 * hour, {
		stored: 61 * MiB,
		size: 11 * GiB,
		level: "decoded",
	});
	backup(world, "Analytics", "Manual backup", now - 6 * hour, {
		stored: 61 * GiB,
		size: 212 * GiB,
		level: "stored",
	});
	backup(world, "Field notes", "Manual backup", now - 5 * hour, {
		stored: 11 * MiB,
		size: 48 * MiB,
		level: "restored",
		damaged: true,
	});
	backup(world, "Field notes", "Manual backup", now - 12 * minute, {
		stored: 1 * MiB,
		size: 48 * MiB,
		level: "restored",
	});
	refreshVault(world);
	world.vault.stored_bytes = 71.4 * GiB;
	world.vault.packs = 4_571;
	world.vault.last_check = {
		level: "stored",
		at_ms: now - 26 * hour,
		duration_ms: 41_000,
		objects: 4_594,
		bytes: 71.4 * GiB,
		problems: [],
	};
	pastRestore(world, now);
	pastJobs(world, now);
	pastSchedules(world, now);
	pastMaintenance(world, now);
	pastCleanup(world, now);
	pastAudit(world, now);
}

export function record(
	world: World,
	operation: string,
	touched: Schema["Touched"],
	targetName: string | null,
	error: string | null,
	at = world.now(),
): void {
	for (const phase of ["intent", "outcome"] as const) {
		const seq = world.audit.length + 1;
		world.audit.push({
			seq,
			at_ms: at,
			principal:
				operation === "backup.create" && seq % 6 === 0
					? { kind: "command_line", name: "ada" }
					: { kind: "window", name: "ada" },
			operation,
			touched: [touched],
			target_name: targetName,
			phase,
			outcome: phase === "intent" ? null : error === null ? "ok" : "refused",
			error_code: phase === "intent" ? null : error,
			detail: "{}",
			hash: hex(`audit-${seq}`, 64),
		});
	}
}

function pastRestore(world: World, now: number): void {
	const detail = world.backups.find((each) => each.backup.connection_name === "Billing");
	if (detail === undefined) return;
	world.restores.push({
		id: hex("restore-1", 32),
		state: "done",
		backup_id: detail.id,
		backup_name: detail.backup.name,
		connection_id: detail.backup.connection_id,
		connection_name: "Billing",
		replace: true,
		database: "billing",
		kept_as: "billing_before_7c1d",
		safety_backup_id: detail.id,
		started_at_ms: now - 20 * hour,
		duration_ms: 84_000,
		can_undo: true,
		can_release: true,
		proof: tableProofs(detail),
		error: null,
		job_id: hex("job-restore-1", 32),
		remarks: ["The role report_reader does not exist on this server; its grants were left out."],
	});
}

function pastJobs(world: World, now: number): void {
	const job = (
		title: string,
		operation: string,
		connection: string | null,
		at: number,
		took: number,
		more: Partial<Schema["Job"]> = {},
	) => {
		const id = hex(`job-${title}-${at % 1e9}`, 32);
		world.jobs.push({
			id,
			operation,
			title,
			connection_id: world.connections.find((each) => each.name === connection)?.id ?? null,
			state: "succeeded",
			created_at_ms: at,
			started_at_ms: at,
			ended_at_ms: at + took,
			progress: {
				phase: "Done",
				done_bytes: 38.2 * GiB,
				total_bytes: 38.2 * GiB,
				done_rows: 212_480_113,
				bytes_per_second: 0,
				eta_ms: null,
				step: null,
				steps: null,
			},
			error: null,
			result: {} as Schema["Job"]["result"],
			cancellable: false,
			...more,
		});
	};
	const newest = world.backups.find((each) => each.backup.connection_name === "Field notes");
	job("Back up Field notes", "backup.create", "Field notes", now - 12 * minute, 2_400, {
		result: { backup_id: newest?.id } as never,
	});
	job("Prove Before release 4.2", "backup.verify", "Shop", now - 3 * hour + 5 * minute, 250_000);
	job("Back up Shop", "backup.create", "Shop", now - 3 * hour, 274_000);
	job("Back up Shop", "backup.create", "Shop", now - 3.4 * hour, 61_000, {
		state: "failed",
		error: refusal(
			"connection_lost",
			"The server closed the connection while public.orders was being read.",
			"Nothing was kept of this attempt. Look at the server's log, then back up again.",
			{ retry: true, native: "57P01" },
		),
	});
	job("Restore Nightly into billing", "restore.apply", "Billing", now - 20 * hour, 84_000);
	job("Check the vault", "vault.check", null, now - 26 * hour, 41_000);
	job("Back up Analytics", "backup.create", "Analytics", now - 30 * hour, 600_000, {
		state: "interrupted",
		error: refusal(
			"interrupted",
			"Holdfast ended while this job ran.",
			"Nothing was kept of it. Start it again.",
			{ retry: true },
		),
	});
	job("Back up Wiki", "backup.create", "Wiki", now - 2 * day - 4 * hour, 84_000, { state: "cancelled" });
}

function pastAudit(world: World, now: number): void {
	const steps: [string, Schema["Touched"], string | null, number][] = [
		["vault.init", { kind: "vault" }, "Vault", 96 * day],
		...specs.map((each): [string, Schema["Touched"], string | null, number] => [
			"connection.add",
			{ kind: "named", name: each.name },
			each.name,
			90 * day,
		]),
		...world.backups
			.toReversed()
			.map((each): [string, Schema["Touched"], string | null, number] => [
				"backup.create",
				touchedOf(each.backup.connection_id, each.backup.connection_name),
				each.backup.connection_name,
				now - each.backup.created_at_ms,
			]),
		["restore.apply", touchedOf("", "Billing"), "Billing", 20 * hour],
		["settings.update", { kind: "application" }, null, 2 * hour],
	];
	for (const [operation, target, name, age] of steps.toSorted((left, right) => right[3] - left[3]))
		record(world, operation, target, name, null, now - age);
}

function touchedOf(id: string, name: string): Schema["Touched"] {
	return { kind: "connection", id, name, database: name.toLowerCase() };
}
