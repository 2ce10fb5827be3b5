// Opens a locked vault by passphrase or recovery words; with a folder, takes up a vault made elsewhere.

import { useState } from "react";
import type { Schema } from "@/api/client";
import { useAct } from "@/api/queries";
import { Button } from "./Button";
import { CheckField, Choice, PasswordField, TextArea } from "./Field";
import { FolderField } from "./FolderField";
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
	const [way, setWay] = useState<Way>("passphrase");
	const [folder, setFolder] = useState("");
	const [draft, setDraft] = useState<SecretDraft>({ passphrase: "", words: "" });
	const set = (change: Partial<SecretDraft>) => setDraft((old) => ({ ...old, ...change }));
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
	const secret = secretOf(way, draft);
	const ready = (!attach || folder !== "") && secret !== null;
	const submit = () => {
		if (secret === null) return;
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
				<FolderField
					label="Folder of the vault"
					value={folder}
					onText={setFolder}
					autoFocus
					testId="attach-folder"
					placeholder="/mnt/backups/vault"
				/>
			)}
			<SecretFields way={way} onWay={setWay} autoFocus={!attach} draft={draft} onDraft={set} />
			<KeepingField keeping={keeping} wanted={remember} onWanted={setRemember} />
			{act.error && <ErrorState error={act.error} compact />}
			<div className="flex justify-end">
				<Button tone="primary" type="submit" disabled={!ready} busy={act.isPending} data-testid="unlock">
					{act.isPending ? "Opening…" : attach ? "Open vault" : "Unlock"}
				</Button>
			</div>
		</form>
	);
}

interface SecretFieldsProps {
	way: Way;
	onWay: (way: Way) => void;
	autoFocus: boolean;
	draft: SecretDraft;
	onDraft: (change: Partial<SecretDraft>) => void;
}

function SecretFields({ way, onWay, autoFocus, draft, onDraft }: SecretFieldsProps) {
	return (
		<>
			<Choice
				legend="Open it with"
				row
				value={way}
				onPick={onWay}
				choices={[
					{ value: "passphrase", label: "Passphrase" },
					{ value: "words", label: "Recovery kit", testId: "unlock-by-words" },
				]}
			/>
			{way === "passphrase" ? (
				<PasswordField
					label="Passphrase"
					value={draft.passphrase}
					onText={(passphrase) => onDraft({ passphrase })}
					autoFocus={autoFocus}
					data-testid="unlock-passphrase"
					autoComplete="current-password"
				/>
			) : (
				<TextArea
					label="Recovery words"
					mono
					rows={3}
					value={draft.words}
					onText={(words) => onDraft({ words })}
					data-testid="unlock-words"
					hint={`${wordsOf(draft.words).length} of 24 words. Line breaks do not matter.`}
				/>
			)}
		</>
	);
}

interface KeepingFieldProps {
	keeping: Keeping;
	wanted: boolean;
	onWanted: (wanted: boolean) => void;
}

function KeepingField({ keeping, wanted, onWanted }: KeepingFieldProps) {
	if (keeping.label === null) return <p className="text-sm text-text-2">{keeping.hint}</p>;
	return (
		<CheckField
			label={keeping.label}
			hint={keeping.hint}
			checked={wanted && keeping.possible}
			disabled={!keeping.possible}
			onCheck={onWanted}
		/>
	);
}

type Way = "passphrase" | "words";

interface SecretDraft {
	passphrase: string;
	words: string;
}

const wordsOf = (text: string) => text.trim().split(/\s+/).filter(Boolean);

/** As the application wants it; null: nothing was typed yet. */
function secretOf(way: Way, draft: SecretDraft) {
	if (way === "passphrase") return draft.passphrase === "" ? null : { passphrase: draft.passphrase };
	const words = wordsOf(draft.words);
	return words.length === 0 ? null : { recovery_words: words.join(" ").toLowerCase() };
}

interface Keeping {
	/** A key for this computer can be kept now. */
	possible: boolean;
	/** Null when there is nothing to choose. */
	label: string | null;
	hint: string;
}

/** What "open by itself" means with the place where this computer keeps secrets. */
function keepingOf(secrets: Schema["SecretsStatus"] | undefined, way: Way): Keeping {
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
