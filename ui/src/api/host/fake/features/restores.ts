// Restores of the simulated application: beside, proven, swapped, undone, released.

import { tableName } from "@/lib/text";
import type { Schema } from "../../../client";
import { confirmed, type HandlersOf, started, store } from "../gate";
import { start } from "../jobs";
import { tableProofs } from "../stage/backups";
import { databaseName } from "../stage/databases";
import { backupOf, connectionOf, refusal, replaceIn, restoreOf, type World } from "../world";
import { takeBackup } from "./backups";
import { chosenTables, tableSteps } from "./restoreTables";

export const restoreOperations: HandlersOf<"restore"> = {
	"restore.plan": (world, request) => {
		const detail = backupOf(world, request.backup);
		const connection = connectionOf(world, request.to);
		const replace = request.replace ?? false;
		const live = databaseName(connection.spec);
		const tag = detail.id.slice(0, 4);
		const server = connection.spec.engine !== "sqlite";
		const database = replace
			? live
			: (request.database ??
				(server ? `${detail.backup.database}_restored_${tag}` : `/home/ada/restored-${tag}.sqlite`));
		const staging = server ? `${live}_restoring_${tag}` : `${live}.restoring-${tag}`;
		const keptAs = replace ? (server ? `${live}_before_${tag}` : `${live}.before-${tag}`) : null;
		const sessions = replace && server ? 12 : 0;
		const chosen = chosenTables(detail, request, tag, connection.spec.engine === "postgres");
		const tables = chosen.length > 0;
		const blockers: string[] = [];
		if (world.health.get(connection.id)?.state === "down")
			blockers.push(`${connection.name} does not answer. Bring the server back, then look again.`);
		if (connection.read_only)
			blockers.push(
				`${connection.name} is set to read-only. Switch that off in its settings, or restore to another connection.`,
			);
		if (detail.backup.level === null)
			blockers.push("This backup did not finish, so there is nothing to restore.");
		const [first] = chosen;
		const keptTable = first?.kept_as ? tableName(first.kept_as) : null;
		const kept = tables
			? keptTable && (chosen.length > 1 ? `${keptTable} and ${chosen.length - 1} more` : keptTable)
			: keptAs;
		const plan = store(world, "restore.apply", replace ? live : null, detail.id, {
			...request,
			database: tables ? live : database,
			keptAs: kept,
			chosen,
		});
		return {
			...plan,
			backup: detail.backup,
			connection_id: connection.id,
			connection_name: connection.name,
			replace,
			database: tables ? live : database,
			staging,
			kept_as: kept,
			chosen,
			tables: tables ? chosen.length : detail.backup.table_count,
			rows: tables ? chosen.reduce((sum, each) => sum + each.rows, 0) : detail.backup.row_count,
			size_bytes: tables ? chosen.reduce((sum, each) => sum + each.bytes, 0) : detail.backup.size_bytes,
			safety_backup: replace && !tables,
			sessions_to_end: Array.from({ length: tables ? 0 : sessions }, (_, at) => ({
				id: 4120 + at * 7,
				started: `2026-01-05 09:${10 + (at % 50)}:00+00`,
				user: at % 3 === 0 ? "shop_web" : "shop_worker",
				application: at % 3 === 0 ? "web" : "sidekiq 7",
				client: `10.0.3.${20 + at}`,
				state: at % 2 === 0 ? "idle" : "active",
				idle_ms: at % 2 === 0 ? 1000 * (at + 1) : null,
				in_transaction: false,
				ours: false,
			})),
			blockers,
			globals:
				connection.spec.engine === "postgres"
					? {
							missing_roles: ["report_reader"],
							existing_roles: ["postgres", "shop_web", "shop_worker"],
							missing_tablespaces: [],
							blockers: [],
							warnings: [],
						}
					: null,
			with_globals: request.globals ?? false,
			warnings:
				connection.spec.engine === "postgres" && !request.globals
					? ["The role report_reader does not exist on this server; its grants are left out."]
					: [],
			steps: tables
				? tableSteps(chosen, tag)
				: [
						...(request.globals
							? ["Create the missing roles “report_reader”; they stay, whatever becomes of the restore."]
							: []),
						...(replace ? [`Take a safety backup of ${live} and prove it.`] : []),
						`Load ${detail.backup.table_count} tables into ${staging}, beside the live database; nobody notices.`,
						"Compare row counts and content hashes of every table with the snapshot.",
						...(replace
							? [`Swap the names in under a second; ${live} becomes ${keptAs}.`]
							: [`Give the proven copy its name, ${database}.`]),
					],
			loses: tables
				? kept &&
					`What was written after the snapshot is not in what is restored. All of it stays in ${kept}.`
				: replace
					? `Changes since the snapshot: about 41,200 rows in 9 tables. They stay in ${keptAs} until you release it.`
					: null,
			confirm_name: replace ? live : null,
			estimated_ms: detail.proofs.find((each) => each.restore_ms != null)?.restore_ms ?? null,
		};
	},
	"restore.apply": (world, request, confirmation) => {
		const plan = confirmed(world, request.plan_id, "restore.apply", confirmation);
		return apply(world, plan.subject, plan.request as Applying);
	},
	"restore.list": (world, request) => {
		const id = request.connection == null ? null : connectionOf(world, request.connection).id;
		return { restores: world.restores.filter((each) => id === null || each.connection_id === id) };
	},
	"restore.get": (world, request) => restoreOf(world, request.restore),
	"restore.undo.plan": (world, request) => followUp(world, request.restore, "undo"),
	"restore.undo.apply": (world, request, confirmation) => {
		const plan = confirmed(world, request.plan_id, "restore.undo.apply", confirmation);
		return change(world, plan.subject, "Undo restore", "undone");
	},
	"restore.release.plan": (world, request) => followUp(world, request.restore, "release"),
	"restore.release.apply": (world, request, confirmation) => {
		const plan = confirmed(world, request.plan_id, "restore.release.apply", confirmation);
		return change(world, plan.subject, "Release kept database", "released");
	},
};

