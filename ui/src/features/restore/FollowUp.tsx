// Undo and release: the same rule as for a restore, a plan first.

import type { Schema } from "@/api/client";
import { useAct } from "@/api/queries";
import { ConfirmationDialog } from "@/components/ConfirmationDialog";
import { Fact, Facts } from "@/components/Panel";
import { PlanSteps } from "@/components/PlanForm";
import { PlanGate } from "@/components/PlanGate";
import { counted } from "@/lib/bytes";
import { listed, tableName } from "@/lib/text";
import { Sessions } from "./Sessions";

const undoing = {
	title: "Undo the restore?",
	about: "The replaced database becomes the live one again. Nothing is deleted.",
	action: "Undo restore",
};
const releasing = {
	title: "Release the kept database?",
	about: "It is deleted. After that the restore cannot be undone.",
	action: "Release and delete",
};
const releasingUndone = {
	...releasing,
	about: "It is the copy that the undo set aside. It is deleted.",
};

const tablesUndoing = {
	...undoing,
	about: "The replaced tables take their places again, in one transaction. Nothing is deleted.",
};
const tablesReleasing = {
	...releasing,
	title: "Release the kept tables?",
	about: "They are deleted. After that the restore cannot be undone.",
};
const tablesReleasingUndone = {
	...tablesReleasing,
	about: "They are the ones that the undo set aside. They are deleted.",
};

interface FollowUpProps {
	restore: Pick<Schema["Restore"], "id" | "state" | "chosen">;
	what: "undo" | "release";
	onClose: () => void;
}

export function FollowUp({ restore, what, onClose }: FollowUpProps) {
	const undo = useAct("restore.undo.apply", onClose);
	const release = useAct("restore.release.apply", onClose);
	const apply = what === "undo" ? undo : release;
	const tables = (restore.chosen ?? []).length > 0;
	const undone = restore.state === "undone";
	const words =
		what === "undo"
			? tables
				? tablesUndoing
				: undoing
			: tables
				? undone
					? tablesReleasingUndone
					: tablesReleasing
				: undone
					? releasingUndone
					: releasing;
	return (
		<PlanGate
			operation={what === "undo" ? "restore.undo.plan" : "restore.release.plan"}
			request={{ restore: restore.id }}
			title={words.title}
			onClose={onClose}
		>
			{(plan) => (
				<ConfirmationDialog
					title={words.title}
					about={words.about}
					action={words.action}
					digest={plan.digest}
					confirmName={plan.confirm_name}
					deletes={what === "release"}
					busy={apply.isPending}
					error={apply.error}
					onClose={onClose}
					onConfirm={(confirmation) => apply.mutate({ request: { plan_id: plan.plan_id }, confirmation })}
				>
					<Facts>
						<Fact name="Steps">
							<PlanSteps steps={plan.steps} />
						</Fact>
						{plan.sessions_to_end.length > 0 && (
							<Fact name="Sessions">
								{counted(plan.sessions_to_end.length, "session")} end
								<Sessions sessions={plan.sessions_to_end} />
							</Fact>
						)}
						{plan.tables_differing.length > 0 && (
							<Fact name="Differs">{listed(plan.tables_differing.map(tableName), 6)}</Fact>
						)}
						{plan.loses && (
							<Fact name={what === "undo" ? "Set aside" : "You lose"} bad={what === "release"}>
								{plan.loses}
							</Fact>
						)}
					</Facts>
				</ConfirmationDialog>
			)}
		</PlanGate>
	);
}
