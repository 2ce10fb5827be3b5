// What the palette finds: databases, actions, pages, backups.

import { useNavigate } from "@tanstack/react-router";
import { Command } from "cmdk";
import {
	Archive,
	CalendarClock,
	Database,
	FileArchive,
	FileInput,
	FolderClock,
	LayoutDashboard,
	ListChecks,
	Lock,
	MonitorCog,
	Play,
	Plus,
	ScrollText,
	Settings,
	ShieldCheck,
} from "lucide-react";
import type { ReactNode } from "react";
import type { Schema } from "@/api/client";
import { useAct, useRead } from "@/api/queries";
import { isGood } from "@/components/BackupListTable";
import { EnvironmentChip } from "@/components/EnvironmentChip";
import { RelativeTime } from "@/components/Moment";
import { sayError } from "@/components/say";
import { groupsOf } from "@/lib/text";

/** Closes the palette, then acts. */
type Done = (act: () => unknown) => () => void;

interface GroupProps {
	connections: readonly Schema["Connection"][];
	done: Done;
}

export function Databases({ connections, done }: GroupProps) {
	const navigate = useNavigate();
	return (
		<Command.Group heading="Databases">
			{connections.map((each) => (
				<Item
					key={each.id}
					value={`database ${each.name} ${each.id}`}
					icon={<Database />}
					onPick={done(() =>
						navigate({ to: "/db/$connectionId/backups", params: { connectionId: each.id } }),
					)}
				>
					{each.name}
					<EnvironmentChip environment={each.environment} />
				</Item>
			))}
		</Command.Group>
	);
}

export function Actions({ connections, done }: GroupProps) {
	const navigate = useNavigate();
	return (
		<Command.Group heading="Actions">
			<DatabaseActions connections={connections} done={done} />
			<Item
				value="add connection new database"
				icon={<Plus />}
				onPick={done(() => navigate({ to: "/connections/new" }))}
			>
				Add connection
			</Item>
			<Item
				value="add schedule new"
				icon={<CalendarClock />}
				onPick={done(() => navigate({ to: "/schedules/new" }))}
			>
				Add schedule
			</Item>
			<VaultActions done={done} />
			<Themes done={done} />
		</Command.Group>
	);
}

function DatabaseActions({ connections, done }: GroupProps) {
	const navigate = useNavigate();
	const create = useAct("backup.create");
	return (
		<>
			{connections.map((each) => (
				<Item
					key={each.id}
					value={`back up ${each.name} ${each.id}`}
					icon={<Play />}
					onPick={done(() => create.mutate({ request: { connection: each.id } }, { onError: sayError }))}
				>
					Back up {each.name}
				</Item>
			))}
			{connections
				.filter((each) => !each.read_only)
				.map((each) => (
					<Item
						key={`import ${each.id}`}
						value={`import sql file into ${each.name} ${each.id}`}
						icon={<FileInput />}
						onPick={done(() => navigate({ to: "/import", search: { connection: each.id } }))}
					>
						Import an SQL file into {each.name}
					</Item>
				))}
		</>
	);
}

function VaultActions({ done }: { done: Done }) {
	const vault = useRead("vault.status", {}).data;
	const check = useAct("vault.check");
	const lock = useAct("vault.lock");
	return (
		<>
			<Item
				value="check vault decode"
				icon={<ShieldCheck />}
				onPick={done(() => check.mutate({ request: { level: "decoded" } }, { onError: sayError }))}
			>
				Check the content of the vault
			</Item>
			{vault?.state === "open" && (
				<Item
					value="lock vault"
					icon={<Lock />}
					onPick={done(() => lock.mutate({ request: {} }, { onError: sayError }))}
				>
					Lock the vault
				</Item>
			)}
		</>
	);
}

function Themes({ done }: { done: Done }) {
	const theme = useAct("settings.update");
	return (["light", "dark", "system"] as const).map((each) => (
		<Item
			key={each}
			value={`theme ${each}`}
			icon={<MonitorCog />}
			onPick={done(() => theme.mutate({ request: { theme: each } }, { onError: sayError }))}
		>
			Theme: {each}
		</Item>
	));
}

export function Pages({ connections, done }: GroupProps) {
	const navigate = useNavigate();
	return (
		<Command.Group heading="Pages">
			<Item value="page overview" icon={<LayoutDashboard />} onPick={done(() => navigate({ to: "/" }))}>
				Overview
			</Item>
			<Item value="page jobs" icon={<ListChecks />} onPick={done(() => navigate({ to: "/jobs" }))}>
				Jobs
			</Item>
			<Item
				value="page schedules"
				icon={<CalendarClock />}
				onPick={done(() => navigate({ to: "/schedules" }))}
			>
				Schedules
			</Item>
			<Item
				value="page calendar of runs"
				icon={<CalendarClock />}
				onPick={done(() => navigate({ to: "/schedules/calendar" }))}
			>
				Calendar of runs
			</Item>
			{groupsOf(connections).map((group) => (
				<Item
					key={group}
					value={`page group retention rules ${group}`}
					icon={<FolderClock />}
					onPick={done(() => navigate({ to: "/groups/$group", params: { group } }))}
				>
					Retention of the group {group}
				</Item>
			))}
			<Item value="page vault" icon={<Archive />} onPick={done(() => navigate({ to: "/vault" }))}>
				Vault
			</Item>
			<Item value="page audit" icon={<ScrollText />} onPick={done(() => navigate({ to: "/audit" }))}>
				Audit
			</Item>
			<Item value="page settings" icon={<Settings />} onPick={done(() => navigate({ to: "/settings" }))}>
				Settings
			</Item>
		</Command.Group>
	);
}

/** Thousands of backups would slow every key press: the newest hundred, or those that match. */
export function Backups({ text, done }: { text: string; done: Done }) {
	const navigate = useNavigate();
	const backups = (useRead("backup.list", {}).data?.backups ?? []).filter(isGood);
	return (
		<Command.Group heading="Backups">
			{matching(backups, text).map((each) => (
				<Item
					key={each.id}
					value={`backup ${each.name} ${each.connection_name} ${each.id}`}
					icon={<FileArchive />}
					onPick={done(() => navigate({ to: "/backups/$backupId", params: { backupId: each.id } }))}
				>
					<span className="truncate">{each.name}</span>
					<span className="truncate text-text-2">{each.connection_name}</span>
					<span className="ml-auto shrink-0 text-sm text-text-2">
						<RelativeTime at={each.created_at_ms} />
					</span>
				</Item>
			))}
		</Command.Group>
	);
}

function matching<T extends { name: string; connection_name: string; id: string }>(
	backups: readonly T[],
	text: string,
): T[] {
	const wanted = text.trim().toLowerCase().split(/\s+/).filter(Boolean);
	const fits = (each: T) =>
		wanted.every((word) =>
			`backup ${each.name} ${each.connection_name} ${each.id}`.toLowerCase().includes(word),
		);
	return backups.filter(fits).slice(0, 100);
}

function Item({
	value,
	icon,
	onPick,
	children,
}: {
	value: string;
	icon: ReactNode;
	onPick: () => void;
	children: ReactNode;
}) {
	return (
		<Command.Item
			value={value}
			onSelect={onPick}
			className="flex h-8 items-center gap-2 rounded-md px-2.5 data-[selected=true]:bg-accent-soft"
		>
			<span aria-hidden className="shrink-0 text-text-3 [&_svg]:size-3.5">
				{icon}
			</span>
			{children}
		</Command.Item>
	);
}