interface Applying {
	to: string;
	replace?: boolean;
	database: string;
	keptAs: string | null;
	chosen?: Schema["RestoreTable"][];
}

function apply(world: World, backupId: string, request: Applying): Schema["Started"] {
	const detail = backupOf(world, backupId);
	const connection = connectionOf(world, request.to);
	const replace = request.replace ?? false;
	const chosen = request.chosen ?? [];
	const safe = replace && chosen.length === 0;
	const id = world.nextId();
	let restore: Schema["Restore"] = {
		id,
		state: safe ? "safety_backup" : "loading",
		backup_id: detail.id,
		backup_name: detail.backup.name,
		connection_id: connection.id,
		connection_name: connection.name,
		replace,
		database: request.database,
		chosen,
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
	};
	const states: Schema["RestoreState"][] = safe
		? ["safety_backup", "loading", "proving", "swapping"]
		: ["loading", "proving"];
	const publish = (change: Partial<Schema["Restore"]>) => {
		restore = { ...restore, ...change };
		replaceIn(world.restores, restore);
	};
	publish({});
	if (safe) {
		const safety = takeBackup({ ...world, emit: () => {}, jobs: [], pace: 0 }, connection, {
			note: "Safety backup before restore",
			prove: true,
		});
		publish({ safety_backup_id: safety.id });
	}
	const words: Record<string, string> = {
		safety_backup: "Taking a proven safety backup",
		loading: "Loading rows",
		proving: "Comparing every table",
		swapping: "Swapping",
	};
	const job = start(world, {
		operation: "restore.apply",
		title: `Restore ${detail.backup.name} into ${request.database}`,
		connectionId: connection.id,
		phases: states.map((state) => words[state] ?? state),
		totalBytes: detail.backup.size_bytes,
		totalRows: detail.backup.row_count,
		onPhase: (at) => {
			publish({ state: states[at] ?? restore.state });
			if (detail.backup.damaged && states[at] === "proving")
				throw refusal(
					"verification_failed",
					"The restored copy does not equal the snapshot: orders has 12,361 of 12,480 rows.",
					"The live database was not touched. Pick another backup.",
				);
		},
		finish: () => {
			publish({
				state: "done",
				duration_ms: world.now() - restore.started_at_ms,
				kept_as: request.keptAs,
				can_undo: replace,
				can_release: replace,
				proof: tableProofs(detail).filter(
					(proof) => chosen.length === 0 || chosen.some((each) => tableName(each.from) === tableName(proof)),
				),
			});
			world.emit({ type: "changed", what: "restores" });
			return { restore_id: id };
		},
		onStopped: (error) => publish({ state: error === null ? "cancelled" : "failed", error }),
	});
	publish({ job_id: job });
	return started(job, id);
}

function followUp(world: World, reference: string, what: "undo" | "release"): Schema["RestoreFollowUpPlan"] {
	const restore = restoreOf(world, reference);
	const production = connectionOf(world, restore.connection_id).environment === "production";
	// Undo loses nothing and is one step; release cannot be taken back.
	const confirmName = what === "release" && production ? restore.database : null;
	const plan = store(world, `restore.${what}.apply`, confirmName, restore.id);
	const kept = restore.kept_as ?? "the kept database";
	const aside = asideName(restore);
	return {
		...plan,
		restore,
		steps:
			what === "undo"
				? [
						`Put ${kept} back as “${restore.database}”; nobody else is connected now.`,
						`Keep the restored database as ${aside} until you release it.`,
					]
				: [
						kept.startsWith("/")
							? `Delete the file ${kept}.`
							: `Drop the database ${kept} and everything in it.`,
					],
		sessions_to_end: [],
		confirm_name: confirmName,
		loses:
			what === "undo"
				? `What was written to “${restore.database}” since the restore leaves the live database with it; it stays in ${aside}.`
				: restore.state === "undone"
					? "The restored copy is gone after this; the backup it came from stays."
					: "The database as it was before the restore is gone after this: no undo any more. Its safety backup stays.",
		tables_differing: [],
	};
}

/** What the restored database is called once an undo has moved it out of the way. */
function asideName(restore: Schema["Restore"]): string {
	return (restore.kept_as ?? restore.database).replace(/([_.])before([_-])/, "$1restoring$2");
}

function change(
	world: World,
	reference: string,
	title: string,
	state: "undone" | "released",
): Schema["Started"] {
	const restore = restoreOf(world, reference);
	const job = start(world, {
		operation: state === "undone" ? "restore.undo.apply" : "restore.release.apply",
		title: `${title} of ${restore.database}`,
		connectionId: restore.connection_id,
		phases: [state === "undone" ? "Swapping back" : "Dropping the kept database"],
		totalBytes: 0,
		totalRows: 0,
		finish: () => {
			const undone = state === "undone";
			replaceIn(world.restores, {
				...restore,
				state,
				can_undo: false,
				can_release: undone,
				kept_as: undone ? asideName(restore) : null,
			});
			world.emit({ type: "changed", what: "restores" });
			return { restore_id: restore.id };
		},
	});
	return started(job, restore.id);
}
