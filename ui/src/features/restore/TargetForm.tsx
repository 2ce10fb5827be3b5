// Step one: beside the live database, on another server, or replacing the live one.

import { useNavigate } from "@tanstack/react-router";
import type { Schema } from "@/api/client";
import { copiesAreFiles, useOffersOf } from "@/api/offers";
import { Button } from "@/components/Button";
import { CheckField, Choice, SelectField } from "@/components/Field";
import { NewDatabaseField } from "@/components/NewDatabaseField";
import { Panel } from "@/components/Panel";
import { EmptyState } from "@/components/States";
import { engineNames, environmentNames, lowerFirst } from "@/lib/text";
import { TablesForm, tablesRequest } from "./TablesForm";

export interface TargetDraft {
	what: "database" | "tables";
	way: "new" | "replace";
	/** Connection id; empty: the backup's own. */
	to: string;
	database: string;
	/** Names of chosen tables, as `tableName` gives them. */
	tables: readonly string[];
	/** A single table's new name, or what is appended to the names of several; empty: made up. */
	naming: string;
	schema: string;
	allowDangling: boolean;
	/** Create roles and tablespaces that the server lacks. */
	globals: boolean;
	/** MySQL and MariaDB: code runs as the restoring login. */
	mapDefiners: boolean;
}

export const blankTarget: TargetDraft = {
	what: "database",
	way: "new",
	to: "",
	database: "",
	tables: [],
	naming: "",
	schema: "",
	allowDangling: false,
	globals: false,
	mapDefiners: false,
};

/** Rows alone need tables that are there; definitions alone have no rows to put into any. */
function possible(backup: Schema["Backup"], what: TargetDraft["what"]): TargetDraft["what"] {
	return backup.kind === "data" ? "tables" : backup.kind === "schema" ? "database" : what;
}

export function targetRequest(backup: Schema["Backup"], target: TargetDraft): Schema["RestorePlanRequest"] {
	const to = target.to || backup.connection_id;
	const { globals } = target;
	if (possible(backup, target.what) === "tables") return { backup: backup.id, to, ...tablesRequest(target) };
	const replace = target.way === "replace";
	const database = replace ? null : target.database.trim() || null;
	return { backup: backup.id, to, replace, database, globals, map_definers: target.mapDefiners };
}

interface TargetFormProps {
	backup: Schema["Backup"];
	/** In words: what a restore of this kind of backup can do. */
	canRestore?: string | null;
	tables: readonly Schema["TableSnapshot"][];
	connections: readonly Schema["Connection"][];
	target: TargetDraft;
	onTarget: (target: TargetDraft) => void;
	/** With the connection that is shown as chosen. */
	onNext: (to: string) => void;
	busy: boolean;
}

export function TargetForm(props: TargetFormProps) {
	const { backup, canRestore, tables, connections, target, onTarget, onNext, busy } = props;
	const same = connections.filter((each) => each.offers.engine === backup.engine);
	const own = same.find((each) => each.id === backup.connection_id);
	const chosen = same.find((each) => each.id === target.to) ?? own ?? same[0];
	if (chosen === undefined) return <NoTarget engine={backup.engine} />;
	const set = (change: Partial<TargetDraft>) => onTarget({ ...target, to: chosen.id, ...change });
	const { offers, live } = chosen;
	const isFile = copiesAreFiles(offers);
	const what = possible(backup, target.what);
	return (
		<form
			className="flex flex-col gap-3"
			onSubmit={(event) => {
				event.preventDefault();
				onNext(chosen.id);
			}}
		>
			<Panel>
				<div className="flex flex-col gap-3">
					{canRestore && (
						<p className="text-text-2" data-testid="can-restore">
							<span className="font-medium text-text">
								{backup.kind === "full"
									? "This backup restores to: "
									: `This is a ${backup.kind} backup. It restores to: `}
							</span>
							{lowerFirst(canRestore)}
						</p>
					)}
					<ServerField
						connections={same}
						chosen={chosen}
						own={own}
						isFile={isFile}
						onTo={(to) => set({ to })}
					/>
					<WhatChoice kind={backup.kind} what={what} onWhat={(what) => set({ what })} />
					{what === "tables" ? (
						<TablesForm
							tables={tables}
							schemas={offers.restore?.schemas ?? false}
							target={target}
							onTarget={set}
						/>
					) : (
						<WayFields isFile={isFile} live={live} target={target} onTarget={set} />
					)}
					{offers.restore?.definers && (
						<CheckField
							label="Let views, routines, triggers and events run as this login"
							hint="Else they keep their definers; one that the server does not know is named in the plan."
							checked={target.mapDefiners}
							onCheck={(mapDefiners) => set({ mapDefiners })}
							data-testid="map-definers"
						/>
					)}
				</div>
			</Panel>
			<div className="flex justify-end">
				<Button
					tone="primary"
					type="submit"
					busy={busy}
					disabled={what === "tables" && target.tables.length === 0}
					data-testid="restore-plan"
				>
					{busy ? "Looking…" : "Show what will happen"}
				</Button>
			</div>
		</form>
	);
}

