// The state of the simulated application. Believable, not complete: it exists so that the screens can be run, tested
// and photographed in a plain browser. Scenes set the stage; everything after that follows from what is done.

import type { Schema } from "../../client";

export type Scene = "full" | "fresh" | "empty" | "locked" | "sealed" | "nokeychain" | "failing";

export interface StoredPlan {
	operation: string;
	digest: string;
	confirmName: string | null;
	/** What applying it needs to know. */
	subject: string;
	request: unknown;
}

export interface World {
	scene: Scene;
	now: () => number;
	/** Milliseconds between two steps of a job; 0 in tests. */
	pace: number;
	emit: (event: Schema["Event"]) => void;
	nextId: () => string;
	vault: Schema["VaultStatus"];
	vaultPassphrase: string;
	secrets: Schema["SecretsStatus"];
	/** Of the sealed file, when there is one. */
	filePassphrase: string;
	settings: Schema["Settings"];
	connections: Schema["Connection"][];
	health: Map<string, Schema["Health"]>;
	tables: Map<string, TableFacts[]>;
	backups: Schema["BackupDetail"][];
	restores: Schema["Restore"][];
	jobs: Schema["Job"][];
	schedules: Schema["Schedule"][];
	/** Newest first. */
	runs: Schema["ScheduledRun"][];
	/** Newest first. */
	maintenance: Schema["MaintenanceRun"][];
	/** By the server's number. */
	closedSessions: Set<number>;
	cleanupRules: Schema["CleanupRule"][];
	/** By connection. */
	retention: Map<string, Schema["Retention"]>;
	/** By group. */
	groupRetention: Map<string, Schema["GroupRetention"]>;
	cancelled: Set<string>;
	audit: Schema["AuditEntry"][];
	plans: Map<string, StoredPlan>;
}

export interface TableFacts {
	schema: string | null;
	name: string;
	rows: number;
	bytes: number;
	columns: [string, string][];
}

/** Thrown by the simulated operations; arrives at the screens like any other ApiError. */
export function refusal(
	code: Schema["ErrorCode"],
	message: string,
	hint?: string,
	more: { retry?: boolean; native?: string } = {},
): Schema["ApiError"] {
	return { code, message, hint: hint ?? null, retry: more.retry ?? false, native: more.native ?? null };
}

const hexDigits = "0123456789abcdef";

/** Repeatable pseudo-random hex, so that photographs do not change from run to run. */
export function hex(seed: string, length: number): string {
	let state = 2166136261;
	for (const letter of seed) state = Math.imul(state ^ letter.charCodeAt(0), 16777619);
	let text = "";
	while (text.length < length) {
		state = Math.imul(state ^ (state >>> 15), 2246822507) + 0x9e3779b9;
		text += hexDigits[(state >>> 24) & 15];
	}
	return text;
}

export function connectionOf(world: World, reference: string): Schema["Connection"] {
	const found = world.connections.find((each) => each.id === reference || each.name === reference);
	if (found === undefined)
		throw refusal(
			"not_found",
			`There is no connection called "${reference}".`,
			"It may have been removed; go back to the overview.",
		);
	return found;
}

export function backupOf(world: World, reference: string): Schema["BackupDetail"] {
	const found = world.backups.find((each) => each.id.startsWith(reference));
	if (found === undefined)
		throw refusal(
			"not_found",
			"This backup is not in the vault any more.",
			"It was deleted while it was listed. Pick another one.",
		);
	return found;
}

export function restoreOf(world: World, reference: string): Schema["Restore"] {
	const found = world.restores.find((each) => each.id === reference);
	if (found === undefined) throw refusal("not_found", "There is no such restore.");
	return found;
}

export function replaceIn<T extends { id: string }>(list: T[], item: T): void {
	const at = list.findIndex((each) => each.id === item.id);
	if (at >= 0) list[at] = item;
	else list.unshift(item);
}
