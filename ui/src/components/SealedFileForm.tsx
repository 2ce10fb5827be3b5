// Without a keychain the person chooses the sealed file openly; with a sealed file, its passphrase opens it.

import { useState } from "react";
import type { Schema } from "@/api/client";
import { useAct } from "@/api/queries";
import { Button } from "./Button";
import { PasswordField } from "./Field";
import { NewPassphrase, passphraseReady } from "./NewPassphrase";
import { ErrorState } from "./States";

export function SealedFileForm({ secrets }: { secrets: Schema["SecretsStatus"] }) {
	return secrets.backend === "file" && secrets.made ? <OpenFile /> : <MakeFile secrets={secrets} />;
}

function OpenFile() {
	const [passphrase, setPassphrase] = useState("");
	const use = useAct("secrets.use_file");
	return (
		<form
			className="flex flex-col gap-2.5"
			onSubmit={(event) => {
				event.preventDefault();
				use.mutate({ request: { passphrase } });
			}}
		>
			<p className="text-text-2">
				The passwords of your connections are in a file sealed by a passphrase. Type it to open the file.
			</p>
			<PasswordField
				label="Passphrase of the sealed file"
				value={passphrase}
				onText={setPassphrase}
				autoFocus
				autoComplete="current-password"
				data-testid="sealed-passphrase"
			/>
			{use.error && <ErrorState error={use.error} compact />}
			<div className="flex justify-end">
				<Button
					tone="primary"
					type="submit"
					disabled={passphrase === ""}
					busy={use.isPending}
					data-testid="sealed-open"
				>
					Open
				</Button>
			</div>
		</form>
	);
}

function MakeFile({ secrets }: { secrets: Schema["SecretsStatus"] }) {
	const [first, setFirst] = useState("");
	const [second, setSecond] = useState("");
	const use = useAct("secrets.use_file");
	const chosen = secrets.backend === "file";
	return (
		<form
			className="flex flex-col gap-2.5"
			onSubmit={(event) => {
				event.preventDefault();
				if (passphraseReady(first, second)) use.mutate({ request: { passphrase: first } });
			}}
		>
			{secrets.problem && !chosen && <ErrorState error={secrets.problem} compact />}
			<p className="text-text-2">
				{chosen
					? "Passwords are to be kept in a file sealed by a passphrase (Argon2id, AES-256-GCM), and it is not made yet. Choose its passphrase; you type it once after each start."
					: "Passwords can be kept in a file sealed by a passphrase instead (Argon2id, AES-256-GCM). You type it once after each start."}{" "}
				With the passphrase of the vault, one opens both.
			</p>
			<NewPassphrase first={first} second={second} onFirst={setFirst} onSecond={setSecond} />
			{use.error && <ErrorState error={use.error} compact />}
			<div className="flex justify-end">
				<Button tone="primary" type="submit" disabled={!passphraseReady(first, second)} busy={use.isPending}>
					{chosen ? "Make the file" : "Use a sealed file"}
				</Button>
			</div>
		</form>
	);
}
