// The one way from the screens to the application: `call(name, request)`. Name, request and response are checked
// against the generated list of operations; nobody may invent a response type.

import type { components, paths } from "./generated/types";
import type { Host } from "./host/host";

export type Schema = components["schemas"];

type PathOf<K extends string> = `/call/${K}`;
type Post<P> = P extends { post: infer Operation } ? Operation : never;

export type OperationName = keyof paths extends infer P ? (P extends PathOf<infer K> ? K : never) : never;

export type Request<K extends OperationName> =
	Post<paths[PathOf<K>]> extends { requestBody: { content: { "application/json": infer Body } } }
		? Body
		: never;

export type Response<K extends OperationName> =
	Post<paths[PathOf<K>]> extends { responses: { 200: { content: { "application/json": infer Body } } } }
		? Body
		: never;

/** What a person has agreed to: the digest of the plan that was shown, and the name they typed. */
export interface Confirmation {
	digest?: string;
	name?: string;
}

export type ErrorCode = Schema["ErrorCode"];

/** An error as it left the application. Nothing else is thrown by `call`. */
export class CallError extends Error {
	readonly code: ErrorCode;
	readonly hint: string | null;
	readonly retry: boolean;
	readonly native: string | null;

	constructor(error: Schema["ApiError"]) {
		super(error.message);
		this.name = "CallError";
		this.code = error.code;
		this.hint = error.hint ?? null;
		this.retry = error.retry;
		this.native = error.native ?? null;
	}
}

/** Whatever a host rejects with becomes a CallError: an ApiError keeps its facts, the rest says so honestly. */
export function toCallError(reason: unknown): CallError {
	if (reason instanceof CallError) return reason;
	const value = typeof reason === "string" ? parsed(reason) : reason;
	if (isApiError(value)) return new CallError(value);
	const text = value instanceof Error ? value.message : typeof value === "string" ? value : "";
	return new CallError({
		code: "internal",
		message: "Something went wrong inside Holdfast.",
		hint: "Try again. If it happens again, the audit page shows the last step that worked.",
		retry: true,
		native: text === "" ? null : text,
	});
}

function parsed(text: string): unknown {
	try {
		return JSON.parse(text);
	} catch {
		return text;
	}
}

function isApiError(value: unknown): value is Schema["ApiError"] {
	if (typeof value !== "object" || value === null) return false;
	const { code, message } = value as Record<string, unknown>;
	return typeof code === "string" && typeof message === "string";
}

let current: Host | null = null;

export function setHost(host: Host): void {
	current = host;
}

export function host(): Host {
	if (current === null) throw new Error("no host was chosen before the first call");
	return current;
}

export async function call<K extends OperationName>(
	name: K,
	request: Request<K>,
	confirmation?: Confirmation,
): Promise<Response<K>> {
	try {
		return (await host().invoke(name, request as object, confirmation ?? null)) as Response<K>;
	} catch (reason) {
		throw toCallError(reason);
	}
}
