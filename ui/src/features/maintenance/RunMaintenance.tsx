// Before an action runs: what it would work on, how long it may take, and what it warns of.

import { TriangleAlert } from "lucide-react";
import { useDeferredValue, useState } from "react";
import type { Schema } from "@/api/client";
import { useAct, useRead } from "@/api/queries";
import { Button } from "@/components/Button";
import { CheckField, Choice } from "@/components/Field";
import { Modal } from "@/components/Modal";
import { Fact, Facts, Note } from "@/components/Panel";
import { Answered, ErrorState } from "@/components/States";
import { TablePicker, useNamedTable } from "@/components/TablePicker";
import { bytes, counted } from "@/lib/bytes";
import { duration } from "@/lib/time";

interface RunMaintenanceProps {
	connection: Schema["Connection"];
	offered: Schema["OfferedMaintenance"];
	/** Begin with this table, named as `tableName` does. */
	first?: string;
	onClose: () => void;
}

export function RunMaintenance({ connection, offered, first, onClose }: RunMaintenanceProps) {
	const named = useNamedTable(connection.id, offered.takes_tables ? first : undefined);
	const [some, setSome] = useState(first !== undefined && offered.takes_tables);
	const [chosen, setPicked] = useState<Schema["TableName"][] | null>(null);
	const picked = chosen ?? (named === null ? [] : [named]);
	const [accepted, setAccepted] = useState(false);
	const tables = some ? picked : [];
	const request = { connection: connection.id, action: offered.kind, tables };
	const unchosen = some && tables.length === 0;
	const plan = useRead("maintenance.plan", useDeferredValue(request), { enabled: !unchosen, staleTime: 0 });
	const run = useAct("maintenance.apply", onClose);
	const ready = !unchosen && plan.data !== undefined && (offered.warning == null || accepted);
	return (
		<Modal
			title={`${offered.title} of ${connection.name}`}
			about={offered.what}
			open
			wide={some}
			onClose={onClose}
			testId="maintenance-dialog"
			footer={
				<>
					<Button onClick={onClose}>Cancel</Button>
					<Button
						tone="primary"
						disabled={!ready}
						busy={run.isPending}
						data-testid="maintenance-start"
						onClick={() =>
							plan.data &&
							run.mutate({
								request: { plan_id: plan.data.plan_id },
								confirmation: { digest: plan.data.digest },
							})
						}
					>
						Run
					</Button>
				</>
			}
		>
			<div className="flex flex-col gap-3 pb-2">
				{offered.takes_tables && (
					<Choice
						legend="On"
						hideLegend
						row
						value={some ? "some" : "all"}
						onPick={(value) => setSome(value === "some")}
						choices={[
							{ value: "all", label: "The whole database" },
							{ value: "some", label: "Chosen tables" },
						]}
					/>
				)}
				{some && (
					<TablePicker connection={connection.id} picked={picked} onPick={setPicked} maxHeight={190} />
				)}
				{unchosen ? (
					<p className="text-text-2">Choose at least one table.</p>
				) : (
					<Answered question={plan} rows={3}>
						{(data) => <Foreseen plan={data} locks={offered.locks} />}
					</Answered>
				)}
				{offered.warning && <Warning text={offered.warning} accepted={accepted} onAccept={setAccepted} />}
				{run.error && <ErrorState error={run.error} compact />}
			</div>
		</Modal>
	);
}

/** What it would work on, and for how long. */
function Foreseen({ plan, locks }: { plan: Schema["MaintenancePlan"]; locks: string }) {
	const { extent, estimated_ms } = plan;
	return (
		<>
			<Facts>
				<Fact name="Works on">
					{counted(extent.tables, "table")}
					{extent.bytes != null && `, ${bytes(extent.bytes)}`}
				</Fact>
				<Fact name="Takes">
					{estimated_ms == null
						? "Not measured yet; this run will tell"
						: `About ${duration(estimated_ms)}, as the last time`}
				</Fact>
				<Fact name="Locks">{locks}</Fact>
			</Facts>
			{(extent.remarks ?? []).length > 0 && (
				<Note>
					<ul className="flex flex-col gap-0.5">
						{(extent.remarks ?? []).map((each) => (
							<li key={each} className="wrap-anywhere">
								{each}
							</li>
						))}
					</ul>
				</Note>
			)}
		</>
	);
}

interface WarningProps {
	text: string;
	accepted: boolean;
	onAccept: (accepted: boolean) => void;
}

function Warning({ text, accepted, onAccept }: WarningProps) {
	return (
		<Note tone="warn">
			<div className="flex flex-col gap-2">
				<span className="flex items-start gap-1.5">
					<TriangleAlert aria-hidden className="mt-0.5 size-3.5 shrink-0 text-warn" />
					{text}
				</span>
				<CheckField
					label="I know, run it"
					checked={accepted}
					onCheck={onAccept}
					data-testid="maintenance-accept"
				/>
			</div>
		</Note>
	);
}
