// Encryption on the way to a server, and whose certificates are trusted.

import { useState } from "react";
import { Button } from "@/components/Button";
import { SelectField } from "@/components/Field";
import { Panel } from "@/components/Panel";
import { type Draft, type Problems, tlsModes } from "./draft";
import { PathField } from "./PathField";

interface TlsFieldsProps {
	draft: Draft;
	onDraft: (draft: Draft) => void;
	problems: Problems;
}

export function TlsFields({ draft, onDraft, problems }: TlsFieldsProps) {
	const set = (change: Partial<Draft["tls"]>) => onDraft({ ...draft, tls: { ...draft.tls, ...change } });
	const mode = tlsModes.find((each) => each.value === draft.tls.mode);
	const verifies = draft.tls.mode.startsWith("verify");
	const [files, setFiles] = useState(draft.tls.ca !== "" || draft.tls.certificate !== "");
	return (
		<Panel title="Encryption on the way">
			<div className="flex flex-col gap-3">
				<SelectField
					className="max-w-[420px]"
					label="TLS mode"
					value={draft.tls.mode}
					choices={tlsModes}
					onPick={(picked) => set({ mode: picked })}
					hint={mode?.means}
				/>
				{draft.tls.mode !== "disable" && !files && (
					<Button small className="self-start" onClick={() => setFiles(true)}>
						Own certificates…
					</Button>
				)}
				{draft.tls.mode !== "disable" && files && (
					<div className="grid gap-3">
						<PathField
							label="Certificate authority (PEM)"
							value={draft.tls.ca}
							onText={(ca) => set({ ca })}
							placeholder="system's trust store"
							hint={
								verifies
									? "Trusted besides the authorities of the system."
									: "Used by verify-ca and verify-full."
							}
						/>
						<PathField
							label="Client certificate (PEM)"
							value={draft.tls.certificate}
							onText={(certificate) => set({ certificate })}
							placeholder="none"
						/>
						<PathField
							label="Client key (PEM)"
							value={draft.tls.key}
							onText={(key) => set({ key })}
							placeholder="none"
							error={problems.key}
						/>
					</div>
				)}
			</div>
		</Panel>
	);
}
