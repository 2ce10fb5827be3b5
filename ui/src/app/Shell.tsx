// The frame around every page: sidebar, the one <main>, banners for what is locked, the job bar.

import { Outlet, useRouterState } from "@tanstack/react-router";
import { Lock } from "lucide-react";
import { useEffect, useRef, useState } from "react";
import type { Schema } from "@/api/client";
import { useAct, useRead } from "@/api/queries";
import { Button } from "@/components/Button";
import { Modal } from "@/components/Modal";
import { SealedFileForm } from "@/components/SealedFileForm";
import { UnlockForm } from "@/components/UnlockForm";
import { JobBar } from "@/features/jobs/JobBar";
import { UnlockPage } from "@/features/vault/UnlockPage";
import { Palette } from "./Palette";
import { Sidebar } from "./Sidebar";

export function Shell() {
	const [finding, setFinding] = useState(false);
	const [lookAround, setLookAround] = useState(false);
	const vault = useRead("vault.status", {});
	const main = useRef<HTMLElement>(null);
	const path = useRouterState({ select: (state) => state.location.pathname });
	useHealthRefresh();
	useEffect(() => {
		const onKey = (event: KeyboardEvent) => {
			if ((event.ctrlKey || event.metaKey) && event.key.toLowerCase() === "k") {
				event.preventDefault();
				setFinding((open) => !open);
			}
		};
		window.addEventListener("keydown", onKey);
		return () => window.removeEventListener("keydown", onKey);
	}, []);
	const secrets = useRead("secrets.status", {});
	const locked = vault.data?.state === "locked";
	// Locked from the start: ask at once. Locked on purpose later: the banner is enough.
	const wasOpen = useRef(false);
	if (vault.data?.state === "open") wasOpen.current = true;
	const shut = (locked && !wasOpen.current) || (vault.data?.state === "open" && isSealed(secrets.data));
	const asking = shut && !lookAround && path !== "/settings";
	return (
		<div className="flex h-full">
			<button
				type="button"
				onClick={() => main.current?.focus()}
				className="sr-only focus:not-sr-only focus:absolute focus:z-50 focus:m-2 focus:rounded-md focus:bg-panel focus:px-3 focus:py-1.5"
			>
				Skip to content
			</button>
			<Sidebar onFind={() => setFinding(true)} />
			<div className="flex min-w-0 flex-1 flex-col">
				<Banners asking={asking} />
				<main
					ref={main}
					tabIndex={-1}
					aria-label="Page"
					className="flex min-h-0 flex-1 flex-col overflow-hidden outline-none"
				>
					{asking ? <UnlockPage onLookAround={() => setLookAround(true)} /> : <Outlet />}
				</main>
				<JobBar />
			</div>
			<Palette open={finding} onOpen={setFinding} />
		</div>
	);
}

function Banners({ asking }: { asking: boolean }) {
	const vault = useRead("vault.status", {});
	const secrets = useRead("secrets.status", {});
	const [dialog, setDialog] = useState<"vault" | "secrets" | null>(null);
	const vaultShut = !asking && (vault.data?.state === "locked" || vault.data?.state === "unreachable");
	const secretsShut = !asking && isSealed(secrets.data);
	return (
		<>
			{vaultShut && (
				<Banner
					text={
						vault.data?.state === "locked"
							? "The vault is locked. Backups and restores wait until it is open."
							: (vault.data?.problem?.message ?? "The vault cannot be reached.")
					}
					hint={vault.data?.state === "unreachable" ? vault.data.problem?.hint : null}
				>
					{vault.data?.state === "locked" ? (
						<Button small onClick={() => setDialog("vault")} data-testid="banner-unlock">
							Unlock
						</Button>
					) : (
						<Button small onClick={() => void vault.refetch()}>
							Try again
						</Button>
					)}
				</Banner>
			)}
			{secretsShut && (
				<Banner text="The file with the passwords of your connections is sealed.">
					<Button small onClick={() => setDialog("secrets")}>
						Open it
					</Button>
				</Banner>
			)}
			<Modal title="Unlock the vault" open={dialog === "vault" && vaultShut} onClose={() => setDialog(null)}>
				<div className="pb-3">
					<UnlockForm secrets={secrets.data} onOpened={() => setDialog(null)} />
				</div>
			</Modal>
			<Modal
				title="Open the sealed file"
				open={dialog === "secrets" && secretsShut}
				onClose={() => setDialog(null)}
			>
				<div className="pb-3">{secrets.data && <SealedFileForm secrets={secrets.data} />}</div>
			</Modal>
		</>
	);
}

function Banner({ text, hint, children }: { text: string; hint?: string | null; children: React.ReactNode }) {
	return (
		<div
			role="status"
			className="flex shrink-0 items-center gap-2 border-warn/30 border-b bg-warn-soft px-5 py-1.5"
		>
			<Lock aria-hidden className="size-3.5 shrink-0 text-warn" />
			<span className="min-w-0">
				<span className="font-medium text-warn">{text}</span> {hint}
			</span>
			<span className="ml-auto">{children}</span>
		</div>
	);
}

function isSealed(secrets: Schema["SecretsStatus"] | undefined): boolean {
	return secrets?.backend === "file" && secrets.made === true && secrets.locked;
}

/** No event announces that a server went away, so it is asked each minute, and only while somebody looks. */
function useHealthRefresh(): void {
	const connections = useRead("connection.list", {});
	const { mutate } = useAct("health.check");
	const ids = (connections.data?.connections ?? []).map((each) => each.id).join(" ");
	const { refetch } = useRead("overview.get", {});
	useEffect(() => {
		if (ids === "") return;
		const check = () => {
			if (document.visibilityState !== "visible") return;
			for (const id of ids.split(" "))
				mutate({ request: { connection: id } }, { onSettled: () => void refetch() });
		};
		const timer = setInterval(check, 60_000);
		const first = setTimeout(check, 1_500);
		return () => {
			clearInterval(timer);
			clearTimeout(first);
		};
	}, [ids, mutate, refetch]);
}
