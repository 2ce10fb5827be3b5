import { Lock } from "lucide-react";
import { useRead } from "@/api/queries";
import { Button } from "@/components/Button";
import { Panel } from "@/components/Panel";
import { SealedFileForm } from "@/components/SealedFileForm";
import { ErrorState } from "@/components/States";
import { UnlockForm } from "@/components/UnlockForm";

/** Shown at start while the vault, or after it the file with the passwords, waits for a passphrase. What needs neither
 *  stays within reach. */
export function UnlockPage({ onLookAround }: { onLookAround: () => void }) {
	const vault = useRead("vault.status", {});
	const secrets = useRead("secrets.status", {});
	const onlyFile = vault.data?.state === "open";
	const problem = onlyFile || vault.data?.problem?.code === "vault_locked" ? null : vault.data?.problem;
	return (
		<div className="scroll-thin flex h-full items-center justify-center overflow-y-auto p-6">
			<div className="flex w-full max-w-[460px] flex-col gap-3">
				<h1 className="flex items-center gap-2 font-semibold text-lg">
					<Lock aria-hidden className="size-4 text-text-2" />
					{onlyFile ? "One more passphrase" : "The vault is locked"}
				</h1>
				{problem && <ErrorState error={problem} compact onRetry={() => void vault.refetch()} />}
				{onlyFile && (
					<p className="text-text-2">The vault is open. Its passphrase is not the one of the sealed file.</p>
				)}
				<Panel className="pt-1.5">
					{onlyFile && secrets.data ? (
						<SealedFileForm secrets={secrets.data} />
					) : (
						<UnlockForm secrets={secrets.data} />
					)}
				</Panel>
				<div className="flex items-center justify-between gap-3 text-sm text-text-2">
					<span className="min-w-0 truncate font-mono" title={vault.data?.location ?? ""}>
						{onlyFile ? "" : vault.data?.location}
					</span>
					<Button small tone="quiet" onClick={onLookAround}>
						{onlyFile ? "Later: go on without passwords" : "Look around without it"}
					</Button>
				</div>
			</div>
		</div>
	);
}
