// Maintenance and sessions of the simulated application.

import type { Schema } from "../../../client";
import { confirmed, type HandlersOf, started, store } from "../gate";
import { start } from "../jobs";
import { actionsOf, sessionsOf } from "../stage/maintenance";
import { connectionOf, refusal, type World } from "../world";

type Run = Schema["MaintenanceRun"];

export const maintenanceOperations: HandlersOf<"maintenance" | "session"> = {
	"maintenance.list": (world, request) => {
		const connection = connectionOf(world, request.connection);
		return {
			connection_id: connection.id,
			actions: actionsOf(connection.spec.engine).map((action) => ({
				...action,
				last: lastOf(world, connection.id, action.kind),
			})),
		};
	},
	"maintenance.plan": (world, request) => {
		const { connection, action } = asked(world, request);
		const all = world.tables.get(connection.id) ?? [];
		const chosen = request.tables ?? [];
		const tables = all.filter(
			(table) => chosen.length === 0 || chosen.some((each) => each.name === table.name),
		);
		const last = lastOf(world, connection.id, action.kind);
		return {
			...store(world, "maintenance.apply", null, connection.id, request),
			action,
			extent: {
				tables: tables.length,
				bytes: tables.reduce((sum, each) => sum + each.bytes, 0),
				remarks:
					action.kind === "vacuum_full" ? ["It needs as much free room as the largest table takes."] : [],
			},
			estimated_ms: last?.duration_ms ?? null,
			last,
		};
	},
	"maintenance.apply": (world, request, confirmation) => {
		const plan = confirmed(world, request.plan_id, "maintenance.apply", confirmation);
		return begin(world, plan.request as Schema["MaintenanceRequest"]);
	},
	"maintenance.run": (world, request) => {
		const { action } = asked(world, request);
		if (action.warning != null)
			throw refusal("confirmation_missing", `${action.title}: nobody has agreed to it yet.`, "Agree to it.");
		return begin(world, request);
	},
	"maintenance.history": (world, request) => ({
		runs: world.maintenance
			.filter(
				(each) =>
					(request.connection == null || each.connection_id === connectionOf(world, request.connection).id) &&
					(request.action == null || each.action === request.action),
			)
			.slice(0, request.limit ?? 100),
	}),

	"session.list": (world, request) => {
		const connection = connectionOf(world, request.connection);
		if (connection.spec.engine === "sqlite") throw refusal("unsupported", "A file has no sessions.");
		return { sessions: sessionsOf(world, connection.id) };
	},
	"session.close.plan": (world, request) => {
		const connection = connectionOf(world, request.connection);
		const sessions = sessionsOf(world, connection.id).filter(
			(each) =>
				!each.ours &&
				(each.idle_ms ?? 0) > request.idle_ms &&
				(!each.in_transaction || request.in_transaction === true),
		);
		return {
			sessions,
			summary: `${sessions.length} sessions of ${connection.name} end. Holdfast's own stay.`,
			...store(world, "session.close.apply", null, connection.id, sessions),
		};
	},
	"session.close.apply": (world, request, confirmation) => {
		const plan = confirmed(world, request.plan_id, "session.close.apply", confirmation);
		const closed = plan.request as Schema["ServerSession"][];
		for (const each of closed) world.closedSessions.add(each.id);
		return { closed, left_alone: 0 };
	},
};

function asked(world: World, request: Schema["MaintenanceRequest"]) {
	const connection = connectionOf(world, request.connection);
	const action = actionsOf(connection.spec.engine).find((each) => each.kind === request.action);
	if (action === undefined) throw refusal("unsupported", `${connection.name} does not know this.`);
	return { connection, action };
}

function lastOf(world: World, connection: string, kind: Schema["MaintenanceKind"]): Run | null {
	return world.maintenance.find((each) => each.connection_id === connection && each.action === kind) ?? null;
}

function begin(world: World, request: Schema["MaintenanceRequest"]) {
	const { connection, action } = asked(world, request);
	const tables = (world.tables.get(connection.id) ?? []).slice(0, 400);
	const bytes = tables.reduce((sum, each) => sum + each.bytes, 0);
	const run: Run = {
		job_id: "",
		connection_id: connection.id,
		action: action.kind,
		tables: request.tables ?? [],
		state: "running",
		created_at_ms: world.now(),
		duration_ms: null,
		report: null,
		error: null,
	};
	run.job_id = start(world, {
		operation: "maintenance.run",
		title: `${action.title} of ${connection.name}`,
		connectionId: connection.id,
		phases: tables.slice(0, 3).map((each) => `${action.title} ${each.name}`),
		totalBytes: bytes,
		totalRows: 0,
		finish: () => {
			const ended: Run = {
				...run,
				state: "succeeded",
				duration_ms: Math.max(1, world.now() - run.created_at_ms),
				report: {
					tables: tables.length,
					bytes_before: bytes,
					bytes_after: action.writes ? Math.round(bytes * 0.93) : bytes,
					findings: [],
				},
			};
			world.maintenance = world.maintenance.map((each) => (each.job_id === run.job_id ? ended : each));
			return ended.report;
		},
		onStopped: (error) => {
			world.maintenance = world.maintenance.map((each) =>
				each.job_id === run.job_id
					? { ...each, state: error === null ? "cancelled" : "failed", error }
					: each,
			);
		},
	});
	world.maintenance.unshift(run);
	return started(run.job_id);
}
