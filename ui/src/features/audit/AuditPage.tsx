// Every action that was asked for and how it ended. Append-only and chained by hashes; the check names the first entry
// that does not fit.

import { keepPreviousData, useInfiniteQuery } from "@tanstack/react-query";
import { ScrollText, ShieldAlert, ShieldCheck } from "lucide-react";
import { useDeferredValue, useState } from "react";
import { type CallError, call, type Schema } from "@/api/client";
import { useAct } from "@/api/queries";
import { Badge } from "@/components/Badge";
import { Button } from "@/components/Button";
import { type Column, Cut, DataTable } from "@/components/DataTable";
import { TextField } from "@/components/Field";
import { RelativeTime } from "@/components/Moment";
import { Page } from "@/components/Page";
import { Answered, EmptyState, ErrorState } from "@/components/States";
import { count } from "@/lib/bytes";
import { operationName } from "@/lib/text";

type Entry = Schema["AuditEntry"];

export function AuditPage() {
	const [text, setText] = useState("");
	const search = useDeferredValue(text.trim());
	const verify = useAct("audit.verify");
	const list = useEntries(search);
	return (
		<Page
			title="Audit"
			fill
			actions={
				<Button
					busy={verify.isPending}
					icon={<ShieldCheck aria-hidden className="size-3.5" />}
					onClick={() => verify.mutate({ request: {} })}
					data-testid="audit-verify"
				>
					Verify chain
				</Button>
			}
		>
			<div className="flex h-full min-h-0 flex-col gap-3">
				{verify.data && <Verdict verdict={verify.data} />}
				{verify.error && <ErrorState error={verify.error} compact />}
				<TextField
					className="max-w-[360px]"
					label="Search the audit log"
					hideLabel
					type="search"
					value={text}
					onText={setText}
					placeholder="Operation, target or person"
				/>
				<div className="min-h-0 flex-1">
					<Answered question={list} rows={10}>
						{(entries) => (
							<AuditTable
								entries={entries}
								onEnd={
									list.hasNextPage && !list.isFetchingNextPage ? () => void list.fetchNextPage() : undefined
								}
								onClear={search === "" ? undefined : () => setText("")}
							/>
						)}
					</Answered>
				</div>
			</div>
		</Page>
	);
}

function useEntries(search: string) {
	const request = { search: search === "" ? null : search, limit: 200 };
	return useInfiniteQuery<Schema["AuditListResponse"], CallError, Entry[], unknown[], number | null>({
		queryKey: ["audit.list", request],
		queryFn: ({ pageParam }) => call("audit.list", { ...request, before: pageParam }),
		initialPageParam: null,
		getNextPageParam: (page) => (page.more ? (page.entries.at(-1)?.seq ?? null) : null),
		select: (data) => data.pages.flatMap((page) => page.entries),
		placeholderData: keepPreviousData,
		// Written by everything that is done, announced by nothing.
		staleTime: 0,
	});
}

interface AuditTableProps {
	entries: readonly Entry[];
	/** The end is near: more are wanted. */
	onEnd: (() => void) | undefined;
	/** Only some are shown: those that were searched for. */
	onClear: (() => void) | undefined;
}

function AuditTable({ entries, onEnd, onClear }: AuditTableProps) {
	return (
		<DataTable
			label="Audit log"
			rows={entries}
			rowKey={(entry) => String(entry.seq)}
			maxHeight="fill"
			rowHeight={28}
			onEnd={onEnd}
			columns={columns}
			empty={
				onClear === undefined ? (
					<EmptyState icon={<ScrollText aria-hidden />} title="Nothing was done yet">
						Each action is written here before it runs, and again when it has ended.
					</EmptyState>
				) : (
					<EmptyState title="Nothing matches" action={<Button onClick={onClear}>Clear the search</Button>} />
				)
			}
		/>
	);
}

const columns: readonly Column<Entry>[] = [
	{
		id: "seq",
		title: "No.",
		width: "56px",
		right: true,
		cell: (entry) => <span className="text-text-2">{count(entry.seq)}</span>,
	},
	{
		id: "at",
		title: "When",
		width: "104px",
		cell: (entry) => (
			<span className="text-text-2">
				<RelativeTime at={entry.at_ms} />
			</span>
		),
	},
	{
		id: "who",
		title: "Who",
		width: "minmax(152px,1fr)",
		cell: (entry) => <Cut text={who(entry.principal)} />,
	},
	{
		id: "what",
		title: "What",
		width: "minmax(144px,1.4fr)",
		cell: (entry) => (
			<span className="truncate font-medium" title={entry.operation}>
				{operationName(entry.operation)}
			</span>
		),
	},
	{
		id: "target",
		title: "Target",
		width: "minmax(104px,1.4fr)",
		cell: (entry) => <Cut text={targetWords(entry)} />,
	},
	{
		id: "outcome",
		title: "Outcome",
		width: "minmax(92px,134px)",
		cell: (entry) => <Outcome entry={entry} />,
	},
	{
		id: "hash",
		title: "Hash",
		width: "88px",
		cell: (entry) => (
			<code title={entry.hash} className="font-mono text-sm text-text-3">
				{entry.hash.slice(0, 8)}
			</code>
		),
	},
];

function Verdict({ verdict }: { verdict: Schema["AuditVerifyResponse"] }) {
	return (
		<p
			role="status"
			data-testid="audit-verdict"
			className={`flex items-center gap-2 rounded-lg border px-3 py-2 ${verdict.intact ? "border-ok/45 bg-ok-soft" : "border-bad/45 bg-bad-soft"}`}
		>
			{verdict.intact ? (
				<ShieldCheck aria-hidden className="size-4 text-ok" />
			) : (
				<ShieldAlert aria-hidden className="size-4 text-bad" />
			)}
			{verdict.intact ? (
				<span>
					<strong className="font-medium text-ok">Unbroken.</strong> {count(verdict.entries)} entries, each
					one fits the one before it.
				</span>
			) : (
				<span>
					<strong className="font-medium text-bad">
						Broken{verdict.first_bad_seq != null && ` at entry ${count(verdict.first_bad_seq)}`}.
					</strong>{" "}
					{verdict.problem}
				</span>
			)}
		</p>
	);
}

function who(principal: Schema["Principal"]): string {
	switch (principal.kind) {
		case "window":
			return principal.name;
		case "command_line":
			return `${principal.name}, command line`;
		case "http":
			return `${principal.name}, over the network`;
		case "schedule":
			return `schedule ${principal.name}`;
		case "system":
			return "Holdfast";
	}
}

function targetWords(entry: Entry): string {
	if (entry.target_name) return entry.target_name;
	const [first] = entry.touched;
	if (first === undefined || first.kind === "application") return "";
	return "id" in first ? `${first.kind} ${first.id.slice(0, 8)}` : first.kind;
}

function Outcome({ entry }: { entry: Entry }) {
	if (entry.phase === "intent") return <span className="text-text-3">asked</span>;
	if (entry.error_code)
		return (
			<Badge tone={entry.error_code === "cancelled" ? "neutral" : "bad"} title={entry.outcome ?? undefined}>
				{entry.error_code.replaceAll("_", " ")}
			</Badge>
		);
	const outcome = entry.outcome ?? "done";
	const tone = ["ok", "done", "succeeded"].includes(outcome)
		? "ok"
		: outcome === "started" || outcome === "cancelled"
			? "neutral"
			: "bad";
	return <Badge tone={tone}>{outcome}</Badge>;
}
