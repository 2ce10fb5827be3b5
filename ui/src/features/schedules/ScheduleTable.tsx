// Schedules with their next run and how the last one ended.

import type { UseMutationResult } from "@tanstack/react-query";
import type { ReactNode } from "react";
import type { CallError, Schema } from "@/api/client";
import { type Act, useAct } from "@/api/queries";
import { Dot } from "@/components/Badge";
import { type Column, Cut, DataTable } from "@/components/DataTable";
import { RelativeTime } from "@/components/Moment";
import { sayError } from "@/components/say";
import { useWide } from "@/components/useWide";
import { callText, subjectText } from "./calls";
import { RunBadge } from "./runs";

type Schedule = Schema["Schedule"];

interface ScheduleTableProps {
	schedules: readonly Schedule[];
	/** Names of connections by id. */
	databases: ReadonlyMap<string, string>;
	selected: string | null;
	onSelect: (schedule: Schedule) => void;
	/** All are of one database: its name is not repeated. */
	ofOne?: boolean;
	empty: ReactNode;
}

export function ScheduleTable(props: ScheduleTableProps) {
	const { schedules, databases, selected, onSelect, ofOne, empty } = props;
	const wide = useWide();
	const update = useAct("schedule.update");
	const columns = [
		switchColumn(update),
		nameColumn,
		whatColumn(ofOne ? null : databases),
		nextColumn,
		lastColumn(wide),
	];
	return (
		<DataTable
			label="Schedules"
			rows={schedules}
			columns={columns}
			rowKey={(row) => row.id}
			rowLabel={(row) => `${row.name}, ${row.enabled ? "on" : "off"}`}
			rowTestId="schedule-row"
			rowHeight={46}
			maxHeight="fill"
			selected={selected}
			onSelect={onSelect}
			empty={empty}
		/>
	);
}

function switchColumn(
	update: UseMutationResult<unknown, CallError, Act<"schedule.update">>,
): Column<Schedule> {
	return {
		id: "on",
		title: "On",
		width: "52px",
		sort: (row) => (row.enabled ? 1 : 0),
		cell: (row) => (
			<input
				type="checkbox"
				role="switch"
				aria-checked={row.enabled}
				className="switch"
				aria-label={`${row.name}: on`}
				checked={row.enabled}
				onClick={(event) => event.stopPropagation()}
				onChange={(event) =>
					update.mutate(
						{ request: { schedule: row.id, enabled: event.target.checked } },
						{ onError: sayError },
					)
				}
			/>
		),
	};
}

const nameColumn: Column<Schedule> = {
	id: "name",
	title: "Schedule",
	width: "minmax(112px,1.7fr)",
	sort: (row) => row.name,
	cell: (row) => (
		<span className="flex min-w-0 flex-col leading-[17px]">
			<span className="flex min-w-0 items-center gap-1.5">
				{row.problem && <Dot tone="bad" label={row.problem.message} />}
				<Cut text={row.name} strong />
			</span>
			<span className="truncate text-sm text-text-2" title={row.words ?? ""}>
				{row.words}
			</span>
		</span>
	),
};

/** `databases`: null where the list is of one, whose name is not repeated. */
function whatColumn(databases: ReadonlyMap<string, string> | null): Column<Schedule> {
	return {
		id: "what",
		title: "What",
		width: "minmax(108px,1.2fr)",
		sort: (row) => callText(row),
		cell: (row) => (
			<span className="flex min-w-0 flex-col leading-[17px]">
				<Cut text={callText(row)} />
				{databases && <span className="truncate text-sm text-text-2">{subjectText(row, databases)}</span>}
			</span>
		),
	};
}

const nextColumn: Column<Schedule> = {
	id: "next",
	title: "Next run",
	width: "76px",
	sort: (row) => row.next_run_ms,
	cell: (row) =>
		row.next_run_ms == null ? (
			<span className="text-text-3">{row.enabled ? startOnly(row) : "off"}</span>
		) : (
			<RelativeTime at={row.next_run_ms} />
		),
};

function lastColumn(wide: boolean): Column<Schedule> {
	return {
		id: "last",
		title: "Last result",
		width: wide ? "190px" : "98px",
		sort: (row) => row.last_run?.due_ms,
		cell: (row) =>
			row.last_run == null ? (
				<span className="text-text-3">never ran</span>
			) : (
				<span className="flex items-center gap-2">
					<RunBadge run={row.last_run} />
					{wide && (
						<span className="text-sm text-text-2">
							<RelativeTime at={row.last_run.due_ms} />
						</span>
					)}
				</span>
			),
	};
}

function startOnly(row: Schedule): string {
	return row.timing.when.kind === "start" ? "at start" : "never again";
}
