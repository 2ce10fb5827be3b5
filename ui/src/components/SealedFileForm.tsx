// Without a keychain the person chooses the sealed file openly; with a sealed file, its passphrase opens it.

import { useState } from "react";
import type { Schema } from "@/api/client";
import { useAct } from "@/api/queries";
import { Button } from "./Button";
import { PasswordField } from "./Field";
import { ErrorState } from "./States";

export function SealedFileForm({ secrets }: { secrets: Schema["SecretsStatus"] }) {
	const [passphrase, setPassphrase] = useState("");
	const use = useAct("secrets.use_file", () => setPassphrase(""));
	const opening = secrets.backend === "file";
	return (
		<form
			className="flex flex-col gap-2.5"
			onSubmit={(event) => {
				event.preventDefault();
				use.mutate({ request: { passphrase } });
			}}
		>
			{secrets.problem && <ErrorState error={secrets.problem} compact />}
			<p className="text-text-2">
				{opening
					? "Passwords of connections are in a file sealed by a passphrase. Type it to open the file."
					: "Passwords can be kept in a file sealed by a passphrase instead (Argon2id, AES-256-GCM). You type it once after each start."}
			</p>
			<div className="flex items-end gap-2">
				<PasswordField
					className="w-72"
					label={opening ? "Passphrase of the sealed file" : "Passphrase for the sealed file"}
					value={passphrase}
					onText={setPassphrase}
				/>
				<Button tone="primary" type="submit" disabled={passphrase === ""} busy={use.isPending}>
					{opening ? "Open" : "Use a sealed file"}
				</Button>
			</div>
			{use.error && <ErrorState error={use.error} compact />}
		</form>
	);
}
