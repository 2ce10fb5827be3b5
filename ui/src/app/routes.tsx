// The pages and their addresses. Hash addresses, because the window's own protocol serves one file.

import {
	createHashHistory,
	createRootRoute,
	createRoute,
	createRouter,
	type ErrorComponentProps,
	Navigate,
} from "@tanstack/react-router";
import { toCallError } from "@/api/client";
import { Button } from "@/components/Button";
import { EmptyState, ErrorState } from "@/components/States";
import { AuditPage } from "@/features/audit/AuditPage";
import { BackUpButton } from "@/features/backups/BackUpButton";
import { BackupPage } from "@/features/backups/BackupPage";
import { BackupsTab } from "@/features/backups/BackupsTab";
import { DrillButton } from "@/features/backups/Drill";
import { CleanupTab } from "@/features/cleanup/CleanupTab";
import { AddConnectionPage } from "@/features/connections/AddConnectionPage";
import { ConnectionSettings } from "@/features/connections/ConnectionSettings";
import { PoolPanel } from "@/features/connections/PoolPanel";
import { TablesTab } from "@/features/connections/TablesTab";
import { ImportWizard } from "@/features/import/ImportWizard";
import { JobsPage } from "@/features/jobs/JobsPage";
import { MaintenanceTab } from "@/features/maintenance/MaintenanceTab";
import { OverviewPage } from "@/features/overview/OverviewPage";
import { RestorePage } from "@/features/restore/RestorePage";
import { RestoresTab } from "@/features/restore/RestoresTab";
import { RestoreWizard } from "@/features/restore/RestoreWizard";
import { GroupPage } from "@/features/retention/GroupPage";
import { RetentionTab } from "@/features/retention/RetentionTab";
import { CalendarPage } from "@/features/schedules/CalendarPage";
import { EditSchedulePage, NewSchedulePage } from "@/features/schedules/ScheduleFormPage";
import { SchedulesPage } from "@/features/schedules/SchedulesPage";
import { SchedulesTab } from "@/features/schedules/SchedulesTab";
import { SettingsPage } from "@/features/settings/SettingsPage";
import { VaultPage } from "@/features/vault/VaultPage";
import { DatabasePage, useCurrentConnection } from "./DatabasePage";
import { Shell } from "./Shell";

const root = createRootRoute({ component: Shell, notFoundComponent: NotFound });

const overview = createRoute({
	getParentRoute: () => root,
	path: "/",
	component: () => (
		<OverviewPage
			backUp={(connection) => <BackUpButton connection={connection} />}
			drill={(connection) => <DrillButton connection={connection} compact />}
		/>
	),
});

const jobs = createRoute({
	getParentRoute: () => root,
	path: "/jobs",
	validateSearch: (search: Record<string, unknown>): { job?: string } =>
		typeof search.job === "string" ? { job: search.job } : {},
	component: () => <JobsPage jobId={jobs.useSearch().job} />,
});

const group = createRoute({
	getParentRoute: () => root,
	path: "/groups/$group",
	component: () => {
		const params = group.useParams();
		return <GroupPage key={params.group} group={params.group} />;
	},
});
const vault = createRoute({ getParentRoute: () => root, path: "/vault", component: VaultPage });
const audit = createRoute({ getParentRoute: () => root, path: "/audit", component: AuditPage });
const settings = createRoute({ getParentRoute: () => root, path: "/settings", component: SettingsPage });
const addConnection = createRoute({
	getParentRoute: () => root,
	path: "/connections/new",
	component: AddConnectionPage,
});

const database = createRoute({
	getParentRoute: () => root,
	path: "/db/$connectionId",
	component: () => {
		const { connectionId } = database.useParams();
		return <DatabasePage key={connectionId} connectionId={connectionId} />;
	},
});
const databaseIndex = createRoute({
	getParentRoute: () => database,
	path: "/",
	component: () => <Navigate to="/db/$connectionId/backups" params={database.useParams()} replace />,
});
const backups = createRoute({
	getParentRoute: () => database,
	path: "/backups",
	component: () => <BackupsTab connection={useCurrentConnection()} />,
});
const tables = createRoute({
	getParentRoute: () => database,
	path: "/tables",
	component: () => <TablesTab connectionId={useCurrentConnection().id} />,
});
const restores = createRoute({
	getParentRoute: () => database,
	path: "/restores",
	component: () => <RestoresTab connection={useCurrentConnection()} />,
});
const databaseSchedules = createRoute({
	getParentRoute: () => database,
	path: "/schedules",
	component: () => <SchedulesTab connection={useCurrentConnection()} />,
});
const retention = createRoute({
	getParentRoute: () => database,
	path: "/retention",
	component: () => <RetentionTab connection={useCurrentConnection()} />,
});
const maintenance = createRoute({
	getParentRoute: () => database,
	path: "/maintenance",
	validateSearch: (search: Record<string, unknown>): { run?: string; table?: string } => ({
		...(typeof search.run === "string" ? { run: search.run } : {}),
		...(typeof search.table === "string" ? { table: search.table } : {}),
	}),
	component: () => {
		const { run, table } = maintenance.useSearch();
		return <MaintenanceTab connection={useCurrentConnection()} run={run} table={table} />;
	},
});
const cleanup = createRoute({
	getParentRoute: () => database,
	path: "/cleanup",
	component: () => <CleanupTab connection={useCurrentConnection()} />,
});
const connectionSettings = createRoute({
	getParentRoute: () => database,
	path: "/settings",
	component: () => {
		const connection = useCurrentConnection();
		return (
			<div className="scroll-thin h-full overflow-y-auto pb-4">
				<ConnectionSettings connection={connection} />
				{connection.offers.sessions && <PoolPanel connection={connection} />}
			</div>
		);
	},
});

