// One backup as it lies in the vault, and the proofs made of it.

import type { Schema } from "../../../client";
import { hex, refusal, type World } from "../world";
import { databaseName, serverOf, specs } from "./databases";
import { hour, MiB, minute } from "./units";

const positions: Record<Schema["EngineKind"], Schema["Position"]> = {
	postgres: { kind: "lsn", value: "3F/9A01C2D8" },
	mysql: { kind: "binlog", value: "mariadb-bin.000412:8127733" },
	sqlite: { kind: "data_version", value: "412" },
};

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
			whole: (facts.kind ?? "full") === "full",
		},
		server,
		position: positions[connection.spec.engine],
		tables,
		object_counts:
			connection.spec.engine !== "sqlite"
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

export function failed(world: World, connectionName: string, name: string, at: number): void {
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

function versionOf(world: World, connection: Schema["Connection"]): string {
	const known = world.health.get(connection.id)?.server?.version;
	return known ?? specs.find((each) => each.name === connection.name)?.version ?? "3.54.1";
}
