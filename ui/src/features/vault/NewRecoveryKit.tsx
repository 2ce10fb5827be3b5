import { useAct } from "@/api/queries";
import { Button } from "@/components/Button";
import { Modal } from "@/components/Modal";
import { RecoveryKitSheet } from "@/components/RecoveryKitSheet";
import { ErrorState } from "@/components/States";

export function NewRecoveryKit({ onClose }: { onClose: () => void }) {
	const issue = useAct("vault.recovery_kit");
	if (issue.data !== undefined)
		return (
			<Modal title="Store your new recovery kit" open wide onClose={onClose}>
				<div className="pb-3">
					<RecoveryKitSheet kit={issue.data} onStored={onClose} done="Done" />
				</div>
			</Modal>
		);
	return (
		<Modal
			title="Make a new recovery kit?"
			about="The older kit stops working at once. Destroy its copies."
			open
			onClose={onClose}
			footer={
				<>
					<Button onClick={onClose}>Cancel</Button>
					<Button tone="primary" busy={issue.isPending} onClick={() => issue.mutate({ request: {} })}>
						Make new kit
					</Button>
				</>
			}
		>
			<p className="text-text-2">
				It is shown once. Have paper or a password manager on another device at hand.
			</p>
			{issue.error && <ErrorState error={issue.error} compact />}
		</Modal>
	);
}
