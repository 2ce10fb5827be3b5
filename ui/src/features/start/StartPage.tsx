// First start: a vault is made or taken up, the recovery kit is stored, the sample is connected. Nothing else can be
// done before there is a vault, so this page stands alone.

import type { UseQueryResult } from "@tanstack/react-query";
import { Archive, KeyRound, ShieldCheck } from "lucide-react";
import { type ReactNode, useState } from "react";
import type { CallError, Schema } from "@/api/client";
import { useAct, useRead } from "@/api/queries";
import { Button } from "@/components/Button";
import { RecoveryKitSheet } from "@/components/RecoveryKitSheet";
import { Answered, ErrorState } from "@/components/States";
import { sayError } from "@/components/say";
import { UnlockForm } from "@/components/UnlockForm";
import { CreateVault } from "./CreateVault";

type Step = "welcome" | "create" | "kit" | "attach";

export function StartPage({ onDone }: { onDone: () => void }) {
	const [step, setStep] = useState<Step>("welcome");
	const [made, setMade] = useState<Schema["VaultInitResponse"] | null>(null);
	const [withSample, setWithSample] = useState(true);
	const vault = useRead("vault.status", {});
	const secrets = useRead("secrets.status", {});
	const sample = useAct("sample.create", onDone);
	const finish = () => {
		if (!withSample) return onDone();
		// Without the sample everything else still works: say it and go on.
		sample.mutate(
			{ request: {} },
			{
				onError: (error) => {
					sayError(error);
					onDone();
				},
			},
		);
	};
	return (
		<main className="scroll-thin h-full overflow-y-auto">
			<div className="mx-auto flex min-h-full w-full max-w-[720px] flex-col justify-center gap-5 px-6 py-8">
				<div className="flex items-center gap-2.5">
					<img src="./mark.svg" alt="" className="size-7" />
					<span className="font-semibold text-lg tracking-tight">Holdfast</span>
				</div>
				{step === "welcome" && (
					<Welcome onCreate={() => setStep("create")} onAttach={() => setStep("attach")} />
				)}
				{step === "create" && (
					<Titled
						title="Create your vault"
						about="One encrypted place for all your backups. The passphrase opens it on any computer; nobody can reset it."
					>
						<Answered question={secrets} rows={3}>
							{(status) => (
								<CreateVault
									secrets={status}
									defaultFolder={vault.data?.location ?? null}
									withSample={withSample}
									onSample={setWithSample}
									onBack={() => setStep("welcome")}
									onMade={(response) => {
										setMade(response);
										setStep("kit");
									}}
								/>
							)}
						</Answered>
					</Titled>
				)}
				{step === "kit" && made && <Kit made={made} withSample={withSample} onStored={finish} />}
				{step === "attach" && <Attach secrets={secrets} onBack={() => setStep("welcome")} onDone={onDone} />}
			</div>
		</main>
	);
}

interface KitProps {
	made: Schema["VaultInitResponse"];
	withSample: boolean;
	onStored: () => void;
}

function Kit({ made, withSample, onStored }: KitProps) {
	return (
		<Titled
			title="Store your recovery kit"
			about="If you forget the passphrase or lose this computer, these words are the only other way to your backups. Print them or keep them in a password manager on another device."
		>
			{made.keychain_problem && (
				<div className="mb-3">
					<ErrorState error={made.keychain_problem} compact />
					<p className="mt-1 text-sm text-text-2">
						The vault is fine. It asks for the passphrase at each start until this is solved.
					</p>
				</div>
			)}
			<RecoveryKitSheet
				kit={made.recovery_kit}
				onStored={onStored}
				done={withSample ? "Continue to the sample database" : "Continue"}
			/>
		</Titled>
	);
}

interface AttachProps {
	secrets: UseQueryResult<Schema["SecretsStatus"], CallError>;
	onBack: () => void;
	onDone: () => void;
}

function Attach({ secrets, onBack, onDone }: AttachProps) {
	return (
		<Titled
			title="Open an existing vault"
			about="Made on another computer, or before this one was set up anew. Its backups appear here and can be restored."
		>
			<Answered question={secrets} rows={3}>
				{(status) => <UnlockForm attach secrets={status} onOpened={onDone} />}
			</Answered>
			<div className="-mt-7">
				<Button onClick={onBack}>Back</Button>
			</div>
		</Titled>
	);
}

function Welcome({ onCreate, onAttach }: { onCreate: () => void; onAttach: () => void }) {
	return (
		<>
			<div>
				<h1 className="font-semibold text-[26px] leading-8 tracking-tight">
					Backups that are proven to restore.
				</h1>
				<p className="mt-1.5 max-w-[60ch] text-text-2">
					Holdfast backs up your databases into one encrypted vault, loads each backup into a scratch database
					to prove it, and restores without ever endangering the live one.
				</p>
			</div>
			<ul className="grid gap-3 sm:grid-cols-3">
				<Pledge icon={<Archive />} title="One vault">
					Encrypted on this computer, every further backup stores only what changed.
				</Pledge>
				<Pledge icon={<ShieldCheck />} title="Proof">
					Row counts and content hashes of every table, compared with the moment of the backup.
				</Pledge>
				<Pledge icon={<KeyRound />} title="Yours">
					No account, no telemetry, no network but your own databases.
				</Pledge>
			</ul>
			<div className="flex flex-wrap items-center gap-2">
				<Button tone="primary" onClick={onCreate} data-testid="start-create" autoFocus>
					Create a vault
				</Button>
				<Button onClick={onAttach} data-testid="start-attach">
					Open an existing vault
				</Button>
			</div>
		</>
	);
}

function Pledge({ icon, title, children }: { icon: ReactNode; title: string; children: ReactNode }) {
	return (
		<li className="rounded-lg border border-line bg-panel p-3.5">
			<span aria-hidden className="text-accent [&_svg]:size-[18px]">
				{icon}
			</span>
			<h2 className="mt-1.5 font-semibold">{title}</h2>
			<p className="text-sm text-text-2">{children}</p>
		</li>
	);
}

function Titled({ title, about, children }: { title: string; about: string; children: ReactNode }) {
	return (
		<>
			<div>
				<h1 className="font-semibold text-[22px] leading-7 tracking-tight">{title}</h1>
				<p className="mt-1 max-w-[68ch] text-text-2">{about}</p>
			</div>
			<div>{children}</div>
		</>
	);
}
