// One schedule beside the list: why it is blocked, its next five runs, what became of the last ones, and what can be
// done with it.

import { useNavigate } from "@tanstack/react-router";
import { Play } from "lucide-react";
import { useState } from "react";
import type { Schema } from "@/api/client";
import { useAct, useRead } from "@/api/queries";
import { AgreeDialog } from "@/components/AgreeDialog";
import { Button } from "@/components/Button";
import { ConsentNote } from "@/components/ConsentNote";
import { Fact, Facts, Note } from "@/components/Panel";
import { Answered, ErrorState } from "@/components/States";
import { sayDone, sayError } from "@/components/say";
import { counted } from "@/lib/bytes";
import { callText } from "./calls";
import { RunList } from "./runs";
import { NextRuns } from "./SchedulePreview";
import { days } from "./when";

interface ScheduleAsideProps {
	schedule: Schema["Schedule"];
	database: string | null;
}

export function ScheduleAside({ schedule, database }: ScheduleAsideProps) {
	const navigate = useNavigate();
	const preview = useRead("schedule.preview", { timing: schedule.timing }, { staleTime: 30_000 });
	const runs = useRead("run.list", { schedule: schedule.id, limit: 20 });
	const run = useAct("schedule.run_now", () => sayDone(`${schedule.name} is due now.`));
	const remove = useAct("schedule.remove", () => sayDone(`${schedule.name} is removed. Its history stays.`));
	const { timing } = schedule;
	return (
		<aside
			aria-label={`Schedule ${schedule.name}`}
			className="scroll-thin flex max-h-full w-[276px] shrink-0 flex-col gap-3 self-start overflow-y-auto rounded-lg border border-line bg-panel p-4 xl:w-[344px]"
		>
			<h2 className="font-semibold wrap-anywhere">{schedule.name}</h2>
			{schedule.problem && (
				<div data-testid="schedule-problem">
					<ErrorState error={schedule.problem} compact />
				</div>
			)}
			<Consent schedule={schedule} />
			<Facts>
				<Fact name="Runs">
					{callText(schedule)}
					{database !== null && `, ${database}`}
					<Subject schedule={schedule} />
				</Fact>
				<Fact name="When">{schedule.words}</Fact>
				{timing.window && <Fact name="Window">{windowText(timing.window)}</Fact>}
				{timing.when.kind !== "start" && (
					<Fact name="Missed">{timing.missed === "skip" ? "skipped" : "caught up once"}</Fact>
				)}
				{(timing.jitter_seconds ?? 0) > 0 && (
					<Fact name="Spread">{counted(Math.round((timing.jitter_seconds ?? 0) / 60), "minute")}</Fact>
				)}
			</Facts>
			<div className="flex flex-wrap gap-2">
				<Button
					tone="primary"
					icon={<Play aria-hidden className="size-3.5" />}
					busy={run.isPending}
					data-testid="schedule-run"
					onClick={() => run.mutate({ request: { schedule: schedule.id } }, { onError: sayError })}
				>
					Run now
				</Button>
				<Button
					data-testid="schedule-edit"
					onClick={() => void navigate({ to: "/schedules/$scheduleId", params: { scheduleId: schedule.id } })}
				>
					Edit…
				</Button>
				<Button
					tone="danger"
					busy={remove.isPending}
					data-testid="schedule-remove"
					onClick={() => remove.mutate({ request: { schedule: schedule.id } }, { onError: sayError })}
				>
					Remove
				</Button>
			</div>
			{schedule.enabled && preview.data !== undefined && preview.data.next.length > 0 && (
				<section aria-label="Next runs">
					<h3 className="mb-0.5 font-medium text-sm text-text-2">Next runs</h3>
					<NextRuns runs={preview.data.next} />
				</section>
			)}
			<section aria-label="Past runs">
				<h3 className="mb-0.5 font-medium text-sm text-text-2">Past runs</h3>
				<Answered question={runs} rows={2}>
					{(data) =>
						data.runs.length === 0 ? (
							<p className="text-text-2">It has not run yet.</p>
						) : (
							<RunList runs={data.runs} />
						)
					}
				</Answered>
			</section>
		</aside>
	);
}

/** What locks others out waits until somebody has agreed to it. */
function Consent({ schedule }: { schedule: Schema["Schedule"] }) {
	const [agreeing, setAgreeing] = useState(false);
	const known = useRead("schedule.get", { schedule: schedule.id }, { staleTime: 30_000 });
	return (
		<>
			<ConsentNote consent={known.data?.consent} onAgree={() => setAgreeing(true)} />
			{agreeing && (
				<AgreeDialog
					operation="schedule.agree.plan"
					request={{ schedule: schedule.id }}
					title={`Let ${schedule.name} run by itself?`}
					action="Agree"
					onClose={() => setAgreeing(false)}
					onAgreed={() => {
						sayDone(`${schedule.name} runs by itself from now on.`);
						setAgreeing(false);
					}}
				>
					{(plan) => <Note tone="warn">{plan.warning}</Note>}
				</AgreeDialog>
			)}
		</>
	);
}

/** A clean-up rule or a group, by its name. */
function Subject({ schedule }: { schedule: Schema["Schedule"] }) {
	const { rule, group } = schedule.request as Record<string, unknown>;
	const rules = useRead("cleanup.list", {}, { enabled: rule !== undefined });
	if (typeof group === "string") return `, group ${group}`;
	if (rule === undefined) return null;
	const found = rules.data?.rules.find((each) => each.id === rule || each.name === rule);
	if (rules.data === undefined) return null;
	return found ? `: ${found.name}` : ": the rule is gone";
}

function windowText(window: Schema["Window"]): string {
	const all = window.days.length === 7;
	const names = days.filter((each) => window.days.includes(each.value)).map((each) => each.short);
	const close = window.at_close === "stop" ? ", then it is cancelled" : "";
	return `${all ? "every day" : names.join(", ")} ${window.from} to ${window.until}${close}`;
}
