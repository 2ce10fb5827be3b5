// Schedules as an administrator has set them up, and what became of their runs.

import type { Schema } from "../../../client";
import { refusal, type World } from "../world";
import { coming } from "./timing";
import { day, hour, minute } from "./units";

const zone = "Europe/Berlin";

export function pastSchedules(world: World, now: number): void {
	const idOf = (name: string) => world.connections.find((each) => each.name === name)?.id ?? "";
	const add = (
		name: string,
		connection: string | null,
		operation: string,
		when: Schema["When"],
		more: Omit<Partial<Schema["Schedule"]>, "request"> & {
			request?: Record<string, unknown>;
			window?: Schema["Window"];
		} = {},
	) => {
		const id = connection === null ? null : idOf(connection);
		const { request, window, ...rest } = more;
		const schedule: Schema["Schedule"] = {
			id: world.nextId(),
			name,
			connection_id: id,
			operation,
			request: { ...(id === null ? {} : { connection: id }), ...request } as Schema["Schedule"]["request"],
			timing: { when, zone, window: window ?? null, missed: "catch_up", jitter_seconds: 0 },
			words: "",
			enabled: true,
			created_at_ms: now - 60 * day,
			next_run_ms: null,
			problem: null,
			last_run: null,
			...rest,
		};
		world.schedules.push(schedule);
		return schedule;
	};
	const nightly = add("Shop nightly", "Shop", "backup.create", { kind: "cron", pattern: "0 2 * * *" });
	const often = add("Billing every 6 hours", "Billing", "backup.create", {
		kind: "every",
		seconds: 6 * 3600,
	});
	const schema = add(
		"Shop schema",
		"Shop",
		"backup.create",
		{ kind: "cron", pattern: "30 3 * * sun" },
		{ request: { kind: "schema" } },
	);
	const wiki = add(
		"Wiki nightly",
		"Wiki",
		"backup.create",
		{ kind: "cron", pattern: "15 2 * * *" },
		{
			window: { days: ["mon", "tue", "wed", "thu", "fri", "sat", "sun"], from: "22:00", until: "06:00" },
			problem: refusal(
				"connection_refused",
				"wiki.example.com refused the connection on port 5432.",
				"Check that PostgreSQL is running there and that a firewall lets this machine in.",
				{ retry: true, native: "ECONNREFUSED (111)" },
			),
		},
	);
	const tidy = add("Shop retention", "Shop", "retention.run", { kind: "cron", pattern: "0 5 * * *" });
	add(
		"Vault check",
		null,
		"vault.check",
		{ kind: "cron", pattern: "0 4 * * sun" },
		{ request: { level: "decoded" } },
	);
	add(
		"Analytics monthly",
		"Analytics",
		"backup.create",
		{ kind: "cron", pattern: "0 1 1 * *" },
		{ enabled: false },
	);
	for (const schedule of [nightly, often, schema, wiki, tidy])
		for (const due of coming(schedule.timing, now - 30 * day, now, 400, schedule.created_at_ms))
			world.runs.push(runAt(world, schedule, due, schedule === wiki && now - due < 3 * day, now));
	world.runs.sort((left, right) => right.due_ms - left.due_ms);
}

function runAt(
	world: World,
	schedule: Schema["Schedule"],
	due: number,
	fails: boolean,
	now: number,
): Schema["ScheduledRun"] {
	const skipped = !fails && Math.floor(due / day) % 11 === 3;
	return {
		id: world.nextId(),
		schedule_id: schedule.id,
		schedule_name: schedule.name,
		due_ms: due,
		attempt: fails ? 5 : 1,
		missed: 0,
		state: fails ? "failed" : skipped ? "skipped" : "succeeded",
		starts_at_ms: due,
		started_at_ms: skipped ? null : due + 4_000,
		ended_at_ms: Math.min(now, due + (fails ? hour : 4 * minute)),
		job_id: null,
		error: fails
			? (schedule.problem ?? null)
			: skipped
				? refusal("interrupted", "It was still waiting when the next one came due, which stands for both.")
				: null,
	};
}
