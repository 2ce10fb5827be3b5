// Everything about one backup: what it holds, what it lacks, how far it is proven.

import { Link, useNavigate } from "@tanstack/react-router";
import { useState } from "react";
import type { Schema } from "@/api/client";
import { useRead } from "@/api/queries";
import { isGood } from "@/components/BackupListTable";
import { Badge } from "@/components/Badge";
import { Button } from "@/components/Button";
import { type Column, Cut, DataTable } from "@/components/DataTable";
import { LevelBadge, levelText } from "@/components/LevelBadge";
import { Bytes, RelativeTime } from "@/components/Moment";
import { Page } from "@/components/Page";
import { Panel } from "@/components/Panel";
import { ProofTable, proofHolds } from "@/components/ProofTable";
import { Answered, ErrorState } from "@/components/States";
import { count, counted } from "@/lib/bytes";
import { serverName, tableName } from "@/lib/text";
import { duration } from "@/lib/time";
import { BackupActions } from "./BackupActions";
import { BackupFacts } from "./BackupFacts";
import { Omissions } from "./Omissions";
import { ProofSummary } from "./ProofSummary";
import { Remarks } from "./Remarks";
import { SaveProof } from "./SaveProof";

export function BackupPage({ backupId }: { backupId: string }) {
	const navigate = useNavigate();
	const detail = useRead("backup.get", { backup: backupId });
	const backup = detail.data?.backup;
	return (
		<Page
			title={backup?.name ?? "Backup"}
			beside={
				backup && (
					<>
						<LevelBadge backup={backup} />
						<Link
							to="/db/$connectionId/backups"
							params={{ connectionId: backup.connection_id }}
							className="shrink-0 rounded-sm text-text-2 hover:underline"
						>
							{backup.connection_name}
						</Link>
						<span className="shrink-0 text-text-2">
							<RelativeTime at={backup.created_at_ms} />
						</span>
					</>
				)
			}
			actions={
				backup && (
					<BackupActions
						backup={backup}
						onDeleted={() =>
							void navigate({
								to: "/db/$connectionId/backups",
								params: { connectionId: backup.connection_id },
							})
						}
					/>
				)
			}
		>
			<Answered question={detail} rows={10}>
				{(data) => (
					<div className="flex flex-col gap-3">
						{data.backup.error && data.backup.state !== "cancelled" && (
							<ErrorState error={data.backup.error} />
						)}
						<div className="grid grid-cols-1 items-start gap-3 lg:grid-cols-2">
							<Panel title="Backup">
								{data.backup.note && data.backup.note !== data.backup.name && (
									<p className="mb-2 whitespace-pre-line wrap-anywhere">{data.backup.note}</p>
								)}
								<BackupFacts detail={data} wide />
							</Panel>
							<div className="flex flex-col gap-3">
								<ProofSummary detail={data} />
								{isGood(data.backup) && <Omissions omissions={data.omissions} />}
								<Remarks remarks={data.remarks ?? []} />
							</div>
						</div>
						<Panel title={counted(data.tables.length, "table")} padded={false}>
							<Tables
								tables={data.tables}
								onRestore={
									isGood(data.backup)
										? (table) => void navigate({ to: "/restore", search: { backup: backupId, table } })
										: undefined
								}
							/>
						</Panel>
						<Proofs backupId={data.id} proofs={data.proofs} />
					</div>
				)}
			</Answered>
		</Page>
	);
}

interface TablesProps {
	tables: readonly Schema["TableSnapshot"][];
	onRestore?: (table: string) => void;
}

