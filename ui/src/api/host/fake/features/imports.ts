// Imports of the simulated application: a file looked through, planned, run.

import type { Schema } from "../../../client";
import { confirmed, type HandlersOf, started, store } from "../gate";
import { start } from "../jobs";
import { databaseName } from "../stage/databases";
import { connectionOf, refusal, replaceIn, type World } from "../world";

export const importOperations: HandlersOf<"import"> = {
	"import.plan": (world, request) => {
		const connection = connectionOf(world, request.to);
		const job = start(world, {
			operation: "import.plan",
			title: `Look through ${request.file}`,
			connectionId: connection.id,
			phases: ["Reading the file"],
			totalBytes: 48_213_402,
			totalRows: 0,
			finish: () => planOf(world, request),
		});
		return started(job);
	},
	"import.plan.get": (world, { job }) => {
		const result = world.jobs.find((each) => each.id === job)?.result as unknown;
		if (result == null) throw refusal("not_found", "This job has made no plan of an import.");
		return result as Schema["ImportPlan"];
	},
	"import.apply": (world, request, confirmation) => {
		const plan = confirmed(world, request.plan_id, "import.apply", confirmation);
		return apply(world, plan.request as Schema["ImportPlan"]);
	},
};

function planOf(world: World, request: Schema["ImportPlanRequest"]): Schema["ImportPlan"] {
	const connection = connectionOf(world, request.to);
	const live = databaseName(connection.spec);
	const into = request.into ?? "new";
	const tag = world.nextId().slice(0, 4);
	const sqlite = connection.spec.engine === "sqlite";
	const database =
		into === "new"
			? (request.database ?? (sqlite ? `/home/ada/imported-${tag}.sqlite` : `${live}_imported_${tag}`))
			: live;
	const staging = sqlite ? `/home/ada/restoring-${tag}.sqlite` : `${live}_restoring_${tag}`;
	const keptAs = into === "replace" ? `${live}_before_${tag}` : null;
	const hostile = request.file.includes("handmade");
	const report = reportOf(sqlite ? "sqlite" : "postgres", request.file, hostile);
	const plan: Schema["ImportPlan"] = {
		plan_id: "",
		digest: "",
		file: request.file,
		report,
		connection_id: connection.id,
		connection_name: connection.name,
		into,
		database,
		staging: into === "live" ? null : staging,
		kept_as: keptAs,
		one_transaction: true,
		safety_backup: into !== "new",
		sessions_to_end: [],
		blockers: hostile
			? [
					"Refused: line 12: \\! (commands for psql are not carried out); line 418: COPY public.staff (it runs a program on the server).",
				]
			: [],
		warnings: hostile ? [] : ["Passed over: line 31: GRANT (it is about the database the file came from)."],
		steps: [
			...(into === "new" ? [] : [`Back up “${live}” as it is now, and prove that backup.`]),
			...(into === "live"
				? [
						`Run ${report.statements} statements in “${live}” in one transaction; on any error take all of it back.`,
						"Commit.",
					]
				: [
						`Make the database ${staging}.`,
						`Run ${report.statements} statements in it in one transaction; on any error remove it.`,
						into === "new"
							? `Give it its name: ${database}.`
							: `Put it in the place of “${live}”; nobody else is connected now.`,
					]),
		],
		loses:
			into === "new"
				? null
				: into === "live"
					? `What the statements change or drop in “${live}” comes back only from the safety backup.`
					: `Everything in “${live}” leaves the live database with it; all of it stays in ${keptAs} and in the safety backup.`,
		confirm_name: into === "new" ? null : live,
		estimated_ms: 12_400,
	};
	const kept = store(world, "import.apply", plan.confirm_name ?? null, connection.id, plan);
	Object.assign(plan, kept);
	return plan;
}

