// Makes a tape steady: what differs from recording to recording though nothing has changed.

import { type Asked, key, masked, type Tape } from "./tape";

/** Where the moments of a tape begin; one second apart, in their order. */
const dawn = 1_790_000_000_000;

/** How long something took, and how much room a disk has, is of the machine. */
const ofTheMachine: Record<string, number> = {
	duration_ms: 1200,
	took_ms: 1200,
	restore_ms: 1200,
	estimated_ms: 1200,
	bytes_per_second: 1_000_000,
	eta_ms: 0,
	free_bytes: 64 * 1024 ** 3,
	latency_ms: 3,
};

export function steady(tape: Tape, folder: string): Tape {
	const moments = new Set<number>();
	walk(tape, (name, value) => {
		if (typeof value === "number" && isMoment(name, value)) moments.add(value);
		return value;
	});
	const order = new Map([...moments].toSorted((a, b) => a - b).map((each, at) => [each, dawn + at * 1000]));
	const ids = new Map<string, string>();
	const hashes = new Map<string, string>();
	const frames = tape.frames.map((frame) => ({ ...frame, reads: frame.reads.toSorted(byQuestion) }));
	const steadied = walk(masked({ ...tape, frames }), (name, value) => {
		if (typeof value === "number") {
			if (isMoment(name, value)) return order.get(value) ?? dawn;
			return ofTheMachine[name] ?? value;
		}
		if (typeof value !== "string") return value;
		return (
			value
				.replaceAll(folder, "/home/ada")
				// The folder of a server that was started for the recording.
				.replaceAll(/\/tmp\/holdfast-pg\.\w+/g, "/run/postgresql")
				.replaceAll(/\b[0-9a-f]{32}\b/g, (id) =>
					numbered(ids, id, (at) => at.toString(16).padStart(8, "0").padEnd(32, "0")),
				)
				// Made-up names of databases and files carry the moment.
				.replaceAll(/\b20\d{6}([_-]?)\d{4,6}\b/g, "20260921$1123456")
				.replaceAll(/\b[0-9a-f]{64}\b/g, (hash) =>
					numbered(hashes, hash, (at) => at.toString(16).padStart(64, "0")),
				)
		);
	}) as Tape;
	return { ...steadied, recorded_at_ms: dawn + moments.size * 1000 };
}

/** Questions are asked side by side, in no order of their own. */
function byQuestion(left: Asked, right: Asked): number {
	const [a, b] = [left, right].map((each) => key(each).replaceAll(/[0-9a-f]{16,}/g, ""));
	return (a as string) < (b as string) ? -1 : 1;
}

function isMoment(name: string, value: number): boolean {
	return name.endsWith("_ms") && value > 1_000_000_000_000;
}

function numbered(known: Map<string, string>, text: string, make: (at: number) => string): string {
	const found = known.get(text) ?? make(known.size + 1);
	known.set(text, found);
	return found;
}

function walk(value: unknown, change: (name: string, value: unknown) => unknown, name = ""): unknown {
	if (Array.isArray(value)) return value.map((each) => walk(each, change, name));
	if (typeof value !== "object" || value === null) return change(name, value);
	return Object.fromEntries(Object.entries(value).map(([field, each]) => [field, walk(each, change, field)]));
}

/** Moments as far from now as they were from the end of the recording. */
export function brought(tape: Tape, now: number): Tape {
	const by = now - tape.recorded_at_ms;
	return walk(tape, (name, value) =>
		typeof value === "number" && isMoment(name, value) ? value + by : value,
	) as Tape;
}
