// Every operation of the simulated application. The type of the list makes a missing or misshapen one a compile error.

import type { Confirmation, OperationName, Request, Response, Schema } from "../../client";
import { cancel, start } from "./jobs";
import { restoreOperations } from "./restores";
import {
	absentVault,
	addConnection,
	backup,
	databaseName,
	openVault,
	proof,
	refreshVault,
	serverOf,
	shopTables,
} from "./seed";
import { backupOf, connectionOf, hex, refusal, replaceIn, type StoredPlan, type World } from "./world";

export type Handler<K extends OperationName> = (
	world: World,
	request: Request<K>,
	confirmation: Confirmation | null,
) => Response<K>;
export type Handlers<K extends OperationName = OperationName> = { [Name in K]: Handler<Name> };

const words =
	"anchor basket candle dolphin ember forest garden harbor island jacket kettle lantern meadow needle orchard pepper quartz ribbon saddle timber umbrella velvet walnut zephyr".split(
		" ",
	);

export const handlers: Handlers = {
	"vault.status": (world) => world.vault,
	"vault.init": (world, request) => {
		if (world.vault.state !== "absent")
			throw refusal("vault_exists", "There is a vault already.", "Open it instead.");
		if (request.passphrase.length < 10)
			throw refusal(
				"passphrase_too_weak",
				"This passphrase is too easy to guess.",
				"Use at least ten characters; five unrelated words are better.",
			);
		const remembered = request.remember !== false && world.secrets.backend !== "unavailable";
		world.vault = {
			...openVault(world.now()),
			created_at_ms: world.now(),
			location: request.path ?? absentVault().location,
			remembers_key: remembered,
		};
		if (!remembered) world.vault.slots = world.vault.slots.filter((each) => each.kind !== "keychain");
		world.vaultPassphrase = request.passphrase;
		world.emit({ type: "changed", what: "vault" });
		return {
			id: world.vault.id ?? "",
			location: world.vault.location ?? "",
			recovery_kit: kit(world),
			remembers_key: remembered,
			keychain_problem: remembered || request.remember === false ? null : world.secrets.problem,
		};
	},
	"vault.unlock": (world, request) => unlock(world, request),
	"vault.lock": (world) => {
		world.vault = { ...world.vault, state: "locked", problem: null };
		return world.vault;
	},
	"vault.attach": (world, request) => {
		if (!request.path.startsWith("/")) throw refusal("bad_request", "The folder must be an absolute path.");
		if (request.path.includes("nothing"))
			throw refusal(
				"not_a_vault",
				`${request.path} is not a Holdfast vault.`,
				"Pick the folder that holds the file named config.",
			);
		world.vault = { ...openVault(world.now()), location: request.path };
		world.vaultPassphrase = "correct horse battery staple";
		return unlock(world, request);
	},
	"vault.check": (world, request) =>
		started(
			start(world, {
				operation: "vault.check",
				title: "Check the vault",
				connectionId: null,
				phases: request.level === "stored" ? ["Comparing objects"] : ["Comparing objects", "Decoding chunks"],
				totalBytes: world.vault.stored_bytes,
				totalRows: 0,
				finish: () => {
					const damaged = world.backups.filter((each) => each.backup.damaged && request.level !== "stored");
					const summary: Schema["CheckSummary"] = {
						level: request.level,
						at_ms: world.now(),
						duration_ms: 41_000,
						objects: world.vault.packs + 23,
						bytes: world.vault.stored_bytes,
						problems: damaged.map((each) => ({
							object: "packs/7c/7c1d44e0",
							what: "Chunk 118 does not decode: its content hash differs.",
							backups: [each.id],
						})),
					};
					world.vault = { ...world.vault, last_check: summary };
					world.emit({ type: "changed", what: "vault" });
					return summary;
				},
			}),
		),
	"vault.prune.plan": (world) => {
		const plan = store(world, "vault.prune.apply", null, "");
		return {
			...plan,
			packs_total: world.vault.packs,
			packs_removable: 14,
			packs_waiting: 6,
			packs_to_rewrite: 3,
			frees_bytes: 231 * 1024 ** 2,
			summary:
				"14 packs that no backup needs are removed, 3 half-empty ones are written anew. Six more wait for the grace period of 72 hours.",
		};
	},
	"vault.prune.apply": (world, request, confirmation) => {
		confirmed(world, request.plan_id, "vault.prune.apply", confirmation);
		return started(
			start(world, {
				operation: "vault.prune.apply",
				title: "Clean up the vault",
				connectionId: null,
				phases: ["Removing packs"],
				totalBytes: 231 * 1024 ** 2,
				totalRows: 0,
				finish: () => {
					world.vault = {
						...world.vault,
						stored_bytes: world.vault.stored_bytes - 231 * 1024 ** 2,
						packs: world.vault.packs - 14,
					};
					world.emit({ type: "changed", what: "vault" });
					return { freed_bytes: 231 * 1024 ** 2, packs_removed: 14, packs_rewritten: 3 };
				},
			}),
		);
	},
	"vault.recovery_kit": (world) => kit(world),
	"vault.change_passphrase": (world, request) => {
		world.vaultPassphrase = request.new_passphrase;
		return world.vault;
	},

	"secrets.status": (world) => world.secrets,
	"secrets.use_file": (world) => {
		world.secrets = { backend: "file", locked: false, problem: null };
		return world.secrets;
	},

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
				version: spec.engine === "postgres" ? "17.4" : "3.54.1",
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
		const after: Schema["Connection"] = {
			...before,
			name: request.name ?? before.name,
			spec: request.spec ?? before.spec,
			environment: request.environment ?? before.environment,
			group: request.group == null ? before.group : request.group === "" ? null : request.group,
			read_only: request.read_only ?? before.read_only,
			prove_after_backup: request.prove_after_backup ?? before.prove_after_backup,
			has_password: request.forget_password ? false : before.has_password || request.password != null,
		};
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
	"database.inspect": (world, request) => {
		const connection = connectionOf(world, request.connection);
		const health = world.health.get(connection.id);
		if (health?.server == null) throw health?.error ?? refusal("connection_refused", "No answer.");
		return {
			server: health.server,
			tables: planned(world, connection),
			databases: connection.spec.engine === "postgres" ? [databaseName(connection.spec), "postgres"] : [],
		};
	},

	"overview.get": (world) => overview(world),
	"health.check": (world, request) => {
		const connection = connectionOf(world, request.connection);
		const health = { ...(world.health.get(connection.id) as Schema["Health"]), checked_at_ms: world.now() };
		world.health.set(connection.id, health);
		return health;
	},

	"backup.plan": (world, request) => {
		const connection = connectionOf(world, request.connection);
		const health = world.health.get(connection.id);
		if (health?.server == null) throw health?.error ?? refusal("connection_refused", "No answer.");
		const tables = planned(world, connection).filter((each) =>
			wanted(each.name, request.tables ?? [], request.exclude ?? []),
		);
		return {
			server: health.server,
			tables,
			object_counts: [
				{ kind: "table", count: tables.length },
				{ kind: "index", count: tables.length * 2 },
			],
			omissions:
				connection.name === "Shop"
					? [
							{
								kind: "publication",
								name: "shop_to_warehouse",
								reason:
									"Publications are not captured yet; a restored copy does not replicate until it is made again.",
								by_request: false,
							},
						]
					: [],
			estimated_bytes: tables.reduce((sum, each) => sum + (each.estimated_bytes ?? 0), 0),
		};
	},
	"backup.create": (world, request) => {
		openOnly(world);
		const connection = connectionOf(world, request.connection);
		const id = takeBackup(world, connection, request);
		return id;
	},
	"backup.list": (world, request) => {
		const id = request.connection == null ? null : connectionOf(world, request.connection).id;
		return {
			backups: world.backups
				.filter((each) => id === null || each.backup.connection_id === id)
				.map((each) => each.backup)
				.toSorted((left, right) => right.created_at_ms - left.created_at_ms),
		};
	},
	"backup.get": (world, request) => backupOf(world, request.backup),
	"backup.verify": (world, request) => {
		openOnly(world);
		const detail = backupOf(world, request.backup);
		const level = request.level;
		return started(
			start(world, {
				operation: "backup.verify",
				title: level === "restored" ? `Prove ${detail.backup.name}` : `Check ${detail.backup.name}`,
				connectionId: detail.backup.connection_id,
				phases:
					level === "restored"
						? ["Loading into a scratch database", "Comparing every table"]
						: ["Reading chunks"],
				totalBytes: detail.backup.size_bytes,
				totalRows: detail.backup.row_count,
				finish: () => {
					const record = proof(detail, level, world.now(), !detail.backup.damaged);
					if (detail.backup.damaged)
						record.problems = ["Pack 7c1d44e0: chunk 118 does not decode. It holds rows of orders."];
					const better = detail.backup.level === "restored" ? "restored" : level;
					const next = {
						...detail,
						proofs: [record, ...detail.proofs],
						backup: {
							...detail.backup,
							level: record.passed ? better : detail.backup.level,
							level_at_ms: world.now(),
						},
					};
					replaceIn(world.backups, next);
					if (!record.passed)
						throw refusal(
							"verification_failed",
							"This backup does not restore: rows of orders are damaged.",
							"Take a new backup now and keep this one until the new one is proven.",
						);
					return record;
				},
			}),
		);
	},
	"backup.delete.plan": (world, request) => {
		const detail = backupOf(world, request.backup);
		const proven = world.backups.filter(
			(each) =>
				each.backup.connection_id === detail.backup.connection_id &&
				each.backup.level === "restored" &&
				!each.backup.damaged,
		);
		const plan = store(world, "backup.delete.apply", null, detail.id);
		return {
			...plan,
			backup: detail.backup,
			summary: `"${detail.backup.name}" of ${detail.backup.connection_name} is removed from the list for ever. Other backups keep what they share with it.`,
			newest_proven: proven[0]?.id === detail.id,
			frees_bytes: detail.backup.stored_bytes,
		};
	},
	"backup.delete.apply": (world, request, confirmation) => {
		const plan = confirmed(world, request.plan_id, "backup.delete.apply", confirmation);
		world.backups = world.backups.filter((each) => each.id !== plan.subject);
		refreshVault(world);
		world.emit({ type: "changed", what: "backups" });
		return { deleted: plan.subject };
	},
	"backup.export": (world, request) => {
		const detail = backupOf(world, request.backup);
		return started(
			start(world, {
				operation: "backup.export",
				title: `Save ${detail.backup.name} as a file`,
				connectionId: detail.backup.connection_id,
				phases: [`Writing ${request.to}`],
				totalBytes: detail.backup.size_bytes,
				totalRows: detail.backup.row_count,
				finish: () => ({ path: request.to }),
			}),
		);
	},

	...restoreOperations,

	"job.list": (world, request) => ({
		jobs: world.jobs
			.filter(
				(each) =>
					(request.connection == null || each.connection_id === request.connection) &&
					(!request.active_only || each.state === "running"),
			)
			.toSorted((left, right) => right.created_at_ms - left.created_at_ms)
			.slice(0, request.limit ?? 500),
	}),
	"job.get": (world, request) => {
		const job = world.jobs.find((each) => each.id === request.job);
		if (job === undefined) throw refusal("not_found", "There is no such job.");
		return job;
	},
	"job.cancel": (world, request) => cancel(world, request.job),

	"audit.list": (world, request) => {
		const search = request.search?.toLowerCase() ?? "";
		const all = world.audit
			.toReversed()
			.filter(
				(each) =>
					(request.before == null || each.seq < request.before) &&
					`${each.operation} ${each.target_name ?? ""} ada`.toLowerCase().includes(search),
			);
		const limit = request.limit ?? 200;
		return { entries: all.slice(0, limit), more: all.length > limit };
	},
	"audit.verify": (world) => ({
		intact: true,
		entries: world.audit.length,
		first_bad_seq: null,
		problem: null,
	}),

	"settings.get": (world) => world.settings,
	"settings.update": (world, request) => {
		const changes = Object.fromEntries(Object.entries(request).filter(([, value]) => value != null));
		world.settings = { ...world.settings, ...changes };
		world.emit({ type: "changed", what: "settings" });
		return world.settings;
	},
	"sample.create": (world) => {
		const present = world.connections.find((each) => each.sample);
		const connection =
			present ??
			addConnection(
				world,
				{
					name: "Sample shop",
					spec: { engine: "sqlite", path: "/home/ada/.local/share/holdfast/sample/shop.sqlite" },
					environment: "development",
					group: null,
					version: "3.54.1",
					size: 9_300_000,
					tables: shopTables,
					sample: true,
				},
				world.now(),
			);
		world.emit({ type: "changed", what: "connections" });
		return { id: connection.id, connection, warnings: [] };
	},
	"about.get": (world) => ({
		version: "0.1.0",
		sqlite_version: "3.54.1",
		home: "/home/ada/.local/share/holdfast",
		secrets: world.secrets,
		operations: [],
	}),
};

