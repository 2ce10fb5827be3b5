// What a schedule runs, as people call it: the stored operation and its request.

import type { Request, Schema } from "@/api/client";
import type { Schedulable } from "@/api/policies";
import { capital, operationName } from "@/lib/text";

export type CallKind =
	| "full"
	| "schema"
	| "data"
	| "drill"
	| "analyze"
	| "integrity"
	| "retention"
	| "retention-group"
	| "cleanup"
	| "check-stored"
	| "check-decoded"
	| "health";

interface Call {
	kind: CallKind;
	operation: Schedulable;
	text: string;
	about: string;
	/** It is about one database. */
	connection: boolean;
	/** It is about one of the database's clean-up rules. */
	rule?: boolean;
	/** It is about a group of databases. */
	group?: boolean;
	request: (about: CallSubject) => Request<Schedulable>;
}

/** What a call is about, as far as it was chosen. */
export interface CallSubject {
	/** Connection id. */
	connection: string;
	/** Id of a clean-up rule; empty: none chosen. */
	rule: string;
	/** Name of a group; empty: none chosen. */
	group: string;
}

export const calls: readonly Call[] = [
	{
		kind: "full",
		operation: "backup.create",
		text: "Back up, full",
		about: "Structure and rows. Only what changed since the last one is stored.",
		connection: true,
		request: ({ connection }) => ({ connection }),
	},
	{
		kind: "schema",
		operation: "backup.create",
		text: "Back up, schema only",
		about: "Structure without rows.",
		connection: true,
		request: ({ connection }) => ({ connection, kind: "schema" }),
	},
	{
		kind: "data",
		operation: "backup.create",
		text: "Back up, data only",
		about: "Rows without structure.",
		connection: true,
		request: ({ connection }) => ({ connection, kind: "data" }),
	},
	{
		kind: "drill",
		operation: "backup.drill",
		text: "Restore drill",
		about:
			"The latest backup is restored to scratch and proven; how long that takes is the measured recovery time.",
		connection: true,
		request: ({ connection }) => ({ connection }),
	},
	{
		kind: "integrity",
		operation: "maintenance.run",
		text: "Check its integrity",
		about: "Looks for damage in the database itself.",
		connection: true,
		request: ({ connection }) => ({ connection, action: "check" }),
	},
	{
		kind: "analyze",
		operation: "maintenance.run",
		text: "Renew the planner's statistics",
		about: "ANALYZE of every table.",
		connection: true,
		request: ({ connection }) => ({ connection, action: "analyze" }),
	},
	{
		kind: "retention",
		operation: "retention.run",
		text: "Remove old backups by the rules",
		about: "What the database's retention rules let go. Never the newest good or proven one.",
		connection: true,
		request: ({ connection }) => ({ connection }),
	},
	{
		kind: "retention-group",
		operation: "retention.run",
		text: "Remove old backups of a group",
		about: "Each database of the group by the rules that hold for it.",
		connection: false,
		group: true,
		request: ({ group }) => ({ group }),
	},
	{
		kind: "cleanup",
		operation: "cleanup.run",
		text: "Delete old rows by a rule",
		about: "What a clean-up rule of the database lets go, archived first if the rule says so.",
		connection: true,
		rule: true,
		request: ({ rule }) => ({ rule }),
	},
	{
		kind: "check-stored",
		operation: "vault.check",
		text: "Check the vault: objects",
		about: "All objects present, hashes match. Quick.",
		connection: false,
		request: () => ({ level: "stored" }),
	},
	{
		kind: "check-decoded",
		operation: "vault.check",
		text: "Check the vault: content",
		about: "Every chunk decrypts and decompresses. Reads the whole vault.",
		connection: false,
		request: () => ({ level: "decoded" }),
	},
	{
		kind: "health",
		operation: "health.check",
		text: "Look whether it answers",
		about: "Connects and asks for the version.",
		connection: true,
		request: ({ connection }) => ({ connection }),
	},
];

export function callOf(kind: CallKind): Call {
	return calls.find((each) => each.kind === kind) ?? (calls[0] as Call);
}

/** In words, for any schedule: also one that the command line made. */
export function callText(schedule: Pick<Schema["Schedule"], "operation" | "request">): string {
	const request = schedule.request as Record<string, unknown>;
	if (schedule.operation === "backup.create") {
		const tables = Array.isArray(request.tables) && request.tables.length > 0 ? ", chosen tables" : "";
		return `Back up, ${request.kind ?? "full"}${tables}`;
	}
	if (schedule.operation === "maintenance.run" && typeof request.action === "string")
		return capital(request.action.replaceAll("_", " "));
	if (schedule.operation === "retention.run") return "Remove old backups";
	if (schedule.operation === "cleanup.run") return "Delete old rows";
	return operationName(schedule.operation);
}

/** What it is about: a database by its name, a group, or the vault. */
export function subjectText(
	schedule: Pick<Schema["Schedule"], "connection_id" | "request">,
	databases: ReadonlyMap<string, string>,
): string {
	const { group } = schedule.request as Record<string, unknown>;
	if (schedule.connection_id != null) return databases.get(schedule.connection_id) ?? "connection is gone";
	return typeof group === "string" ? `group ${group}` : "vault";
}
