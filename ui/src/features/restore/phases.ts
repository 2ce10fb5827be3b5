// A restore's states as steps for people, and where each stands.

import type { Schema } from "@/api/client";

type State = Schema["RestoreState"];

export const stateWords: Record<State, string> = {
	planned: "Planned",
	safety_backup: "Safety backup",
	loading: "Loading",
	proving: "Proving",
	swapping: "Swapping",
	done: "Done",
	undoing: "Undoing",
	undone: "Undone",
	released: "Released",
	failed: "Failed",
	cancelled: "Cancelled",
	interrupted: "Interrupted",
};

export function isRunning(state: State): boolean {
	return ["planned", "safety_backup", "loading", "proving", "swapping", "undoing"].includes(state);
}

export function stoppedBadly(state: State): boolean {
	return state === "failed" || state === "cancelled" || state === "interrupted";
}

export interface Phase {
	state: State;
	text: string;
	stands: "done" | "now" | "waiting";
}

export function phases(restore: Pick<Schema["Restore"], "state" | "replace">): Phase[] {
	const order: [State, string][] = [
		...(restore.replace
			? ([["safety_backup", "Safety backup of the live database, proven"]] as [State, string][])
			: []),
		["loading", "Load the rows beside the live database"],
		["proving", "Compare every table with the snapshot"],
		["swapping", restore.replace ? "Swap" : "Give it its name"],
	];
	const at = order.findIndex(([state]) => state === restore.state);
	const over = ["done", "undoing", "undone", "released"].includes(restore.state);
	return order.map(([state, text], index) => ({
		state,
		text,
		stands: over || index < at ? "done" : index === at ? "now" : "waiting",
	}));
}
