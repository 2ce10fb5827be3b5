import { useId, useState } from "react";
import { useAct } from "@/api/queries";
import { Button } from "@/components/Button";
import { Modal } from "@/components/Modal";
import { NewPassphrase, passphraseReady } from "@/components/NewPassphrase";
import { ErrorState } from "@/components/States";
import { sayDone } from "@/components/say";

export function ChangePassphrase({ onClose }: { onClose: () => void }) {
	const [first, setFirst] = useState("");
	const [second, setSecond] = useState("");
	const form = useId();
	const change = useAct("vault.change_passphrase", () => {
		sayDone("The passphrase is changed.");
		onClose();
	});
	return (
		<Modal
			title="Change the passphrase"
			about="The old one stops working. If somebody may know the old one and has a copy of the vault, a new passphrase does not help: make a new vault."
			open
			wide
			onClose={onClose}
			footer={
				<>
					<Button onClick={onClose}>Cancel</Button>
					<Button
						tone="primary"
						type="submit"
						form={form}
						disabled={!passphraseReady(first, second)}
						busy={change.isPending}
					>
						Change passphrase
					</Button>
				</>
			}
		>
			<form
				id={form}
				className="flex flex-col gap-3 pb-3"
				onSubmit={(event) => {
					event.preventDefault();
					if (passphraseReady(first, second)) change.mutate({ request: { new_passphrase: first } });
				}}
			>
				<NewPassphrase first={first} second={second} onFirst={setFirst} onSecond={setSecond} autoFocus />
				{change.error && <ErrorState error={change.error} compact />}
			</form>
		</Modal>
	);
}
