// All databases at a glance: what needs a person, what is proven, what is at risk, and the next step.

import { Link, useNavigate } from "@tanstack/react-router";
import { Database, Plus } from "lucide-react";
import type { ReactNode } from "react";
import type { Schema } from "@/api/client";
import { useAct, useRead } from "@/api/queries";
import { Dot } from "@/components/Badge";
import { Button } from "@/components/Button";
import { type Column, DataTable } from "@/components/DataTable";
import { EnvironmentChip } from "@/components/EnvironmentChip";
import { healthTone } from "@/components/health";
import { LevelBadge } from "@/components/LevelBadge";
import { MetricsCard } from "@/components/MetricsCard";
import { Bytes, RelativeTime, useNow } from "@/components/Moment";
import { Page } from "@/components/Page";
import { Sparkline } from "@/components/Sparkline";
import { Answered, EmptyState } from "@/components/States";
import { StrayBackups } from "@/components/StrayBackups";
import { sayError } from "@/components/say";
import { useWide } from "@/components/useWide";
import { bytes, savedPercent } from "@/lib/bytes";
import { engineNames, serverName } from "@/lib/text";
import { duration } from "@/lib/time";

type Row = Schema["DatabaseOverview"];

interface OverviewPageProps {
	backUp: (connection: Schema["Connection"]) => ReactNode;
	drill: (connection: Schema["Connection"]) => ReactNode;
}

export function OverviewPage({ backUp, drill }: OverviewPageProps) {
	const overview = useRead("overview.get", {});
	const navigate = useNavigate();
	const all = useAct("backup.create");
	const sample = useAct("sample.create");
	const wide = useWide();
	const databases = overview.data?.databases ?? [];
	return (
		<Page
			title="Overview"
			actions={
				<>
					<Button
						icon={<Plus aria-hidden className="size-3.5" />}
						onClick={() => void navigate({ to: "/connections/new" })}
						data-testid="add-connection"
					>
						Add connection
					</Button>
					{databases.length > 1 && (
						<Button
							tone="primary"
							busy={all.isPending}
							onClick={() => {
								for (const each of databases)
									all.mutate({ request: { connection: each.connection.id } }, { onError: sayError });
							}}
						>
							Back up all
						</Button>
					)}
				</>
			}
		>
			<Answered question={overview} rows={8}>
				{(data) =>
					data.databases.length === 0 ? (
						<EmptyState
							icon={<Database aria-hidden />}
							title="No database is connected yet"
							action={
								<>
									<Button tone="primary" onClick={() => void navigate({ to: "/connections/new" })}>
										Add connection
									</Button>
									<Button
										busy={sample.isPending}
										onClick={() => sample.mutate({ request: {} }, { onError: sayError })}
									>
										Connect the sample database
									</Button>
								</>
							}
						>
							Connect PostgreSQL, MySQL, MariaDB or SQLite by pasting a URL or filling in a form. Or try
							everything on a small sample shop first.
						</EmptyState>
					) : (
						<>
							<Cards overview={data} />
							<DataTable
								label="Databases"
								rows={data.databases}
								columns={columns(backUp, drill).filter((each) => wide || each.id !== "history")}
								rowKey={(row) => row.connection.id}
								rowLabel={(row) => `Open ${row.connection.name}`}
								rowHeight={46}
								maxHeight={10_000}
								onOpen={(row) =>
									void navigate({
										to: "/db/$connectionId/backups",
										params: { connectionId: row.connection.id },
									})
								}
							/>
						</>
					)
				}
			</Answered>
			<div className="mt-4 shrink-0 empty:hidden">
				<StrayBackups />
			</div>
		</Page>
	);
}

function Cards({ overview }: { overview: Schema["Overview"] }) {
	const now = useNow();
	const { vault, needs_you: needs, most_at_risk: risk } = overview;
	const names = [...new Set(needs.map((each) => each.connection))];
	const saved = savedPercent(vault.stored_bytes, vault.protected_bytes);
	return (
		<div className="mb-4 grid grid-cols-2 gap-3 xl:grid-cols-4">
			<MetricsCard
				title="Needs you"
				tone={names.length > 0 ? "bad" : "ok"}
				value={names.length}
				unit={`of ${overview.databases.length} ${overview.databases.length === 1 ? "database" : "databases"}`}
				why={names.length === 0 ? "Everything answers and is backed up" : needWords(needs)}
			/>
			<MetricsCard
				title="Proven in the last 24 h"
				value={overview.proven_last_24h}
				unit={`of ${overview.backed_up} backed up`}
				why={
					overview.backed_up === 0
						? "Back up a database, then prove it"
						: "Loaded into a scratch database and compared"
				}
			/>
			<MetricsCard
				title="Data at risk now"
				value={risk == null ? "None" : risk.since_ms == null ? "All of it" : sinceThen(now - risk.since_ms)}
				unit={risk?.connection}
				why={
					risk == null
						? "No database is connected"
						: risk.since_ms == null
							? "It was never backed up"
							: "Time since its last good backup"
				}
			/>
			<MetricsCard
				title="Vault"
				tone={vault.state === "open" ? undefined : "warn"}
				value={
					vault.state === "open"
						? bytes(vault.stored_bytes)
						: vault.state === "locked"
							? "Locked"
							: "Unreachable"
				}
				unit={vault.protected_bytes > 0 && `holds ${bytes(vault.protected_bytes)}`}
				why={[saved && `${saved} saved`, vault.free_bytes != null && `${bytes(vault.free_bytes)} free`]
					.filter(Boolean)
					.join("; ")}
			/>
		</div>
	);
}

