// What a job that deletes rows has done, read from its result. The wire leaves the result's shape open, so nothing is
// taken for granted.

import type { Schema } from "@/api/client";

export interface Cleared {
	deleted: number;
	/** Rows of the table afterwards. */
	left: number;
	/** Id of the proven backup that holds what is gone. */
	backup: string | null;
	remarks: string[];
}

const clearing = new Set(["cleanup.run", "table.clear.apply"]);

export function clearsRows(job: Pick<Schema["Job"], "operation">): boolean {
	return clearing.has(job.operation);
}

/** Null: the job does something else, or has not ended well. */
export function clearedBy(job: Pick<Schema["Job"], "operation" | "result">): Cleared | null {
	const result: unknown = job.result;
	if (!clearsRows(job) || typeof result !== "object" || result === null) return null;
	const { deleted, left, backup_id, remarks } = result as Record<string, unknown>;
	if (typeof deleted !== "number" || typeof left !== "number") return null;
	return {
		deleted,
		left,
		backup: typeof backup_id === "string" && backup_id !== "" ? backup_id : null,
		remarks: Array.isArray(remarks) ? remarks.filter((each) => typeof each === "string") : [],
	};
}
