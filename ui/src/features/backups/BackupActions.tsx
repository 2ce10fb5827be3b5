// What can be done with one backup: prove, check, export, restore, delete.

import { useNavigate } from "@tanstack/react-router";
import { ChevronDown, Ellipsis } from "lucide-react";
import { DropdownMenu } from "radix-ui";
import { type ReactNode, useState } from "react";
import { host, type Schema } from "@/api/client";
import { useAct, useRead } from "@/api/queries";
import { isGood } from "@/components/BackupListTable";
import { Button, IconButton } from "@/components/Button";
import { sayError } from "@/components/say";
import { DeleteBackup } from "./DeleteBackup";

interface BackupActionsProps {
	backup: Schema["Backup"];
	/** One small button instead of a row of buttons. */
	compact?: boolean;
	onDeleted?: () => void;
}

export function BackupActions({ backup, compact, onDeleted }: BackupActionsProps) {
	const navigate = useNavigate();
	const [deleting, setDeleting] = useState(false);
	const verify = useAct("backup.verify");
	const exporting = useAct("backup.export");
	const good = isGood(backup);
	const running = backup.state === "running";
	const connections = useRead("connection.list", {});
	// A copy of a server's backup may be made on any server of its kind that may be written.
	const elsewhere = (backup.engine === "sqlite" ? [] : (connections.data?.connections ?? [])).filter(
		(each) => each.spec.engine === backup.engine && !each.read_only && each.id !== backup.connection_id,
	);
	const check = (level: Schema["Level"], scratch_connection?: string) =>
		verify.mutate({ request: { backup: backup.id, level, scratch_connection } }, { onError: sayError });
	const restore = () => void navigate({ to: "/restore", search: { backup: backup.id } });
	const save = async (format: Schema["ExportFormat"]) => {
		const extension = format === "sql" ? "sql" : "sqlite";
		const to = await host()
			.chooseSavePath({
				defaultName: fileName(backup, extension),
				filters: [{ name: format === "sql" ? "SQL" : "SQLite database", extensions: [extension] }],
			})
			.catch((reason: unknown) => {
				sayError(reason);
				return null;
			});
		// The dialog has asked about an existing file.
		if (to !== null)
			exporting.mutate(
				{ request: { backup: backup.id, to, format, overwrite: true } },
				{ onError: sayError },
			);
	};
	const dialog = deleting && (
		<DeleteBackup backup={backup} onClose={() => setDeleting(false)} onDeleted={onDeleted} />
	);
	const pin = useAct("backup.pin");
	const pinned = backup.pinned ?? false;
	const pins = (
		<Item
			onPick={() => pin.mutate({ request: { backup: backup.id, pinned: !pinned } }, { onError: sayError })}
			about={pinned ? "retention may remove it again" : "retention never removes it"}
		>
			{pinned ? "Unpin" : "Pin"}
		</Item>
	);
	const exports = (
		<>
			<Item onPick={() => void save("sql")}>Save as SQL…</Item>
			{backup.engine === "sqlite" && backup.kind === "full" && (
				<Item onPick={() => void save("sqlite")}>Save as SQLite file…</Item>
			)}
		</>
	);
	const checks = (
		<>
			<Item onPick={() => check("restored")} about="load into a scratch database, compare every table">
				Prove that it restores
			</Item>
			{elsewhere.map((each) => (
				<Item key={each.id} onPick={() => check("restored", each.id)}>
					Prove on the server of {each.name}
				</Item>
			))}
			<Item onPick={() => check("decoded")} about="decrypt and decompress every chunk">
				Check content
			</Item>
			<Item onPick={() => check("stored")} about="all objects present, hashes match">
				Check objects
			</Item>
		</>
	);
	if (compact)
		return (
			<>
				<Menu label={`Actions for ${backup.name}`}>
					<Item onPick={() => void navigate({ to: "/backups/$backupId", params: { backupId: backup.id } })}>
						Details
					</Item>
					{good && (
						<>
							<Item onPick={restore}>Restore…</Item>
							<Line />
							{checks}
							<Line />
							{exports}
							<Line />
							{pins}
						</>
					)}
					{!running && (
						<>
							<Line />
							<Item danger onPick={() => setDeleting(true)}>
								Delete…
							</Item>
						</>
					)}
				</Menu>
				{dialog}
			</>
		);
	return (
		<div className="flex flex-wrap items-center gap-2">
			{good && (
				<>
					<Button tone="primary" onClick={restore} data-testid="restore-open">
						Restore…
					</Button>
					<Button busy={verify.isPending} onClick={() => check("restored")} data-testid="verify-restored">
						Prove
					</Button>
					<Menu label="Other checks and saving" text="More">
						{checks}
						<Line />
						{exports}
						<Line />
						{pins}
						<Line />
						<Item danger onPick={() => setDeleting(true)}>
							Delete…
						</Item>
					</Menu>
				</>
			)}
			{!good && !running && (
				<Button tone="danger" onClick={() => setDeleting(true)}>
					Remove from list…
				</Button>
			)}
			{dialog}
		</div>
	);
}

function fileName(backup: Schema["Backup"], extension: string): string {
	const day = new Date(backup.created_at_ms).toISOString().slice(0, 10);
	const stem =
		backup.connection_name
			.replace(/[^\p{L}\p{N}]+/gu, "-")
			.replace(/^-|-$/g, "")
			.toLowerCase() || "backup";
	return `${stem}-${day}.${extension}`;
}

function Menu({ label, text, children }: { label: string; text?: string; children: ReactNode }) {
	return (
		<DropdownMenu.Root>
			<DropdownMenu.Trigger asChild>
				{text ? (
					<Button aria-label={label}>
						{text}
						<ChevronDown aria-hidden className="size-3.5" />
					</Button>
				) : (
					<IconButton
						label={label}
						onClick={(event) => event.stopPropagation()}
						onDoubleClick={(event) => event.stopPropagation()}
					>
						<Ellipsis />
					</IconButton>
				)}
			</DropdownMenu.Trigger>
			<DropdownMenu.Portal>
				<DropdownMenu.Content
					align="end"
					sideOffset={4}
					collisionPadding={8}
					// Portals bubble through React's tree: a click here is not a click on the row.
					onClick={(event) => event.stopPropagation()}
					className="z-50 min-w-52 rounded-lg border border-line bg-raised p-1 shadow-float"
				>
					{children}
				</DropdownMenu.Content>
			</DropdownMenu.Portal>
		</DropdownMenu.Root>
	);
}

function Item({
	onPick,
	danger,
	about,
	children,
}: {
	onPick: () => void;
	danger?: boolean;
	about?: string;
	children: ReactNode;
}) {
	return (
		<DropdownMenu.Item
			onSelect={onPick}
			className={`rounded-md px-2.5 py-1.5 outline-none data-highlighted:bg-accent-soft ${danger ? "text-bad data-highlighted:bg-bad-soft" : ""}`}
		>
			<span className="block">{children}</span>
			{about && <span className="block text-sm text-text-2">{about}</span>}
		</DropdownMenu.Item>
	);
}

function Line() {
	return <DropdownMenu.Separator className="my-1 h-px bg-line" />;
}
