// The vault: where it is, what it holds, whether it is whole, who can open it.

import { KeyRound, Lock } from "lucide-react";
import { useState } from "react";
import type { Schema } from "@/api/client";
import { useAct, useRead } from "@/api/queries";
import { Badge } from "@/components/Badge";
import { Button } from "@/components/Button";
import { MetricsCard } from "@/components/MetricsCard";
import { RelativeTime } from "@/components/Moment";
import { Page } from "@/components/Page";
import { Fact, Facts, Panel } from "@/components/Panel";
import { Answered, ErrorState } from "@/components/States";
import { StrayBackups } from "@/components/StrayBackups";
import { sayDone, sayError } from "@/components/say";
import { UnlockForm } from "@/components/UnlockForm";
import { bytes, count, counted, savedPercent } from "@/lib/bytes";
import { absolute } from "@/lib/time";
import { ChangePassphrase } from "./ChangePassphrase";
import { LastCheck } from "./LastCheck";
import { NewRecoveryKit } from "./NewRecoveryKit";
import { Prune } from "./Prune";

export function VaultPage() {
	const vault = useRead("vault.status", {});
	const secrets = useRead("secrets.status", {});
	const lock = useAct("vault.lock", () => sayDone("The vault is locked."));
	const state = vault.data?.state;
	return (
		<Page
			title="Vault"
			beside={
				state && (
					<Badge tone={state === "open" ? "ok" : "warn"}>
						{state === "open"
							? "Open"
							: state === "locked"
								? "Locked"
								: state === "unreachable"
									? "Unreachable"
									: "None"}
					</Badge>
				)
			}
			actions={
				state === "open" && (
					<Button
						icon={<Lock aria-hidden className="size-3.5" />}
						busy={lock.isPending}
						onClick={() => lock.mutate({ request: {} }, { onError: sayError })}
						data-testid="vault-lock"
					>
						Lock
					</Button>
				)
			}
		>
			<Answered question={vault} rows={8}>
				{(status) => (
					<div className="flex flex-col gap-3">
						{status.problem && status.problem.code !== "vault_locked" && (
							<ErrorState error={status.problem} onRetry={() => void vault.refetch()} />
						)}
						{status.state === "locked" && (
							<Panel title="Unlock" className="max-w-[560px]">
								<UnlockForm secrets={secrets.data} />
							</Panel>
						)}
						{status.state === "open" && <Open status={status} />}
						{status.state !== "open" && (
							<Panel title="Where">
								<Place status={status} />
							</Panel>
						)}
					</div>
				)}
			</Answered>
		</Page>
	);
}

function Place({ status }: { status: Schema["VaultStatus"] }) {
	return (
		<Facts>
			<Fact name="Folder">
				<code className="font-mono text-sm select-all">{status.location ?? "none"}</code>
			</Fact>
			{status.id && (
				<Fact name="Id">
					<code className="font-mono text-sm select-all">{status.id}</code>
				</Fact>
			)}
			{status.format_version != null && (
				<Fact name="Format">version {status.format_version}, AES-256-GCM</Fact>
			)}
			{status.created_at_ms != null && <Fact name="Made">{absolute(status.created_at_ms)}</Fact>}
		</Facts>
	);
}

function Open({ status }: { status: Schema["VaultStatus"] }) {
	const [dialog, setDialog] = useState<"prune" | "kit" | "passphrase" | null>(null);
	const close = () => setDialog(null);
	return (
		<>
			<Numbers status={status} />
			<div className="my-3 empty:hidden">
				<StrayBackups />
			</div>
			<div className="grid grid-cols-1 items-start gap-3 lg:grid-cols-2">
				<div className="flex flex-col gap-3">
					<Panel title="Where">
						<Place status={status} />
					</Panel>
					<Ways status={status} onDialog={setDialog} />
				</div>
				<div className="flex flex-col gap-3">
					<LastCheck check={status.last_check ?? null} />
					<Panel
						title="Clean-up"
						aside={
							<Button small onClick={() => setDialog("prune")} data-testid="prune-plan">
								Plan clean-up…
							</Button>
						}
					>
						<p className="text-text-2">
							Removes what no backup needs any more. It shows what it would do first, waits the hours of grace
							from the settings, and looks again before it deletes.
						</p>
					</Panel>
				</div>
			</div>
			{dialog === "prune" && <Prune onClose={close} />}
			{dialog === "kit" && <NewRecoveryKit onClose={close} />}
			{dialog === "passphrase" && <ChangePassphrase onClose={close} />}
		</>
	);
}

function Numbers({ status }: { status: Schema["VaultStatus"] }) {
	const saved = savedPercent(status.stored_bytes, status.protected_bytes);
	return (
		<div className="grid grid-cols-2 gap-3 xl:grid-cols-4">
			<MetricsCard
				title="Stored"
				value={bytes(status.stored_bytes)}
				why={
					saved ? `${saved} saved by deduplication and compression` : "After deduplication and compression"
				}
			/>
			<MetricsCard
				title="Protects"
				value={bytes(status.protected_bytes)}
				unit={counted(status.backups, "backup")}
				why="What the good backups restore, added up"
			/>
			<MetricsCard title="Packs" value={count(status.packs)} why="Sealed files of the vault" />
			<MetricsCard
				title="Free"
				value={status.free_bytes == null ? "unknown" : bytes(status.free_bytes)}
				why="On the disk of the vault"
				tone={status.free_bytes != null && status.free_bytes < 1024 ** 3 ? "warn" : undefined}
			/>
		</div>
	);
}

interface WaysProps {
	status: Schema["VaultStatus"];
	onDialog: (dialog: "kit" | "passphrase") => void;
}

function Ways({ status, onDialog }: WaysProps) {
	return (
		<Panel title="Ways to open it">
			<ul className="flex flex-col">
				{status.slots.map((slot) => (
					<li
						key={slot.id}
						className="flex items-center gap-2.5 border-line-soft border-b py-1.5 last:border-0"
					>
						<KeyRound aria-hidden className="size-3.5 shrink-0 text-text-3" />
						<span className="min-w-0 truncate font-medium" title={slot.label}>
							{slot.label || slotNames[slot.kind]}
						</span>
						<span className="ml-auto shrink-0 text-sm text-text-2">
							made <RelativeTime at={slot.created_at_ms} />
						</span>
					</li>
				))}
			</ul>
			<p className="mt-2 text-sm text-text-2">
				{status.remembers_key
					? "It opens by itself on this computer."
					: "It asks for the passphrase at each start."}
				{status.slots.some((slot) => slot.kind === "recovery_kit")
					? ""
					: " There is no recovery kit: if the passphrase is lost, the backups are lost."}
			</p>
			<div className="mt-2.5 flex flex-wrap gap-2">
				<Button small onClick={() => onDialog("passphrase")}>
					Change passphrase…
				</Button>
				<Button small onClick={() => onDialog("kit")} data-testid="new-kit">
					New recovery kit…
				</Button>
			</div>
		</Panel>
	);
}

const slotNames: Record<Schema["SlotKind"], string> = {
	passphrase: "Passphrase",
	keychain: "Keychain",
	recovery_kit: "Recovery kit",
};
