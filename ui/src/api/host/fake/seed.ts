// The stage of each scene.

import type { Schema } from "../../client";
import { hex, refusal, type Scene, type TableFacts, type World } from "./world";

const MiB = 1024 ** 2;
const GiB = 1024 ** 3;
const minute = 60_000;
const hour = 60 * minute;
const day = 24 * hour;

export function stage(scene: Scene, now: () => number, pace: number): World {
	let serial = 0;
	const world: World = {
		scene,
		now,
		pace,
		emit: () => {},
		nextId: () => hex(`id-${scene}-${serial++}`, 32),
		vault: absentVault(),
		vaultPassphrase: "",
		secrets: { backend: "keychain", locked: false, problem: null },
		settings: {
			theme: "system",
			compression_level: 3,
			parallel: 2,
			prune_grace_hours: 72,
			notify_after_seconds: 30,
			notify_failures: true,
		},
		connections: [],
		health: new Map(),
		tables: new Map(),
		backups: [],
		restores: [],
		jobs: [],
		cancelled: new Set(),
		audit: [],
		plans: new Map(),
	};
	if (scene === "nokeychain")
		world.secrets = {
			backend: "unavailable",
			locked: false,
			problem: refusal(
				"keychain_absent",
				"No keychain service answers on this machine.",
				"Start a keyring such as GNOME Keyring or KWallet, or keep secrets in a sealed file.",
				{ native: "org.freedesktop.DBus.Error.ServiceUnknown" },
			),
		};
	if (scene === "fresh" || scene === "nokeychain") return world;
	world.vault = openVault(now());
	world.vaultPassphrase = "correct horse battery staple";
	if (scene === "empty") return world;
	populate(world);
	if (scene === "locked") {
		world.vault = {
			...world.vault,
			state: "locked",
			remembers_key: false,
			problem: refusal(
				"keychain_locked",
				"The keychain is locked, so the vault did not open by itself.",
				"Unlock your keychain, or open the vault with its passphrase.",
				{ retry: true },
			),
		};
	}
	return world;
}

export function absentVault(): Schema["VaultStatus"] {
	return {
		state: "absent",
		id: null,
		location: "/home/ada/.local/share/holdfast/vault",
		format_version: null,
		created_at_ms: null,
		stored_bytes: 0,
		protected_bytes: 0,
		backups: 0,
		packs: 0,
		slots: [],
		remembers_key: false,
		free_bytes: 184 * GiB,
		last_check: null,
		problem: null,
	};
}

export function openVault(now: number): Schema["VaultStatus"] {
	const created = now - 96 * day;
	return {
		...absentVault(),
		state: "open",
		id: hex("vault", 32),
		format_version: 1,
		created_at_ms: created,
		remembers_key: true,
		slots: [
			{ id: hex("slot-1", 16), kind: "passphrase", created_at_ms: created, label: "Passphrase" },
			{
				id: hex("slot-2", 16),
				kind: "keychain",
				created_at_ms: created,
				label: "Keychain of ada on workstation",
			},
			{ id: hex("slot-3", 16), kind: "recovery_kit", created_at_ms: created, label: "Recovery kit" },
		],
	};
}

interface Spec {
	name: string;
	spec: Schema["ConnectionSpec"];
	environment: Schema["Environment"];
	group: string | null;
	version: string;
	size: number;
	tables: TableFacts[];
	readOnly?: boolean;
	sample?: boolean;
}

function postgres(host: string, database: string): Schema["ConnectionSpec"] {
	return { engine: "postgres", host, port: 5432, database, user: "holdfast", tls: { mode: "verify-full" } };
}

export const shopTables: TableFacts[] = [
	table(null, "customers", 4_000, 620_000, ["id INTEGER", "name TEXT", "email TEXT", "created_at TEXT"]),
	table(null, "events", 61_240, 5_900_000, ["id INTEGER", "customer_id INTEGER", "kind TEXT", "at TEXT"]),
	table(null, "order_items", 31_872, 1_310_000, ["order_id INTEGER", "product_id INTEGER", "amount INTEGER"]),
	table(null, "orders", 12_480, 910_000, [
		"id INTEGER",
		"customer_id INTEGER",
		"total_cents INTEGER",
		"placed_at TEXT",
	]),
	table(null, "products", 320, 48_000, ["id INTEGER", "name TEXT", "price_cents INTEGER", "stock INTEGER"]),
];

