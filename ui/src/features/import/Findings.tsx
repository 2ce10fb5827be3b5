// What reading the file found: tables, and lines that will not run.

import type { Schema } from "@/api/client";
import { Cut, DataTable } from "@/components/DataTable";
import { count } from "@/lib/bytes";

export function ScriptTables({ report }: { report: Schema["ScriptReport"] }) {
	const more = report.tables_total - report.tables.length;
	return (
		<div className="mt-3">
			<DataTable
				label="Tables in the file"
				rows={report.tables}
				rowKey={(table) => table.name}
				maxHeight={200}
				rowHeight={30}
				columns={[
					{
						id: "name",
						title: "Table",
						width: "minmax(140px,2fr)",
						sort: (row) => row.name,
						cell: (row) => <Cut text={row.name} strong />,
					},
					{
						id: "does",
						title: "Is",
						width: "minmax(120px,1fr)",
						cell: (row) =>
							[row.dropped && "dropped", row.created && "created", row.changes > 0 && "filled"]
								.filter(Boolean)
								.join(", "),
					},
					{
						id: "changes",
						title: "Statements",
						width: "104px",
						right: true,
						sort: (row) => row.changes,
						cell: (row) => row.changes > 0 && count(row.changes),
					},
					{
						id: "rows",
						title: "COPY rows",
						width: "104px",
						right: true,
						sort: (row) => row.rows,
						cell: (row) => row.rows > 0 && count(row.rows),
					},
				]}
			/>
			{more > 0 && <p className="mt-1 text-sm text-text-2">and {count(more)} more tables</p>}
		</div>
	);
}

interface FindingsProps {
	title: string;
	findings: readonly Schema["ScriptFinding"][];
	total: number;
}

export function Findings({ title, findings, total }: FindingsProps) {
	if (findings.length === 0) return null;
	return (
		<section aria-label={title} className="rounded-lg border border-line">
			<h2 className="border-line border-b px-4 py-2 font-medium">
				{title}: {count(total)}
			</h2>
			<ul className="scroll-thin max-h-[220px] overflow-y-auto px-4 py-2">
				{findings.map((finding) => (
					<li
						key={`${finding.line} ${finding.what} ${finding.why}`}
						className="flex gap-3 py-0.5 wrap-anywhere"
					>
						<span className="w-20 shrink-0 text-right text-text-2 tabular-nums">
							line {count(finding.line)}
						</span>
						<span>
							<code className="font-mono text-sm">{finding.what}</code>{" "}
							<span className="text-text-2">{finding.why}</span>
						</span>
					</li>
				))}
			</ul>
			{total > findings.length && (
				<p className="border-line border-t px-4 py-1.5 text-sm text-text-2">
					and {count(total - findings.length)} more
				</p>
			)}
		</section>
	);
}
