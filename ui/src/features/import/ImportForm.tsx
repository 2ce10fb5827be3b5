// Step one: the file, and where its statements go.

import { FolderOpen } from "lucide-react";
import { host, type Schema } from "@/api/client";
import { copiesAreFiles, useKinds } from "@/api/offers";
import { Button } from "@/components/Button";
import { CheckField, Choice, SelectField, TextField } from "@/components/Field";
import { NewDatabaseField } from "@/components/NewDatabaseField";
import { Panel } from "@/components/Panel";
import { sayError } from "@/components/say";
import { dialectNames } from "@/lib/text";

export interface ImportDraft {
	file: string;
	into: Schema["ImportInto"];
	database: string;
	dialect: "guess" | Schema["SqlDialect"];
	withoutOwners: boolean;
}

export const blankImport: ImportDraft = {
	file: "",
	into: "new",
	database: "",
	dialect: "guess",
	withoutOwners: false,
};

export function importRequest(to: string, draft: ImportDraft): Schema["ImportPlanRequest"] {
	return {
		to,
		file: draft.file.trim(),
		into: draft.into,
		database: draft.into === "new" ? draft.database.trim() || null : null,
		dialect: draft.dialect === "guess" ? null : draft.dialect,
		without_owners: draft.withoutOwners,
	};
}

interface ImportFormProps {
	connection: Schema["Connection"];
	draft: ImportDraft;
	onDraft: (draft: ImportDraft) => void;
	onNext: () => void;
	busy: boolean;
}

export function ImportForm({ connection, draft, onDraft, onNext, busy }: ImportFormProps) {
	const set = (change: Partial<ImportDraft>) => onDraft({ ...draft, ...change });
	const isFile = copiesAreFiles(connection.offers);
	const pick = () =>
		host()
			.chooseFile()
			.then((file) => file !== null && set({ file }), sayError);
	return (
		<form
			className="flex flex-col gap-3"
			onSubmit={(event) => {
				event.preventDefault();
				if (draft.file.trim() !== "") onNext();
			}}
		>
			<Panel>
				<div className="flex flex-col gap-3">
					<TextField
						label="SQL file"
						mono
						value={draft.file}
						onText={(file) => set({ file })}
						data-testid="import-file"
						placeholder="/home/me/dump.sql.gz"
						hint="From pg_dump, mysqldump, sqlite3 .dump or by hand; plain, gzip or zstd."
						after={
							<Button icon={<FolderOpen aria-hidden className="size-3.5" />} onClick={() => void pick()}>
								Choose…
							</Button>
						}
					/>
					<DialectField dialect={draft.dialect} onDialect={(dialect) => set({ dialect })} />
					<IntoChoice
						isFile={isFile}
						live={connection.live}
						into={draft.into}
						onInto={(into) => set({ into })}
					/>
					{draft.into === "new" && (
						<NewDatabaseField
							isFile={isFile}
							value={draft.database}
							onText={(database) => set({ database })}
							fileName="imported.sqlite"
							testId="import-database"
						/>
					)}
					{connection.offers.import?.owners && (
						<CheckField
							label="Pass over ownership and grants"
							hint="For a server that does not have the roles of the one the file came from."
							checked={draft.withoutOwners}
							onCheck={(withoutOwners) => set({ withoutOwners })}
						/>
					)}
				</div>
			</Panel>
			<div className="flex justify-end">
				<Button
					tone="primary"
					type="submit"
					busy={busy}
					disabled={draft.file.trim() === ""}
					data-testid="import-plan"
				>
					Look through the file
				</Button>
			</div>
		</form>
	);
}

interface DialectFieldProps {
	dialect: ImportDraft["dialect"];
	onDialect: (dialect: ImportDraft["dialect"]) => void;
}

function DialectField({ dialect, onDialect }: DialectFieldProps) {
	const kinds = useKinds() ?? [];
	return (
		<SelectField
			label="Dialect"
			value={dialect}
			onPick={(picked) => onDialect(picked as ImportDraft["dialect"])}
			choices={[
				{ value: "guess", text: "Told by the file" },
				...kinds.flatMap(({ import: offered }) =>
					offered == null ? [] : [{ value: offered.dialect, text: dialectNames[offered.dialect] }],
				),
			]}
		/>
	);
}

interface IntoChoiceProps {
	isFile: boolean;
	/** The live database's name or path. */
	live: string;
	into: ImportDraft["into"];
	onInto: (into: ImportDraft["into"]) => void;
}

function IntoChoice({ isFile, live, into, onInto }: IntoChoiceProps) {
	return (
		<Choice
			legend="Run it in"
			value={into}
			onPick={onInto}
			choices={[
				{
					value: "new",
					label: isFile ? "A new file" : "A new database beside the live one",
					hint: "The live database is not touched. It gets its name only when every statement has succeeded.",
					testId: "import-new",
				},
				{
					value: "live",
					label: (
						<>
							The live database <code className="font-mono text-sm wrap-anywhere">{live}</code>
						</>
					),
					hint: "In one transaction, after a proven safety backup: all of it or nothing.",
					testId: "import-live",
				},
				{
					value: "replace",
					label: "A new database that takes the live one's place",
					hint: "After a safety backup. The old one is kept; undo is one click.",
					testId: "import-replace",
				},
			]}
		/>
	);
}
