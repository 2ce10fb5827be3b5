// Clearing in the simulated application: candidates, rules with their preview, and whole tables.

import type { Schema } from "../../../client";
import { confirmed, type HandlersOf, openOnly, started, store } from "../gate";
import { start } from "../jobs";
import { backup } from "../stage/backups";
import { candidatesOf, referringTo } from "../stage/cleanup";
import { refreshVault } from "../stage/vault";
import { connectionOf, hex, refusal, replaceIn, type TableFacts, type World } from "../world";

export const cleanupOperations: HandlersOf<"cleanup" | "table"> = {
	"cleanup.candidates": (world, request) => ({
		candidates: candidatesOf(world, reached(world, request.connection), request.patterns ?? []),
		not_seen: [],
	}),
	"cleanup.list": (world) => ({ rules: world.cleanupRules }),
	"cleanup.preview": (world, request) => look(world, request),
	"cleanup.set.plan": (world, request) => {
		const connection = writable(world, request.connection);
		const preview = look(world, request);
		const { table } = preview;
		const known = world.cleanupRules.find((each) => each.name === request.name.trim());
		const rule: Schema["CleanupRule"] = {
			id: known?.id ?? hex(`rule-${request.name}-${world.nextId()}`, 32),
			name: request.name.trim(),
			connection_id: connection.id,
			table,
			rows: request.rows,
			batch_rows: request.batch_rows ?? 10_000,
			archive: request.archive ?? true,
		};
		const most = request.most_rows ?? Math.max(preview.matching * 2, 10_000);
		const typed = connection.environment === "production" && !rule.archive ? connection.live : null;
		return {
			...store(world, "cleanup.set.apply", typed, connection.id, { rule, most }),
			rule,
			preview,
			replaces: known ?? null,
			most_rows: most,
			confirm_name: typed,
			blockers: preview.blockers,
			summary: `Whenever “${rule.name}” runs, it deletes up to ${most} rows of ${written(table)} in ${connection.name}; ${preview.matching} match now.`,
		};
	},
	"cleanup.set.apply": (world, request, confirmation) => {
		const plan = confirmed(world, request.plan_id, "cleanup.set.apply", confirmation);
		const { rule, most } = plan.request as { rule: Schema["CleanupRule"]; most: number };
		const by = { kind: "window", name: "ada" } as const;
		const kept = { ...rule, consent: { kind: "given", by, at_ms: world.now(), most } as const };
		replaceIn(world.cleanupRules, kept);
		return kept;
	},
	"cleanup.remove": (world, request) => {
		const rule = ruleOf(world, request.rule);
		world.cleanupRules = world.cleanupRules.filter((each) => each !== rule);
		return {};
	},
	"cleanup.run": (world, request) => {
		const rule = ruleOf(world, request.rule);
		const connection = writable(world, rule.connection_id);
		if (rule.archive) openOnly(world);
		const { matching, total } = look(world, { ...rule, connection: rule.connection_id });
		return started(
			deleting(world, connection, {
				operation: "cleanup.run",
				title: `Clean up ${written(rule.table)} in ${connection.name} (${rule.name})`,
				table: rule.table,
				rows: matching,
				left: total - matching,
				kept: rule.archive ? "Archive before cleaning up" : null,
			}),
		);
	},
	"table.clear.plan": (world, request) => {
		const connection = writable(world, request.connection);
		const { rows } = factsOf(world, connection, request.table);
		const referring = referringTo(world, connection, request.table);
		const hanging = referring.filter((each) => each.rows > 0);
		const name = written(request.table);
		const plan = store(world, "table.clear.apply", request.table.name, connection.id, request.table);
		return {
			...plan,
			confirm_name: request.table.name,
			table: request.table,
			rows,
			referring,
			blockers: hanging
				.filter((each) => each.on_delete === "refuse")
				.map(
					(each) => `${each.rows} rows of ${written(each.table)} may stand in the way (${each.constraint}).`,
				),
			steps: [
				`The whole database ${connection.name} is backed up, and the backup is proven.`,
				`If ${name} still holds the ${rows} rows that were backed up, all of them are deleted in one transaction.`,
				...hanging
					.filter((each) => each.on_delete === "cascade")
					.map((each) => `Up to ${each.rows} rows of ${written(each.table)} go too (${each.constraint}).`),
				"The table itself stays, empty. What is gone can be restored from the backup.",
			],
			remarks: remarksOf(factsOf(world, connection, request.table)),
			summary: `${rows} rows of ${name} in ${connection.name} are deleted.`,
		};
	},
	"table.clear.apply": (world, request, confirmation) => {
		const plan = confirmed(world, request.plan_id, "table.clear.apply", confirmation);
		openOnly(world);
		const connection = connectionOf(world, plan.subject);
		const table = plan.request as Schema["TableName"];
		return started(
			deleting(world, connection, {
				operation: "table.clear.apply",
				title: `Clear ${written(table)} in ${connection.name}`,
				table,
				rows: factsOf(world, connection, table).rows,
				left: 0,
				kept: "Safety backup before clearing",
			}),
		);
	},
};

