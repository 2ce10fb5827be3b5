import { useState } from "react";
import type { Schema } from "@/api/client";
import { useAct } from "@/api/queries";
import { Button } from "@/components/Button";
import { CheckField, Choice } from "@/components/Field";
import { FolderField } from "@/components/FolderField";
import { NewPassphrase, passphraseReady } from "@/components/NewPassphrase";
import { Panel } from "@/components/Panel";
import { ErrorState } from "@/components/States";

interface CreateVaultProps {
	secrets: Schema["SecretsStatus"];
	/** Where it goes when the person does not care. */
	defaultFolder: string | null;
	withSample: boolean;
	onSample: (wanted: boolean) => void;
	onBack: () => void;
	onMade: (made: Schema["VaultInitResponse"]) => void;
}

type Keeping = "keychain" | "file" | "ask";

export function CreateVault(props: CreateVaultProps) {
	const { secrets, defaultFolder, withSample, onSample, onBack, onMade } = props;
	const [first, setFirst] = useState("");
	const [second, setSecond] = useState("");
	const [folder, setFolder] = useState("");
	const usable = secrets.backend === "keychain";
	// Never a silent fallback: without a keychain nothing is chosen for the person but the least.
	const [keeping, setKeeping] = useState<Keeping>(
		usable ? "keychain" : secrets.backend === "file" ? "file" : "ask",
	);
	const file = useAct("secrets.use_file");
	const init = useAct("vault.init", onMade);
	const busy = file.isPending || init.isPending;
	const submit = async () => {
		if (keeping === "file" && (secrets.backend !== "file" || secrets.locked)) {
			const used = await file.mutateAsync({ request: { passphrase: first } }).catch(() => null);
			if (used === null) return;
		}
		init.mutate({
			request: { passphrase: first, path: folder === "" ? null : folder, remember: keeping !== "ask" },
		});
	};
	return (
		<form
			className="flex flex-col gap-4"
			onSubmit={(event) => {
				event.preventDefault();
				if (passphraseReady(first, second)) void submit();
			}}
		>
			<Panel>
				<NewPassphrase first={first} second={second} onFirst={setFirst} onSecond={setSecond} autoFocus />
			</Panel>
			<Panel>
				<FolderField
					label="Folder"
					value={folder}
					onText={setFolder}
					testId="vault-folder"
					placeholder={defaultFolder ?? undefined}
					hint="Left empty, it goes into the folder shown. A disk of its own is better: a vault beside its databases dies with them."
				/>
			</Panel>
			<Panel>
				<KeepingChoice usable={usable} keeping={keeping} onKeeping={setKeeping} />
				{secrets.problem && secrets.backend === "unavailable" && (
					<div className="mt-2.5">
						<ErrorState error={secrets.problem} compact />
					</div>
				)}
			</Panel>
			<CheckField
				label="Connect a sample database"
				hint="A small shop in SQLite, made on this computer, to try everything at once. Remove it whenever you like."
				checked={withSample}
				onCheck={onSample}
			/>
			{(file.error ?? init.error) && <ErrorState error={(file.error ?? init.error) as Error} compact />}
			<div className="flex justify-between gap-2">
				<Button onClick={onBack}>Back</Button>
				<Button
					tone="primary"
					type="submit"
					disabled={!passphraseReady(first, second)}
					busy={busy}
					data-testid="create-vault"
				>
					{busy ? "Deriving the key…" : "Create vault"}
				</Button>
			</div>
		</form>
	);
}

interface KeepingChoiceProps {
	/** The keychain of this account works. */
	usable: boolean;
	keeping: Keeping;
	onKeeping: (keeping: Keeping) => void;
}

function KeepingChoice({ usable, keeping, onKeeping }: KeepingChoiceProps) {
	return (
		<Choice
			legend="When Holdfast starts"
			value={keeping}
			onPick={onKeeping}
			choices={[
				{
					value: "keychain",
					label: "Open by itself, with a key in the system's keychain",
					hint: usable ? "The keychain of this account works: a probe was written and read back." : undefined,
					disabled: !usable,
				},
				{
					value: "file",
					label: "Open with a file sealed by this passphrase",
					hint: "You type the passphrase once after each start; passwords of connections are in the same file.",
					testId: "keep-in-file",
				},
				{
					value: "ask",
					label: "Ask for the passphrase",
					hint: usable
						? "No key to the vault is remembered. The keychain still keeps passwords of connections."
						: "Nothing is remembered. Passwords of connections cannot be kept until a keychain or a sealed file is there.",
				},
			]}
		/>
	);
}