function reportOf(dialect: Schema["SqlDialect"], file: string, hostile: boolean): Schema["ScriptReport"] {
	const tables: [string, number][] = [
		["public.customers", 4_180],
		["public.orders", 128_402],
		["public.order_lines", 391_774],
		["public.products", 1_904],
		["public.stock_movements", 88_310],
		["public.audit_log", 512_006],
	];
	const copies = dialect === "postgres";
	const named = tables.map(([name, rows]) => ({
		name: copies ? name : name.replace("public.", ""),
		created: true,
		dropped: false,
		changes: copies ? 1 : rows,
		rows: copies ? rows : 0,
	}));
	const rows = copies ? tables.reduce((sum, [, count]) => sum + count, 0) : 0;
	return {
		dialect,
		dialect_because: copies
			? "it contains “-- PostgreSQL database”, “standard_conforming_strings”, “FROM stdin;”"
			: "it contains “PRAGMA”, “sqlite_sequence”",
		compression: file.endsWith(".gz") ? "gzip" : file.endsWith(".zst") ? "zstd" : "none",
		file_bytes: 48_213_402,
		text_bytes: 231_904_114,
		lines: 1_127_381,
		statements: 164,
		rows,
		kinds: [
			{ kind: "ALTER TABLE", count: 48 },
			{ kind: "CREATE INDEX", count: 31 },
			{ kind: "CREATE TABLE", count: 6 },
			{ kind: copies ? "COPY" : "INSERT", count: 6 },
			{ kind: "CREATE FUNCTION", count: 4 },
			{ kind: "CREATE TRIGGER", count: 3 },
			{ kind: "SET", count: 12 },
		],
		tables: named,
		tables_total: named.length,
		refused: hostile
			? [
					{ line: 12, what: "\\!", why: "commands for psql are not carried out" },
					{ line: 418, what: "COPY public.staff", why: "it runs a program on the server" },
				]
			: [],
		refused_total: hostile ? 2 : 0,
		left_out: [],
		left_out_total: 0,
		warnings: [],
		warnings_total: 0,
		outside_transaction: [],
		broken: null,
		roles: [],
		extensions: [],
		hash: "0".repeat(64),
	};
}

function apply(world: World, plan: Schema["ImportPlan"]): Schema["Started"] {
	const id = world.nextId();
	const replace = plan.into === "replace";
	let restore: Schema["Restore"] = {
		id,
		state: "loading",
		backup_id: "",
		backup_name: plan.file.split(/[/\\]/).at(-1) ?? plan.file,
		connection_id: plan.connection_id,
		connection_name: plan.connection_name,
		replace,
		database: plan.database,
		kept_as: null,
		safety_backup_id: null,
		started_at_ms: world.now(),
		duration_ms: null,
		can_undo: false,
		can_release: false,
		proof: [],
		error: null,
		job_id: null,
		remarks: [],
		imported_from: plan.file,
		imported_into: plan.into,
	};
	const publish = (change: Partial<Schema["Restore"]>) => {
		restore = { ...restore, ...change };
		replaceIn(world.restores, restore);
	};
	const states: Schema["RestoreState"][] = plan.safety_backup
		? ["safety_backup", "loading", "swapping"]
		: ["loading", "swapping"];
	publish({});
	const job = start(world, {
		operation: "import.apply",
		title: `Import ${restore.backup_name} into ${plan.connection_name}`,
		connectionId: plan.connection_id,
		phases: states.map((state) =>
			state === "loading"
				? "Statement 97, line 603114: COPY public.order_lines"
				: state === "swapping"
					? "Putting the copy in place"
					: "Backing up the live database first",
		),
		totalBytes: plan.report.file_bytes,
		totalRows: plan.report.rows,
		onPhase: (at) => publish({ state: states[at] ?? restore.state }),
		finish: () => {
			publish({
				state: "done",
				duration_ms: world.now() - restore.started_at_ms,
				kept_as: plan.kept_as ?? null,
				can_undo: replace,
				can_release: replace,
				remarks: [`${plan.report.statements} statements, ${plan.report.rows} rows.`],
			});
			world.emit({ type: "changed", what: "restores" });
			return restore;
		},
		onStopped: (error) => publish({ state: error === null ? "cancelled" : "failed", error }),
	});
	publish({ job_id: job });
	return started(job, id);
}
