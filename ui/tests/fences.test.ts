// The walls of the house: who may import whom. Read from the sources, so that no lint rule can be forgotten.

import { readdirSync, readFileSync, statSync } from "node:fs";
import { join, relative, resolve } from "node:path";
import { describe, expect, it } from "vitest";
import { policyOf } from "@/api/policies";

const root = resolve("src");

function sources(folder: string): string[] {
	return readdirSync(folder).flatMap((name) => {
		const path = join(folder, name);
		if (statSync(path).isDirectory()) return sources(path);
		return /\.tsx?$/.test(name) ? [path] : [];
	});
}

/** Without comments, and without texts that people read (they have blanks or addresses in them). */
function code(text: string): string {
	return text
		.replaceAll(/"[^"\n]*([ ]|:\/\/)[^"\n]*"/g, '""')
		.replaceAll(/`[^`]*`/g, "``")
		.replaceAll(/\/\/.*$/gm, "");
}

interface Import {
	from: string;
	to: string;
}

const imports: Import[] = sources(root).flatMap((path) => {
	const text = readFileSync(path, "utf8");
	const found = text.matchAll(/(?:from\s+|import\s*\(\s*|import\s+)["']([^"']+)["']/g);
	return [...found].map(([, target = ""]) => {
		const inside = target.startsWith("@/")
			? join(root, target.slice(2))
			: target.startsWith(".")
				? resolve(path, "..", target)
				: null;
		return { from: relative(root, path), to: inside === null ? target : relative(root, inside) };
	});
});

const feature = (path: string) => /^features\/([^/]+)/.exec(path)?.[1] ?? null;

describe("walls", () => {
	it("reads real imports", () => {
		expect(imports.length).toBeGreaterThan(100);
		expect(imports.some((each) => each.to === "@tauri-apps/api/core")).toBe(true);
	});
	it("lets only api/host speak to the window's own interface", () => {
		expect(
			imports.filter((each) => each.to.startsWith("@tauri-apps") && !each.from.startsWith("api/host/")),
		).toEqual([]);
	});
	it("keeps features apart", () => {
		expect(
			imports.filter(
				(each) =>
					feature(each.from) !== null && feature(each.to) !== null && feature(each.from) !== feature(each.to),
			),
		).toEqual([]);
	});
	it("lets nobody but app compose features, and nobody import app", () => {
		expect(
			imports.filter(
				(each) => feature(each.to) !== null && feature(each.from) === null && !each.from.startsWith("app/"),
			),
		).toEqual([]);
		expect(imports.filter((each) => each.to.startsWith("app/") && !each.from.startsWith("app/"))).toEqual([]);
	});
	it("keeps lib pure: types of the wire at most", () => {
		const wrong = imports.filter(
			(each) =>
				each.from.startsWith("lib/") &&
				!each.from.endsWith(".test.ts") &&
				!each.to.startsWith("lib/") &&
				each.to !== "api/client",
		);
		expect(wrong).toEqual([]);
	});
	it("reaches the development host through one dynamic import only", () => {
		const using = imports.filter((each) => each.to === "api/host/dev").map((each) => each.from);
		expect(using).toEqual(["api/host/choose.ts"]);
	});
	it("lets what is on screen say what it tells of", () => {
		// Computed from the question alone.
		const timeless = ["schedule.preview", "connection.parse_url"];
		const asked = sources(root).flatMap((path) =>
			[...readFileSync(path, "utf8").matchAll(/useRead\(\s*"([^"]+)"/g)].map(([, name = ""]) => name),
		);
		expect(asked.length).toBeGreaterThan(30);
		const silent = asked.filter((name) => policyOf(name)?.reads.length === 0 && !timeless.includes(name));
		expect(silent, "reads in its policy").toEqual([]);
	});
	it("keeps no list of operations beside that of the application", () => {
		// Where more than a few names stand in one literal, somebody keeps by hand what the policies say.
		const lists = sources(root)
			.filter((path) => !path.includes("/api/generated/"))
			.filter(
				(path) =>
					[...readFileSync(path, "utf8").matchAll(/[[{(]\s*(?:"[a-z_]+\.[a-z_.]*"\s*[:,][^"\]}]*){4,}/g)]
						.length > 0,
			);
		expect(lists.map((path) => relative(root, path))).toEqual([]);
	});
	it("asks what can be done, not what the engine is called", () => {
		// Names as people read them are made in lib/text.ts.
		const asks =
			/engine\s*[!=]==?\s*["']|["'](postgres|mysql|sqlite)["']\s*[!=]==?|[!=]==?\s*["'](postgres|mysql|sqlite)["']|case\s+["'](postgres|mysql|sqlite)["']|(postgres|mysql|sqlite)\s*:|["'](postgres|mysql)["']|Record<[^>]*(EngineKind|\["engine"\])/;
		const asking = sources(root)
			.filter(
				(path) => /^(features|components|app)\//.test(relative(root, path)) && !/\.test\.tsx?$/.test(path),
			)
			.filter((path) => asks.test(code(readFileSync(path, "utf8"))))
			.map((path) => relative(root, path));
		expect(asking, "ask the connection's offers, or api/offers").toEqual([]);
		expect(asks.test('if (connection.spec.engine === "sqlite")')).toBe(true);
		expect(asks.test("const ports = { postgres: 5432 }")).toBe(true);
	});
	it("has no way to render markup from strings", () => {
		for (const path of sources(root))
			expect(readFileSync(path, "utf8"), path).not.toMatch(
				/dangerouslySetInnerHTML|innerHTML\s*=|insertAdjacentHTML|document\.write|eval\(/,
			);
	});
});
