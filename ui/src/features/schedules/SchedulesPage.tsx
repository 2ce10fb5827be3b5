// Everything that happens by itself: as a list, and as a calendar.

import { Link, useNavigate } from "@tanstack/react-router";
import { CalendarClock, Plus } from "lucide-react";
import { useState } from "react";
import type { Schema } from "@/api/client";
import { useRead } from "@/api/queries";
import { Button } from "@/components/Button";
import { Page } from "@/components/Page";
import { Note } from "@/components/Panel";
import { Answered, EmptyState } from "@/components/States";
import { presets } from "./presets";
import { ScheduleAside } from "./ScheduleAside";
import { ScheduleTable } from "./ScheduleTable";

interface SchedulesPageProps {
	/** The one to show first. */
	scheduleId: string | undefined;
}

export function SchedulesPage({ scheduleId }: SchedulesPageProps) {
	const navigate = useNavigate();
	const question = useRead("schedule.list", {});
	return (
		<Page
			title="Schedules"
			fill
			actions={
				<Button
					tone="primary"
					icon={<Plus aria-hidden className="size-3.5" />}
					onClick={() => void navigate({ to: "/schedules/new" })}
					data-testid="schedule-add"
				>
					Add schedule
				</Button>
			}
			tabs={<ScheduleTabs />}
		>
			<Answered question={question} rows={6}>
				{(data) => (
					<div className="flex h-full min-h-0 flex-col gap-3">
						{!data.runner_present && data.schedules.length > 0 && (
							<Note tone="warn">
								<span className="font-medium text-warn">Nothing runs them now.</span> Keep this window or its
								tray icon open, or start <code className="font-mono text-sm">holdfastctl worker</code>.
							</Note>
						)}
						<ScheduleList schedules={data.schedules} first={scheduleId} />
					</div>
				)}
			</Answered>
		</Page>
	);
}

export function ScheduleTabs() {
	const look = "-mb-px border-transparent border-b-2 px-0.5 py-1.5 text-text-2 hover:text-text";
	const here = { className: "border-accent! text-text! font-medium", "aria-current": "page" as const };
	return (
		<nav aria-label="Schedules" className="flex shrink-0 gap-4.5 border-line border-b px-5">
			<Link
				to="/schedules"
				className={look}
				activeProps={here}
				activeOptions={{ exact: true, includeSearch: false }}
			>
				List
			</Link>
			<Link to="/schedules/calendar" className={look} activeProps={here} data-testid="tab-calendar">
				Calendar
			</Link>
		</nav>
	);
}

interface ScheduleListProps {
	schedules: readonly Schema["Schedule"][];
	first?: string;
	/** Of one database. */
	connection?: Schema["Connection"];
}

/** The list with the chosen one beside it. */
export function ScheduleList({ schedules, first, connection }: ScheduleListProps) {
	const navigate = useNavigate();
	const connections = useRead("connection.list", {});
	const [selected, setSelected] = useState<string | null>(first ?? null);
	const names = new Map((connections.data?.connections ?? []).map((each) => [each.id, each.name]));
	const chosen = schedules.find((each) => each.id === selected) ?? schedules[0] ?? null;
	const add = (preset?: string) =>
		void navigate({
			to: "/schedules/new",
			search: {
				...(connection ? { connection: connection.id } : {}),
				...(preset ? { preset } : {}),
			},
		});
	if (schedules.length === 0)
		return (
			<EmptyState
				icon={<CalendarClock aria-hidden />}
				title={
					connection ? `Nothing runs by itself for ${connection.name} yet` : "Nothing runs by itself yet"
				}
				action={presets
					.filter((each) => connection !== undefined || ["daily", "often", "check"].includes(each.id))
					.filter((each) => connection === undefined || each.id !== "check")
					.map((each) => (
						<Button key={each.id} onClick={() => add(each.id)} data-testid={`start-${each.id}`}>
							{each.text}
						</Button>
					))}
			>
				Backups, checks and clean-ups at their times; set up once, and you are told when one did not happen.
			</EmptyState>
		);
	return (
		<div className="flex min-h-0 flex-1 gap-4">
			<div className="min-h-0 min-w-0 flex-1">
				<ScheduleTable
					schedules={schedules}
					databases={names}
					ofOne={connection !== undefined}
					selected={chosen?.id ?? null}
					onSelect={(schedule) => setSelected(schedule.id)}
					empty={null}
				/>
			</div>
			{chosen && (
				<ScheduleAside
					key={chosen.id}
					schedule={chosen}
					database={chosen.connection_id == null ? null : (names.get(chosen.connection_id) ?? null)}
				/>
			)}
		</div>
	);
}
