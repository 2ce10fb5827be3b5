// Connections of the simulated application, and what testing one says.

import type { Schema } from "../../../client";
import type { HandlersOf } from "../gate";
import { addConnection, databaseName, serverOf, shopTables, usualVersions } from "../stage/databases";
import { shown } from "../stage/offers";
import { connectionOf, refusal, replaceIn, type World } from "../world";
import { planned } from "./backups";

export const connectionOperations: HandlersOf<"connection" | "database" | "pool"> = {
	"connection.list": (world) => ({ connections: world.connections }),
	"connection.get": (world, request) => connectionOf(world, request.connection),
	"connection.add": (world, request) => {
		if (world.connections.some((each) => each.name === request.name))
			throw refusal(
				"already_exists",
				`There is a connection called "${request.name}" already.`,
				"Choose another name.",
			);
		const spec = request.spec ?? parseUrl(request.url ?? "").spec;
		const connection = addConnection(
			world,
			{
				name: request.name,
				spec,
				environment: request.environment ?? "development",
				group: request.group ?? null,
				version: usualVersions[spec.engine],
				size: 9_300_000,
				tables: shopTables,
				readOnly: request.read_only,
			},
			world.now(),
		);
		connection.prove_after_backup = request.prove_after_backup ?? spec.engine === "sqlite";
		world.emit({ type: "changed", what: "connections" });
		return { id: connection.id, connection, warnings: [] };
	},
	"connection.update": (world, request) => {
		const before = connectionOf(world, request.id);
		const after = shown({
			...before,
			name: request.name ?? before.name,
			spec: request.spec ?? before.spec,
			environment: request.environment ?? before.environment,
			group: request.group == null ? before.group : request.group === "" ? null : request.group,
			read_only: request.read_only ?? before.read_only,
			prove_after_backup: request.prove_after_backup ?? before.prove_after_backup,
			has_password: request.forget_password ? false : before.has_password || request.password != null,
		});
		replaceIn(world.connections, after);
		world.emit({ type: "changed", what: "connections" });
		return after;
	},
	"connection.remove": (world, request) => {
		const connection = connectionOf(world, request.connection);
		world.connections = world.connections.filter((each) => each !== connection);
		world.emit({ type: "changed", what: "connections" });
		return {
			removed: connection.id,
			backups_kept: world.backups.filter((each) => each.backup.connection_id === connection.id).length,
		};
	},
	"connection.test": (world, request) => testConnection(world, request),
	"connection.parse_url": (_world, request) => parseUrl(request.url),
	"pool.status": () => ({
		pools: [],
		settings: { size: 2, overflow: 4, wait_seconds: 30, recycle_seconds: 1800, idle_seconds: 120 },
	}),
	"database.inspect": (world, request) => {
		const connection = connectionOf(world, request.connection);
		const health = world.health.get(connection.id);
		if (health?.server == null) throw health?.error ?? refusal("connection_refused", "No answer.");
		return {
			server: health.server,
			tables: planned(world, connection),
			databases: connection.spec.engine === "sqlite" ? [] : [databaseName(connection.spec), "reports"],
		};
	},
};

function testConnection(
	world: World,
	request: Schema["ConnectionTestRequest"],
): Schema["ConnectionTestResponse"] {
	const spec =
		request.spec ??
		(request.url == null ? connectionOf(world, request.connection ?? "").spec : parseUrl(request.url).spec);
	const no = (error: Schema["ApiError"]): Schema["ConnectionTestResponse"] => ({
		ok: false,
		server: null,
		latency_ms: null,
		error,
		warnings: [],
	});
	if (spec.engine !== "sqlite") {
		if (spec.host.includes("nowhere"))
			return no(
				refusal(
					"connection_name_resolution",
					`The name ${spec.host} leads nowhere.`,
					"Check the spelling, or use the address.",
					{ native: "EAI_NONAME" },
				),
			);
		if (spec.host.includes("wiki"))
			return no(
				refusal(
					"connection_refused",
					`${spec.host} refused the connection on port ${spec.port}.`,
					"Check that the server is running there and that a firewall lets this machine in.",
					{ retry: true, native: "ECONNREFUSED (111)" },
				),
			);
		if (request.password === "wrong")
			return no(
				refusal(
					"authentication_failed",
					`The server refused the password of ${spec.user}.`,
					"Check user name and password.",
					{ native: spec.engine === "mysql" ? "1045" : "28P01" },
				),
			);
	}
	const fake = {
		id: "",
		name: "",
		spec,
		environment: "development",
		read_only: false,
		prove_after_backup: false,
		has_password: false,
		sample: false,
		created_at_ms: 0,
	} as Schema["Connection"];
	const plain = spec.engine !== "sqlite" && (spec.tls?.mode ?? "prefer") === "disable";
	return {
		ok: true,
		server: {
			...serverOf(fake, usualVersions[spec.engine], 664 * 1024 ** 2),
			transport: plain ? "unencrypted" : spec.engine === "sqlite" ? "file" : "TLS 1.3",
		},
		latency_ms: 12,
		error: null,
		warnings: plain ? ["Nothing between here and the server is encrypted, the password included."] : [],
	};
}

function parseUrl(text: string): Schema["ConnectionParseUrlResponse"] {
	const bad = refusal(
		"bad_request",
		"This is not a connection URL Holdfast knows.",
		"It looks like postgres://user@host:5432/database, mysql://user@host:3306/database or sqlite:///absolute/path.",
	);
	let url: URL;
	try {
		url = new URL(text.replace(/^(postgres(ql)?|mysql|mariadb):/, "http:"));
	} catch {
		throw bad;
	}
	if (text.startsWith("sqlite:"))
		return { spec: { engine: "sqlite", path: decodeURIComponent(url.pathname) }, has_password: false };
	const mysql = /^(mysql|mariadb):/.test(text);
	if (!mysql && !/^postgres(ql)?:/.test(text)) throw bad;
	const mode = url.searchParams.get("sslmode") as Schema["TlsMode"] | null;
	return {
		spec: {
			engine: mysql ? "mysql" : "postgres",
			host: url.hostname,
			port: Number(url.port || (mysql ? 3306 : 5432)),
			database: decodeURIComponent(url.pathname.slice(1)),
			user: decodeURIComponent(url.username),
			tls: { mode: mode ?? "prefer" },
		},
		has_password: url.password !== "",
	};
}
