// What the list of operations says of each one. The page keeps no list of its own: what it asks again, what can be
// scheduled and what a job answers follow from here.

import type { OperationName, Schema } from "./client";
import { policies } from "./generated/policies";

export type Topic = Schema["Topic"];

/** One entry of the generated module. */
export interface OperationPolicy {
	needs: string;
	risk: "read" | "change" | "destroy";
	confirm: string;
	audit: "none" | "both";
	hosts: { window: boolean; command_line: boolean; schedule: boolean; http: boolean };
	/** What its answer tells of. */
	reads: readonly Topic[];
	/** What it changes; of long work, what its job changes too is told by events. */
	changes: readonly Topic[];
	/** The result of the job that it starts. */
	starts: keyof Schema | null;
}

type Policies = typeof policies;

// An operation without a policy does not compile.
const all: Readonly<Record<OperationName, OperationPolicy>> = policies;

/** Undefined for what is no operation: a stored job or schedule may name one of another version. */
export function policyOf(name: string): OperationPolicy | undefined {
	return Object.hasOwn(all, name) ? all[name as OperationName] : undefined;
}

/** What may be stored and run by itself. */
export type Schedulable = {
	[Name in keyof Policies]: Policies[Name]["hosts"]["schedule"] extends true ? Name : never;
}[keyof Policies];

export const schedulable = (Object.keys(policies) as OperationName[]).filter(
	(name): name is Schedulable => all[name].hosts.schedule,
);

/** What calling it has changed: its own topics, and the audit log where it is on record. */
export function changedBy(name: string): readonly Topic[] {
	const policy = policyOf(name);
	if (policy === undefined) return ["everything"];
	return policy.audit === "both" ? [...policy.changes, "audit"] : policy.changes;
}

/** The answer of this operation may be another one after these have changed. */
export function tellsOf(name: string, topics: readonly Topic[]): boolean {
	const policy = policyOf(name);
	return (
		policy !== undefined &&
		(topics.includes("everything") || policy.reads.some((topic) => topics.includes(topic)))
	);
}

/** What the job answered, as the operation that started it says. Null: it answers something else, or has not ended well. */
export function resultOf<Name extends Result>(
	job: Pick<Schema["Job"], "operation" | "result">,
	wanted: Name,
): Schema[Name] | null {
	if (job.result == null || policyOf(job.operation)?.starts !== wanted) return null;
	return job.result as unknown as Schema[Name];
}

/** Whether jobs of this operation answer that. */
export function answers(operation: string, wanted: Result): boolean {
	return policyOf(operation)?.starts === wanted;
}

/** Results of jobs, by the names of their types. */
export type Result = NonNullable<Policies[keyof Policies]["starts"]>;
