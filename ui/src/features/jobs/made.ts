// What a job made or found, in words: by the type of result that its operation names.

import type { Schema } from "@/api/client";
import { resultOf } from "@/api/policies";
import { bytes, count, counted } from "@/lib/bytes";

export interface Made {
	backup: string | null;
	restore: string | null;
	facts: [string, string][];
}

export function madeBy(job: Schema["Job"]): Made {
	const made = resultOf(job, "BackupMade");
	// A backup that is good although its proof could not be made says so in its result.
	if (made !== null)
		return { ...nothing, backup: made.id, facts: told(["Not proven", made.not_proven?.message]) };
	const proof = resultOf(job, "ProofRecord");
	if (proof !== null)
		return { ...nothing, backup: proof.backup_id, facts: told(["Problems", problems(proof.problems)]) };
	const restore = resultOf(job, "Restore");
	if (restore !== null) return { ...nothing, restore: restore.id };
	const cleared = resultOf(job, "ClearOutcome");
	if (cleared !== null) return { ...nothing, backup: cleared.backup_id ?? null, facts: clearing(cleared) };
	return { ...nothing, facts: vaultWork(job) };
}

const nothing: Made = { backup: null, restore: null, facts: [] };

function clearing(cleared: Schema["ClearOutcome"]): [string, string][] {
	const remarks = (cleared.remarks ?? []).map((remark): [string, string] => ["Remark", remark]);
	return [["Deleted", counted(cleared.deleted, "row")], ["Left", counted(cleared.left, "row")], ...remarks];
}

function vaultWork(job: Schema["Job"]): [string, string][] {
	const check = resultOf(job, "CheckSummary");
	const freed =
		resultOf(job, "VaultPruneResult")?.freed_bytes ?? resultOf(job, "RetentionOutcome")?.freed?.freed_bytes;
	return told(
		["Objects", check === null ? null : count(check.objects)],
		["Problems", check === null ? null : problems(check.problems)],
		["Freed", freed === undefined ? null : bytes(freed)],
		["File", resultOf(job, "BackupExported")?.path],
	);
}

function problems(found: readonly unknown[] | undefined): string {
	return found === undefined || found.length === 0 ? "none" : count(found.length);
}

function told(...facts: [string, string | null | undefined][]): [string, string][] {
	return facts.filter((fact): fact is [string, string] => fact[1] != null);
}
