// Backups of databases that are not connected here: what a vault from another computer brings along.

import { useNavigate } from "@tanstack/react-router";
import { useRead } from "@/api/queries";
import { counted } from "@/lib/bytes";
import { BackupListTable, isGood } from "./BackupListTable";
import { Panel } from "./Panel";

/** Nothing when every backup belongs to a connection of this computer. */
export function StrayBackups() {
	const navigate = useNavigate();
	const backups = useRead("backup.list", { connection: null });
	const connections = useRead("connection.list", {});
	if (backups.data === undefined || connections.data === undefined) return null;
	const known = new Set(connections.data.connections.map((each) => each.id));
	const stray = backups.data.backups.filter((each) => isGood(each) && !known.has(each.connection_id));
	if (stray.length === 0) return null;
	return (
		<Panel title={`${counted(stray.length, "backup")} of databases not connected here`}>
			<p className="mb-3 text-text-2">
				They restore like any other: open one and choose where it goes. A connection to the server that
				receives it is all that is needed.
			</p>
			<BackupListTable
				backups={stray}
				mixed
				maxHeight={280}
				onSelect={(backup) => void navigate({ to: "/backups/$backupId", params: { backupId: backup.id } })}
				empty={null}
			/>
		</Panel>
	);
}