function kit(world: World): Schema["RecoveryKit"] {
	return {
		vault_id: world.vault.id ?? "",
		created_at_ms: world.now(),
		words,
		instructions:
			'These 24 words open this vault without the passphrase and without this computer. Choose "Open an existing vault" in Holdfast, or run `holdfastctl vault unlock --recovery`, and type them in order.',
	};
}

function unlock(world: World, request: Schema["VaultUnlockRequest"]): Schema["VaultStatus"] {
	const byWords =
		request.recovery_words != null &&
		request.recovery_words.trim().split(/\s+/).join(" ") === words.join(" ");
	if (!byWords && request.passphrase !== world.vaultPassphrase) {
		throw request.recovery_words == null
			? refusal(
					"passphrase_wrong",
					"This passphrase does not open the vault.",
					"Mind capitals and spaces. The recovery kit opens it too.",
				)
			: refusal(
					"passphrase_wrong",
					"These recovery words do not open the vault.",
					"Check the order; a newer kit replaces an older one.",
				);
	}
	world.vault = { ...world.vault, state: "open", remembers_key: request.remember ?? false, problem: null };
	world.emit({ type: "changed", what: "vault" });
	return world.vault;
}

function openOnly(world: World): void {
	if (world.vault.state !== "open")
		throw refusal("vault_locked", "The vault is locked.", "Unlock it with its passphrase first.");
}

