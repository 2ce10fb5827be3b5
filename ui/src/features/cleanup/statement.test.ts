import { expect, it } from "vitest";
import { statementFor } from "./statement";

it("takes PostgreSQL's own spelling, and quotes the others' names", () => {
	expect(statementFor("postgres", { kind: "unused_index", name: 'public."Odd name"' })).toBe(
		'DROP INDEX CONCURRENTLY public."Odd name";',
	);
	expect(statementFor("mysql", { kind: "duplicate_index", name: "events.b`x" })).toBe(
		"DROP INDEX `b``x` ON `events`;",
	);
	expect(statementFor("sqlite", { kind: "duplicate_index", name: 'events.b"x' })).toBe('DROP INDEX "b""x";');
	expect(statementFor("postgres", { kind: "leftover_database", name: 'a"b_proof_0a1b2c3d' })).toBe(
		'DROP DATABASE "a""b_proof_0a1b2c3d";',
	);
});

it("offers nothing where a dot leaves two readings, or where no statement helps", () => {
	expect(statementFor("sqlite", { kind: "duplicate_index", name: "a.b.c" })).toBeNull();
	expect(statementFor("postgres", { kind: "orphaned_large_objects", name: "12 large objects" })).toBeNull();
	expect(statementFor("postgres", { kind: "temporary_table", name: "public.tmp_a" })).toBeNull();
});
