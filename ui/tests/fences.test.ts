// The walls of the house: who may import whom. Read from the sources, so that no lint rule can be forgotten.

import { readdirSync, readFileSync, statSync } from "node:fs";
import { join, relative, resolve } from "node:path";
import { describe, expect, it } from "vitest";
import { policies } from "@/api/generated/policies";
import { type OperationPolicy, policyOf } from "@/api/policies";
import { operationWords } from "@/lib/text";
import { enginesNamed } from "./enginesNamed";

const root = resolve("src");

function sources(folder: string): string[] {
	return readdirSync(folder).flatMap((name) => {
		const path = join(folder, name);
		if (statSync(path).isDirectory()) return sources(path);
		return /\.tsx?$/.test(name) ? [path] : [];
	});
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
	it("has words for every operation that the audit and the jobs name, and for no other", () => {
		const named = Object.entries<OperationPolicy>(policies).filter(
			([, policy]) => policy.audit === "both" || policy.starts !== null,
		);
		const worded = Object.keys(operationWords);
		expect(named.map(([name]) => name).filter((name) => !worded.includes(name))).toEqual([]);
		expect(worded.filter((name) => policyOf(name) === undefined)).toEqual([]);
	});
	it("asks what can be done, not what the engine is called", () => {
		const asking = sources(root)
			.filter(
				(path) => /^(features|components|app)\//.test(relative(root, path)) && !/\.test\.tsx?$/.test(path),
			)
			.flatMap((path) =>
				enginesNamed(readFileSync(path, "utf8")).map((each) => `${relative(root, path)}:${each}`),
			);
		expect(asking, "ask the connection's offers, or api/offers; names for people are in lib/text").toEqual(
			[],
		);
	});
	it("sees an engine's name however it is asked", () => {
		for (const asked of [
			'connection.spec.engine === "sqlite"',
			'cn("row", engine === "sqlite" && "flat")',
			'["sqlite"].includes(engine)',
			"engine === `postgres`",
			"({ postgres: 5432 })[engine]",
			"ports.mysql",
			'engineNames[engine] === "MariaDB"',
			'switch (name) { case "PostgreSQL": break; }',
			'name.startsWith("SQLite")',
		])
			expect(enginesNamed(asked), asked).toHaveLength(1);
		for (const shown of ['<Fact name="SQLite" />', '"A SQLite file: a ? b : c"', "// postgres"])
			expect(enginesNamed(shown), shown).toEqual([]);
	});
	it("has no way to render markup from strings", () => {
		for (const path of sources(root))
			expect(readFileSync(path, "utf8"), path).not.toMatch(
				/dangerouslySetInnerHTML|innerHTML\s*=|insertAdjacentHTML|document\.write|eval\(/,
			);
	});
});