export function started(jobId: string, id = jobId): Schema["Started"] {
	return { id, job_id: jobId };
}

export function store(
	world: World,
	operation: string,
	confirmName: string | null,
	subject: string,
	request: unknown = null,
): { plan_id: string; digest: string } {
	const id = world.nextId();
	const digest = hex(`digest-${id}`, 64);
	world.plans.set(id, { operation, digest, confirmName, subject, request });
	return { plan_id: id, digest };
}

/** The same three refusals as the gate's: no plan, no digest, wrong name. */
export function confirmed(
	world: World,
	planId: string,
	operation: string,
	confirmation: Confirmation | null,
): StoredPlan {
	const plan = world.plans.get(planId);
	if (plan === undefined || plan.operation !== operation)
		throw refusal("plan_moved", "This plan is not valid any more.", "Look at what will happen again.");
	if (confirmation?.digest !== plan.digest)
		throw refusal(
			"confirmation_missing",
			"The plan was not confirmed.",
			"Look at what will happen, then confirm it.",
		);
	if (plan.confirmName !== null && confirmation.name !== plan.confirmName)
		throw refusal("confirmation_wrong", `The name does not match "${plan.confirmName}".`, "Type it exactly.");
	return plan;
}

function wanted(name: string, include: string[], exclude: string[]): boolean {
	const matches = (pattern: string) => {
		const glob = pattern.split(".").at(-1) ?? pattern;
		const expression = glob
			.replace(/[.+^${}()|[\]\\]/g, "\\$&")
			.replaceAll("*", ".*")
			.replaceAll("?", ".");
		return new RegExp(`^${expression}$`).test(name);
	};
	return (include.length === 0 || include.some(matches)) && !exclude.some(matches);
}

