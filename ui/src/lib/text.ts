// Small truths about words.

import type { Schema } from "@/api/client";

export function capital(text: string): string {
	return text.charAt(0).toUpperCase() + text.slice(1);
}

/** For a sentence that goes on inside another. */
export function lowerFirst(text: string): string {
	return text.charAt(0).toLowerCase() + text.slice(1);
}

/** `["a", "b", "c"]` to "a, b and c"; at most `most` names, the rest counted. */
export function listed(names: readonly string[], most = 3): string {
	const shown = names.slice(0, most);
	const rest = names.length - shown.length;
	if (rest > 0) return `${shown.join(", ")} and ${rest} more`;
	if (shown.length < 2) return shown.join("");
	return `${shown.slice(0, -1).join(", ")} and ${shown.at(-1)}`;
}

/** What a person typed between commas. */
export function commaSeparated(text: string): string[] {
	return text
		.split(",")
		.map((each) => each.trim())
		.filter(Boolean);
}

export function tableName(table: { schema?: string | null; name: string }): string {
	return table.schema ? `${table.schema}.${table.name}` : table.name;
}

/** The groups that connections are in, by name. */
export function groupsOf(connections: readonly Pick<Schema["Connection"], "group">[]): string[] {
	const names = connections.flatMap((each) => (each.group == null ? [] : [each.group]));
	return [...new Set(names)].toSorted((left, right) => left.localeCompare(right));
}

export function shortId(id: string): string {
	return id.slice(0, 8);
}

export const engineNames: Record<Schema["EngineKind"], string> = {
	postgres: "PostgreSQL",
	mysql: "MySQL / MariaDB",
	sqlite: "SQLite",
};

/** What a dialog calls the file that an export makes, and the ending it gets. */
export const exportFiles: Record<Schema["ExportFormat"], { name: string; extension: string }> = {
	sql: { name: "SQL", extension: "sql" },
	sqlite: { name: "SQLite database", extension: "sqlite" },
};

/** What a dialog offers where a database is a file. */
export const databaseFiles = { name: exportFiles.sqlite.name, extensions: ["sqlite", "db"] };

export const dialectNames: Record<Schema["SqlDialect"], string> = {
	postgres: "PostgreSQL",
	mysql: "MySQL, MariaDB",
	sqlite: "SQLite",
};

export const environmentNames: Record<Schema["Environment"], string> = {
	production: "Production",
	staging: "Staging",
	development: "Development",
};

export function serverName(server: Schema["ServerInfo"]): string {
	// Which of the two it is, MariaDB says in its version: 10.11.19-MariaDB.
	if (server.engine === "mysql") {
		const maria = server.version.endsWith("-MariaDB");
		return `${maria ? "MariaDB" : "MySQL"} ${server.version.replace("-MariaDB", "")}`;
	}
	return `${engineNames[server.engine]} ${server.version}`;
}

/** "backup.delete.apply" to "Delete backup", for the audit and the jobs. */
export const operationWords: Record<string, string> = {
	"vault.init": "Create vault",
	"vault.unlock": "Unlock vault",
	"vault.lock": "Lock vault",
	"vault.attach": "Open existing vault",
	"vault.check": "Check vault",
	"vault.prune.plan": "Plan clean-up",
	"vault.prune.apply": "Clean up vault",
	"vault.recovery_kit": "New recovery kit",
	"vault.recovery_kit.save": "Save recovery kit",
	"vault.change_passphrase": "Change passphrase",
	"secrets.use_file": "Use sealed secrets file",
	"connection.add": "Add connection",
	"connection.update": "Change connection",
	"connection.remove": "Remove connection",
	"connection.test": "Test connection",
	"database.inspect": "Inspect database",
	"backup.plan": "Plan backup",
	"backup.create": "Back up",
	"backup.verify": "Verify backup",
	"backup.delete.plan": "Plan deletion",
	"backup.delete.apply": "Delete backup",
	"backup.export": "Export backup",
	"restore.plan": "Plan restore",
	"restore.apply": "Restore",
	"restore.undo.plan": "Plan undo",
	"restore.undo.apply": "Undo restore",
	"restore.release.plan": "Plan release",
	"restore.release.apply": "Release kept database",
	"backup.drill": "Restore drill",
	"table.clear.plan": "Plan clearing a table",
	"table.clear.apply": "Clear table",
	"cleanup.set.apply": "Set clean-up rule",
	"cleanup.remove": "Remove clean-up rule",
	"cleanup.run": "Delete old rows",
	"retention.group.set.apply": "Set retention rules of a group",
	"maintenance.apply": "Maintenance",
	"maintenance.run": "Maintenance",
	"schedule.agree.apply": "Agree to schedule",
	"session.close.apply": "Close idle sessions",
	"database.ask": "Ask the database",
	"backup.pin": "Pin backup",
	"backup.proof.export": "Save proof record",
	"import.plan": "Look through SQL file",
	"import.apply": "Import",
	"retention.set.apply": "Set retention rules",
	"retention.apply": "Delete old backups",
	"retention.run": "Delete old backups",
	"schedule.add": "Add schedule",
	"schedule.update": "Change schedule",
	"schedule.remove": "Remove schedule",
	"schedule.run_now": "Run schedule now",
	"health.check": "Look whether it answers",
	"guard.begin": "Begin a guarded change",
	"guard.check": "Check a guarded change",
	"guard.end": "End a guarded change",
	"job.cancel": "Cancel job",
	"settings.update": "Change settings",
	"sample.create": "Make sample database",
};

/** Operations of earlier versions, which the audit and finished jobs still name. */
const earlierWords: Record<string, string> = {
	"cleanup.set": "Set clean-up rule",
	"retention.group.set": "Set retention rules of a group",
	"retention.set": "Set retention rules",
};

export function operationName(operation: string): string {
	return operationWords[operation] ?? earlierWords[operation] ?? operation;
}
