// The simulated gate: the shape of a handler, and the refusals every operation shares.

import type { Confirmation, OperationName, Request, Response, Schema } from "../../client";
import { hex, refusal, type StoredPlan, type World } from "./world";

export type Handler<K extends OperationName> = (
	world: World,
	request: Request<K>,
	confirmation: Confirmation | null,
) => Response<K>;
/** Asked from the command line alone: a question of `guard`, for which the window has no place, and the sessions that are kept. */
type WithoutScreen = "database.ask" | "pool.status";
type Simulated = Exclude<OperationName, WithoutScreen>;
export type Handlers<K extends Simulated = Simulated> = { [Name in K]: Handler<Name> };

/** The handlers of one feature: every operation whose name starts with one of its words. */
export type HandlersOf<Prefix extends string> = Handlers<Extract<Simulated, `${Prefix}.${string}`>>;

export function openOnly(world: World): void {
	if (world.vault.state !== "open")
		throw refusal("vault_locked", "The vault is locked.", "Unlock it with its passphrase first.");
}

export function started(jobId: string, id = jobId): Schema["Started"] {
	return { id, job_id: jobId };
}

export function store(
	world: World,
	operation: string,
	confirmName: string | null,
	subject: string,
	request: unknown = null,
): { plan_id: string; digest: string } {
	const id = world.nextId();
	const digest = hex(`digest-${id}`, 64);
	world.plans.set(id, { operation, digest, confirmName, subject, request });
	return { plan_id: id, digest };
}

/** The same three refusals as the gate's: no plan, no digest, wrong name. */
export function confirmed(
	world: World,
	planId: string,
	operation: string,
	confirmation: Confirmation | null,
): StoredPlan {
	const plan = world.plans.get(planId);
	if (plan === undefined || plan.operation !== operation)
		throw refusal("plan_moved", "This plan is not valid any more.", "Look at what will happen again.");
	if (confirmation?.digest !== plan.digest)
		throw refusal(
			"confirmation_missing",
			"The plan was not confirmed.",
			"Look at what will happen, then confirm it.",
		);
	if (plan.confirmName !== null && confirmation.name !== plan.confirmName)
		throw refusal("confirmation_wrong", `The name does not match "${plan.confirmName}".`, "Type it exactly.");
	return plan;
}
