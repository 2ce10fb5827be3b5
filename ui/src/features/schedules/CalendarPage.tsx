// A month of runs: what became of the past ones, and when the coming ones are due. A day can be opened.

import { useNavigate } from "@tanstack/react-router";
import { ChevronLeft, ChevronRight } from "lucide-react";
import { useState } from "react";
import type { Schema } from "@/api/client";
import { useRead } from "@/api/queries";
import { Dot, type Tone } from "@/components/Badge";
import { Button, IconButton } from "@/components/Button";
import { classes } from "@/components/classes";
import { useNow } from "@/components/Moment";
import { Page } from "@/components/Page";
import { Answered } from "@/components/States";
import { useWide } from "@/components/useWide";
import { clock } from "@/lib/time";
import { homeZone } from "./draft";
import { type CalendarDay, monthDays, monthName } from "./month";
import { RunBadge, runLooks } from "./runs";
import { ScheduleTabs } from "./SchedulesPage";

interface Entry {
	key: string;
	at: number;
	scheduleId: string;
	name: string;
	/** Null: still to come. */
	run: Schema["ScheduledRun"] | null;
}

const weekdays = ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"];

export function CalendarPage() {
	const now = useNow();
	const today = new Date(now);
	const [back, setBack] = useState(0);
	const [open, setOpen] = useState<number | null>(null);
	const year = today.getFullYear();
	const month = today.getMonth() + back;
	const days = monthDays(year, month);
	const [from, until] = [days[0]?.start ?? now, days.at(-1)?.end ?? now];
	const { schedules, names, entries, cutShort } = useEntries(from, until, now);
	const of = (day: CalendarDay) => entries.filter((each) => each.at >= day.start && each.at < day.end);
	const shown = days.find((each) => each.start === open) ?? null;
	return (
		<Page title="Schedules" fill tabs={<ScheduleTabs />}>
			<Answered question={schedules} rows={6}>
				{() => (
					<div className="flex h-full min-h-0 gap-4">
						<div className="flex min-h-0 min-w-0 flex-1 flex-col gap-2">
							<MonthBar title={monthName(year, month)} back={back} onBack={setBack} />
							{cutShort.length > 0 && (
								<p className="text-sm text-text-2">
									Of {cutShort.map((id) => names.get(id) ?? id).join(", ")} only the first 500 runs are shown.
								</p>
							)}
							<div className="flex min-h-0 flex-1 flex-col overflow-hidden rounded-lg border border-line bg-panel">
								<div className="grid grid-cols-7 border-line border-b">
									{weekdays.map((each) => (
										<div key={each} className="px-2 py-1 text-[11.5px] text-text-3">
											{each}
										</div>
									))}
								</div>
								<div className="grid min-h-0 flex-1 auto-rows-fr grid-cols-7">
									{days.map((day) => (
										<Day
											key={day.start}
											day={day}
											entries={of(day)}
											today={now >= day.start && now < day.end}
											open={open === day.start}
											onOpen={() => setOpen(open === day.start ? null : day.start)}
										/>
									))}
								</div>
							</div>
						</div>
						{shown && <DayAside day={shown} entries={of(shown)} />}
					</div>
				)}
			</Answered>
		</Page>
	);
}

/** Past and coming runs between two moments, in their order. */
function useEntries(from: number, until: number, now: number) {
	const schedules = useRead("schedule.list", {});
	const past = useRead("run.list", { before_ms: until, limit: 1000 }, { enabled: from < now });
	const coming = useRead("schedule.coming", { until_ms: until }, { enabled: until > now, staleTime: 60_000 });
	const names = new Map((schedules.data?.schedules ?? []).map((each) => [each.id, each.name]));
	const entries: Entry[] = [
		...(past.data?.runs ?? []).filter((run) => run.due_ms >= from).map(ofRun),
		...(coming.data?.runs ?? [])
			.filter((run) => run.at_ms >= from)
			.map((run) => ({
				key: `${run.schedule_id} ${run.at_ms}`,
				at: run.at_ms,
				scheduleId: run.schedule_id,
				name: names.get(run.schedule_id) ?? "",
				run: null,
			})),
	].toSorted((left, right) => left.at - right.at);
	return { schedules, names, entries, cutShort: coming.data?.cut_short ?? [] };
}

interface MonthBarProps {
	title: string;
	/** Months from this one; before it: negative. */
	back: number;
	onBack: (back: number) => void;
}

function MonthBar({ title, back, onBack }: MonthBarProps) {
	return (
		<div className="flex items-center gap-1.5">
			<IconButton label="Month before" onClick={() => onBack(back - 1)}>
				<ChevronLeft />
			</IconButton>
			<h2 className="min-w-36 text-center font-semibold" aria-live="polite">
				{title}
			</h2>
			<IconButton label="Month after" onClick={() => onBack(back + 1)}>
				<ChevronRight />
			</IconButton>
			{back !== 0 && (
				<Button small onClick={() => onBack(0)}>
					Today
				</Button>
			)}
			<Legend />
		</div>
	);
}

function ofRun(run: Schema["ScheduledRun"]): Entry {
	return { key: run.id, at: run.due_ms, scheduleId: run.schedule_id, name: run.schedule_name, run };
}

