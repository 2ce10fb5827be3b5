// The proof, table by table: what the snapshot had and what the restored copy has.

import { Check, X } from "lucide-react";
import type { Schema } from "@/api/client";
import { count } from "@/lib/bytes";
import { tableName } from "@/lib/text";
import { Cut, DataTable } from "./DataTable";

type TableProof = Schema["TableProof"];

export function proofHolds(table: TableProof): boolean {
	return table.hash_equal && table.found_rows === table.expected_rows;
}

export function ProofTable({
	tables,
	maxHeight = 320,
}: {
	tables: readonly TableProof[];
	maxHeight?: number;
}) {
	// What does not hold comes first: it is what somebody has to read.
	const ordered = tables.toSorted((left, right) => Number(proofHolds(left)) - Number(proofHolds(right)));
	return (
		<DataTable
			label="Proof of every table"
			rows={ordered}
			rowKey={tableName}
			maxHeight={maxHeight}
			rowHeight={28}
			columns={[
				{
					id: "table",
					title: "Table",
					width: "minmax(120px,2fr)",
					sort: tableName,
					cell: (row) => <Cut text={tableName(row)} mono />,
				},
				{
					id: "expected",
					title: "Rows in snapshot",
					width: "minmax(110px,1fr)",
					right: true,
					sort: (row) => row.expected_rows,
					cell: (row) => count(row.expected_rows),
				},
				{
					id: "found",
					title: "Rows restored",
					width: "minmax(100px,1fr)",
					right: true,
					sort: (row) => row.found_rows,
					cell: (row) => (row.found_rows == null ? "missing" : count(row.found_rows)),
				},
				{
					id: "content",
					title: "Content",
					width: "minmax(92px,1fr)",
					cell: (row) => (
						<span
							className={
								proofHolds(row)
									? "inline-flex items-center gap-1 text-ok"
									: "inline-flex items-center gap-1 font-medium text-bad"
							}
						>
							{proofHolds(row) ? (
								<Check aria-hidden className="size-3.5" />
							) : (
								<X aria-hidden className="size-3.5" />
							)}
							{proofHolds(row) ? "equal" : row.hash_equal ? "rows differ" : "differs"}
						</span>
					),
				},
			]}
		/>
	);
}
