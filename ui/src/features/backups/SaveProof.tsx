// The record of one proof as a file: for programs, or as a page for people.

import { host, type Schema } from "@/api/client";
import { useAct } from "@/api/queries";
import { Button } from "@/components/Button";
import { sayError } from "@/components/say";

export function SaveProof({ backupId, proof }: { backupId: string; proof: Schema["ProofRecord"] }) {
	const save = useAct("backup.proof.export");
	const ask = async (format: Schema["ProofFormat"]) => {
		const extension = format === "json" ? "json" : "txt";
		const day = new Date(proof.started_at_ms).toISOString().slice(0, 10);
		const to = await host()
			.chooseSavePath({
				defaultName: `proof-${backupId.slice(0, 8)}-${day}.${extension}`,
				filters: [{ name: format === "json" ? "JSON" : "Text", extensions: [extension] }],
			})
			.catch((reason: unknown) => {
				sayError(reason);
				return null;
			});
		// The dialog has asked about an existing file.
		if (to !== null)
			save.mutate(
				{
					request: { backup: backupId, started_at_ms: proof.started_at_ms, to, format, overwrite: true },
				},
				{ onError: sayError },
			);
	};
	return (
		<div className="flex flex-wrap gap-2">
			<Button busy={save.isPending} onClick={() => void ask("text")} data-testid="proof-save-text">
				Save as text…
			</Button>
			<Button busy={save.isPending} onClick={() => void ask("json")} data-testid="proof-save-json">
				Save as JSON…
			</Button>
		</div>
	);
}
