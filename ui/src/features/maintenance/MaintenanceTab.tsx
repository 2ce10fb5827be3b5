// Maintenance of one database: the actions of its engine as cards, what was done before, and who is connected.

import { useNavigate } from "@tanstack/react-router";
import { useState } from "react";
import type { Schema } from "@/api/client";
import { jobEnded } from "@/api/events";
import { useAct, useRead } from "@/api/queries";
import { DataTable } from "@/components/DataTable";
import { MaintenanceActionCard, RunState } from "@/components/MaintenanceActionCard";
import { RelativeTime } from "@/components/Moment";
import { Answered } from "@/components/States";
import { sayError } from "@/components/say";
import { bytes } from "@/lib/bytes";
import { tableName } from "@/lib/text";
import { duration } from "@/lib/time";
import { MaintenanceResult } from "./MaintenanceResult";
import { RunMaintenance } from "./RunMaintenance";
import { SessionList } from "./SessionList";

type Run = Schema["MaintenanceRun"];

interface MaintenanceTabProps {
	connection: Schema["Connection"];
	/** An action to begin with, and a table to begin with it on. */
	run?: string;
	table?: string;
}

export function MaintenanceTab({ connection, run, table }: MaintenanceTabProps) {
	const navigate = useNavigate();
	const question = useRead("maintenance.list", { connection: connection.id });
	const jobs = useRead("job.list", { limit: 50 });
	const cancel = useAct("job.cancel");
	const [asking, setAsking] = useState<Schema["OfferedMaintenance"] | null>(null);
	const [result, setResult] = useState<Run | null>(null);
	// What another page leads to is asked for once: the address forgets it.
	const led = question.data?.actions.find((each) => each.kind === run && each.unavailable == null) ?? null;
	const asked = asking ?? led;
	const close = () => {
		setAsking(null);
		if (run !== undefined)
			void navigate({
				to: "/db/$connectionId/maintenance",
				params: { connectionId: connection.id },
				replace: true,
			});
	};
	const running = (jobs.data?.jobs ?? []).filter((each) => !jobEnded(each));
	return (
		<div className="scroll-thin flex h-full flex-col gap-4 overflow-y-auto pr-2 pb-4">
			<Answered question={question} rows={6}>
				{({ actions }) => (
					<>
						<div className="grid grid-cols-2 gap-3 xl:grid-cols-3">
							{actions.map((each) => (
								<MaintenanceActionCard
									key={each.kind}
									offered={each}
									readOnly={connection.read_only}
									job={running.find((job) => job.id === each.last?.job_id) ?? null}
									onRun={() => setAsking(each)}
									onCancel={(job) => cancel.mutate({ request: { job: job.id } }, { onError: sayError })}
									onResult={setResult}
								/>
							))}
						</div>
						{connection.offers.sessions && <SessionList connection={connection} />}
						<History
							connection={connection.id}
							titles={new Map(actions.map((each) => [each.kind, each.title]))}
							onOpen={setResult}
						/>
						{result && (
							<MaintenanceResult
								run={result}
								title={actions.find((each) => each.kind === result.action)?.title ?? result.action}
								onClose={() => setResult(null)}
							/>
						)}
					</>
				)}
			</Answered>
			{asked && (
				<RunMaintenance
					connection={connection}
					offered={asked}
					first={asked === led ? table : undefined}
					onClose={close}
				/>
			)}
		</div>
	);
}

interface HistoryProps {
	connection: string;
	titles: ReadonlyMap<Schema["MaintenanceKind"], string>;
	onOpen: (run: Run) => void;
}

function History({ connection, titles, onOpen }: HistoryProps) {
	const history = useRead("maintenance.history", { connection, limit: 100 });
	const runs = history.data?.runs ?? [];
	if (runs.length === 0) return null;
	return (
		<section aria-label="History">
			<h2 className="mb-1.5 font-semibold">What was done</h2>
			<DataTable
				label="Maintenance runs"
				rows={runs}
				rowKey={(run) => run.job_id}
				rowLabel={(run) => `Result of ${titles.get(run.action) ?? run.action}`}
				maxHeight={260}
				onOpen={onOpen}
				onSelect={onOpen}
				columns={[
					{
						id: "action",
						title: "Action",
						width: "minmax(130px,1fr)",
						sort: (run) => titles.get(run.action) ?? run.action,
						cell: (run) => titles.get(run.action) ?? run.action,
					},
					{
						id: "tables",
						title: "On",
						width: "minmax(120px,1.4fr)",
						cell: (run) => (
							<span className="truncate text-text-2">
								{run.tables.length === 0 ? "the whole database" : run.tables.map(tableName).join(", ")}
							</span>
						),
					},
					{ id: "state", title: "Result", width: "128px", cell: (run) => <RunState run={run} /> },
					{
						id: "when",
						title: "When",
						width: "96px",
						sort: (run) => run.created_at_ms,
						cell: (run) => (
							<span className="text-text-2">
								<RelativeTime at={run.created_at_ms} />
							</span>
						),
					},
					{
						id: "took",
						title: "Took",
						width: "92px",
						right: true,
						sort: (run) => run.duration_ms,
						cell: (run) => run.duration_ms != null && duration(run.duration_ms),
					},
					{
						id: "freed",
						title: "Given back",
						width: "92px",
						right: true,
						sort: freed,
						cell: (run) => {
							const given = freed(run);
							return given != null && given > 0 && bytes(given);
						},
					},
				]}
			/>
		</section>
	);
}

function freed(run: Run): number | null {
	const { bytes_before: before, bytes_after: after } = run.report ?? {};
	return before == null || after == null ? null : before - after;
}
