// All long work, running and past: state, progress, error with its hint, and the way to what it made.

import { useNavigate } from "@tanstack/react-router";
import { ListChecks } from "lucide-react";
import { useEffect, useState } from "react";
import type { Schema } from "@/api/client";
import { jobEnded } from "@/api/events";
import { useAct, useRead } from "@/api/queries";
import { Button } from "@/components/Button";
import { Cut, DataTable } from "@/components/DataTable";
import { JobBadge, jobStateText, startedColumn } from "@/components/JobBadge";
import { Page } from "@/components/Page";
import { Fact, Facts } from "@/components/Panel";
import { ProgressBar, ProgressIndicator, progressShare } from "@/components/ProgressIndicator";
import { Answered, EmptyState, ErrorState } from "@/components/States";
import { sayError } from "@/components/say";
import { bytes, counted } from "@/lib/bytes";
import { operationName } from "@/lib/text";
import { absolute, duration } from "@/lib/time";
import { everyJob, fits, type JobFilter, JobFilters } from "./JobFilters";
import { JobLog } from "./JobLog";
import { madeBy } from "./made";

type Job = Schema["Job"];

export function JobsPage({ jobId }: { jobId: string | undefined }) {
	const jobs = useRead("job.list", { limit: 500 });
	const [selected, setSelected] = useState<string | null>(jobId ?? null);
	useEffect(() => {
		if (jobId !== undefined) setSelected(jobId);
	}, [jobId]);
	const [filter, setFilter] = useState<JobFilter>(everyJob);
	const fitting = (jobs.data?.jobs ?? []).filter((job) => fits(job, filter));
	const shown = selected ?? fitting[0]?.id ?? null;
	return (
		<Page title="Jobs" fill>
			<Answered question={jobs} rows={8}>
				{(data) =>
					data.jobs.length === 0 ? (
						<EmptyState icon={<ListChecks aria-hidden />} title="No job has run yet">
							Backups, proofs, restores and checks of the vault appear here with their progress and result.
						</EmptyState>
					) : (
						<div className="flex h-full min-h-0 gap-4">
							<div className="flex min-h-0 min-w-0 flex-1 flex-col gap-2.5">
								<JobFilters jobs={data.jobs} filter={filter} onFilter={setFilter} />
								<DataTable
									label="Jobs"
									rows={fitting}
									empty={<p className="p-4 text-text-2">No job fits this. Change what is looked for.</p>}
									rowKey={(job) => job.id}
									rowLabel={(job) => `${job.title}, ${jobStateText(job.state)}`}
									rowTestId="job-row"
									maxHeight="fill"
									selected={shown}
									onSelect={(job) => setSelected(job.id)}
									columns={[
										{
											id: "title",
											title: "Job",
											width: "minmax(140px,2fr)",
											sort: (job) => job.title,
											cell: (job) => <Cut text={job.title} strong />,
										},
										{
											id: "state",
											title: "State",
											width: "104px",
											sort: (job) => job.state,
											cell: (job) => <State job={job} />,
										},
										startedColumn,
										{
											id: "took",
											title: "Took",
											width: "88px",
											right: true,
											sort: took,
											cell: (job) => (took(job) == null ? "" : duration(took(job) ?? 0)),
										},
									]}
								/>
							</div>
							{shown !== null && (
								<JobAside key={shown} job={data.jobs.find((job) => job.id === shown) ?? null} />
							)}
						</div>
					)
				}
			</Answered>
		</Page>
	);
}

function took(job: Job): number | null {
	return job.ended_at_ms == null || job.started_at_ms == null ? null : job.ended_at_ms - job.started_at_ms;
}

function State({ job }: { job: Job }) {
	const share = progressShare(job.progress);
	if (job.state === "running")
		return (
			<span className="flex w-full items-center gap-2">
				<ProgressBar progress={job.progress} label={job.title} className="flex-1" />
				{share !== null && <span className="tabular text-sm text-text-2">{Math.floor(share * 100)} %</span>}
			</span>
		);
	return <JobBadge state={job.state} />;
}

function JobAside({ job }: { job: Job | null }) {
	const navigate = useNavigate();
	const cancel = useAct("job.cancel");
	if (job === null) return null;
	const made = madeBy(job);
	return (
		<aside
			aria-label={`Details of ${job.title}`}
			className="scroll-thin flex max-h-full w-[276px] shrink-0 flex-col gap-3 self-start overflow-y-auto rounded-lg border border-line bg-panel p-4 xl:w-[344px]"
		>
			<h2 className="font-semibold wrap-anywhere">{job.title}</h2>
			{!jobEnded(job) && <ProgressIndicator progress={job.progress} label={job.title} />}
			{job.error && <ErrorState error={job.error} compact />}
			<Facts>
				<Fact name="State">
					<JobBadge state={job.state} />
				</Fact>
				<Fact name="What">{operationName(job.operation)}</Fact>
				{job.started_at_ms != null && <Fact name="Started">{absolute(job.started_at_ms)}</Fact>}
				{job.ended_at_ms != null && <Fact name="Ended">{absolute(job.ended_at_ms)}</Fact>}
				{took(job) != null && <Fact name="Took">{duration(took(job) ?? 0)}</Fact>}
				{job.state === "succeeded" && job.progress.done_bytes > 0 && (
					<Fact name="Read">
						{bytes(job.progress.done_bytes)}
						{job.progress.done_rows > 0 && `, ${counted(job.progress.done_rows, "row")}`}
					</Fact>
				)}
				{made.facts.map(([name, value]) => (
					<Fact key={name} name={name}>
						{value}
					</Fact>
				))}
			</Facts>
			<JobLog key={job.state} job={job} />
			<div className="flex flex-wrap gap-2">
				{made.backup && (
					<Button
						onClick={() =>
							void navigate({ to: "/backups/$backupId", params: { backupId: made.backup as string } })
						}
					>
						Show backup
					</Button>
				)}
				{made.restore && (
					<Button
						onClick={() =>
							void navigate({ to: "/restores/$restoreId", params: { restoreId: made.restore as string } })
						}
					>
						Show restore
					</Button>
				)}
				{job.cancellable && !jobEnded(job) && (
					<Button
						tone="danger"
						busy={cancel.isPending}
						onClick={() => cancel.mutate({ request: { job: job.id } }, { onError: sayError })}
						data-testid="job-cancel"
					>
						Cancel job
					</Button>
				)}
			</div>
		</aside>
	);
}
