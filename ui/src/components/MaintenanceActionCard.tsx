// One action of maintenance: what it does, what others cannot do meanwhile, how long it took the last time; while it
// runs its progress and a way to stop it.

import { Lock } from "lucide-react";
import type { Schema } from "@/api/client";
import { duration } from "@/lib/time";
import { Badge, type Tone } from "./Badge";
import { Button } from "./Button";
import { classes } from "./classes";
import { RelativeTime } from "./Moment";
import { ProgressIndicator } from "./ProgressIndicator";

type Run = Schema["MaintenanceRun"];

interface MaintenanceActionCardProps {
	offered: Schema["OfferedMaintenance"];
	/** It runs now. */
	job: Schema["Job"] | null;
	/** The connection may not be written. */
	readOnly: boolean;
	onRun: () => void;
	onCancel: (job: Schema["Job"]) => void;
	onResult: (run: Run) => void;
}

export function MaintenanceActionCard(props: MaintenanceActionCardProps) {
	const { offered, job, readOnly, onRun, onCancel, onResult } = props;
	const { last } = offered;
	const why =
		offered.unavailable ??
		(readOnly && offered.writes
			? "This connection is read-only, and this changes the database's files."
			: null);
	return (
		<section
			aria-label={offered.title}
			data-testid="maintenance-card"
			data-kind={offered.kind}
			className="flex flex-col gap-2 rounded-lg border border-line bg-panel px-4 py-3"
		>
			<h2 className="flex items-center gap-2 font-semibold">
				{offered.title}
				{offered.warning && <Badge tone="warn">with care</Badge>}
				{!offered.writes && <Badge>reads only</Badge>}
			</h2>
			<p className={classes("text-text-2", why !== null && "opacity-70")}>{offered.what}</p>
			<p className="flex items-start gap-1.5 text-sm text-text-2">
				<Lock aria-label="Locks" className="mt-[3px] size-3 shrink-0 text-text-3" />
				{offered.locks}
			</p>
			<div className="mt-auto flex flex-col gap-2 pt-1">
				{job !== null ? (
					<div className="flex items-end gap-3">
						<div className="min-w-0 flex-1">
							<ProgressIndicator progress={job.progress} label={offered.title} inShares />
						</div>
						{job.cancellable && (
							<Button small onClick={() => onCancel(job)} data-testid="maintenance-cancel">
								Cancel
							</Button>
						)}
					</div>
				) : (
					<div className="flex items-center gap-3">
						<span className="min-w-0 flex-1 text-sm">
							{why !== null ? (
								<span className="text-text-2">{why}</span>
							) : last == null ? (
								<span className="text-text-3">Never done from here</span>
							) : (
								<button
									type="button"
									onClick={() => onResult(last)}
									className="flex flex-wrap items-center gap-x-2 rounded-sm text-left text-text-2 hover:text-text"
									data-testid="maintenance-result"
								>
									<RunState run={last} />
									<RelativeTime at={last.created_at_ms} />
									{last.duration_ms != null && `in ${duration(last.duration_ms)}`}
								</button>
							)}
						</span>
						{why === null && (
							<Button onClick={onRun} data-testid="maintenance-open">
								Run…
							</Button>
						)}
					</div>
				)}
			</div>
		</section>
	);
}

/** How it ended, and what it found. */
export function RunState({ run }: { run: Run }) {
	const findings = run.report?.findings ?? [];
	const worst = findings.some((each) => each.level === "error")
		? "error"
		: findings.some((each) => each.level === "warning")
			? "warning"
			: null;
	const looks: Partial<Record<Run["state"], [Tone, string]>> = {
		queued: ["neutral", "Queued"],
		running: ["accent", "Running"],
		failed: ["bad", "Failed"],
		cancelled: ["neutral", "Cancelled"],
		interrupted: ["warn", "Interrupted"],
	};
	const [tone, text] = looks[run.state] ?? [
		worst === "error" ? "bad" : worst === "warning" ? "warn" : "ok",
		worst === null ? "Done" : worst === "error" ? "Found damage" : "Found something",
	];
	return <Badge tone={tone}>{text}</Badge>;
}
