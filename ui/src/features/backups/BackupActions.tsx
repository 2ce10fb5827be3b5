// What can be done with one backup: prove, check, export, restore, delete.

import { useNavigate } from "@tanstack/react-router";
import { useState } from "react";
import { host, type Schema } from "@/api/client";
import { serversFor, useOffersOf } from "@/api/offers";
import { useAct, useRead } from "@/api/queries";
import { isGood } from "@/components/BackupListTable";
import { Button } from "@/components/Button";
import { Menu, MenuItem, MenuLine } from "@/components/Menu";
import { sayError } from "@/components/say";
import { exportFiles } from "@/lib/text";
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
	const doing = {
		restore: () => void navigate({ to: "/restore", search: { backup: backup.id } }),
		remove: () => setDeleting(true),
	};
	return (
		<>
			{compact ? <SmallMenu backup={backup} {...doing} /> : <Buttons backup={backup} {...doing} />}
			{deleting && <DeleteBackup backup={backup} onClose={() => setDeleting(false)} onDeleted={onDeleted} />}
		</>
	);
}

interface DoingProps {
	backup: Schema["Backup"];
	restore: () => void;
	remove: () => void;
}

function SmallMenu({ backup, restore, remove }: DoingProps) {
	const navigate = useNavigate();
	const { check } = useCheck(backup);
	return (
		<Menu label={`Actions for ${backup.name}`}>
			<MenuItem onPick={() => void navigate({ to: "/backups/$backupId", params: { backupId: backup.id } })}>
				Details
			</MenuItem>
			{isGood(backup) && (
				<>
					<MenuItem onPick={restore}>Restore…</MenuItem>
					<MenuLine />
					<Checks backup={backup} check={check} />
					<MenuLine />
					<Exports backup={backup} />
					<MenuLine />
					<Pins backup={backup} />
				</>
			)}
			{backup.state !== "running" && (
				<>
					<MenuLine />
					<MenuItem danger onPick={remove}>
						Delete…
					</MenuItem>
				</>
			)}
		</Menu>
	);
}

function Buttons({ backup, restore, remove }: DoingProps) {
	const { check, busy } = useCheck(backup);
	if (backup.state === "running") return null;
	if (!isGood(backup))
		return (
			<div className="flex flex-wrap items-center gap-2">
				<Button tone="danger" onClick={remove}>
					Remove from list…
				</Button>
			</div>
		);
	return (
		<div className="flex flex-wrap items-center gap-2">
			<Button tone="primary" onClick={restore} data-testid="restore-open">
				Restore…
			</Button>
			<Button busy={busy} onClick={() => check("restored")} data-testid="verify-restored">
				Prove
			</Button>
			<Menu label="Other checks and saving" text="More">
				<Checks backup={backup} check={check} />
				<MenuLine />
				<Exports backup={backup} />
				<MenuLine />
				<Pins backup={backup} />
				<MenuLine />
				<MenuItem danger onPick={remove}>
					Delete…
				</MenuItem>
			</Menu>
		</div>
	);
}

function useCheck(backup: Schema["Backup"]) {
	const verify = useAct("backup.verify");
	const check = (level: Schema["Level"], scratch_connection?: string) =>
		verify.mutate({ request: { backup: backup.id, level, scratch_connection } }, { onError: sayError });
	return { check, busy: verify.isPending };
}

interface ChecksProps {
	backup: Schema["Backup"];
	check: ReturnType<typeof useCheck>["check"];
}

function Checks({ backup, check }: ChecksProps) {
	const connections = useRead("connection.list", {});
	// A copy of a server's backup may be made on any server of its kind that may be written.
	const elsewhere = serversFor(backup.engine, connections.data?.connections ?? []).filter(
		(each) => each.id !== backup.connection_id,
	);
	return (
		<>
			<MenuItem onPick={() => check("restored")} about="load into a scratch database, compare every table">
				Prove that it restores
			</MenuItem>
			{elsewhere.map((each) => (
				<MenuItem key={each.id} onPick={() => check("restored", each.id)}>
					Prove on the server of {each.name}
				</MenuItem>
			))}
			<MenuItem onPick={() => check("decoded")} about="decrypt and decompress every chunk">
				Check content
			</MenuItem>
			<MenuItem onPick={() => check("stored")} about="all objects present, hashes match">
				Check objects
			</MenuItem>
		</>
	);
}

function Exports({ backup }: { backup: Schema["Backup"] }) {
	const exporting = useAct("backup.export");
	const exports = useOffersOf(backup.engine)?.exports ?? [];
	const offered = exports.filter((each) => each.kinds.includes(backup.kind));
	const save = async (format: Schema["ExportFormat"]) => {
		const { name, extension } = exportFiles[format];
		const to = await host()
			.chooseSavePath({
				defaultName: fileName(backup, extension),
				filters: [{ name, extensions: [extension] }],
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
	return (
		<>
			{offered.map(({ format }) => (
				<MenuItem key={format} onPick={() => void save(format)}>
					{format === "sql" ? "Save as SQL…" : "Save as SQLite file…"}
				</MenuItem>
			))}
		</>
	);
}

function Pins({ backup }: { backup: Schema["Backup"] }) {
	const pin = useAct("backup.pin");
	const pinned = backup.pinned ?? false;
	return (
		<MenuItem
			onPick={() => pin.mutate({ request: { backup: backup.id, pinned: !pinned } }, { onError: sayError })}
			about={pinned ? "retention may remove it again" : "retention never removes it"}
		>
			{pinned ? "Unpin" : "Pin"}
		</MenuItem>
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
