// What a job made or found, read from its result. The wire leaves its shape open, so nothing here is taken for granted.

import type { Schema } from "@/api/client";
import { bytes, count, counted } from "@/lib/bytes";
import { clearedBy } from "@/lib/cleared";

export interface Made {
	backup: string | null;
	restore: string | null;
	facts: [string, string][];
}

export function madeBy(job: Schema["Job"]): Made {
	const result: unknown = job.result;
	const fields = typeof result === "object" && result !== null ? (result as Record<string, unknown>) : {};
	const text = (...names: string[]) => {
		for (const name of names) {
			const value = fields[name];
			if (typeof value === "string" && value !== "") return value;
		}
		return null;
	};
	const about = job.operation.split(".")[0];
	const facts: [string, string][] = [];
	const number = (name: string) => (typeof fields[name] === "number" ? (fields[name] as number) : null);
	const objects = number("objects");
	if (objects !== null) facts.push(["Objects", count(objects)]);
	const problems = fields.problems;
	if (Array.isArray(problems))
		facts.push(["Problems", problems.length === 0 ? "none" : count(problems.length)]);
	const freed = number("freed_bytes");
	if (freed !== null) facts.push(["Freed", bytes(freed)]);
	// A backup that is good although its proof could not be made says so in its result.
	const unproven = fields.not_proven as { message?: unknown } | null | undefined;
	if (typeof unproven?.message === "string") facts.push(["Not proven", unproven.message]);
	const path = text("path", "to");
	if (path !== null && job.operation === "backup.export") facts.push(["File", path]);
	const cleared = clearedBy(job);
	if (cleared !== null) {
		facts.push(["Deleted", counted(cleared.deleted, "row")], ["Left", counted(cleared.left, "row")]);
		for (const remark of cleared.remarks) facts.push(["Remark", remark]);
		return { backup: cleared.backup, restore: null, facts };
	}
	return {
		backup:
			about === "backup" ? (text("backup_id", "id") ?? (typeof result === "string" ? result : null)) : null,
		restore:
			about === "restore" ? (text("restore_id", "id") ?? (typeof result === "string" ? result : null)) : null,
		facts,
	};
}
