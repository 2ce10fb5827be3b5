// Where a source names an engine as the wire does, or compares with what people call it. Read from the syntax tree: texts
// and comments may say the names, and no way of writing a comparison is overlooked.

import ts from "typescript";
import document from "@/api/generated/openapi.json";

/** As the wire says them, and what they are called in scripts and versions. */
const wire = new Set([...document.components.schemas.EngineKind.enum, "postgresql", "mariadb"]);

/** One "line: code" for each place. */
export function enginesNamed(text: string): string[] {
	const source = ts.createSourceFile("source.tsx", text, ts.ScriptTarget.Latest, true, ts.ScriptKind.TSX);
	const found: string[] = [];
	const visit = (node: ts.Node) => {
		if (names(node)) {
			const line = source.getLineAndCharacterOfPosition(node.getStart(source)).line + 1;
			found.push(`${line}: ${node.parent.getText(source)}`);
		}
		ts.forEachChild(node, visit);
	};
	visit(source);
	return found;
}

function names(node: ts.Node): boolean {
	if (ts.isIdentifier(node)) return wire.has(node.text);
	if (!ts.isStringLiteralLike(node)) return false;
	return wire.has(node.text) || (decides(node.parent) && wire.has(node.text.toLowerCase()));
}

/** Something depends on the text that stands in it. */
function decides(node: ts.Node): boolean {
	return ts.isBinaryExpression(node) || ts.isCaseClause(node) || ts.isCallExpression(node);
}
