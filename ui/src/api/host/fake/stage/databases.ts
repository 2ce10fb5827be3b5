// The databases that are connected, and what is in them.

import type { Schema } from "../../../client";
import { hex, type TableFacts, type World } from "../world";
import { shown } from "./offers";
import { GiB, MiB } from "./units";

export interface Spec {
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

/** The version that a connection added here turns out to have. */
export const usualVersions: Record<Schema["EngineKind"], string> = {
	postgres: "17.4",
	mysql: "10.11.19-MariaDB",
	sqlite: "3.54.1",
};

export const specs: Spec[] = [
	{
		name: "Shop",
		spec: postgres("db.example.com", "shop"),
		environment: "production",
		group: "Production",
		version: "17.4",
		size: 38.2 * GiB,
		tables: [
			...manyTables(83, 212_480_113, 38.2 * GiB),
			table("public", "tmp_import", 418_200, 61 * MiB, ["id bigint", "line text"]),
		],
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
		name: "Forum",
		spec: {
			engine: "mysql",
			host: "forum.example.com",
			port: 3306,
			database: "forum",
			user: "holdfast",
			tls: { mode: "verify-full" },
		},
		environment: "staging",
		group: "Elsewhere",
		version: usualVersions.mysql,
		size: 2.4 * GiB,
		tables: manyTables(62, 9_412_000, 2.4 * GiB).map((each) => ({ ...each, schema: null })),
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

export function addConnection(world: World, spec: Spec, created: number): Schema["Connection"] {
	const connection = shown({
		id: hex(`connection-${spec.name}-${world.connections.length}`, 32),
		name: spec.name,
		spec: spec.spec,
		environment: spec.environment,
		group: spec.group,
		read_only: spec.readOnly ?? false,
		prove_after_backup: spec.environment === "production",
		has_password: spec.spec.engine !== "sqlite",
		sample: spec.sample ?? false,
		created_at_ms: created,
	});
	world.connections.push(connection);
	// Its own: what is deleted here is there in the next world.
	world.tables.set(
		connection.id,
		spec.tables.map((each) => ({ ...each })),
	);
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
		encoding: spec.engine === "mysql" ? "utf8mb4" : "UTF8",
		transport: spec.engine === "sqlite" ? "file" : "TLS 1.3",
	};
}

export function databaseName(spec: Schema["ConnectionSpec"]): string {
	return spec.engine === "sqlite" ? (spec.path.split(/[/\\]/).at(-1) ?? spec.path) : spec.database;
}

function postgres(host: string, database: string): Schema["ConnectionSpec"] {
	return { engine: "postgres", host, port: 5432, database, user: "holdfast", tls: { mode: "verify-full" } };
}

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
