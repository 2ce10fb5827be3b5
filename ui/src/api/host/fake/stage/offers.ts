// What can be done with each kind of database, as `about.get` of the application says it.

import type { Schema } from "../../../client";

type Stored = Schema["StoredConnection"];

export const offers: Record<Schema["EngineKind"], Schema["Offers"]> = {
	postgres: {
		address: {
			by: "server",
			default_port: 5432,
			socket: "folder",
			tls_modes: ["disable", "allow", "prefer", "require", "verify-ca", "verify-full"],
		},
		backup: {
			globals: true,
			kinds: ["full", "schema", "data"],
			proves_unless_told: false,
			tables: true,
		},
		changes_refused: null,
		clearing: {
			typed_times: true,
		},
		copies: {
			counted_in: "bytes",
			kind: "databases",
			longest_name: 63,
		},
		engine: "postgres",
		exports: [
			{
				format: "sql",
				kinds: ["full", "schema", "data"],
			},
		],
		import: {
			dialect: "postgres",
			into: ["new", "live", "replace"],
			owners: true,
		},
		maintenance: true,
		product: "PostgreSQL",
		restore: {
			definers: false,
			globals: true,
			replace: true,
			replace_unreadable: false,
			schemas: true,
			tables: true,
		},
		sessions: true,
		versions: "13 and later",
	},
	mysql: {
		address: {
			by: "server",
			default_port: 3306,
			socket: "file",
			tls_modes: ["disable", "allow", "prefer", "require", "verify-ca", "verify-full"],
		},
		backup: {
			globals: false,
			kinds: ["full", "schema", "data"],
			proves_unless_told: false,
			tables: true,
		},
		changes_refused: null,
		clearing: {
			typed_times: true,
		},
		copies: {
			counted_in: "characters",
			kind: "databases",
			longest_name: 64,
		},
		engine: "mysql",
		exports: [
			{
				format: "sql",
				kinds: ["full", "schema", "data"],
			},
		],
		import: {
			dialect: "mysql",
			into: ["new", "live", "replace"],
			owners: true,
		},
		maintenance: true,
		product: "MySQL or MariaDB",
		restore: {
			definers: true,
			globals: false,
			replace: true,
			replace_unreadable: false,
			schemas: false,
			tables: true,
		},
		sessions: true,
		versions: "MySQL 5.7, MariaDB 10.3 and later",
	},
	sqlite: {
		address: {
			by: "file",
		},
		backup: {
			globals: false,
			kinds: ["full", "schema", "data"],
			proves_unless_told: true,
			tables: true,
		},
		changes_refused: null,
		clearing: {
			typed_times: false,
		},
		copies: {
			kind: "files",
		},
		engine: "sqlite",
		exports: [
			{
				format: "sql",
				kinds: ["full", "schema", "data"],
			},
			{
				format: "sqlite",
				kinds: ["full"],
			},
		],
		import: {
			dialect: "sqlite",
			into: ["new", "live", "replace"],
			owners: false,
		},
		maintenance: true,
		product: "SQLite",
		restore: {
			definers: false,
			globals: false,
			replace: true,
			replace_unreadable: true,
			schemas: false,
			tables: true,
		},
		sessions: false,
		versions: "3",
	},
};

/** A connection as it is shown. */
export function shown(connection: Stored): Schema["Connection"] {
	const { spec } = connection;
	const file = spec.engine === "sqlite";
	const socket = spec.engine === "mysql" && spec.host.startsWith("/");
	return {
		...connection,
		location: file
			? spec.path
			: socket
				? `${spec.host}:${spec.database}`
				: `${spec.host}:${spec.port}/${spec.database}`,
		live: file ? spec.path : spec.database,
		offers: {
			...offers[spec.engine],
			changes_refused: connection.read_only
				? "This connection is read-only: Holdfast may not make or change a database through it."
				: null,
		},
	};
}