function table(
	schema: string | null,
	name: string,
	rows: number,
	bytes: number,
	columns: string[],
): TableFacts {
	return { schema, name, rows, bytes, columns: columns.map((each) => each.split(" ") as [string, string]) };
}

function manyTables(count: number, totalRows: number, totalBytes: number): TableFacts[] {
	const stems = [
		"orders",
		"order_items",
		"customers",
		"products",
		"prices",
		"stock",
		"payments",
		"refunds",
		"carts",
		"sessions",
		"events",
		"reviews",
		"shipments",
		"addresses",
		"coupons",
		"invoices",
		"suppliers",
		"audits",
		"emails",
		"media",
	];
	const weights = Array.from({ length: count }, (_, at) => 1 / (at + 1.4));
	const sum = weights.reduce((left, right) => left + right, 0);
	return weights.map((weight, at) => {
		const stem = stems[at % stems.length] ?? "rows";
		const round = Math.floor(at / stems.length);
		const suffix = round === 0 ? "" : `_${2019 + round}`;
		return table(
			at % 7 === 6 ? "reporting" : "public",
			`${stem}${suffix}`,
			Math.round((totalRows * weight) / sum),
			Math.round((totalBytes * weight) / sum),
			["id bigint", "created_at timestamptz", "payload jsonb"],
		);
	});
}

const specs: Spec[] = [
	{
		name: "Shop",
		spec: postgres("db.example.com", "shop"),
		environment: "production",
		group: "Production",
		version: "17.4",
		size: 38.2 * GiB,
		tables: manyTables(84, 212_480_113, 38.2 * GiB),
	},
	{
		name: "Billing",
		spec: postgres("billing.example.com", "billing"),
		environment: "production",
		group: "Production",
		version: "16.9",
		size: 664 * MiB,
		tables: manyTables(31, 4_120_400, 664 * MiB),
	},
	{
		name: "Wiki",
		spec: postgres("wiki.example.com", "wiki"),
		environment: "production",
		group: "Production",
		version: "15.13",
		size: 11 * GiB,
		tables: manyTables(52, 8_220_090, 11 * GiB),
	},
	{
		name: "Analytics",
		spec: postgres("10.0.4.12", "analytics"),
		environment: "staging",
		group: "Elsewhere",
		version: "16.9",
		size: 212 * GiB,
		tables: manyTables(140, 1_920_480_113, 212 * GiB),
		readOnly: true,
	},
	{
		name: "Field notes",
		spec: { engine: "sqlite", path: "/home/ada/notes/field-notes.sqlite" },
		environment: "development",
		group: "Elsewhere",
		version: "3.54.1",
		size: 48 * MiB,
		tables: shopTables,
	},
	{
		name: "Sample shop",
		spec: { engine: "sqlite", path: "/home/ada/.local/share/holdfast/sample/shop.sqlite" },
		environment: "development",
		group: null,
		version: "3.54.1",
		size: 8.9 * MiB,
		tables: shopTables,
		sample: true,
	},
];

function populate(world: World): void {
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
		stored: 12 * 1024,
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
	pastAudit(world, now);
}

export function addConnection(world: World, spec: Spec, created: number): Schema["Connection"] {
	const connection: Schema["Connection"] = {
		id: hex(`connection-${spec.name}-${world.connections.length}`, 32),
		name: spec.name,
		spec: spec.spec,
		environment: spec.environment,
		group: spec.group,
		read_only: spec.readOnly ?? false,
		prove_after_backup: spec.environment === "production",
		has_password: spec.spec.engine === "postgres",
		sample: spec.sample ?? false,
		created_at_ms: created,
	};
	world.connections.push(connection);
	world.tables.set(connection.id, spec.tables);
	world.health.set(connection.id, {
		state: "healthy",
		summary: "Healthy",
		server: serverOf(connection, spec.version, spec.size),
		latency_ms: spec.spec.engine === "sqlite" ? 1 : 12,
		checked_at_ms: world.now() - 20_000,
		error: null,
	});
	return connection;
}

