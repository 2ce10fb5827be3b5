// What looks unneeded in a database: found when asked for, explained, and with the next step where there is one. Nothing is
// done about it from here.

import { useNavigate } from "@tanstack/react-router";
import { Copy, Search } from "lucide-react";
import { useState } from "react";
import type { Schema } from "@/api/client";
import { useRead } from "@/api/queries";
import { Badge } from "@/components/Badge";
import { Button } from "@/components/Button";
import { type Column, DataTable } from "@/components/DataTable";
import { TextField } from "@/components/Field";
import { Bytes, RelativeTime } from "@/components/Moment";
import { Note, Panel } from "@/components/Panel";
import { ErrorState, LoadingRows } from "@/components/States";
import { sayDone, sayError } from "@/components/say";
import { commaSeparated } from "@/lib/text";

type Candidate = Schema["CleanupCandidate"];

const kinds: Record<Schema["CandidateKind"], string> = {
	empty_room: "Empty room",
	orphaned_large_objects: "Large objects",
	leftover_database: "Left-over database",
	unused_index: "Unused index",
	duplicate_index: "Double index",
	temporary_table: "Temporary table",
};

interface CandidatesProps {
	connection: Schema["Connection"];
	onClear: (table: string) => void;
}

export function Candidates({ connection, onClear }: CandidatesProps) {
	const [typed, setTyped] = useState("");
	const [asked, setAsked] = useState<string[] | null>(null);
	// Looking reads the statistics of every table, so it waits to be asked; an answer from before is shown again.
	const found = useRead(
		"cleanup.candidates",
		{ connection: connection.id, patterns: asked ?? [] },
		{ enabled: asked !== null },
	);
	const look = () => {
		const patterns = commaSeparated(typed);
		if (asked !== null && String(asked) === String(patterns)) void found.refetch();
		else setAsked(patterns);
	};
	return (
		<Panel
			title="Unused data"
			aside={
				found.data && (
					<span className="text-sm text-text-2">
						Looked <RelativeTime at={found.dataUpdatedAt} />
					</span>
				)
			}
		>
			<form
				className="flex flex-col gap-3"
				onSubmit={(event) => {
					event.preventDefault();
					look();
				}}
			>
				<p className="text-text-2">
					Empty room, indexes nobody uses, databases left over from a broken-off restore, tables that look
					temporary. It only reads, and nothing is done about what it finds.
				</p>
				<div className="flex items-end gap-3">
					<TextField
						className="max-w-[420px] flex-1"
						label="Tables that look temporary"
						mono
						value={typed}
						onText={setTyped}
						placeholder="tmp_*, temp_*, *_old, *_bak, *_copy and the like"
						data-testid="candidate-patterns"
					/>
					<Button
						tone={found.data ? "plain" : "primary"}
						type="submit"
						icon={<Search aria-hidden className="size-3.5" />}
						busy={found.isFetching}
						data-testid="candidates-look"
					>
						{found.data ? "Look again" : "Look for unused data"}
					</Button>
				</div>
				{found.error && !found.isFetching && (
					<ErrorState error={found.error} onRetry={() => void found.refetch()} compact />
				)}
				{found.isLoading && <LoadingRows rows={3} />}
				{found.data && <Found answer={found.data} connection={connection} onClear={onClear} />}
			</form>
		</Panel>
	);
}

interface FoundProps extends CandidatesProps {
	answer: Schema["CleanupCandidatesResponse"];
}

function Found({ answer, connection, onClear }: FoundProps) {
	const { candidates, not_seen } = answer;
	return (
		<>
			{not_seen.length > 0 && (
				<Note tone="warn">
					<p className="font-medium text-warn">Not everything could be looked at</p>
					<ul>
						{not_seen.map((each) => (
							<li key={each} className="wrap-anywhere">
								{each}
							</li>
						))}
					</ul>
				</Note>
			)}
			{candidates.length === 0 ? (
				<p data-testid="candidates-none">Nothing was found that looks unneeded.</p>
			) : (
				<DataTable
					label="Candidates"
					rows={candidates}
					rowKey={(row) => `${row.kind} ${row.name}`}
					rowTestId="candidate"
					rowHeight={52}
					maxHeight={330}
					columns={columns(connection, onClear)}
				/>
			)}
		</>
	);
}

function columns(connection: Schema["Connection"], onClear: (table: string) => void): Column<Candidate>[] {
	return [
		{
			id: "name",
			title: "What",
			width: "minmax(190px,1.2fr)",
			sort: (row) => `${kinds[row.kind]} ${row.name}`,
			cell: (row) => (
				<span className="flex min-w-0 flex-col items-start gap-0.5">
					<span title={row.name} className="max-w-full truncate font-mono text-sm">
						{row.name}
					</span>
					<Badge>{kinds[row.kind]}</Badge>
				</span>
			),
		},
		{
			id: "why",
			title: "Why it is here",
			width: "minmax(170px,2fr)",
			cell: (row) => (
				<span className="line-clamp-2 text-text-2" title={row.why}>
					{row.why}
				</span>
			),
		},
		{
			id: "bytes",
			title: "Size",
			width: "88px",
			right: true,
			sort: (row) => row.bytes,
			cell: (row) => row.bytes != null && <Bytes value={row.bytes} />,
		},
		{
			id: "step",
			title: "",
			label: "Next step",
			width: "146px",
			right: true,
			cell: (row) => <NextStep candidate={row} connection={connection} onClear={onClear} />,
		},
	];
}

interface NextStepProps extends CandidatesProps {
	candidate: Candidate;
}

function NextStep({ candidate, connection, onClear }: NextStepProps) {
	const { next } = candidate;
	if (next == null) return null;
	if (next.kind === "clear")
		return (
			<Button
				small
				disabled={connection.read_only}
				aria-label={`Clear the table ${candidate.name}`}
				onClick={() => onClear(candidate.name)}
				data-testid="candidate-clear"
			>
				Clear this table…
			</Button>
		);
	if (next.kind === "maintain")
		return <MaintainStep step={next} of={candidate.name} connection={connection} />;
	return <StatementStep sql={next.sql} of={candidate.name} />;
}

interface MaintainStepProps {
	step: Extract<NonNullable<Candidate["next"]>, { kind: "maintain" }>;
	of: string;
	connection: Schema["Connection"];
}

function MaintainStep({ step, of, connection }: MaintainStepProps) {
	const navigate = useNavigate();
	return (
		<Button
			small
			disabled={connection.read_only}
			aria-label={`${step.title}… of ${of}`}
			onClick={() =>
				void navigate({
					to: "/db/$connectionId/maintenance",
					params: { connectionId: connection.id },
					// Without a table: the database as a whole.
					search: { run: step.action, ...(step.table == null ? {} : { table: step.table }) },
				})
			}
			data-testid="candidate-compact"
		>
			{step.title}…
		</Button>
	);
}

/** For a person to run, after thinking of the reason. */
function StatementStep({ sql, of }: { sql: string; of: string }) {
	return (
		<Button
			small
			icon={<Copy aria-hidden className="size-3" />}
			title={sql}
			aria-label={`Copy the statement that drops ${of}`}
			onClick={() =>
				navigator.clipboard
					.writeText(sql)
					.then(() => sayDone("Copied. Think of what the reason says before you run it."), sayError)
			}
			data-testid="candidate-copy"
		>
			Copy statement
		</Button>
	);
}
