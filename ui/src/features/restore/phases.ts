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

export function phases(
	restore: Pick<Schema["Restore"], "state" | "replace" | "imported_into" | "chosen">,
): Phase[] {
	const order: [State, string][] =
		restore.imported_into == null
			? restoring(restore.replace, (restore.chosen ?? []).length > 0)
			: importing(restore);
	return standing(order, restore.state);
}

function importing({ imported_into: into }: Pick<Schema["Restore"], "imported_into">): [State, string][] {
	const safety: [State, string][] =
		into === "new" ? [] : [["safety_backup", "Safety backup of the live database, proven"]];
	return [
		...safety,
		[
			"loading",
			into === "live"
				? "Run the statements in one transaction"
				: "Run the statements beside the live database",
		],
		["swapping", into === "live" ? "Commit" : into === "replace" ? "Swap" : "Give it its name"],
	];
}

function restoring(replace: boolean, tables: boolean): [State, string][] {
	return [
		...(replace && !tables
			? ([["safety_backup", "Safety backup of the live database, proven"]] as [State, string][])
			: []),
		["loading", tables ? "Load the rows beside the live tables" : "Load the rows beside the live database"],
		["proving", "Compare every table with the snapshot"],
		[
			"swapping",
			tables ? "Put the tables in place, in one transaction" : replace ? "Swap" : "Give it its name",
		],
	];
}

function standing(order: [State, string][], state: State): Phase[] {
	const at = order.findIndex(([each]) => each === state);
	const over = ["done", "undoing", "undone", "released"].includes(state);
	return order.map(([each, text], index) => ({
		state: each,
		text,
		stands: over || index < at ? "done" : index === at ? "now" : "waiting",
	}));
}
