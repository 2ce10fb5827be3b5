// Back up with options: what will be held and what will not is shown before it starts.

import { useDeferredValue, useState } from "react";
import type { Schema } from "@/api/client";
import { useAct, useRead } from "@/api/queries";
import { Button } from "@/components/Button";
import { Modal } from "@/components/Modal";
import { Answered, ErrorState } from "@/components/States";
import { planned, TableList } from "@/components/TableList";
import { bytes, counted } from "@/lib/bytes";
import { commaSeparated, tableName } from "@/lib/text";
import { Omissions } from "./Omissions";
import { blank, type OptionsDraft, OptionsFields } from "./OptionsFields";
import { Remarks } from "./Remarks";

interface BackupOptionsProps {
	connection: Schema["Connection"];
	onClose: () => void;
}

export function BackupOptions({ connection, onClose }: BackupOptionsProps) {
	const [draft, setDraft] = useState<OptionsDraft>({ ...blank, prove: connection.prove_after_backup });
	const set = (change: Partial<OptionsDraft>) => setDraft((old) => ({ ...old, ...change }));
	const { some, strict, prove } = draft;
	const tables = some ? [...draft.picked.map(tableName), ...commaSeparated(draft.include)] : [];
	const scope = { kind: draft.kind, tables, exclude: commaSeparated(draft.exclude) };
	const plan = useRead("backup.plan", { connection: connection.id, ...useDeferredValue(scope) });
	const create = useAct("backup.create", onClose);
	const unwanted = plan.data?.omissions.filter((each) => !each.by_request) ?? [];
	const refused = strict && unwanted.length > 0;
	const unchosen = some && tables.length === 0;
	const note = draft.note.trim() || null;
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
							create.mutate({ request: { connection: connection.id, ...scope, note, strict, prove } })
						}
					>
						Back up
					</Button>
				</>
			}
		>
			<div className="flex flex-col gap-3 pb-2">
				<OptionsFields connection={connection} draft={draft} onDraft={set} />
				{!unchosen && (
					<Answered question={plan} rows={4}>
						{(data) => <Held plan={data} />}
					</Answered>
				)}
				{refused && <p className="text-bad">Strict: it is refused as long as something is not captured.</p>}
				{create.error && <ErrorState error={create.error} compact />}
			</div>
		</Modal>
	);
}

/** What the backup will hold, and what it will not. */
function Held({ plan }: { plan: Schema["BackupPlan"] }) {
	return (
		<>
			<div className="flex flex-wrap items-baseline gap-x-2">
				<h3 className="font-semibold">It will hold</h3>
				<span className="text-text-2">
					{[
						counted(plan.tables.length, "table"),
						`about ${bytes(plan.estimated_bytes)} to read`,
						...plan.object_counts
							.filter((each) => each.kind !== "table")
							.map((each) => counted(each.count, each.kind, plural(each.kind))),
					].join(" · ")}
				</span>
			</div>
			<p className="text-text-2">{plan.can_restore}</p>
			<TableList
				label="Planned tables"
				tables={planned(plan.tables)}
				estimated
				rowHeight={26}
				maxHeight={160}
				empty={<p className="p-3 text-text-2">There are no tables.</p>}
			/>
			<Omissions omissions={plan.omissions} planned />
			<Remarks remarks={plan.remarks ?? []} />
		</>
	);
}

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