export function serverOf(
	connection: Schema["Connection"],
	version: string,
	size: number,
): Schema["ServerInfo"] {
	const spec = connection.spec;
	return {
		engine: spec.engine,
		version,
		version_number: 0,
		database: databaseName(spec),
		size_bytes: size,
		encoding: "UTF8",
		transport: spec.engine === "postgres" ? "TLS 1.3" : "file",
	};
}

export function databaseName(spec: Schema["ConnectionSpec"]): string {
	return spec.engine === "postgres" ? spec.database : (spec.path.split(/[/\\]/).at(-1) ?? spec.path);
}

export interface BackupFacts {
	stored: number;
	size: number;
	level: Schema["Level"] | null;
	kind?: Schema["BackupKind"];
	partial?: boolean;
	damaged?: boolean;
	note?: string | null;
}

export function backup(
	world: World,
	connectionName: string,
	name: string,
	at: number,
	facts: BackupFacts,
): Schema["BackupDetail"] {
	const connection = world.connections.find((each) => each.name === connectionName) as Schema["Connection"];
	const id = hex(`backup-${connectionName}-${name}-${at % 1e9}-${world.backups.length}`, 32);
	const source = world.tables.get(connection.id) ?? [];
	const total = source.reduce((sum, each) => sum + each.bytes, 0);
	const schemaOnly = facts.kind === "schema";
	const tables: Schema["TableSnapshot"][] = source.map((each) => ({
		schema: each.schema,
		name: each.name,
		columns: each.columns.map(([column, type]) => ({ name: column, type_name: type })),
		rows: schemaOnly ? 0 : each.rows,
		bytes: schemaOnly ? 0 : Math.round((each.bytes / total) * facts.size),
		content_hash: hex(`${each.name}-${facts.size}`, 64),
		streams: [],
		has_rows: !schemaOnly,
	}));
	const server = serverOf(connection, versionOf(world, connection), facts.size);
	const omissions: Schema["Omission"][] = facts.partial
		? [
				{
					kind: "publication",
					name: "shop_to_warehouse",
					reason:
						"Publications are not captured yet; a restored copy does not replicate until it is made again.",
					by_request: false,
				},
				{
					kind: "table rows",
					name: "public.card_tokens",
					reason: "The role holdfast has no SELECT right on it; the table comes back empty.",
					by_request: false,
				},
			]
		: [];
	if (schemaOnly)
		omissions.push({
			kind: "table rows",
			name: "all tables",
			reason: "You asked for the schema only.",
			by_request: true,
		});
	const detail: Schema["BackupDetail"] = {
		id,
		backup: {
			id,
			state: facts.partial ? "partial" : "complete",
			name,
			note: facts.note ?? null,
			connection_id: connection.id,
			connection_name: connection.name,
			engine: connection.spec.engine,
			kind: facts.kind ?? "full",
			database: databaseName(connection.spec),
			created_at_ms: at,
			duration_ms: Math.max(400, Math.round(facts.size / (140 * MiB)) * 1000),
			size_bytes: Math.round(facts.size),
			stored_bytes: Math.round(facts.stored),
			table_count: tables.length,
			row_count: tables.reduce((sum, each) => sum + each.rows, 0),
			omission_count: omissions.length,
			level: facts.level,
			level_at_ms: facts.level === null ? null : at + 5 * minute,
			damaged: facts.damaged ?? false,
			job_id: null,
			error: null,
			compression: 3,
		},
		server,
		position:
			connection.spec.engine === "postgres"
				? { kind: "lsn", value: "3F/9A01C2D8" }
				: { kind: "data_version", value: "412" },
		tables,
		object_counts:
			connection.spec.engine === "postgres"
				? [
						{ kind: "table", count: tables.length },
						{ kind: "view", count: 31 },
						{ kind: "function", count: 212 },
						{ kind: "index", count: 190 },
						{ kind: "trigger", count: 14 },
					]
				: [
						{ kind: "table", count: tables.length },
						{ kind: "index", count: 7 },
						{ kind: "view", count: 1 },
					],
		omissions,
		proofs: [],
		sequence: world.backups.length + 1,
	};
	if (facts.level === "restored") detail.proofs.push(proof(detail, "restored", at + 5 * minute, true));
	else if (facts.level !== null) detail.proofs.push(proof(detail, facts.level, at + minute, true));
	if (facts.damaged) {
		const broken = proof(detail, "decoded", world.now() - 2 * hour, false);
		broken.problems = [
			"Pack 7c1d44e0: chunk 118 does not decode (content hash differs). It holds rows of orders.",
		];
		detail.proofs.unshift(broken);
	}
	world.backups.unshift(detail);
	return detail;
}