interface Deletion {
	operation: string;
	title: string;
	table: Schema["TableName"];
	rows: number;
	left: number;
	/** Name of the backup that holds what goes; null: none is made. */
	kept: string | null;
}

function deleting(world: World, connection: Schema["Connection"], what: Deletion): string {
	const facts = factsOf(world, connection, what.table);
	return start(world, {
		operation: what.operation,
		title: what.title,
		connectionId: connection.id,
		phases: [
			...(what.kept === null
				? []
				: ["Reading rows", "Reading the backup back", "Proving: loading into a scratch database"]),
			"Deleting the rows",
		],
		totalBytes: facts.bytes,
		totalRows: what.rows,
		finish: () => {
			let held: string | null = null;
			if (what.kept !== null && what.rows > 0) {
				const made = backup(world, connection.name, what.kept, world.now(), {
					stored: Math.round(facts.bytes / 5),
					size: facts.bytes,
					level: "restored",
				});
				made.backup.pinned = what.operation === "cleanup.run";
				made.backup.whole = what.operation !== "cleanup.run";
				held = made.id;
				refreshVault(world);
				world.emit({ type: "changed", what: "backups" });
			}
			facts.rows = what.left;
			return { deleted: what.rows, left: what.left, backup_id: held, remarks: [] };
		},
	});
}

function look(world: World, request: Schema["CleanupRuleSetRequest"]): Schema["CleanupPreview"] {
	const connection = reached(world, request.connection);
	const facts = factsOf(world, connection, request.table);
	const matching = matchingOf(facts, request.rows);
	const blockers: string[] = [];
	if (matching > 0 && matching === facts.rows)
		blockers.push(
			`All ${facts.rows} rows of ${written(request.table)} would be deleted; a rule must leave some. To empty a table, clear it.`,
		);
	if (connection.read_only) blockers.push("The connection is marked read-only.");
	return {
		table: { schema: facts.schema, name: facts.name },
		total: facts.rows,
		matching,
		referring: referringTo(world, connection, request.table),
		blockers,
		remarks: remarksOf(facts),
	};
}

/** The rows are spread evenly over four hundred days; a condition must speak of a column, and takes a tenth. */
function matchingOf(facts: TableFacts, rows: Schema["RowChoice"]): number {
	const columns = facts.columns.map(([name]) => name);
	if (rows.kind === "older") {
		if (!columns.includes(rows.column))
			throw refusal("bad_request", `There is no column ${rows.column} in ${facts.name}.`, undefined, {
				native: "42703",
			});
		return Math.round(facts.rows * Math.max(0, 1 - rows.days / 400));
	}
	const spoken = columns.some((each) => new RegExp(`\\b${each}\\b`).test(rows.condition));
	if (/^\s*(true|1\s*=\s*1)\s*$/i.test(rows.condition)) return facts.rows;
	if (!spoken)
		throw refusal(
			"bad_request",
			`The condition is no SQL that runs on ${facts.name}.`,
			"Write it as after WHERE, with the columns of the table.",
			{ native: "42601" },
		);
	return Math.floor(facts.rows / 10);
}

function remarksOf({ name }: TableFacts): string[] {
	return name === "payments"
		? ["The trigger payments_gone runs at each deletion; what it does elsewhere is in no archive."]
		: [];
}

function reached(world: World, reference: string): Schema["Connection"] {
	const connection = connectionOf(world, reference);
	const health = world.health.get(connection.id);
	if (health?.state === "down") throw health.error;
	return connection;
}

function writable(world: World, reference: string): Schema["Connection"] {
	const connection = reached(world, reference);
	if (connection.read_only)
		throw refusal(
			"read_only",
			`The connection "${connection.name}" is marked read-only: no row is deleted through it.`,
			"Use a connection that may write.",
		);
	return connection;
}

function factsOf(world: World, connection: Schema["Connection"], table: Schema["TableName"]): TableFacts {
	const found = (world.tables.get(connection.id) ?? []).find(
		(each) => each.name === table.name && (table.schema == null || each.schema === table.schema),
	);
	if (found === undefined) throw refusal("not_found", `There is no table ${written(table)}.`);
	return found;
}

function ruleOf(world: World, reference: string): Schema["CleanupRule"] {
	const found = world.cleanupRules.find((each) => each.id === reference || each.name === reference);
	if (found === undefined) throw refusal("not_found", `There is no clean-up rule "${reference}".`);
	return found;
}

function written(table: Schema["TableName"]): string {
	return table.schema == null ? table.name : `${table.schema}.${table.name}`;
}