/** "Wiki: no answer; Sample shop: never backed up": the reasons come as sentences and not always with the name. */
function needWords(needs: readonly Schema["Need"][]): string {
	const words = needs.slice(0, 2).map(({ connection, reason }) => {
		const plain = reason.replace(/\.$/, "");
		return plain.includes(connection)
			? plain
			: `${connection}: ${plain.charAt(0).toLowerCase()}${plain.slice(1)}`;
	});
	const rest = needs.length - words.length;
	return [...words, ...(rest > 0 ? [`${rest} more`] : [])].join("; ");
}

function columns(backUp: OverviewPageProps["backUp"], drill: OverviewPageProps["drill"]): Column<Row>[] {
	return [
		{
			id: "database",
			title: "Database",
			width: "minmax(150px,1fr)",
			sort: (row) => row.connection.name,
			cell: (row) => (
				<div className="min-w-0">
					<div className="flex items-center gap-1.5">
						<Link
							to="/db/$connectionId/backups"
							params={{ connectionId: row.connection.id }}
							className="truncate rounded-sm font-medium hover:underline"
							title={row.connection.name}
							tabIndex={-1}
						>
							{row.connection.name}
						</Link>
						<EnvironmentChip environment={row.connection.environment} />
					</div>
					<div className="truncate text-sm text-text-2">
						{row.health.server ? serverName(row.health.server) : engineNames[row.connection.spec.engine]}
					</div>
				</div>
			),
		},
		{
			id: "health",
			title: "Health",
			width: "minmax(120px,2fr)",
			cell: (row) => (
				<span className="flex min-w-0 items-center gap-2">
					<Dot tone={healthTone(row.health.state)} />
					<span className="line-clamp-2" title={row.health.summary}>
						{row.health.summary}
					</span>
				</span>
			),
		},
		{
			id: "size",
			title: "Size",
			width: "86px",
			right: true,
			sort: (row) => row.health.server?.size_bytes ?? row.last_backup?.size_bytes,
			cell: (row) => <Bytes value={row.health.server?.size_bytes ?? row.last_backup?.size_bytes} />,
		},
		{
			id: "history",
			title: "Backup sizes",
			width: "104px",
			cell: (row) => (
				<Sparkline
					values={row.size_history}
					label={`Sizes of the last ${row.size_history.length} backups: ${row.size_history.map(bytes).join(", ")}`}
				/>
			),
		},
		{
			id: "backup",
			title: "Last backup",
			width: "128px",
			sort: (row) => row.last_backup?.created_at_ms,
			cell: (row) =>
				row.last_backup ? (
					<div className="flex flex-col items-start gap-0.5">
						<LevelBadge backup={row.last_backup} />
						<span className="text-sm text-text-2">
							<RelativeTime at={row.last_backup.created_at_ms} />
						</span>
					</div>
				) : (
					<span className="font-medium text-bad">Never</span>
				),
		},
		{
			id: "restore",
			title: "Time to restore",
			width: "154px",
			right: true,
			sort: (row) => row.restore_ms,
			cell: (row) => (
				<span className="flex min-w-0 items-center gap-1.5">
					<span className="flex min-w-0 flex-col">
						{row.restore_ms == null ? (
							<span className="text-text-3">not measured</span>
						) : (
							duration(row.restore_ms)
						)}
						{row.last_proven && (
							<span className="text-sm text-text-2">
								proven <RelativeTime at={row.last_proven.proven_at_ms} />
							</span>
						)}
					</span>
					{row.last_backup ? drill(row.connection) : <span aria-hidden className="size-6 shrink-0" />}
				</span>
			),
		},
		{
			id: "actions",
			title: "",
			label: "Actions",
			width: "104px",
			right: true,
			cell: (row) => backUp(row.connection),
		},
	];
}

/** A risk is not counted in tenths of seconds. */
function sinceThen(ms: number): string {
	return ms < 60_000 ? "< 1 min" : duration(ms);
}