function planned(world: World, connection: Schema["Connection"]): Schema["PlannedTable"][] {
	return (world.tables.get(connection.id) ?? []).map((each) => ({
		schema: each.schema,
		name: each.name,
		estimated_rows: each.rows,
		estimated_bytes: each.bytes,
	}));
}

export function takeBackup(
	world: World,
	connection: Schema["Connection"],
	request: Partial<Schema["BackupCreateRequest"]>,
): Schema["Started"] {
	const facts = (world.tables.get(connection.id) ?? []).filter((each) =>
		wanted(each.name, request.tables ?? [], request.exclude ?? []),
	);
	const size = facts.reduce((sum, each) => sum + each.bytes, 0);
	const first = !world.backups.some(
		(each) => each.backup.connection_id === connection.id && each.backup.level !== null,
	);
	const name = request.note?.split("\n")[0] || "Manual backup";
	const prove = request.prove ?? connection.prove_after_backup;
	const detail = backup(world, connection.name, name, world.now(), {
		stored: 0,
		size,
		level: null,
		kind: request.kind,
		note: request.note,
	});
	const good = detail.backup.state;
	detail.backup.state = "running";
	const publish = (change: Partial<Schema["Backup"]>, proofs = detail.proofs) => {
		const current = world.backups.find((each) => each.id === detail.id) ?? detail;
		replaceIn(world.backups, { ...current, proofs, backup: { ...current.backup, ...change } });
		refreshVault(world);
	};
	const jobId = start(world, {
		operation: "backup.create",
		title: `Back up ${connection.name}`,
		connectionId: connection.id,
		phases: [
			"Reading rows",
			"Reading the backup back",
			...(prove ? ["Proving: loading into a scratch database"] : []),
		],
		totalBytes: size,
		totalRows: facts.reduce((sum, each) => sum + each.rows, 0),
		onPhase: () => {
			const health = world.health.get(connection.id);
			if (health?.state === "down") throw health.error;
		},
		finish: () => {
			const level: Schema["Level"] = prove ? "restored" : "decoded";
			publish(
				{
					state: good,
					level,
					level_at_ms: world.now(),
					stored_bytes: Math.round(size * (first ? 0.24 : 0.01)) + 4096,
				},
				[proof(detail, level, world.now(), true)],
			);
			return { backup_id: detail.id };
		},
		onStopped: (error) => publish({ state: error === null ? "cancelled" : "failed", error }),
	});
	detail.backup.job_id = jobId;
	return started(jobId, detail.id);
}

