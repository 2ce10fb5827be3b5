// The recovery kit is shown once. It can be saved, copied and printed; the words never enter the cache, and a file only
// where the person wants one.

import { Copy, Printer, Save } from "lucide-react";
import { useState } from "react";
import { call, host, type Schema } from "@/api/client";
import { absolute } from "@/lib/time";
import { Button } from "./Button";
import { CheckField } from "./Field";
import { sayDone, sayError } from "./say";

export function RecoveryKitSheet({
	kit,
	onStored,
	done,
}: {
	kit: Schema["RecoveryKit"];
	onStored: () => void;
	done: string;
}) {
	const [stored, setStored] = useState(false);
	const copy = () =>
		navigator.clipboard
			.writeText(kitText(kit))
			.then(() => sayDone("Copied. Paste it somewhere safe, then copy something else."), sayError);
	const [saving, setSaving] = useState(false);
	const save = async () => {
		const to = await host().chooseSavePath({
			defaultName: `holdfast-recovery-kit-${kit.vault_id.slice(0, 8)}.txt`,
			filters: [{ name: "Text", extensions: ["txt"] }],
		});
		if (to === null) return;
		setSaving(true);
		// The dialog has asked before a file that exists. Called directly: a mutation would remember the words.
		await call("vault.recovery_kit.save", { recovery_words: kit.words.join(" "), to, overwrite: true })
			.then(() => sayDone(`Saved as ${to}, readable by your account alone. Move it off this computer.`))
			.catch(sayError);
		setSaving(false);
	};
	return (
		<div className="flex flex-col gap-3">
			<div data-print className="rounded-lg border border-line bg-panel p-4">
				<div className="flex flex-wrap items-baseline gap-x-3">
					<h2 className="font-semibold">Holdfast recovery kit</h2>
					<span className="text-sm text-text-2">
						Vault <code className="font-mono">{kit.vault_id.slice(0, 8)}</code>, made{" "}
						{absolute(kit.created_at_ms)}
					</span>
				</div>
				<ol data-testid="recovery-words" className="mt-3 grid grid-cols-3 gap-x-4 gap-y-1 sm:grid-cols-4">
					{kit.words.map((word, at) => (
						// biome-ignore lint/suspicious/noArrayIndexKey: the position is the meaning; words may repeat
						<li key={at} className="flex items-baseline gap-2 border-line-soft border-b py-1">
							<span className="tabular w-5 shrink-0 text-right text-text-3 text-xs">{at + 1}</span>
							<span className="font-mono select-all">{word}</span>
						</li>
					))}
				</ol>
				<p className="mt-3 whitespace-pre-line text-sm text-text-2">{kit.instructions}</p>
			</div>
			<div className="flex flex-wrap items-center gap-2">
				<Button
					icon={<Save aria-hidden className="size-3.5" />}
					busy={saving}
					onClick={() => void save()}
					data-testid="recovery-save"
				>
					Save…
				</Button>
				<Button icon={<Copy aria-hidden className="size-3.5" />} onClick={() => void copy()}>
					Copy
				</Button>
				<Button icon={<Printer aria-hidden className="size-3.5" />} onClick={() => window.print()}>
					Print
				</Button>
			</div>
			<CheckField
				data-testid="recovery-stored"
				label="I have stored it outside this computer"
				hint="It is not shown again. Whoever holds it can open the vault."
				checked={stored}
				onCheck={setStored}
			/>
			<div className="flex justify-end">
				<Button tone="primary" disabled={!stored} onClick={onStored} data-testid="recovery-continue">
					{done}
				</Button>
			</div>
		</div>
	);
}

export function kitText(kit: Schema["RecoveryKit"]): string {
	const words = kit.words.map((word, at) => `${String(at + 1).padStart(2)}. ${word}`).join("\n");
	return `Holdfast recovery kit\nVault ${kit.vault_id}\nMade ${absolute(kit.created_at_ms)}\n\n${words}\n\n${kit.instructions}\n`;
}
