// A tape: what the real application answered to one story of the page, in frames. A frame begins with something that
// was done, and holds what came of it: the events, and what every question was answered from then on. Ids, moments and
// folders are replaced by stable ones, so that recording again changes a line only where the application has changed.

import type { Confirmation, Schema } from "@/api/client";

export interface Asked {
	operation: string;
	request: object;
	confirmation: Confirmation | null;
}

export type Answered = { answer: unknown } | { error: Schema["ApiError"] };

export interface Frame {
	/** Null: before anything was done. */
	act: (Asked & Answered) | null;
	events: Schema["Event"][];
	reads: (Asked & Answered)[];
}

export interface Tape {
	/** The newest moment on the tape. */
	recorded_at_ms: number;
	frames: Frame[];
}

/** What makes two questions the same: without secrets, which are on no tape. */
export function key({ operation, request, confirmation }: Asked): string {
	return JSON.stringify([operation, sorted(masked(request)), sorted(confirmation ?? {})]);
}

function sorted(value: unknown): unknown {
	if (Array.isArray(value)) return value.map(sorted);
	if (typeof value !== "object" || value === null) return value;
	return Object.fromEntries(
		Object.entries(value)
			.filter(([, each]) => each !== undefined)
			.toSorted(([left], [right]) => (left < right ? -1 : 1))
			.map(([name, each]) => [name, sorted(each)]),
	);
}

const typed = /passphrase$|^password$|^recovery_words$/;

/** The same without what was typed in secret, and with the words of no kit. */
export function masked(value: unknown, name = ""): unknown {
	if (typeof value === "string") return typed.test(name) ? "secret" : value;
	if (Array.isArray(value))
		return value.map((each, at) => (name === "words" ? `word${at + 1}` : masked(each, name)));
	if (typeof value !== "object" || value === null) return value;
	return Object.fromEntries(Object.entries(value).map(([field, each]) => [field, masked(each, field)]));
}
