// Whether a value is what the generated document says of it: as much of JSON Schema as the document uses.

import { openapi } from "./policies";

interface Schema {
	$ref?: string;
	type?: string | string[];
	enum?: unknown[];
	const?: unknown;
	properties?: Record<string, Schema>;
	required?: string[];
	items?: Schema;
	additionalProperties?: Schema | boolean;
	oneOf?: Schema[];
	anyOf?: Schema[];
	allOf?: Schema[];
	minimum?: number;
}

/** Where the value is not as it should be, with the reason; empty: it is. */
export function misfits(value: unknown, described: unknown, at = ""): string[] {
	const schema = described as Schema;
	const extra =
		typeof value === "object" && value !== null && !Array.isArray(value) && !isOpen(schema)
			? Object.keys(value).filter((name) => !fieldsOf(schema).includes(name))
			: [];
	return [...unlike(value, schema, at), ...extra.map((name) => `${at}: ${name} is not in the contract`)];
}

function unlike(value: unknown, schema: Schema, at: string): string[] {
	if (schema.$ref !== undefined) return unlike(value, named(schema.$ref), at);
	const found: string[] = [];
	for (const each of schema.allOf ?? []) found.push(...unlike(value, each, at));
	for (const choices of [schema.oneOf, schema.anyOf])
		if (choices !== undefined && !choices.some((each) => unlike(value, each, at).length === 0))
			found.push(`${at}: none of ${choices.length} shapes fits ${text(value)}`);
	if (schema.type !== undefined && ![schema.type].flat().some((type) => isOf(type, value)))
		found.push(`${at}: ${text(value)} is no ${[schema.type].flat().join(" or ")}`);
	if (schema.enum !== undefined && !schema.enum.includes(value))
		found.push(`${at}: ${text(value)} is none of ${schema.enum.join(", ")}`);
	if (schema.const !== undefined && schema.const !== value)
		found.push(`${at}: ${text(value)} is not ${schema.const}`);
	if (typeof value === "number" && schema.minimum !== undefined && value < schema.minimum)
		found.push(`${at}: ${value} is below ${schema.minimum}`);
	if (Array.isArray(value))
		found.push(
			...value.flatMap((each, n) => (schema.items ? misfits(each, schema.items, `${at}[${n}]`) : [])),
		);
	else if (typeof value === "object" && value !== null)
		found.push(...fields(value as Record<string, unknown>, schema, at));
	return found;
}

function fields(value: Record<string, unknown>, schema: Schema, at: string): string[] {
	const known = schema.properties ?? {};
	const others = typeof schema.additionalProperties === "object" ? schema.additionalProperties : null;
	return [
		...(schema.required ?? []).filter((name) => !(name in value)).map((name) => `${at}: lacks ${name}`),
		...Object.entries(value).flatMap(([name, each]) => {
			const wanted = known[name] ?? others;
			return wanted ? misfits(each, wanted, `${at}.${name}`) : [];
		}),
	];
}

/** The names that it knows, its parts and its shapes taken together. */
function fieldsOf(schema: Schema): string[] {
	if (schema.$ref !== undefined) return fieldsOf(named(schema.$ref));
	const parts = [...(schema.allOf ?? []), ...(schema.oneOf ?? []), ...(schema.anyOf ?? [])];
	return [...Object.keys(schema.properties ?? {}), ...parts.flatMap(fieldsOf)];
}

/** It says nothing of names, as of a stored request or a map. */
function isOpen(schema: Schema): boolean {
	if (schema.$ref !== undefined) return isOpen(named(schema.$ref));
	return fieldsOf(schema).length === 0 || (schema.additionalProperties ?? false) !== false;
}

function named(ref: string): Schema {
	const name = ref.split("/").at(-1) ?? "";
	const schema = openapi.components.schemas[name];
	if (schema === undefined) throw new Error(`the document has no ${name}`);
	return schema as Schema;
}

function isOf(type: string, value: unknown): boolean {
	switch (type) {
		case "null":
			return value === null;
		case "array":
			return Array.isArray(value);
		case "integer":
			return Number.isInteger(value);
		case "object":
			return typeof value === "object" && value !== null && !Array.isArray(value);
		default:
			return typeof value === type;
	}
}

const text = (value: unknown) => JSON.stringify(value)?.slice(0, 60) ?? "undefined";
