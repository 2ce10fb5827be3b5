// Retention in the simulated application: the same rules, over the backups that are there.

import type { Schema } from "../../../client";
import { confirmed, type HandlersOf, openOnly, started, store } from "../gate";
import { start } from "../jobs";
import { day } from "../stage/units";
import { refreshVault } from "../stage/vault";
import { connectionOf, refusal, type World } from "../world";

type Reason = Schema["KeepReason"];

export const retentionOperations: HandlersOf<"retention"> = {
	"retention.get": (world, request) => retentionOf(world, connectionOf(world, request.connection).id),
	"retention.set.plan": (world, request) => {
		const { id, name } = connectionOf(world, request.connection);
		const now = retentionOf(world, id);
		const group = world.connections.find((each) => each.id === id)?.group ?? "";
		const inherited = world.groupRetention.get(group);
		const retention = request.inherit
			? { connection_id: id, rules: inherited?.rules ?? {}, zone: inherited?.zone ?? "UTC" }
			: { connection_id: id, rules: request.rules, zone: request.zone ?? now.zone };
		const { going, staying, frees_bytes } = judged(world, retention);
		return {
			...store(world, "retention.set.apply", null, id, { retention, inherit: request.inherit === true }),
			retention,
			going,
			staying: staying.length,
			frees_bytes,
			most_backups: Math.max(going.length * 2, 10),
			summary: `Whenever the rules of ${name} are carried out, up to ${Math.max(going.length * 2, 10)} backups go; ${going.length} would go now, ${staying.length} stay.`,
		};
	},
	"retention.set.apply": (world, request, confirmation) => {
		const plan = confirmed(world, request.plan_id, "retention.set.apply", confirmation);
		const { retention, inherit } = plan.request as { retention: Schema["Retention"]; inherit: boolean };
		if (inherit) world.retention.delete(plan.subject);
		else world.retention.set(plan.subject, retention);
		return retentionOf(world, plan.subject);
	},
	"retention.group.list": (world) => ({ groups: [...world.groupRetention.values()] }),
	"retention.group.preview": (world, request) => {
		openOnly(world);
		const set = world.groupRetention.get(request.group);
		const rules = request.rules ?? set?.rules ?? {};
		return { members: wouldGo(world, request.group, rules, request.zone ?? set?.zone ?? "UTC") };
	},
	"retention.group.set.plan": (world, request) => {
		const { group, rules } = request;
		const zone = request.zone ?? world.groupRetention.get(group)?.zone ?? "UTC";
		const members = rules == null ? [] : wouldGo(world, group, rules, zone);
		const going = members.reduce((sum, each) => sum + (each.own ? 0 : each.going.length), 0);
		return {
			...store(world, "retention.group.set.apply", null, group, { group, rules, zone }),
			group,
			rules: rules ?? null,
			zone,
			members,
			most_backups: Math.max(going * 2, 10),
			summary:
				rules == null
					? `The group ${group} has no rules any more; every backup of its members stays.`
					: `Whenever the rules are carried out, old backups of its members go; ${going} would go now.`,
		};
	},
	"retention.group.set.apply": (world, request, confirmation) => {
		const plan = confirmed(world, request.plan_id, "retention.group.set.apply", confirmation);
		const { group, rules, zone } = plan.request as Schema["GroupRetention"];
		if (rules == null) world.groupRetention.delete(group);
		else world.groupRetention.set(group, { group, rules, zone });
		return { groups: [...world.groupRetention.values()] };
	},
	"retention.plan": (world, request) => {
		openOnly(world);
		const { id } = connectionOf(world, request.connection);
		const set = retentionOf(world, id);
		const plan = judged(world, { ...set, rules: request.rules ?? set.rules });
		return { ...plan, ...store(world, "retention.apply", null, id) };
	},
	"retention.apply": (world, request, confirmation) => {
		const plan = confirmed(world, request.plan_id, "retention.apply", confirmation);
		return carryOut(world, plan.subject);
	},
	"retention.run": (world, request) => {
		const members =
			request.connection == null
				? membersOf(world, request.group ?? "")
				: [connectionOf(world, request.connection)];
		return started(
			start(world, {
				operation: "retention.run",
				title: `Remove old backups of ${members.length} connections`,
				connectionId: null,
				phases: ["Removing old backups"],
				totalBytes: 0,
				totalRows: 0,
				finish: () => {
					const done = members.map((each) => carryOut(world, each.id));
					const kept = done.reduce((sum, each) => sum + each.kept, 0);
					return { deleted: done.flatMap((each) => each.deleted), kept };
				},
			}),
		);
	},
};

function wouldGo(world: World, group: string, rules: Schema["RetentionRules"], zone: string) {
	return membersOf(world, group)
		.map(({ id, name }) => {
			const own = world.retention.get(id);
			const plan = judged(world, own ?? { connection_id: id, rules, zone });
			return {
				connection_id: id,
				connection: name,
				own: own !== undefined,
				going: plan.going,
				staying: plan.staying.length,
				frees_bytes: plan.frees_bytes,
			};
		})
		.toSorted((left, right) => left.connection.localeCompare(right.connection));
}