function overview(world: World): Schema["Overview"] {
	const now = world.now();
	const databases = world.connections.map((connection): Schema["DatabaseOverview"] => {
		const own = world.backups
			.filter((each) => each.backup.connection_id === connection.id)
			.toSorted((left, right) => right.backup.created_at_ms - left.backup.created_at_ms);
		const good = own.filter((each) => each.backup.level !== null && each.backup.kind === "full");
		return {
			connection,
			health: world.health.get(connection.id) as Schema["Health"],
			last_backup: good[0]?.backup ?? null,
			backup_count: good.length,
			size_history: good.toReversed().map((each) => each.backup.size_bytes),
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
	if (spec.engine === "postgres") {
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
					"Check that PostgreSQL is running there and that a firewall lets this machine in.",
					{ retry: true, native: "ECONNREFUSED (111)" },
				),
			);
		if (request.password === "wrong")
			return no(
				refusal(
					"authentication_failed",
					`The server refused the password of ${spec.user}.`,
					"Check user and password. The server's pg_hba.conf decides who may come from where.",
					{ native: "28P01" },
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
	const plain = spec.engine === "postgres" && (spec.tls?.mode ?? "prefer") === "disable";
	return {
		ok: true,
		server: {
			...serverOf(fake, spec.engine === "postgres" ? "17.4" : "3.54.1", 664 * 1024 ** 2),
			transport: plain ? "unencrypted" : spec.engine === "postgres" ? "TLS 1.3" : "file",
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
		"It looks like postgres://user@host:5432/database or sqlite:///absolute/path.",
	);
	let url: URL;
	try {
		url = new URL(text.replace(/^postgres(ql)?:/, "http:"));
	} catch {
		throw bad;
	}
	if (text.startsWith("sqlite:"))
		return { spec: { engine: "sqlite", path: decodeURIComponent(url.pathname) }, has_password: false };
	if (!/^postgres(ql)?:/.test(text)) throw bad;
	const mode = url.searchParams.get("sslmode") as Schema["TlsMode"] | null;
	return {
		spec: {
			engine: "postgres",
			host: url.hostname,
			port: Number(url.port || 5432),
			database: decodeURIComponent(url.pathname.slice(1)),
			user: decodeURIComponent(url.username),
			tls: { mode: mode ?? "prefer" },
		},
		has_password: url.password !== "",
	};
}
