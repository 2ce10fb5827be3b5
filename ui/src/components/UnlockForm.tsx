// Opens a locked vault by passphrase or recovery words; with a folder, takes up a vault made elsewhere.

import { FolderOpen } from "lucide-react";
import { useState } from "react";
import { host, type Schema } from "@/api/client";
import { useAct } from "@/api/queries";
import { Button } from "./Button";
import { CheckField, Choice, PasswordField, TextArea, TextField } from "./Field";
import { ErrorState } from "./States";
import { sayError } from "./say";

interface UnlockFormProps {
	/** Ask for the vault's folder too. */
	attach?: boolean;
	/** Undefined while it is being asked. */
	secrets: Schema["SecretsStatus"] | undefined;
	onOpened?: (status: Schema["VaultStatus"]) => void;
}

export function UnlockForm({ attach, secrets, onOpened }: UnlockFormProps) {
	const [way, setWay] = useState<"passphrase" | "words">("passphrase");
	const [folder, setFolder] = useState("");
	const [passphrase, setPassphrase] = useState("");
	const [words, setWords] = useState("");
	const [remember, setRemember] = useState(true);
	const keeping = keepingOf(secrets, way);
	const canRemember = keeping.possible;
	const opened = (status: Schema["VaultStatus"]) => {
		// Open all the same; why it will ask again at the next start is worth saying.
		if (status.problem) sayError(status.problem);
		onOpened?.(status);
	};
	const unlock = useAct("vault.unlock", opened);
	const take = useAct("vault.attach", opened);
	const act = attach ? take : unlock;
	const typed = words.trim().split(/\s+/).filter(Boolean).length;
	const ready = (!attach || folder !== "") && (way === "passphrase" ? passphrase !== "" : typed > 0);
	const submit = () => {
		const secret =
			way === "passphrase"
				? { passphrase }
				: { recovery_words: words.trim().split(/\s+/).join(" ").toLowerCase() };
		const wish = { ...secret, remember: remember && canRemember };
		if (attach) take.mutate({ request: { path: folder, ...wish } });
		else unlock.mutate({ request: wish });
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
					autoFocus
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
					autoFocus={!attach}
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
			{keeping.label === null ? (
				<p className="text-sm text-text-2">{keeping.hint}</p>
			) : (
				<CheckField
					label={keeping.label}
					hint={keeping.hint}
					checked={remember && canRemember}
					disabled={!canRemember}
					onCheck={setRemember}
				/>
			)}
			{act.error && <ErrorState error={act.error} compact />}
			<div className="flex justify-end">
				<Button tone="primary" type="submit" disabled={!ready} busy={act.isPending} data-testid="unlock">
					{act.isPending ? "Opening…" : attach ? "Open vault" : "Unlock"}
				</Button>
			</div>
		</form>
	);
}

interface Keeping {
	/** A key for this computer can be kept now. */
	possible: boolean;
	/** Null when there is nothing to choose. */
	label: string | null;
	hint: string;
}

/** What "open by itself" means with the place where this computer keeps secrets. */
function keepingOf(secrets: Schema["SecretsStatus"] | undefined, way: "passphrase" | "words"): Keeping {
	const label = "Open by itself on this computer";
	if (secrets === undefined) return { possible: false, label, hint: "Looking for a keychain…" };
	if (secrets.backend === "keychain")
		return { possible: true, label, hint: "A key for this computer is kept in the system's keychain." };
	if (secrets.backend === "unavailable")
		return {
			possible: false,
			label,
			hint: "Not possible now: no keychain works here, and no sealed file was chosen in the settings.",
		};
	if (!secrets.made && way === "words")
		return {
			possible: false,
			label,
			hint: "Not possible now: the sealed file for the key is not made yet. Choose its passphrase in the settings.",
		};
	if (!secrets.made)
		return {
			possible: true,
			label: "Keep a key in a sealed file",
			hint: "The file is made now and sealed by this passphrase, which then opens both.",
		};
	if (secrets.locked)
		return {
			possible: false,
			label: null,
			hint: "The file with the passwords of your connections is sealed too. If it has the same passphrase it opens along; if not, you are asked for the other one next.",
		};
	return {
		possible: true,
		label: "Open with the sealed file",
		hint: "A key is kept in the file with your passwords: its passphrase then opens both.",
	};
}
