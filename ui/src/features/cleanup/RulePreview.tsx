// What a rule would delete now, in numbers: rows, what hangs on them, and what stands in the way.

import { OctagonX } from "lucide-react";
import type { Schema } from "@/api/client";
import { Note } from "@/components/Panel";
import { count, counted } from "@/lib/bytes";
import { tableName } from "@/lib/text";
import { referringText } from "./words";

export function RulePreview({ preview }: { preview: Schema["CleanupPreview"] }) {
	const { table, total, matching, referring, blockers, remarks } = preview;
	const hanging = referring.filter((each) => each.rows > 0);
	return (
		<div className="flex flex-col gap-1.5" data-testid="rule-preview">
			<p>
				<strong className="tabular font-semibold">{count(matching)}</strong> of {counted(total, "row")} of{" "}
				<code className="font-mono text-sm wrap-anywhere">{tableName(table)}</code> would be deleted now.
			</p>
			<Share part={matching} whole={total} />
			{hanging.length > 0 && (
				<ul className="flex flex-col gap-0.5 text-text-2">
					{hanging.map((each) => (
						<li key={`${tableName(each.table)} ${each.constraint}`} className="wrap-anywhere">
							{referringText(each)}
						</li>
					))}
				</ul>
			)}
			<Remarks remarks={remarks ?? []} />
			{blockers.map((each) => (
				<p key={each} role="alert" className="flex items-start gap-1.5 text-bad" data-testid="rule-blocker">
					<OctagonX aria-hidden className="mt-0.5 size-3.5 shrink-0" />
					<span className="wrap-anywhere">{each}</span>
				</p>
			))}
		</div>
	);
}

/** What no backup looks after: triggers that delete elsewhere. */
export function Remarks({ remarks }: { remarks: readonly string[] }) {
	if (remarks.length === 0) return null;
	return (
		<Note tone="warn">
			<ul className="flex flex-col gap-0.5" data-testid="clear-remarks">
				{remarks.map((each) => (
					<li key={each} className="wrap-anywhere">
						{each}
					</li>
				))}
			</ul>
		</Note>
	);
}

/** The sentence above it says the same in words. */
function Share({ part, whole }: { part: number; whole: number }) {
	const share = whole === 0 ? 0 : part / whole;
	return (
		<div aria-hidden className="h-[5px] overflow-hidden rounded-full bg-line">
			<div
				className="h-full rounded-full bg-bad"
				// A few of very many are still some.
				style={{ width: `${part === 0 ? 0 : Math.max(0.5, share * 100)}%` }}
			/>
		</div>
	);
}
