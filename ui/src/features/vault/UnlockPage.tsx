import { Lock } from "lucide-react";
import { useRead } from "@/api/queries";
import { Button } from "@/components/Button";
import { Panel } from "@/components/Panel";
import { ErrorState } from "@/components/States";
import { UnlockForm } from "@/components/UnlockForm";

/** Shown at start when the vault did not open by itself. What needs no vault stays within reach. */
export function UnlockPage({ onLookAround }: { onLookAround: () => void }) {
	const vault = useRead("vault.status", {});
	const secrets = useRead("secrets.status", {});
	return (
		<div className="scroll-thin flex h-full items-center justify-center overflow-y-auto p-6">
			<div className="flex w-full max-w-[460px] flex-col gap-3">
				<h1 className="flex items-center gap-2 font-semibold text-lg">
					<Lock aria-hidden className="size-4 text-text-2" />
					The vault is locked
				</h1>
				{vault.data?.problem && (
					<ErrorState error={vault.data.problem} compact onRetry={() => void vault.refetch()} />
				)}
				<Panel className="pt-1.5">
					<UnlockForm
						canRemember={
							secrets.data !== undefined && secrets.data.backend !== "unavailable" && !secrets.data.locked
						}
					/>
				</Panel>
				<div className="flex items-center justify-between gap-3 text-sm text-text-2">
					<span className="min-w-0 truncate font-mono" title={vault.data?.location ?? ""}>
						{vault.data?.location}
					</span>
					<Button small tone="quiet" onClick={onLookAround}>
						Look around without it
					</Button>
				</div>
			</div>
		</div>
	);
}
