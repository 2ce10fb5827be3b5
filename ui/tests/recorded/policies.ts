// What each operation is, from the document that the types are made of.

import { readFileSync } from "node:fs";

interface Policy {
	risk: "read" | "change" | "destroy";
	audit: "none" | "both";
}

export interface Described {
	"x-policy": Policy;
	requestBody: { content: { "application/json": { schema: unknown } } };
	responses: { 200: { content: { "application/json": { schema: unknown } } } };
}

interface Document {
	paths: Record<string, { post?: Described }>;
	components: { schemas: Record<string, unknown> };
}

export const openapi = JSON.parse(readFileSync("src/api/generated/openapi.json", "utf8")) as Document;

export const described: Readonly<Record<string, Described>> = Object.fromEntries(
	Object.entries(openapi.paths).flatMap(([path, { post }]) =>
		post === undefined ? [] : [[path.replace("/call/", ""), post]],
	),
);

export const policies: Readonly<Record<string, Policy>> = Object.fromEntries(
	Object.entries(described).map(([name, each]) => [name, each["x-policy"]]),
);
