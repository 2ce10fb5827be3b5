import { useAct } from "@/api/queries";
import { Button } from "@/components/Button";
import { ConfirmationDialog } from "@/components/ConfirmationDialog";
import { Modal } from "@/components/Modal";
import { Fact, Facts } from "@/components/Panel";
import { PlanGate } from "@/components/PlanGate";
import { bytes, count } from "@/lib/bytes";

export function Prune({ onClose }: { onClose: () => void }) {
	const apply = useAct("vault.prune.apply", onClose);
	return (
		<PlanGate operation="vault.prune.plan" request={{}} title="Clean up the vault" onClose={onClose}>
			{(plan) => {
				const facts = (
					<Facts wide>
						<Fact name="Frees">{bytes(plan.frees_bytes)}</Fact>
						<Fact name="Packs removed">
							{count(plan.packs_removable)} of {count(plan.packs_total)}
						</Fact>
						<Fact name="Packs rewritten">{count(plan.packs_to_rewrite)}</Fact>
						<Fact name="Still waiting">{count(plan.packs_waiting)} for the hours of grace</Fact>
					</Facts>
				);
				if (plan.packs_removable === 0 && plan.packs_to_rewrite === 0)
					return (
						<Modal
							title="Nothing to clean up"
							about={plan.summary}
							open
							onClose={onClose}
							footer={<Button onClick={onClose}>Close</Button>}
						>
							{facts}
						</Modal>
					);
				return (
					<ConfirmationDialog
						title="Clean up the vault?"
						about={plan.summary}
						action="Clean up"
						digest={plan.digest}
						busy={apply.isPending}
						error={apply.error}
						onClose={onClose}
						onConfirm={(confirmation) => apply.mutate({ request: { plan_id: plan.plan_id }, confirmation })}
					>
						{facts}
					</ConfirmationDialog>
				);
			}}
		</PlanGate>
	);
}
