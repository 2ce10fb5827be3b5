// Before a rule runs: what it would delete now, and what becomes of it.

import type { Schema } from "@/api/client";
import { useAct } from "@/api/queries";
import { ConfirmationDialog } from "@/components/ConfirmationDialog";
import { Note } from "@/components/Panel";
import { PlanGate } from "@/components/PlanGate";
import { counted } from "@/lib/bytes";
import { tableName } from "@/lib/text";
import { RulePreview } from "./RulePreview";
import { requestOf, rowsText } from "./words";

interface RunRuleProps {
	rule: Schema["CleanupRule"];
	onStarted: (job: string) => void;
	onClose: () => void;
}

export function RunRule({ rule, onStarted, onClose }: RunRuleProps) {
	const run = useAct("cleanup.run", ({ job_id }) => {
		onStarted(job_id);
		onClose();
	});
	const title = `Run ${rule.name}?`;
	return (
		<PlanGate operation="cleanup.preview" request={requestOf(rule)} title={title} onClose={onClose}>
			{(preview) => (
				<ConfirmationDialog
					title={title}
					about={`${tableName(rule.table)}: ${rowsText(rule.rows)}`}
					action={preview.matching === 0 ? "Delete" : `Delete ${counted(preview.matching, "row")}`}
					blocked={preview.blockers.length > 0 || preview.matching === 0}
					busy={run.isPending}
					error={run.error}
					onClose={onClose}
					onConfirm={() => run.mutate({ request: { rule: rule.id } })}
				>
					<RulePreview preview={preview} />
					{rule.archive ? (
						<Note>
							First the rows, and those that foreign keys take along, go into a backup that is proven and
							pinned. Then they are deleted, {counted(rule.batch_rows, "row")} in a transaction, and counted
							again.
						</Note>
					) : (
						<Note tone="warn">
							This rule keeps no archive: what it deletes cannot be had back from Holdfast, unless an earlier
							backup holds it.
						</Note>
					)}
				</ConfirmationDialog>
			)}
		</PlanGate>
	);
}
