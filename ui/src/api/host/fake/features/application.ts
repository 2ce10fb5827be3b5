// The simulated application itself: its jobs, its audit trail, its settings, the sample.

import type { HandlersOf } from "../gate";
import { cancel } from "../jobs";
import { addConnection, shopTables } from "../stage/databases";
import { offers } from "../stage/offers";
import { refusal } from "../world";

export const applicationOperations: HandlersOf<"job" | "audit" | "settings" | "sample" | "about"> = {
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
	"job.log": (world, request) => {
		const job = world.jobs.find((each) => each.id === request.job);
		if (job === undefined) throw refusal("not_found", "There is no such job.");
		const at_ms = job.started_at_ms ?? job.created_at_ms;
		const text = job.progress.phase;
		return { lines: text === "" ? [] : [{ at_ms, step: job.progress.step ?? null, text }] };
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
		engines: Object.values(offers),
	}),
};