function NoTarget({ engine }: { engine: Schema["Backup"]["engine"] }) {
	const navigate = useNavigate();
	const byFile = useOffersOf(engine)?.address.by === "file";
	return (
		<EmptyState
			title={`No ${engineNames[engine]} connection to restore to`}
			action={
				<Button tone="primary" onClick={() => void navigate({ to: "/connections/new" })}>
					Add connection
				</Button>
			}
		>
			Add a connection to a {engineNames[engine]} {byFile ? "file" : "server"} first; a backup restores to the
			same kind of database.
		</EmptyState>
	);
}

interface ServerFieldProps {
	connections: readonly Schema["Connection"][];
	chosen: Schema["Connection"];
	/** The one the backup came from. */
	own: Schema["Connection"] | undefined;
	isFile: boolean;
	onTo: (connection: string) => void;
}

function ServerField({ connections, chosen, own, isFile, onTo }: ServerFieldProps) {
	return (
		<SelectField
			label={isFile ? "Connection" : "Server"}
			value={chosen.id}
			onPick={onTo}
			choices={connections.map((each) => ({
				value: each.id,
				text: `${each.name} (${environmentNames[each.environment].toLowerCase()}), ${each.location}`,
			}))}
			hint={
				own === undefined
					? "The connection this backup came from is not here any more."
					: chosen.id === own.id
						? "Where this backup came from."
						: "Another one than the backup came from."
			}
		/>
	);
}

interface WhatChoiceProps {
	kind: Schema["BackupKind"];
	what: TargetDraft["what"];
	onWhat: (what: TargetDraft["what"]) => void;
}

function WhatChoice({ kind, what, onWhat }: WhatChoiceProps) {
	return (
		<Choice
			legend="Restore"
			row
			value={what}
			onPick={onWhat}
			choices={[
				{
					value: "database",
					label: "The whole database",
					hint: "everything the backup holds",
					disabled: kind === "data",
					testId: "what-database",
				},
				{
					value: "tables",
					label: "Chosen tables",
					hint: "into the live database",
					disabled: kind === "schema",
					testId: "what-tables",
				},
			]}
		/>
	);
}

interface WayFieldsProps {
	isFile: boolean;
	/** The live database's name or path. */
	live: string;
	target: TargetDraft;
	onTarget: (change: Partial<TargetDraft>) => void;
}

function WayFields({ isFile, live, target, onTarget }: WayFieldsProps) {
	return (
		<>
			<Choice
				legend="Restore into"
				value={target.way}
				onPick={(way) => onTarget({ way })}
				choices={[
					{
						value: "new",
						label: isFile ? "A new file" : "A new database beside the live one",
						hint: "The live database is not touched.",
						testId: "target-new",
					},
					{
						value: "replace",
						label: (
							<>
								Replace the live database <code className="font-mono text-sm wrap-anywhere">{live}</code>
							</>
						),
						hint: "Restored beside it, proven, then swapped, after a safety backup. The old one is kept; undo is one click.",
						testId: "target-replace",
					},
				]}
			/>
			{target.way === "new" && (
				<NewDatabaseField
					isFile={isFile}
					value={target.database}
					onText={(database) => onTarget({ database })}
					fileName="restored.sqlite"
					testId="target-database"
				/>
			)}
		</>
	);
}
