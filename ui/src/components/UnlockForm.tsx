// Opens a locked vault by passphrase or recovery words; with a folder, takes up a vault made elsewhere.

import { FolderOpen } from "lucide-react";
import { useState } from "react";
import { host, type Schema } from "@/api/client";
import { useAct } from "@/api/queries";
import { Button } from "./Button";
import { CheckField, Choice, PasswordField, TextArea, TextField } from "./Field";
import { ErrorState } from "./States";

interface UnlockFormProps {
	/** Ask for the vault's folder too. */
	attach?: boolean;
	canRemember: boolean;
	onOpened?: (status: Schema["VaultStatus"]) => void;
}

export function UnlockForm({ attach, canRemember, onOpened }: UnlockFormProps) {
	const [way, setWay] = useState<"passphrase" | "words">("passphrase");
	const [folder, setFolder] = useState("");
	const [passphrase, setPassphrase] = useState("");
	const [words, setWords] = useState("");
	const [remember, setRemember] = useState(canRemember);
	const unlock = useAct("vault.unlock", onOpened);
	const take = useAct("vault.attach", onOpened);
	const act = attach ? take : unlock;
	const typed = words.trim().split(/\s+/).filter(Boolean).length;
	const ready = (!attach || folder !== "") && (way === "passphrase" ? passphrase !== "" : typed > 0);
	const submit = () => {
		const secret =
			way === "passphrase"
				? { passphrase }
				: { recovery_words: words.trim().split(/\s+/).join(" ").toLowerCase() };
		if (attach) take.mutate({ request: { path: folder, ...secret, remember } });
		else unlock.mutate({ request: { ...secret, remember } });
	};
	return (
		<form
			className="flex flex-col gap-3"
			onSubmit={(event) => {
				event.preventDefault();
				if (ready) submit();
			}}
		>
			{attach && (
				<TextField
					label="Folder of the vault"
					value={folder}
					onText={setFolder}
					mono
					data-testid="attach-folder"
					placeholder="/mnt/backups/vault"
					after={
						<Button
							icon={<FolderOpen aria-hidden className="size-3.5" />}
							onClick={() =>
								void host()
									.chooseFolder()
									.then((path) => path && setFolder(path))
							}
						>
							Choose…
						</Button>
					}
				/>
			)}
			<Choice
				legend="Open it with"
				row
				value={way}
				onPick={setWay}
				choices={[
					{ value: "passphrase", label: "Passphrase" },
					{ value: "words", label: "Recovery kit", testId: "unlock-by-words" },
				]}
			/>
			{way === "passphrase" ? (
				<PasswordField
					label="Passphrase"
					value={passphrase}
					onText={setPassphrase}
					autoFocus
					data-testid="unlock-passphrase"
					autoComplete="current-password"
				/>
			) : (
				<TextArea
					label="Recovery words"
					mono
					rows={3}
					value={words}
					onText={setWords}
					data-testid="unlock-words"
					hint={`${typed} of 24 words. Line breaks do not matter.`}
				/>
			)}
			<CheckField
				label="Open by itself on this computer"
				hint={
					canRemember
						? "A key for this computer is kept with the other secrets."
						: "Not possible now: there is no usable keychain or sealed file."
				}
				checked={remember && canRemember}
				disabled={!canRemember}
				onCheck={setRemember}
			/>
			{act.error && <ErrorState error={act.error} compact />}
			<div className="flex justify-end">
				<Button tone="primary" type="submit" disabled={!ready} busy={act.isPending} data-testid="unlock">
					{act.isPending ? "Opening…" : attach ? "Open vault" : "Unlock"}
				</Button>
			</div>
		</form>
	);
}
