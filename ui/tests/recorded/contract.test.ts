// Every tape still fits the contract: what was asked, what was answered, what was refused, what was told. And which
// operations no tape knows is written down, so that the gap is seen to grow or to close.

import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { misfits } from "./contract";
import { described } from "./policies";
import type { Answered, Asked, Tape } from "./tape";

const tapes = readdirSync("tests/recorded/tapes").map((name) => ({
	name,
	tape: JSON.parse(readFileSync(`tests/recorded/tapes/${name}`, "utf8")) as Tape,
}));
const calls = (tape: Tape) =>
	tape.frames
		.flatMap((frame) => [...(frame.act ? [frame.act] : []), ...frame.reads])
		// What is around the application is under no contract.
		.filter((each) => !each.operation.startsWith("stage."));
const ref = (name: string) => ({ $ref: `#/components/schemas/${name}` });

function misfitsOf(call: Asked & Answered): string[] {
	const known = described[call.operation];
	if (known === undefined) return [`there is no operation ${call.operation}`];
	const content = (of: { content: { "application/json": { schema: unknown } } }) =>
		of.content["application/json"].schema;
	return [
		...misfits(call.request, content(known.requestBody), `${call.operation} request`),
		...("error" in call
			? misfits(call.error, ref("ApiError"), `${call.operation} error`)
			: misfits(call.answer, content(known.responses[200]), `${call.operation} answer`)),
	];
}

describe("tapes", () => {
	it("are there", () => {
		expect(tapes.length).toBeGreaterThan(5);
	});
	for (const { name, tape } of tapes)
		it(`fit the contract: ${name}`, () => {
			const events = tape.frames.flatMap((frame) => frame.events);
			expect([
				...calls(tape).flatMap(misfitsOf),
				...events.flatMap((event) => misfits(event, ref("Event"), "event")),
			]).toEqual([]);
		});
	it("see a misfit", () => {
		const [first] = calls((tapes[0] as (typeof tapes)[number]).tape);
		expect(misfitsOf({ ...(first as Asked), answer: 7 })).not.toEqual([]);
	});
	it("hold no mistake of the application", () => {
		for (const { name, tape } of tapes)
			for (const call of calls(tape))
				expect("error" in call ? call.error.code : null, `${name} ${call.operation}`).not.toBe("internal");
	});
	it("hold no folder of the machine that recorded them", () => {
		for (const { name, tape } of tapes)
			expect(JSON.stringify(tape), name).not.toMatch(/\/tmp\/|holdfast-page-/);
	});
	it("leave out the operations that are written down", () => {
		const recorded = new Set(tapes.flatMap(({ tape }) => calls(tape).map((each) => each.operation)));
		const missing = Object.keys(described).filter((name) => !recorded.has(name));
		const file = "tests/recorded/not-recorded.txt";
		if (process.env.HOLDFAST_REWRITE === "1") writeFileSync(file, `${missing.join("\n")}\n`);
		expect(readFileSync(file, "utf8").trim().split("\n")).toEqual(missing);
	});
});