function Tables({ tables, onRestore }: TablesProps) {
	const restore: Column<Schema["TableSnapshot"]> = {
		id: "restore",
		title: "",
		label: "Restore",
		width: "96px",
		right: true,
		cell: (row) =>
			row.has_rows && (
				<Button small onClick={() => onRestore?.(tableName(row))} aria-label={`Restore ${tableName(row)}`}>
					Restore…
				</Button>
			),
	};
	return (
		<div className="-mx-px -mb-px [&>div]:rounded-none">
			<DataTable
				label="Tables of the backup"
				rows={tables}
				rowKey={tableName}
				rowHeight={30}
				maxHeight={340}
				columns={[
					{
						id: "name",
						title: "Table",
						width: "minmax(160px,2fr)",
						sort: tableName,
						cell: (row) => <Cut text={tableName(row)} mono />,
					},
					{
						id: "columns",
						title: "Columns",
						width: "84px",
						right: true,
						sort: (row) => row.columns.length,
						cell: (row) => (
							<span title={row.columns.map((each) => `${each.name} ${each.type_name}`).join("\n")}>
								{row.columns.length}
							</span>
						),
					},
					{
						id: "rows",
						title: "Rows",
						width: "minmax(96px,1fr)",
						right: true,
						sort: (row) => row.rows,
						cell: (row) => (row.has_rows ? count(row.rows) : <span className="text-text-3">not held</span>),
					},
					{
						id: "bytes",
						title: "Bytes",
						width: "minmax(86px,1fr)",
						right: true,
						sort: (row) => row.bytes,
						cell: (row) => row.has_rows && <Bytes value={row.bytes} />,
					},
					{
						id: "hash",
						title: "Content hash",
						width: "minmax(110px,1fr)",
						cell: (row) =>
							row.has_rows && (
								<code title={row.content_hash} className="truncate font-mono text-sm text-text-2">
									{row.content_hash.slice(0, 12)}
								</code>
							),
					},
					...(onRestore ? [restore] : []),
				]}
			/>
		</div>
	);
}

function Proofs({ backupId, proofs }: { backupId: string; proofs: readonly Schema["ProofRecord"][] }) {
	const [open, setOpen] = useState(0);
	return (
		<Panel title="Checks">
			{proofs.length === 0 && (
				<p className="text-text-2">
					None yet. "Prove" loads it into a scratch database and compares every table.
				</p>
			)}
			<ul className="flex flex-col gap-1">
				{proofs.map((proof, at) => (
					<li key={`${proof.started_at_ms}-${proof.level}`}>
						<button
							type="button"
							aria-expanded={open === at}
							onClick={() => setOpen(open === at ? -1 : at)}
							className="flex w-full flex-wrap items-center gap-x-3 gap-y-0.5 rounded-md px-1.5 py-1 text-left hover:bg-line-soft"
						>
							<Badge tone={proof.passed ? "ok" : "bad"}>{proof.passed ? "Passed" : "Failed"}</Badge>
							<span className="font-medium">{levelText(proof.level)}</span>
							<span className="text-text-2">
								<RelativeTime at={proof.started_at_ms} />
							</span>
							<span className="text-text-2">{duration(proof.duration_ms)}</span>
							{proof.server && <span className="text-text-2">{serverName(proof.server)}</span>}
							{proof.tables.length > 0 && (
								<span className="text-text-2">
									{count(proof.tables.filter(proofHolds).length)} of {counted(proof.tables.length, "table")}{" "}
									equal
								</span>
							)}
							<span className="ml-auto text-sm text-text-3">Holdfast {proof.tool_version}</span>
						</button>
						{open === at && (
							<div className="flex flex-col gap-2 px-1.5 pt-1.5 pb-2">
								{proof.problems.map((problem) => (
									<p key={problem} className="text-bad wrap-anywhere">
										{problem}
									</p>
								))}
								{proof.tables.length > 0 && <ProofTable tables={proof.tables} maxHeight={240} />}
								{proof.tables.length === 0 && proof.problems.length === 0 && (
									<p className="text-text-2">Objects only; no table was loaded at this level.</p>
								)}
								<SaveProof backupId={backupId} proof={proof} />
							</div>
						)}
					</li>
				))}
			</ul>
		</Panel>
	);
}
