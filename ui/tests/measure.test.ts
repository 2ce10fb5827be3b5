// How long a file and a function may be. Biome's rule is shown while typing, but leaves out lines that lie inside one
// text of the markup; here a function is as long as it stands in the file, from its first line to its last.

import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import ts from "typescript";
import { describe, expect, it } from "vitest";

const longestFunction = 80;
const longestFile = 400;

const files = ["src", "tests", "scripts"].flatMap((folder) =>
	readdirSync(folder, { recursive: true, encoding: "utf8" })
		.filter((path) => /\.(tsx?|mjs|css)$/.test(path) && !path.startsWith("api/generated"))
		.map((path) => join(folder, path)),
);

interface Span {
	at: string;
	lines: number;
}

function functions(path: string): Span[] {
	const text = readFileSync(path, "utf8");
	const source = ts.createSourceFile(path, text, ts.ScriptTarget.Latest, true);
	const found: Span[] = [];
	const visit = (node: ts.Node) => {
		if (ts.isFunctionLike(node) && "body" in node && node.body !== undefined) {
			const first = source.getLineAndCharacterOfPosition(node.getStart(source)).line;
			const last = source.getLineAndCharacterOfPosition(node.getEnd()).line;
			found.push({ at: `${path}:${first + 1}`, lines: last - first + 1 });
		}
		ts.forEachChild(node, visit);
	};
	visit(source);
	return found;
}

/** A story of a test is a list of steps, not a function that is called; its file is bounded all the same. */
const inTests = (path: string) => path.startsWith("tests") || /\.test\.tsx?$/.test(path);

describe("measure", () => {
	const all = files.filter((path) => !path.endsWith(".css") && !inTests(path)).flatMap(functions);
	it("reads real functions", () => {
		expect(all.length).toBeGreaterThan(800);
	});
	it(`keeps every function to ${longestFunction} lines`, () => {
		expect(
			all.filter((each) => each.lines > longestFunction).map((each) => `${each.at} ${each.lines}`),
		).toEqual([]);
	});
	it(`keeps every file to ${longestFile} lines`, () => {
		const long = files.filter(
			(path) => readFileSync(path, "utf8").trimEnd().split("\n").length > longestFile,
		);
		expect(long).toEqual([]);
	});
});
