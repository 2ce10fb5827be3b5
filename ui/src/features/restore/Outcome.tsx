// How a restore or an import ended: what is proven, where the rows are, what is kept.

import { Link } from "@tanstack/react-router";
import { CircleCheck } from "lucide-react";
import type { Schema } from "@/api/client";
import { Fact, Facts, Panel } from "@/components/Panel";
import { Name } from "@/components/PlanForm";
import { proofHolds } from "@/components/ProofTable";
import { count, counted } from "@/lib/bytes";
import { duration } from "@/lib/time";
import { ChosenTables } from "./ChosenTables";
import { stoppedBadly } from "./phases";

export function Outcome({ restore }: { restore: Schema["Restore"] }) {
	const tables = (restore.chosen ?? []).length > 0;
	return (
		<>
			<Success restore={restore} tables={tables} />
			{restore.state === "undone" && (
				<p
					role="status"
					className="rounded-lg border border-line bg-line-soft px-4 py-2.5"
					data-testid="restore-undone"
				>
					Undone: the {tables ? "tables" : "database"} from before the restore {tables ? "are" : "is"} live
					again.
				</p>
			)}
			{stoppedBadly(restore.state) && !restore.error && (
				<p className="text-text-2">
					It stopped before anything was put in place. The live database is as it was.
				</p>
			)}
			<Details restore={restore} tables={tables} />
		</>
	);
}

interface PartProps {
	restore: Schema["Restore"];
	/** Chosen tables, not a whole database. */
	tables: boolean;
}

function Success({ restore, tables }: PartProps) {
	if (restore.state !== "done" && restore.state !== "released") return null;
	const equal = restore.proof.filter(proofHolds).length;
	const rows = restore.proof.reduce((sum, each) => sum + (each.found_rows ?? 0), 0);
	return (
		<>
			{restore.proof.length > 0 && equal === restore.proof.length && (
				<div
					role="status"
					className="flex items-start gap-2.5 rounded-lg border border-ok/45 bg-ok-soft px-4 py-3"
					data-testid="restore-done"
				>
					<CircleCheck aria-hidden className="mt-0.5 size-4 shrink-0 text-ok" />
					<div>
						<p className="font-semibold text-ok">
							{restore.replace && !tables ? "Restored, proven and swapped in" : "Restored and proven"}
						</p>
						<p className="text-text-2">
							{count(equal)} of {counted(restore.proof.length, "table")}, {counted(rows, "row")}, every
							content hash equal to the snapshot's.
						</p>
					</div>
				</div>
			)}
			{restore.imported_from != null && (
				<div
					role="status"
					className="flex items-start gap-2.5 rounded-lg border border-ok/45 bg-ok-soft px-4 py-3"
					data-testid="import-done"
				>
					<CircleCheck aria-hidden className="mt-0.5 size-4 shrink-0 text-ok" />
					<p className="font-semibold text-ok">
						{restore.replace ? "Imported and swapped in" : "Imported: every statement has succeeded"}
					</p>
				</div>
			)}
		</>
	);
}

function Details({ restore, tables }: PartProps) {
	return (
		<Panel>
			<Facts wide>
				{tables && (
					<Fact name="Tables">
						<ChosenTables tables={restore.chosen ?? []} brief />
					</Fact>
				)}
				{restore.state !== "undone" && (
					<Fact name="The rows are in">
						<Name text={restore.database} /> on {restore.connection_name}
					</Fact>
				)}
				{restore.duration_ms != null && <Fact name="Took">{duration(restore.duration_ms)}</Fact>}
				{restore.kept_as && (
					<Fact name={restore.can_undo ? "Kept for undo" : "Set aside as"}>
						<Name text={restore.kept_as} />
						{restore.can_release && ", until you release it"}
					</Fact>
				)}
				{restore.replace && restore.state === "released" && (
					<Fact name="Undo">Not possible any more: what was replaced has been released</Fact>
				)}
				<Fact name="From">
					{restore.imported_from == null ? (
						<Link
							to="/backups/$backupId"
							params={{ backupId: restore.backup_id }}
							className="rounded-sm underline decoration-line-strong underline-offset-2 hover:decoration-current"
						>
							{restore.backup_name}
						</Link>
					) : (
						<Name text={restore.imported_from} />
					)}
				</Fact>
				{restore.safety_backup_id && (
					<Fact name="Safety backup">
						<Link
							to="/backups/$backupId"
							params={{ backupId: restore.safety_backup_id }}
							className="rounded-sm underline decoration-line-strong underline-offset-2 hover:decoration-current"
						>
							taken before {restore.imported_from == null ? "the restore" : "the import"}
						</Link>
					</Fact>
				)}
			</Facts>
		</Panel>
	);
}
