import { Link, useRouterState } from "@tanstack/react-router";
import {
	Archive,
	CalendarClock,
	LayoutDashboard,
	ListChecks,
	ScrollText,
	Search,
	Settings,
} from "lucide-react";
import type { ReactNode } from "react";
import type { Schema } from "@/api/client";
import { jobEnded } from "@/api/events";
import { useRead } from "@/api/queries";
import { Dot } from "@/components/Badge";
import { classes } from "@/components/classes";
import { EnvironmentChip } from "@/components/EnvironmentChip";
import { healthTone } from "@/components/health";
import { environmentNames } from "@/lib/text";

const item = "flex h-7 items-center gap-2 rounded-md px-2 text-text-2 hover:bg-line-soft hover:text-text";
const current = "bg-accent-soft! text-text!";

export function Sidebar({ onFind }: { onFind: () => void }) {
	const jobs = useRead("job.list", { limit: 50 });
	const running = (jobs.data?.jobs ?? []).filter((each) => !jobEnded(each)).length;
	const overview = useRead("overview.get", {});
	const schedules = useRead("schedule.list", {});
	const blocked = (schedules.data?.schedules ?? []).filter((each) => each.enabled && each.problem).length;
	const needs = overview.data?.needs_you.length ?? 0;
	return (
		<nav
			aria-label="Main"
			className="flex w-[208px] shrink-0 flex-col border-line border-r bg-panel xl:w-[232px]"
		>
			<div className="flex flex-col gap-0.5 p-2 pt-2.5">
				<div className="flex items-center gap-2 px-2 pt-1 pb-2.5 font-semibold">
					<img src="./mark.svg" alt="" className="size-[18px]" />
					Holdfast
				</div>
				<button
					type="button"
					onClick={onFind}
					data-testid="find"
					className="mx-1 mb-2 flex h-7 items-center gap-2 rounded-md border border-line px-2 text-text-3 hover:border-line-strong"
				>
					<Search aria-hidden className="size-3.5" />
					Find anything
					<kbd className="ml-auto rounded border border-line px-1 font-sans text-xs">
						{isMac ? "⌘ K" : "Ctrl K"}
					</kbd>
				</button>
				<Item
					to="/"
					icon={<LayoutDashboard />}
					text="Overview"
					badge={needs}
					badgeTone="bad"
					badgeSays={`${needs} need you`}
				/>
				<Item to="/jobs" icon={<ListChecks />} text="Jobs" badge={running} badgeSays={`${running} running`} />
				<Item
					to="/schedules"
					icon={<CalendarClock />}
					text="Schedules"
					badge={blocked}
					badgeTone="bad"
					badgeSays={`${blocked} blocked`}
				/>
				<Item to="/vault" icon={<Archive />} text="Vault" />
				<Item to="/audit" icon={<ScrollText />} text="Audit" />
				<Item to="/settings" icon={<Settings />} text="Settings" />
			</div>
			<Databases databases={overview.data?.databases ?? []} />
		</nav>
	);
}

const isMac = navigator.userAgent.includes("Mac");

interface ItemProps {
	to: "/" | "/jobs" | "/schedules" | "/vault" | "/audit" | "/settings";
	icon: ReactNode;
	text: string;
	badge?: number;
	badgeTone?: "bad";
	badgeSays?: string;
}

function Item({ to, icon, text, badge = 0, badgeTone, badgeSays }: ItemProps) {
	return (
		<Link
			to={to}
			className={item}
			activeProps={{ className: current, "aria-current": "page" }}
			activeOptions={{ exact: to === "/", includeSearch: false }}
			data-testid={`nav-${text.toLowerCase()}`}
		>
			<span aria-hidden className="[&_svg]:size-3.5">
				{icon}
			</span>
			{text}
			{badge > 0 && (
				<span
					role="img"
					aria-label={badgeSays}
					className={classes(
						"tabular ml-auto text-xs",
						badgeTone === "bad" ? "font-semibold text-bad" : "text-text-2",
					)}
				>
					{badge}
				</span>
			)}
		</Link>
	);
}

function Databases({ databases }: { databases: readonly Schema["DatabaseOverview"][] }) {
	const path = useRouterState({ select: (state) => state.location.pathname });
	const groups = new Map<string, Schema["DatabaseOverview"][]>();
	for (const each of databases) {
		const name =
			each.connection.group ??
			(each.connection.sample ? "Sample" : environmentNames[each.connection.environment]);
		groups.set(name, [...(groups.get(name) ?? []), each]);
	}
	return (
		<div className="scroll-thin min-h-0 flex-1 overflow-y-auto px-2 pb-3">
			{[...groups].map(([name, members]) => (
				<section key={name} aria-label={name}>
					<h2 className="truncate px-2 pt-3 pb-1 font-medium text-text-3 text-xs">
						{members.some((each) => each.connection.group === name) ? (
							<Link
								to="/groups/$group"
								params={{ group: name }}
								title={`Retention rules of the group ${name}`}
								className="rounded-sm hover:text-text hover:underline"
								activeProps={{ className: "text-accent!", "aria-current": "page" }}
								data-testid="group-nav"
							>
								{name}
							</Link>
						) : (
							name
						)}
					</h2>
					<ul className="flex flex-col gap-0.5">
						{members.map(({ connection, health }) => {
							const here = path.startsWith(`/db/${connection.id}/`);
							return (
								<li key={connection.id}>
									<Link
										to="/db/$connectionId/backups"
										params={{ connectionId: connection.id }}
										title={`${connection.name}: ${health.summary}`}
										aria-current={here ? "page" : undefined}
										data-testid="database-nav"
										data-connection={connection.name}
										className={classes(item, here && current)}
									>
										<Dot tone={healthTone(health.state)} label={health.summary} />
										<span className="min-w-0 flex-1 truncate">{connection.name}</span>
										<EnvironmentChip environment={connection.environment} />
									</Link>
								</li>
							);
						})}
					</ul>
				</section>
			))}
		</div>
	);
}
