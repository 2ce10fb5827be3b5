// Emptying a whole table: which one, what would happen in numbers, and its name typed before it does.

import { OctagonX } from "lucide-react";
import { useState } from "react";
import type { Schema } from "@/api/client";
import { useAct } from "@/api/queries";
import { Button } from "@/components/Button";
import { ConfirmationDialog } from "@/components/ConfirmationDialog";
import { Modal } from "@/components/Modal";
import { PlanSteps } from "@/components/PlanForm";
import { PlanGate } from "@/components/PlanGate";
import { TablePicker, useNamedTable } from "@/components/TablePicker";
import { counted } from "@/lib/bytes";
import { tableName } from "@/lib/text";
import { Remarks } from "./RulePreview";

interface ClearTableProps {
	connection: Schema["Connection"];
	/** Begin with this one, named as `tableName` does. */
	first?: string;
	onStarted: (job: string) => void;
	onClose: () => void;
}

export function ClearTable({ connection, first, onStarted, onClose }: ClearTableProps) {
	const named = useNamedTable(connection.id, first);
	const [picked, setPicked] = useState<Schema["TableName"] | null>(null);
	const [planning, setPlanning] = useState<Schema["TableName"] | null>(null);
	const table = picked ?? named;
	if (planning)
		return <Plan connection={connection} table={planning} onStarted={onStarted} onClose={onClose} />;
	return (
		<Modal
			title={`Clear a table of ${connection.name}`}
			about="All its rows go; the table itself stays. A proven backup of the whole database comes first."
			open
			wide
			onClose={onClose}
			testId="clear-table"
			footer={
				<>
					<Button onClick={onClose}>Cancel</Button>
					<Button
						tone="primary"
						disabled={table === null}
						onClick={() => setPlanning(table)}
						data-testid="clear-plan"
					>
						Show what would happen
					</Button>
				</>
			}
		>
			<div className="pb-2">
				<TablePicker
					connection={connection.id}
					one
					maxHeight={320}
					picked={table === null ? [] : [table]}
					onPick={(next) => setPicked(next[0] ?? null)}
				/>
			</div>
		</Modal>
	);
}

interface PlanProps extends Omit<ClearTableProps, "first"> {
	table: Schema["TableName"];
}

function Plan({ connection, table, onStarted, onClose }: PlanProps) {
	const apply = useAct("table.clear.apply", ({ job_id }) => {
		onStarted(job_id);
		onClose();
	});
	const title = `Clear ${tableName(table)} of ${connection.name}?`;
	return (
		<PlanGate
			operation="table.clear.plan"
			request={{ connection: connection.id, table }}
			title={title}
			onClose={onClose}
		>
			{(plan) => (
				<ConfirmationDialog
					title={title}
					about={`${counted(plan.rows, "row")} of ${tableName(plan.table)} are deleted; the table itself stays.`}
					action={`Delete ${counted(plan.rows, "row")}`}
					digest={plan.digest}
					confirmName={plan.blockers.length > 0 ? null : plan.confirm_name}
					blocked={plan.blockers.length > 0}
					busy={apply.isPending}
					error={apply.error}
					wide
					onClose={onClose}
					onConfirm={(confirmation) => apply.mutate({ request: { plan_id: plan.plan_id }, confirmation })}
				>
					{plan.blockers.length > 0 ? (
						<div
							role="alert"
							className="rounded-lg border border-bad/40 bg-bad-soft px-4 py-2.5"
							data-testid="blockers"
						>
							<p className="flex items-center gap-1.5 font-medium text-bad">
								<OctagonX aria-hidden className="size-4" />
								Foreign keys stand in the way
							</p>
							<ul className="mt-1">
								{plan.blockers.map((each) => (
									<li key={each} className="wrap-anywhere">
										{each}
									</li>
								))}
							</ul>
							<p className="mt-1 text-text-2">Clear those tables first, or leave this one.</p>
						</div>
					) : (
						<>
							<PlanSteps steps={plan.steps} />
							<Remarks remarks={plan.remarks ?? []} />
						</>
					)}
				</ConfirmationDialog>
			)}
		</PlanGate>
	);
}