function retentionOf(world: World, id: string): Schema["Retention"] {
	const own = world.retention.get(id);
	if (own !== undefined) return own;
	const group = world.connections.find((each) => each.id === id)?.group;
	const set = group == null ? undefined : world.groupRetention.get(group);
	if (set === undefined) return { connection_id: id, rules: {}, zone: "UTC" };
	return { connection_id: id, rules: set.rules, zone: set.zone, of_group: set.group };
}

function membersOf(world: World, group: string): Schema["Connection"][] {
	const members = world.connections.filter((each) => each.group === group);
	if (members.length === 0)
		throw refusal(
			"not_found",
			`No connection is in the group "${group}".`,
			"Give connections this group first.",
		);
	return members;
}

function carryOut(world: World, id: string): Schema["RetentionOutcome"] {
	const plan = judged(world, retentionOf(world, id));
	const deleted = plan.going.map((each) => each.id);
	world.backups = world.backups.filter((each) => !deleted.includes(each.id));
	refreshVault(world);
	world.emit({ type: "changed", what: "backups" });
	return { deleted, kept: plan.staying.length };
}

function judged(world: World, retention: Schema["Retention"]): Schema["RetentionPlan"] {
	const mine = world.backups
		.map((each) => each.backup)
		.filter(
			(each) =>
				each.connection_id === retention.connection_id &&
				(each.state === "complete" || each.state === "partial"),
		)
		.toSorted((left, right) => right.created_at_ms - left.created_at_ms);
	const staying: Schema["StayingBackup"][] = [];
	const going: Schema["Backup"][] = [];
	// Each kind by itself: a schema backup takes no full one's place.
	for (const kind of ["full", "schema", "data"] as const) {
		const series = mine.filter((each) => each.kind === kind);
		const taken = new Map<string, Set<string>>();
		series.forEach((backup, place) => {
			const reasons = reasonsOf(retention.rules, series, backup, place, taken);
			if (reasons.length > 0) staying.push({ backup, reasons });
			else going.push(backup);
		});
	}
	const counted = (value: number) => `${value} backup${value === 1 ? "" : "s"}`;
	return {
		plan_id: "",
		digest: "",
		retention,
		going,
		staying: staying.toSorted((left, right) => right.backup.created_at_ms - left.backup.created_at_ms),
		frees_bytes: going.reduce((sum, each) => sum + each.stored_bytes, 0),
		summary:
			going.length === 0
				? `Nothing goes; ${counted(staying.length)} stay.`
				: `${counted(going.length)} ${going.length === 1 ? "is" : "are"} deleted, ${counted(staying.length)} kept. Their room is freed by the next prune.`,
	};
}

function reasonsOf(
	rules: Schema["RetentionRules"],
	series: readonly Schema["Backup"][],
	backup: Schema["Backup"],
	place: number,
	taken: Map<string, Set<string>>,
): Reason[] {
	const reasons: Reason[] = [];
	if (Object.values(rules).every((rule) => rule == null)) reasons.push({ kind: "no_rules" });
	if (backup.pinned) reasons.push({ kind: "pinned" });
	if (backup.damaged) reasons.push({ kind: "damaged" });
	if (series.find((each) => each.level === "restored" && !each.damaged)?.id === backup.id)
		reasons.push({ kind: "newest_proven" });
	if (place === 0) reasons.push({ kind: "newest" });
	if (place < (rules.keep_last ?? 0)) reasons.push({ kind: "last", place: place + 1 });
	if (((series[0]?.created_at_ms ?? 0) - backup.created_at_ms) / day < (rules.keep_days ?? 0))
		reasons.push({ kind: "days" });
	const date = new Date(backup.created_at_ms).toISOString();
	const monday = new Date(
		backup.created_at_ms - ((new Date(backup.created_at_ms).getUTCDay() + 6) % 7) * day,
	);
	const spans: [string, number | null | undefined, string, (name: string) => Reason][] = [
		["day", rules.daily, date.slice(0, 10), (day) => ({ kind: "daily", day })],
		["week", rules.weekly, monday.toISOString().slice(0, 10), (week) => ({ kind: "weekly", week })],
		["month", rules.monthly, date.slice(0, 7), (month) => ({ kind: "monthly", month })],
		["year", rules.yearly, date.slice(0, 4), (year) => ({ kind: "yearly", year })],
	];
	for (const [span, most, name, reason] of spans) {
		const known = taken.get(span) ?? new Set();
		taken.set(span, known);
		if (known.has(name) || known.size >= (most ?? 0)) continue;
		known.add(name);
		reasons.push(reason(name));
	}
	return reasons;
}
