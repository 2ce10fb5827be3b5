// The statement a person may run by hand for what Holdfast only advises on. None where the name could be read two ways.

import type { Schema } from "@/api/client";

type Candidate = Pick<Schema["CleanupCandidate"], "kind" | "name">;

export function statementFor(engine: Schema["EngineKind"], { kind, name }: Candidate): string | null {
	if (kind === "leftover_database")
		return engine === "sqlite" ? null : `DROP DATABASE ${quoted(engine, name)};`;
	if (kind !== "unused_index" && kind !== "duplicate_index") return null;
	// PostgreSQL gives the name as it is written in a statement, schema and quotes included.
	if (engine === "postgres") return `DROP INDEX CONCURRENTLY ${name};`;
	const [table, index, ...more] = name.split(".");
	if (!table || !index || more.length > 0) return null;
	return engine === "mysql"
		? `DROP INDEX ${quoted(engine, index)} ON ${quoted(engine, table)};`
		: `DROP INDEX ${quoted(engine, index)};`;
}

function quoted(engine: Schema["EngineKind"], name: string): string {
	const mark = engine === "mysql" ? "`" : '"';
	return mark + name.replaceAll(mark, mark + mark) + mark;
}
