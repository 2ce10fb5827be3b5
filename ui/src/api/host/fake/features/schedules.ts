// Schedules of the simulated application. They run when somebody presses "Run now"; their times are computed.

import type { OperationName, Schema } from "../../../client";
import { type Handlers, type HandlersOf, openOnly } from "../gate";
import { check, coming, localTime, words } from "../stage/timing";
import { refusal, replaceIn, type World } from "../world";

const schedulable = new Set<OperationName>([
	"vault.check",
	"health.check",
	"backup.create",
	"backup.verify",
	"retention.run",
	"cleanup.run",
	"backup.drill",
	"maintenance.run",
]);

/** The handlers of everything schedulable, given when the list is put together. */
type Callable = Partial<Record<OperationName, (world: World, request: never, confirmation: null) => unknown>>;

export function scheduleOperations(all: () => Handlers): HandlersOf<"schedule" | "run"> {
	return {
		"schedule.list": (world) => ({
			schedules: world.schedules.map((each) => shown(world, each)),
			runner_present: true,
		}),
		"schedule.get": (world, request) => shown(world, scheduleOf(world, request.schedule)),
		"schedule.agree.plan": (world, request) => {
			const schedule = scheduleOf(world, request.schedule);
			throw refusal("bad_request", `“${schedule.name}” does nothing that must be agreed to.`);
		},
		"schedule.agree.apply": () => {
			throw refusal("plan_moved", "This plan is not valid any more.", "Look at what will happen again.");
		},
		"schedule.add": (world, request) => {
			if (!schedulable.has(request.operation as OperationName))
				throw refusal("not_allowed", `${request.operation} needs a person, so it cannot be scheduled.`);
			check(request.timing);
			const name = named(world, request.name, null);
			const { connection = null, rule } = (request.request ?? {}) as { connection?: string; rule?: string };
			const cleaned = world.cleanupRules.find((each) => each.id === rule)?.connection_id;
			const schedule: Schema["Schedule"] = {
				id: world.nextId(),
				name,
				connection_id: connection ?? cleaned ?? null,
				operation: request.operation,
				request: request.request ?? {},
				timing: request.timing,
				words: "",
				enabled: request.enabled ?? true,
				created_at_ms: world.now(),
				next_run_ms: null,
				problem: null,
				last_run: null,
			};
			world.schedules.push(schedule);
			world.emit({ type: "changed", what: "schedules" });
			return shown(world, schedule);
		},
		"schedule.update": (world, request) => {
			const old = scheduleOf(world, request.schedule);
			if (request.timing) check(request.timing);
			const schedule: Schema["Schedule"] = {
				...old,
				name: request.name == null ? old.name : named(world, request.name, old.id),
				request: request.request ?? old.request,
				timing: request.timing ?? old.timing,
				enabled: request.enabled ?? old.enabled,
				problem: null,
			};
			replaceIn(world.schedules, schedule);
			world.emit({ type: "changed", what: "schedules" });
			return shown(world, schedule);
		},
		"schedule.remove": (world, request) => {
			const schedule = scheduleOf(world, request.schedule);
			world.schedules = world.schedules.filter((each) => each.id !== schedule.id);
			world.emit({ type: "changed", what: "schedules" });
			return {};
		},
		"schedule.run_now": (world, request) => {
			const schedule = scheduleOf(world, request.schedule);
			openOnly(world);
			const handler = (all() as Callable)[schedule.operation as OperationName];
			const answer = handler?.(world, schedule.request as never, null) as { job_id?: string } | undefined;
			const now = world.now();
			world.runs.unshift({
				id: world.nextId(),
				schedule_id: schedule.id,
				schedule_name: schedule.name,
				due_ms: now,
				attempt: 1,
				missed: 0,
				state: answer?.job_id === undefined ? "succeeded" : "running",
				starts_at_ms: now,
				started_at_ms: now,
				ended_at_ms: answer?.job_id === undefined ? now : null,
				job_id: answer?.job_id ?? null,
				error: null,
			});
			world.emit({ type: "changed", what: "schedules" });
			return shown(world, schedule);
		},
		"schedule.preview": (world, { timing }) => {
			check(timing);
			const now = world.now();
			return {
				words: words(timing),
				next: coming(timing, now, Number.POSITIVE_INFINITY, 5, now).map((at_ms) => ({
					at_ms,
					local: localTime(at_ms, timing.zone),
				})),
			};
		},
		"schedule.coming": (world, request) => {
			const from = Math.max(request.from_ms ?? 0, world.now());
			const runs = world.schedules
				.filter((each) => each.enabled)
				.flatMap((each) =>
					coming(each.timing, from, request.until_ms, 500, each.created_at_ms).map((at_ms) => ({
						schedule_id: each.id,
						at_ms,
					})),
				);
			return { runs: runs.toSorted((left, right) => left.at_ms - right.at_ms), cut_short: [] };
		},
		"run.list": (world, request) => {
			const id = request.schedule == null ? null : scheduleOf(world, request.schedule).id;
			return {
				runs: world.runs
					.filter(
						(each) =>
							(id === null || each.schedule_id === id) &&
							(request.before_ms == null || each.due_ms < request.before_ms),
					)
					.map((each) => followed(world, each))
					.slice(0, request.limit ?? 100),
			};
		},
	};
}

function scheduleOf(world: World, reference: string): Schema["Schedule"] {
	const found = world.schedules.find((each) => each.id === reference || each.name === reference);
	if (found === undefined) throw refusal("not_found", "There is no such schedule.");
	return found;
}

function named(world: World, text: string, own: string | null): string {
	const name = text.trim();
	if (name === "") throw refusal("bad_request", "A schedule needs a name of 1 to 200 characters.");
	if (world.schedules.some((each) => each.name === name && each.id !== own))
		throw refusal("already_exists", `There is a schedule called “${name}” already.`, "Choose another name.");
	return name;
}

function shown(world: World, schedule: Schema["Schedule"]): Schema["Schedule"] {
	const now = world.now();
	const last = world.runs.find((each) => each.schedule_id === schedule.id);
	return {
		...schedule,
		words: words(schedule.timing),
		next_run_ms: schedule.enabled
			? (coming(schedule.timing, now, Number.POSITIVE_INFINITY, 1, schedule.created_at_ms)[0] ?? null)
			: null,
		last_run: last === undefined ? null : followed(world, last),
	};
}

/** A run ends as its job does. */
function followed(world: World, run: Schema["ScheduledRun"]): Schema["ScheduledRun"] {
	const job = world.jobs.find((each) => each.id === run.job_id);
	if (run.state !== "running" || job === undefined || job.state === "running" || job.state === "queued")
		return run;
	return { ...run, state: job.state, ended_at_ms: job.ended_at_ms, error: job.error };
}
