// Back up with options: what will be held and what will not is shown before it starts.

import { useDeferredValue, useState } from "react";
import type { Schema } from "@/api/client";
import { useAct, useRead } from "@/api/queries";
import { Button } from "@/components/Button";
import { CheckField, Choice, TextField } from "@/components/Field";
import { Modal } from "@/components/Modal";
import { Answered, ErrorState } from "@/components/States";
import { planned, TableList } from "@/components/TableList";
import { TablePicker } from "@/components/TablePicker";
import { bytes, counted } from "@/lib/bytes";
import { commaSeparated, tableName } from "@/lib/text";
import { Omissions } from "./Omissions";
import { Remarks } from "./Remarks";

export function BackupOptions({
	connection,
	onClose,
}: {
	connection: Schema["Connection"];
	onClose: () => void;
}) {
	const [note, setNote] = useState("");
	const [kind, setKind] = useState<Schema["BackupKind"]>("full");
	const [some, setSome] = useState(false);
	const [picked, setPicked] = useState<Schema["TableName"][]>([]);
	const [include, setInclude] = useState("");
	const [exclude, setExclude] = useState("");
	const [strict, setStrict] = useState(false);
	const [prove, setProve] = useState(connection.prove_after_backup);
	const tables = some ? [...picked.map(tableName), ...commaSeparated(include)] : [];
	const scope = { kind, tables, exclude: commaSeparated(exclude) };
	const plan = useRead("backup.plan", { connection: connection.id, ...useDeferredValue(scope) });
	const create = useAct("backup.create", onClose);
	const unwanted = plan.data?.omissions.filter((each) => !each.by_request) ?? [];
	const refused = strict && unwanted.length > 0;
	const unchosen = some && tables.length === 0;
	return (
		<Modal
			title={`Back up ${connection.name}`}
			about="Nothing on the server is changed. The snapshot is one consistent moment."
			open
			wide
			onClose={onClose}
			testId="backup-options"
			footer={
				<>
					{/* The plan itself may be below the fold: its outcome never is. */}
					<p className="mr-auto min-w-0 truncate text-text-2" data-testid="backup-outcome">
						{outcome(unchosen, plan.data)}
					</p>
					<Button onClick={onClose}>Cancel</Button>
					<Button
						tone="primary"
						busy={create.isPending}
						disabled={refused || unchosen || plan.data === undefined || plan.error !== null}
						data-testid="backup-start"
						onClick={() =>
							create.mutate({
								request: { connection: connection.id, ...scope, note: note.trim() || null, strict, prove },
							})
						}
					>
						Back up
					</Button>
				</>
			}
		>
			<div className="flex flex-col gap-3 pb-2">
				<TextField
					label="Note"
					value={note}
					onText={setNote}
					placeholder="Before release 4.2"
					hint="The backup's name in every list."
					data-testid="backup-note"
				/>
				<Choice
					legend="Kind"
					row
					value={kind}
					onPick={setKind}
					choices={[
						{ value: "full", label: "Full", hint: "structure and rows", testId: "kind-full" },
						{ value: "schema", label: "Schema", hint: "structure only", testId: "kind-schema" },
						{ value: "data", label: "Data", hint: "rows only", testId: "kind-data" },
					]}
				/>
				<Choice
					legend="Tables"
					row
					value={some ? "some" : "all"}
					onPick={(value) => setSome(value === "some")}
					choices={[
						{ value: "all", label: "All tables", hint: everythingOf[kind] },
						{
							value: "some",
							label: "Chosen tables",
							hint: "with what belongs to them",
							testId: "tables-some",
						},
					]}
				/>
				{some && (
					<TablePicker connection={connection.id} picked={picked} onPick={setPicked} maxHeight={160} />
				)}
				<div className="grid grid-cols-2 gap-3">
					{some && (
						<TextField
							label="Also tables like"
							mono
							value={include}
							onText={setInclude}
							placeholder="none"
							hint="Separated by commas; * and ? match."
						/>
					)}
					<TextField
						label="Without the rows of"
						mono
						value={exclude}
						onText={setExclude}
						placeholder="none"
						hint="For example: logs, reporting.*"
					/>
				</div>
				<div className="grid grid-cols-2 gap-3">
					<CheckField
						label="Prove it afterwards"
						hint="Load into a scratch database, compare every table."
						checked={prove}
						onCheck={setProve}
					/>
					<CheckField
						label="Strict"
						hint="Refuse instead of making a partial backup."
						checked={strict}
						onCheck={setStrict}
					/>
				</div>
				{!unchosen && (
					<Answered question={plan} rows={4}>
						{(data) => (
							<>
								<div className="flex flex-wrap items-baseline gap-x-2">
									<h3 className="font-semibold">It will hold</h3>
									<span className="text-text-2">
										{[
											counted(data.tables.length, "table"),
											`about ${bytes(data.estimated_bytes)} to read`,
											...data.object_counts
												.filter((each) => each.kind !== "table")
												.map((each) => counted(each.count, each.kind, plural(each.kind))),
										].join(" · ")}
									</span>
								</div>
								<p className="text-text-2">{data.can_restore}</p>
								<TableList
									label="Planned tables"
									tables={planned(data.tables)}
									estimated
									rowHeight={26}
									maxHeight={160}
									empty={<p className="p-3 text-text-2">There are no tables.</p>}
								/>
								<Omissions omissions={data.omissions} planned />
								<Remarks remarks={data.remarks ?? []} />
							</>
						)}
					</Answered>
				)}
				{refused && <p className="text-bad">Strict: it is refused as long as something is not captured.</p>}
				{create.error && <ErrorState error={create.error} compact />}
			</div>
		</Modal>
	);
}

const everythingOf: Record<Schema["BackupKind"], string> = {
	full: "and everything else in the database",
	schema: "and every other object, without rows",
	data: "their rows, nothing else",
};

function outcome(unchosen: boolean, plan: Schema["BackupPlan"] | undefined): string {
	if (unchosen) return "Choose at least one table.";
	if (plan === undefined) return "";
	const lost = plan.omissions.filter((each) => !each.by_request).length;
	return [
		counted(plan.tables.length, "table"),
		`about ${bytes(plan.estimated_bytes)} to read`,
		lost > 0 && `partial: ${counted(lost, "thing")} not captured`,
	]
		.filter(Boolean)
		.join(" · ");
}

export function plural(kind: string): string {
	if (kind.endsWith("x") || kind.endsWith("s")) return `${kind}es`;
	return /[^aeiou]y$/.test(kind) ? `${kind.slice(0, -1)}ies` : `${kind}s`;
}
