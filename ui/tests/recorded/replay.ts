// A host that answers from a tape. What is done must be what was done when it was recorded, in that order; questions are
// answered as in the frame that is reached.

import type { Confirmation, Schema } from "@/api/client";
import type { Host } from "@/api/host/host";
import { type Answered, type Asked, key, type Tape } from "./tape";

export type Dialogs = Pick<Host, "chooseSavePath" | "chooseFolder" | "chooseFile" | "desktopState">;

export interface Replay extends Host {
	/** Questions that the tape does not answer. A test with any has failed. */
	readonly missing: readonly string[];
}

export function replay(tape: Tape, dialogs: Dialogs): Replay {
	let at = 0;
	const missing: string[] = [];
	const listeners = new Set<(event: Schema["Event"]) => void>();
	const tell = (events: readonly Schema["Event"][]) => {
		for (const event of events)
			queueMicrotask(() => {
				for (const listener of listeners) listener(structuredClone(event));
			});
	};
	const answer = (asked: Asked): Answered => {
		const wanted = key(asked);
		const next = tape.frames[at + 1];
		if (next?.act && key(next.act) === wanted) {
			at += 1;
			tell(next.events);
			return next.act;
		}
		// What was asked a little earlier or later when it was recorded: the nearest answer before, else after.
		const near = [...tape.frames.slice(0, at + 1).toReversed(), ...tape.frames.slice(at + 1)];
		for (const frame of near) {
			const found = frame.reads.find((each) => key(each) === wanted);
			if (found !== undefined) return found;
		}
		missing.push(
			`${wanted} in frame ${at}; what is done next on the tape: ${next?.act ? key(next.act) : "nothing"}`,
		);
		throw new Error("not on the tape");
	};
	return {
		kind: "recorded",
		missing,
		async invoke(operation: string, request: object, confirmation: Confirmation | null) {
			const found = answer({ operation, request, confirmation });
			if ("error" in found) throw structuredClone(found.error);
			return structuredClone(found.answer);
		},
		onEvent(listener) {
			listeners.add(listener);
			return () => listeners.delete(listener);
		},
		...dialogs,
	};
}