function versionOf(world: World, connection: Schema["Connection"]): string {
	const known = world.health.get(connection.id)?.server?.version;
	return known ?? specs.find((each) => each.name === connection.name)?.version ?? "3.54.1";
}

export function proof(
	detail: Schema["BackupDetail"],
	level: Schema["Level"],
	at: number,
	passed: boolean,
): Schema["ProofRecord"] {
	const restoreMs = Math.max(900, Math.round(detail.backup.size_bytes / (156 * MiB)) * 1000);
	return {
		backup_id: detail.id,
		level,
		passed,
		started_at_ms: at,
		duration_ms: level === "restored" ? restoreMs * 1.2 : restoreMs / 8,
		server: level === "restored" ? detail.server : null,
		restore_ms: level === "restored" ? restoreMs : null,
		tables: level === "restored" ? tableProofs(detail) : [],
		problems: [],
		tool_version: "0.1.0",
	};
}

export function tableProofs(detail: Schema["BackupDetail"]): Schema["TableProof"][] {
	return detail.tables.map((each) => ({
		schema: each.schema,
		name: each.name,
		expected_rows: each.rows,
		found_rows: each.rows,
		hash_equal: true,
	}));
}

function failed(world: World, connectionName: string, name: string, at: number): void {
	const detail = backup(world, connectionName, name, at, { stored: 0, size: 0, level: null });
	detail.backup.state = "failed";
	detail.backup.row_count = 0;
	detail.backup.error = refusal(
		"connection_lost",
		"The server closed the connection while public.orders was being read.",
		"Nothing was kept of this attempt. Look at the server's log, then back up again.",
		{ retry: true, native: "57P01" },
	);
}

export function refreshVault(world: World): void {
	const good = world.backups.filter(
		(each) => each.backup.state === "complete" || each.backup.state === "partial",
	);
	world.vault.backups = good.length;
	world.vault.protected_bytes = good.reduce((sum, each) => sum + each.backup.size_bytes, 0);
	world.vault.stored_bytes = good.reduce((sum, each) => sum + each.backup.stored_bytes, 0);
	world.vault.packs = Math.ceil(world.vault.stored_bytes / (16 * MiB));
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
	const steps: [string, Schema["Target"], string | null, number][] = [
		["vault.init", { kind: "vault" }, "Vault", 96 * day],
		...specs.map((each): [string, Schema["Target"], string | null, number] => [
			"connection.add",
			{ kind: "named", id: each.name },
			each.name,
			90 * day,
		]),
		...world.backups
			.toReversed()
			.map((each): [string, Schema["Target"], string | null, number] => [
				"backup.create",
				{ kind: "connection", id: each.backup.connection_id },
				each.backup.connection_name,
				now - each.backup.created_at_ms,
			]),
		["restore.apply", { kind: "connection", id: "" }, "Billing", 20 * hour],
		["settings.update", { kind: "application" }, null, 2 * hour],
	];
	for (const [operation, target, name, age] of steps.toSorted((left, right) => right[3] - left[3]))
		record(world, operation, target, name, null, now - age);
}

export function record(
	world: World,
	operation: string,
	target: Schema["Target"],
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
			target,
			target_name: targetName,
			phase,
			outcome: phase === "intent" ? null : error === null ? "ok" : "refused",
			error_code: phase === "intent" ? null : error,
			detail: "{}",
			hash: hex(`audit-${seq}`, 64),
		});
	}
}
