// A schedule as the form holds it, and the request it becomes.

import type { Request, Schema } from "@/api/client";
import { type CallKind, type CallSubject, callOf } from "./calls";
import type { Preset } from "./presets";
import { blankWhen, fromWhen, toWhen, type WhenDraft } from "./when";

export interface ScheduleDraft extends CallSubject {
	/** Empty: made of the database's name and what is chosen. */
	name: string;
	call: CallKind;
	when: WhenDraft;
	zone: string;
	window: Schema["Window"] | null;
	missed: Schema["Missed"];
	/** Minutes; a start is spread over so many. */
	jitter: string;
}

export const homeZone = Intl.DateTimeFormat().resolvedOptions().timeZone;

export const usualWindow: Schema["Window"] = {
	days: ["mon", "tue", "wed", "thu", "fri", "sat", "sun"],
	from: "22:00",
	until: "06:00",
	at_close: "finish",
};

export function blankDraft(about: Partial<CallSubject>, preset?: Preset): ScheduleDraft {
	const { connection = "", rule = "", group = "" } = about;
	return {
		name: "",
		call: rule !== "" ? "cleanup" : group !== "" ? "retention-group" : (preset?.call ?? "full"),
		connection,
		rule,
		group,
		when: preset?.when ?? blankWhen,
		zone: homeZone,
		window: null,
		missed: "catch_up",
		jitter: "0",
	};
}

export function draftOf(schedule: Schema["Schedule"]): ScheduleDraft {
	const { timing } = schedule;
	return {
		...blankDraft({ connection: schedule.connection_id ?? "" }),
		name: schedule.name,
		when: fromWhen(timing.when),
		zone: timing.zone,
		window: timing.window ?? null,
		missed: timing.missed ?? "catch_up",
		jitter: String((timing.jitter_seconds ?? 0) / 60),
	};
}

/** Null while something is missing. */
export function timingOf(draft: ScheduleDraft): Schema["Timing"] | null {
	const when = toWhen(draft.when);
	const minutes = Number(draft.jitter);
	if (when === null || draft.zone.trim() === "" || !(minutes >= 0)) return null;
	if (draft.window?.days.length === 0) return null;
	return {
		when,
		zone: draft.zone.trim(),
		window: draft.window,
		missed: draft.missed,
		jitter_seconds: Math.round(minutes * 60),
	};
}

export function addRequest(
	draft: ScheduleDraft,
	name: string,
	timing: Schema["Timing"],
): Request<"schedule.add"> {
	const call = callOf(draft.call);
	return {
		name,
		operation: call.operation,
		// The generated type of "any object" admits no fields; the operation checks them.
		request: call.request(draft) as Request<"schedule.add">["request"],
		timing,
		enabled: true,
	};
}