const schedules = createRoute({
	getParentRoute: () => root,
	path: "/schedules",
	validateSearch: (search: Record<string, unknown>): { schedule?: string } =>
		typeof search.schedule === "string" ? { schedule: search.schedule } : {},
	component: () => <SchedulesPage scheduleId={schedules.useSearch().schedule} />,
});
const calendar = createRoute({
	getParentRoute: () => root,
	path: "/schedules/calendar",
	component: CalendarPage,
});
const newSchedule = createRoute({
	getParentRoute: () => root,
	path: "/schedules/new",
	validateSearch: (
		search: Record<string, unknown>,
	): { connection?: string; preset?: string; rule?: string; group?: string } => ({
		...(typeof search.connection === "string" ? { connection: search.connection } : {}),
		...(typeof search.preset === "string" ? { preset: search.preset } : {}),
		...(typeof search.rule === "string" ? { rule: search.rule } : {}),
		...(typeof search.group === "string" ? { group: search.group } : {}),
	}),
	component: () => <NewSchedulePage {...newSchedule.useSearch()} />,
});
const editSchedule = createRoute({
	getParentRoute: () => root,
	path: "/schedules/$scheduleId",
	component: () => {
		const { scheduleId } = editSchedule.useParams();
		return <EditSchedulePage key={scheduleId} scheduleId={scheduleId} />;
	},
});

const backup = createRoute({
	getParentRoute: () => root,
	path: "/backups/$backupId",
	component: () => {
		const { backupId } = backup.useParams();
		return <BackupPage key={backupId} backupId={backupId} />;
	},
});

const wizard = createRoute({
	getParentRoute: () => root,
	path: "/restore",
	validateSearch: (search: Record<string, unknown>): { backup: string; table?: string } => ({
		backup: String(search.backup ?? ""),
		...(search.table ? { table: String(search.table) } : {}),
	}),
	component: () => {
		const search = wizard.useSearch();
		return <RestoreWizard key={search.backup} backupId={search.backup} table={search.table} />;
	},
});

const importing = createRoute({
	getParentRoute: () => root,
	path: "/import",
	validateSearch: (search: Record<string, unknown>): { connection: string } => ({
		connection: String(search.connection ?? ""),
	}),
	component: () => {
		const search = importing.useSearch();
		return <ImportWizard key={search.connection} connectionId={search.connection} />;
	},
});

const restore = createRoute({
	getParentRoute: () => root,
	path: "/restores/$restoreId",
	component: () => {
		const { restoreId } = restore.useParams();
		return <RestorePage key={restoreId} restoreId={restoreId} />;
	},
});

/** A page that throws leaves the sidebar and the other pages usable. */
function Broken({ error, reset }: ErrorComponentProps) {
	return (
		<div className="flex max-w-[640px] flex-col gap-3 p-5">
			<h1 className="font-semibold text-lg">This page stopped working</h1>
			<p className="text-text-2">
				Jobs go on in the background; nothing was changed by this. The other pages still work.
			</p>
			<ErrorState error={toCallError(error)} onRetry={reset} />
		</div>
	);
}

function NotFound() {
	return (
		<EmptyState
			title="There is no such page"
			action={<Button onClick={() => void router.navigate({ to: "/" })}>Go to the overview</Button>}
		>
			What it showed may have been removed.
		</EmptyState>
	);
}

export const routes = root.addChildren([
	overview,
	jobs,
	group,
	vault,
	audit,
	settings,
	addConnection,
	database.addChildren([
		databaseIndex,
		backups,
		tables,
		restores,
		databaseSchedules,
		retention,
		maintenance,
		cleanup,
		connectionSettings,
	]),
	schedules,
	calendar,
	newSchedule,
	editSchedule,
	backup,
	wizard,
	importing,
	restore,
]);

export function makeRouter() {
	return createRouter({
		defaultErrorComponent: Broken,
		routeTree: routes,
		history: createHashHistory(),
		defaultPreload: false,
		scrollRestoration: false,
	});
}

export const router = makeRouter();

declare module "@tanstack/react-router" {
	interface Register {
		router: typeof router;
	}
}
