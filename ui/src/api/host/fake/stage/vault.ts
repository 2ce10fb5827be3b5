// The vault as the scenes find it.

import type { Schema } from "../../../client";
import { hex, type World } from "../world";
import { day, GiB, MiB } from "./units";

export function absentVault(): Schema["VaultStatus"] {
	return {
		state: "absent",
		id: null,
		location: "/home/ada/.local/share/holdfast/vault",
		format_version: null,
		created_at_ms: null,
		stored_bytes: 0,
		protected_bytes: 0,
		backups: 0,
		packs: 0,
		slots: [],
		remembers_key: false,
		free_bytes: 184 * GiB,
		last_check: null,
		problem: null,
	};
}

export function openVault(now: number): Schema["VaultStatus"] {
	const created = now - 96 * day;
	return {
		...absentVault(),
		state: "open",
		id: hex("vault", 32),
		format_version: 1,
		created_at_ms: created,
		remembers_key: true,
		slots: [
			{ id: hex("slot-1", 16), kind: "passphrase", created_at_ms: created, label: "Passphrase" },
			{
				id: hex("slot-2", 16),
				kind: "keychain",
				created_at_ms: created,
				label: "Keychain of ada on workstation",
			},
			{ id: hex("slot-3", 16), kind: "recovery_kit", created_at_ms: created, label: "Recovery kit" },
		],
	};
}

export function refreshVault(world: World): void {
	const good = world.backups.filter(
		(each) => each.backup.state === "complete" || each.backup.state === "partial",
	);
	world.vault.backups = good.length;
	world.vault.protected_bytes = good.reduce((sum, each) => sum + each.backup.size_bytes, 0);
	world.vault.stored_bytes = good.reduce((sum, each) => sum + each.backup.stored_bytes, 0);
	world.vault.packs = Math.ceil(world.vault.stored_bytes / (16 * MiB));
}
