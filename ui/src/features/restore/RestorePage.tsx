// One restore: its progress while it runs, its proof when it is done, undo and release while something is kept.

import { Link } from "@tanstack/react-router";
import { Check, CircleCheck } from "lucide-react";
import { useState } from "react";
import type { Schema } from "@/api/client";
import { jobEnded } from "@/api/events";
import { useAct, useRead } from "@/api/queries";
import { Badge } from "@/components/Badge";
import { Button, Spinner } from "@/components/Button";
import { classes } from "@/components/classes";
import { RelativeTime } from "@/components/Moment";
import { Page } from "@/components/Page";
import { Fact, Facts, Note, Panel } from "@/components/Panel";
import { Name } from "@/components/PlanForm";
import { ProgressIndicator } from "@/components/ProgressIndicator";
import { ProofTable, proofHolds } from "@/components/ProofTable";
import { Answered, ErrorState } from "@/components/States";
import { Steps } from "@/components/Steps";
import { sayError } from "@/components/say";
import { count, counted } from "@/lib/bytes";
import { duration } from "@/lib/time";
import { ChosenTables } from "./ChosenTables";
import { FollowUp } from "./FollowUp";
import { isRunning, phases, stateWords, stoppedBadly } from "./phases";

export function RestorePage({ restoreId }: { restoreId: string }) {
	const question = useRead("restore.get", { restore: restoreId });
	const [asking, setAsking] = useState<"undo" | "release" | null>(null);
	const restore = question.data;
	return (
		<Page
			title={
				restore
					? `${restore.imported_from == null ? "Restore" : "Import"} "${restore.backup_name}"`
					: "Restore"
			}
			beside={
				restore && (
					<>
						<RestoreBadge state={restore.state} />
						<Link
							to="/db/$connectionId/restores"
							params={{ connectionId: restore.connection_id }}
							className="shrink-0 rounded-sm text-text-2 hover:underline"
						>
							{restore.connection_name}
						</Link>
						<span className="shrink-0 text-text-2">
							<RelativeTime at={restore.started_at_ms} />
						</span>
					</>
				)
			}
			actions={
				restore && (
					<>
						{restore.can_release && (
							<Button tone="danger" onClick={() => setAsking("release")} data-testid="release">
								{(restore.chosen ?? []).length > 0 ? "Release kept tables…" : "Release kept database…"}
							</Button>
						)}
						{restore.can_undo && (
							<Button onClick={() => setAsking("undo")} data-testid="undo">
								Undo…
							</Button>
						)}
					</>
				)
			}
		>
			<Answered question={question} rows={6}>
				{(data) => (
					<div className="flex max-w-[820px] flex-col gap-3.5">
						{isRunning(data.state) && (
							<Steps
								names={
									data.imported_from == null
										? ["Target", "What will happen", "Restore and prove", data.replace ? "Swap" : "Done"]
										: ["File and target", "What will happen", "Import"]
								}
								at={data.imported_from == null && data.state === "swapping" ? 3 : 2}
							/>
						)}
						{isRunning(data.state) ? <Running restore={data} /> : <Outcome restore={data} />}
						{data.error && <ErrorState error={data.error} />}
						{data.imported_from != null && data.remarks.length > 0 && (
							<Note>
								{data.remarks.map((remark) => (
									<p key={remark} className="wrap-anywhere">
										{remark}
									</p>
								))}
							</Note>
						)}
						{data.imported_from == null && data.remarks.length > 0 && (
							<div className="rounded-lg border border-warn/35 bg-warn-soft px-4 py-2.5">
								<p className="font-medium text-warn">Not exactly as it was</p>
								{data.remarks.map((remark) => (
									<p key={remark} className="wrap-anywhere">
										{remark}
									</p>
								))}
							</div>
						)}
						{data.proof.length > 0 && <ProofTable tables={data.proof} maxHeight={360} />}
						{asking && <FollowUp restore={data} what={asking} onClose={() => setAsking(null)} />}
					</div>
				)}
			</Answered>
		</Page>
	);
}

export function RestoreBadge({ state }: { state: Schema["RestoreState"] }) {
	const tone =
		state === "done"
			? "ok"
			: state === "failed"
				? "bad"
				: state === "interrupted"
					? "warn"
					: isRunning(state)
						? "accent"
						: "neutral";
	return <Badge tone={tone}>{stateWords[state]}</Badge>;
}

function Running({ restore }: { restore: Schema["Restore"] }) {
	const job = useRead("job.get", { job: restore.job_id ?? "" }, { enabled: restore.job_id != null });
	const cancel = useAct("job.cancel");
	const live = job.data;
	return (
		<Panel>
			<div className="flex flex-col gap-3.5" data-testid="restore-running">
				<ol className="flex flex-col gap-1.5">
					{phases(restore).map((phase) => (
						<li
							key={phase.state}
							className={classes(
								"flex items-center gap-2",
								phase.stands === "now" ? "font-medium" : "text-text-2",
							)}
						>
							<span className="flex size-4 items-center justify-center">
								{phase.stands === "done" ? (
									<Check aria-label="done:" className="size-4 text-ok" />
								) : phase.stands === "now" ? (
									<Spinner />
								) : (
									<span aria-hidden className="size-1.5 rounded-full bg-line-strong" />
								)}
							</span>
							{phase.text}
						</li>
					))}
				</ol>
				{live && <ProgressIndicator progress={live.progress} label={live.title} />}
				<div className="flex items-center gap-3">
					<p className="text-sm text-text-2">
						You can leave this page; it goes on in the background. Until the last step the live database is as
						it was.
					</p>
					{live?.cancellable && !jobEnded(live) && (
						<Button
							className="ml-auto"
							busy={cancel.isPending}
							onClick={() => cancel.mutate({ request: { job: live.id } }, { onError: sayError })}
						>
							{restore.imported_from == null ? "Cancel restore" : "Cancel import"}
						</Button>
					)}
				</div>
			</div>
		</Panel>
	);
}

function Outcome({ restore }: { restore: Schema["Restore"] }) {
	const equal = restore.proof.filter(proofHolds).length;
	const rows = restore.proof.reduce((sum, each) => sum + (each.found_rows ?? 0), 0);
	const tables = (restore.chosen ?? []).length > 0;
	const good = restore.state === "done" || restore.state === "released";
	return (
		<>
			{good && restore.proof.length > 0 && equal === restore.proof.length && (
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
			{good && restore.imported_from != null && (
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
		</>
	);
}
