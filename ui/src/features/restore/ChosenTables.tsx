// The tables of a restore: where each goes, and what happens to what hangs on it.

import { ArrowRight } from "lucide-react";
import type { Schema } from "@/api/client";
import { bytes, counted } from "@/lib/bytes";
import { tableName } from "@/lib/text";

interface ChosenTablesProps {
	tables: readonly Schema["RestoreTable"][];
	/** Names only. */
	brief?: boolean;
}

export function ChosenTables({ tables, brief }: ChosenTablesProps) {
	return (
		<ul className="scroll-thin flex max-h-72 flex-col gap-2 overflow-y-auto" data-testid="chosen-tables">
			{tables.map((each) => {
				const [from, to] = [tableName(each.from), tableName(each.to)];
				return (
					<li key={to}>
						<span className="flex flex-wrap items-center gap-x-1.5">
							<code className="font-mono text-sm wrap-anywhere">{from}</code>
							{from !== to && (
								<>
									<ArrowRight aria-label="becomes" className="size-3 text-text-3" />
									<code className="font-mono text-sm wrap-anywhere">{to}</code>
								</>
							)}
							<span className="text-text-2">
								{counted(each.rows, "row")}
								{each.bytes > 0 && `, ${bytes(each.bytes)}`}
							</span>
						</span>
						{!brief && (
							<ul className="mt-0.5 flex list-disc flex-col gap-0.5 pl-4 text-text-2">
								{each.notes.map((note) => (
									<li key={note} className="wrap-anywhere">
										{note}
									</li>
								))}
							</ul>
						)}
					</li>
				);
			})}
		</ul>
	);
}
