import { TriangleAlert } from "lucide-react";
import type { Schema } from "@/api/client";
import { useAct } from "@/api/queries";
import { ConfirmationDialog } from "@/components/ConfirmationDialog";
import { Fact, Facts, Note } from "@/components/Panel";
import { PlanGate } from "@/components/PlanGate";
import { sayDone } from "@/components/say";
import { bytes, counted } from "@/lib/bytes";
import { absolute } from "@/lib/time";

export function DeleteBackup({
	backup,
	onClose,
	onDeleted,
}: {
	backup: Schema["Backup"];
	onClose: () => void;
	onDeleted?: () => void;
}) {
	const apply = useAct("backup.delete.apply", () => {
		sayDone(`"${backup.name}" is deleted.`);
		onClose();
		onDeleted?.();
	});
	return (
		<PlanGate
			operation="backup.delete.plan"
			request={{ backup: backup.id }}
			title={`Delete "${backup.name}"?`}
			onClose={onClose}
		>
			{(plan) => (
				<ConfirmationDialog
					title={`Delete "${plan.backup.name}"?`}
					about={plan.summary}
					action="Delete backup"
					digest={plan.digest}
					confirmName={plan.confirm_name}
					busy={apply.isPending}
					error={apply.error}
					onClose={onClose}
					onConfirm={(confirmation) => apply.mutate({ request: { plan_id: plan.plan_id }, confirmation })}
				>
					<Facts>
						<Fact name="Taken">{absolute(plan.backup.created_at_ms)}</Fact>
						<Fact name="Holds">
							{counted(plan.backup.table_count, "table")}, {counted(plan.backup.row_count, "row")},{" "}
							{bytes(plan.backup.size_bytes)}
						</Fact>
						<Fact name="Frees">
							{plan.frees_bytes > 0
								? `up to ${bytes(plan.frees_bytes)} at the next clean-up of the vault`
								: "nothing; other backups share all of it"}
						</Fact>
					</Facts>
					{plan.newest_proven && (
						<Note tone="warn">
							<span className="flex items-start gap-1.5 font-medium text-warn">
								<TriangleAlert aria-hidden className="mt-0.5 size-3.5 shrink-0" />
								This is the newest backup of {plan.backup.connection_name} that is proven to restore. Prove
								another one first.
							</span>
						</Note>
					)}
				</ConfirmationDialog>
			)}
		</PlanGate>
	);
}
