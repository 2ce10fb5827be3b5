// One database: its backups, its live tables, its restores, its settings. Composes eight features.

import { Link, Outlet } from "@tanstack/react-router";
import { ListFilter } from "lucide-react";
import { createContext, useContext, useState } from "react";
import type { Schema } from "@/api/client";
import { useRead } from "@/api/queries";
import { Badge, Dot } from "@/components/Badge";
import { Button } from "@/components/Button";
import { EnvironmentChip } from "@/components/EnvironmentChip";
import { healthTone } from "@/components/health";
import { Page } from "@/components/Page";
import { Answered, ErrorState } from "@/components/States";
import { BackUpButton } from "@/features/backups/BackUpButton";
import { BackupOptions } from "@/features/backups/BackupOptions";
import { engineNames, serverName } from "@/lib/text";

const Current = createContext<Schema["Connection"] | null>(null);

export function useCurrentConnection(): Schema["Connection"] {
	const connection = useContext(Current);
	if (connection === null) throw new Error("only inside a database page");
	return connection;
}

export function DatabasePage({ connectionId }: { connectionId: string }) {
	const question = useRead("connection.get", { connection: connectionId });
	const overview = useRead("overview.get", {});
	const [options, setOptions] = useState(false);
	const connection = question.data;
	const health = overview.data?.databases.find((each) => each.connection.id === connectionId)?.health;
	return (
		<Page
			fill
			title={connection?.name ?? "Database"}
			beside={
				connection && (
					<>
						<EnvironmentChip environment={connection.environment} />
						{connection.read_only && (
							<Badge title="The server refuses every write of this connection">read-only</Badge>
						)}
						<span className="min-w-0 truncate text-text-2" title={connection.location}>
							{health?.server ? serverName(health.server) : engineNames[connection.spec.engine]},{" "}
							{connection.location}
						</span>
					</>
				)
			}
			actions={
				connection && (
					<>
						{health && <HealthMark state={health.state} />}
						<Button
							icon={<ListFilter aria-hidden className="size-3.5" />}
							onClick={() => setOptions(true)}
							data-testid="backup-options-open"
						>
							Options…
						</Button>
						<BackUpButton connection={connection} primary text="Back up now" />
					</>
				)
			}
			tabs={<Tabs connectionId={connectionId} />}
		>
			<Answered question={question}>
				{(loaded) => (
					<Current value={loaded}>
						{health?.error && health.state !== "healthy" && (
							<div className="mb-3">
								<ErrorState error={health.error} compact />
							</div>
						)}
						<div className="min-h-0 flex-1">
							<Outlet />
						</div>
						{options && <BackupOptions connection={loaded} onClose={() => setOptions(false)} />}
					</Current>
				)}
			</Answered>
		</Page>
	);
}

function HealthMark({ state }: { state: Schema["HealthState"] }) {
	return (
		<span className="inline-flex items-center gap-1.5 text-text-2">
			<Dot tone={healthTone(state)} />
			{state === "healthy"
				? "Healthy"
				: state === "down"
					? "Down"
					: state === "warning"
						? "Warning"
						: "Not checked"}
		</span>
	);
}

function Tabs({ connectionId }: { connectionId: string }) {
	return (
		<nav aria-label="Database" className="flex shrink-0 gap-4.5 border-line border-b px-5">
			<Tab to="/db/$connectionId/backups" connectionId={connectionId} text="Backups" />
			<Tab to="/db/$connectionId/tables" connectionId={connectionId} text="Tables" />
			<Tab to="/db/$connectionId/restores" connectionId={connectionId} text="Restores" />
			<Tab to="/db/$connectionId/schedules" connectionId={connectionId} text="Schedules" />
			<Tab to="/db/$connectionId/retention" connectionId={connectionId} text="Retention" />
			<Tab to="/db/$connectionId/maintenance" connectionId={connectionId} text="Maintenance" />
			<Tab to="/db/$connectionId/cleanup" connectionId={connectionId} text="Clean up" />
			<Tab to="/db/$connectionId/settings" connectionId={connectionId} text="Settings" />
		</nav>
	);
}

interface TabProps {
	to:
		| "/db/$connectionId/backups"
		| "/db/$connectionId/tables"
		| "/db/$connectionId/restores"
		| "/db/$connectionId/schedules"
		| "/db/$connectionId/retention"
		| "/db/$connectionId/maintenance"
		| "/db/$connectionId/cleanup"
		| "/db/$connectionId/settings";
	connectionId: string;
	text: string;
}

function Tab({ to, connectionId, text }: TabProps) {
	return (
		<Link
			to={to}
			params={{ connectionId }}
			data-testid={`tab-${text.toLowerCase().replace(" ", "-")}`}
			className="-mb-px border-transparent border-b-2 px-0.5 py-1.5 text-text-2 hover:text-text"
			activeProps={{ className: "border-accent! text-text! font-medium", "aria-current": "page" }}
		>
			{text}
		</Link>
	);
}
