// One restore: its progress while it runs, its proof when it is done, undo and release while something is kept.

import { Link } from "@tanstack/react-router";
import { Check } from "lucide-react";
import { useState } from "react";
import type { Schema } from "@/api/client";
import { jobEnded } from "@/api/events";
import { useAct, useRead } from "@/api/queries";
import { Badge } from "@/components/Badge";
import { Button, Spinner } from "@/components/Button";
import { classes } from "@/components/classes";
import { RelativeTime } from "@/components/Moment";
import { Page } from "@/components/Page";
import { Note, Panel } from "@/components/Panel";
import { ProgressIndicator } from "@/components/ProgressIndicator";
import { ProofTable } from "@/components/ProofTable";
import { Answered, ErrorState } from "@/components/States";
import { Steps } from "@/components/Steps";
import { sayError } from "@/components/say";
import { FollowUp } from "./FollowUp";
import { Outcome } from "./Outcome";
import { isRunning, phases, stateWords } from "./phases";

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
			beside={restore && <Beside restore={restore} />}
			actions={restore && <FollowUps restore={restore} onAsk={setAsking} />}
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
						<Remarks restore={data} />
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

function Beside({ restore }: { restore: Schema["Restore"] }) {
	return (
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
	);
}

interface FollowUpsProps {
	restore: Schema["Restore"];
	onAsk: (what: "undo" | "release") => void;
}

function FollowUps({ restore, onAsk }: FollowUpsProps) {
	return (
		<>
			{restore.can_release && (
				<Button tone="danger" onClick={() => onAsk("release")} data-testid="release">
					{(restore.chosen ?? []).length > 0 ? "Release kept tables…" : "Release kept database…"}
				</Button>
			)}
			{restore.can_undo && (
				<Button onClick={() => onAsk("undo")} data-testid="undo">
					Undo…
				</Button>
			)}
		</>
	);
}

function Remarks({ restore }: { restore: Schema["Restore"] }) {
	if (restore.remarks.length === 0) return null;
	const remarks = restore.remarks.map((remark) => (
		<p key={remark} className="wrap-anywhere">
			{remark}
		</p>
	));
	if (restore.imported_from != null) return <Note>{remarks}</Note>;
	return (
		<div className="rounded-lg border border-warn/35 bg-warn-soft px-4 py-2.5">
			<p className="font-medium text-warn">Not exactly as it was</p>
			{remarks}
		</div>
	);
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