function tone(entry: Entry): Tone {
	return entry.run === null ? "neutral" : runLooks[entry.run.state].tone;
}

interface DayProps {
	day: CalendarDay;
	entries: readonly Entry[];
	today: boolean;
	open: boolean;
	onOpen: () => void;
}

function Day({ day, entries, today, open, onOpen }: DayProps) {
	const groups = grouped(entries);
	// Lines that fit into a cell of a small window, and of a large one.
	const lines = useWide() ? 5 : 3;
	const shown = groups.length > lines ? lines - 1 : lines;
	const bad = entries.filter((each) => each.run?.state === "failed").length;
	return (
		<button
			type="button"
			onClick={onOpen}
			aria-pressed={open}
			aria-label={`${new Date(day.start).toDateString()}: ${entries.length} runs${bad > 0 ? `, ${bad} failed` : ""}`}
			data-testid="calendar-day"
			className={classes(
				"flex min-h-0 min-w-0 flex-col gap-px overflow-hidden border-line-soft border-r border-b px-1.5 py-1 text-left nth-[7n]:border-r-0",
				!day.inside && "opacity-50",
				open ? "bg-accent-soft" : "hover:bg-line-soft",
			)}
		>
			<span
				className={classes(
					"tabular mb-0.5 inline-flex self-start h-[18px] min-w-[18px] items-center justify-center rounded-full text-xs",
					today ? "bg-accent px-1 font-semibold text-on-accent" : "text-text-2",
				)}
			>
				{day.date}
			</span>
			{groups.slice(0, shown).map((group) => (
				<span key={group.key} className="flex min-w-0 items-center gap-1 text-xs leading-[15px]">
					{group.coming ? <Ring /> : <Dot tone={group.tone} />}
					<span className="truncate">{group.name}</span>
					{group.count > 1 && <span className="shrink-0 text-text-3">×{group.count}</span>}
				</span>
			))}
			{groups.length > shown && (
				<span className="text-text-3 text-xs leading-[15px]">+{groups.length - shown} more</span>
			)}
		</button>
	);
}

interface Group {
	key: string;
	name: string;
	tone: Tone;
	coming: boolean;
	count: number;
}

/** One line for each schedule and outcome: what went wrong is never hidden behind what went well. */
function grouped(entries: readonly Entry[]) {
	const groups = new Map<string, Group>();
	for (const entry of entries) {
		const key = `${entry.scheduleId} ${entry.run === null ? "coming" : tone(entry)}`;
		const known = groups.get(key);
		if (known) known.count += 1;
		else groups.set(key, { key, name: entry.name, tone: tone(entry), coming: entry.run === null, count: 1 });
	}
	const weight = (each: { tone: Tone }) => ["bad", "warn", "accent"].indexOf(each.tone) >>> 0;
	return [...groups.values()].toSorted((left, right) => weight(left) - weight(right));
}

function DayAside({ day, entries }: { day: CalendarDay; entries: readonly Entry[] }) {
	const navigate = useNavigate();
	const title = new Intl.DateTimeFormat("en-GB", { weekday: "long", day: "numeric", month: "long" }).format(
		day.start,
	);
	return (
		<aside
			aria-label={title}
			className="scroll-thin flex max-h-full w-[252px] shrink-0 flex-col gap-2 self-start overflow-y-auto rounded-lg border border-line bg-panel p-4 xl:w-[320px]"
		>
			<h2 className="font-semibold">{title}</h2>
			<p className="text-sm text-text-2">Times of this computer, {homeZone}.</p>
			{entries.length === 0 && <p className="text-text-2">Nothing was or is due.</p>}
			<ol className="flex flex-col">
				{entries.map((entry) => (
					<li key={entry.key} className="flex flex-col border-line-soft border-b py-1.5 last:border-0">
						<span className="flex items-center gap-2">
							<span className="tabular shrink-0 text-text-2">{clock(entry.at).slice(0, 5)}</span>
							<button
								type="button"
								className="min-w-0 truncate rounded-sm text-left hover:underline"
								onClick={() => void navigate({ to: "/schedules", search: { schedule: entry.scheduleId } })}
							>
								{entry.name}
							</button>
							<span className="ml-auto shrink-0">
								{entry.run ? (
									<RunBadge run={entry.run} />
								) : (
									<span className="text-sm text-text-3">to come</span>
								)}
							</span>
						</span>
						{entry.run?.error && <span className="text-sm wrap-anywhere">{entry.run.error.message}</span>}
					</li>
				))}
			</ol>
		</aside>
	);
}

function Ring() {
	return (
		<span
			aria-hidden
			className="inline-block size-[7px] shrink-0 rounded-full border-[1.5px] border-line-strong"
		/>
	);
}

function Legend() {
	const kinds: [Tone, string][] = [
		["ok", "done"],
		["bad", "failed"],
		["warn", "waiting"],
		["neutral", "skipped"],
	];
	return (
		<span className="ml-auto flex flex-wrap gap-x-3 text-sm text-text-2">
			<span className="inline-flex items-center gap-1.5">
				<Ring />
				to come
			</span>
			{kinds.map(([each, text]) => (
				<span key={text} className="inline-flex items-center gap-1.5">
					<Dot tone={each} />
					{text}
				</span>
			))}
		</span>
	);
}
