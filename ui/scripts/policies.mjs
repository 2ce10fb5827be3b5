// Writes what the document of operations says of each one into a module of the page: who may offer it, what its answer
// tells of, what it changes, what the job it starts will answer. `node scripts/policies.mjs openapi.json policies.ts`.
import { readFileSync, writeFileSync } from "node:fs";

const [document, module] = process.argv.slice(2);
if (document === undefined || module === undefined) {
	console.error("usage: node scripts/policies.mjs <openapi.json> <policies.ts>");
	process.exit(2);
}

const { paths } = JSON.parse(readFileSync(document, "utf8"));
const lines = Object.entries(paths)
	.filter(([path]) => path.startsWith("/call/"))
	.map(([path, { post }]) => {
		const starts = post["x-starts"]?.$ref?.split("/").at(-1) ?? null;
		return `\t${JSON.stringify(path.slice("/call/".length))}: ${JSON.stringify({ ...post["x-policy"], starts })},`;
	});
writeFileSync(
	module,
	`// Made by \`cargo xtask generate\` from the list of operations; never edited.

import type { OperationPolicy } from "../policies";

export const policies = {
${lines.join("\n")}
} as const satisfies Record<string, OperationPolicy>;
`,
);
