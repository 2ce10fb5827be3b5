// The stage of each scene.

import { hex, refusal, type Scene, type World } from "../world";
import { populate } from "./past";
import { absentVault, openVault } from "./vault";

export function stage(scene: Scene, now: () => number, pace: number): World {
	let serial = 0;
	const world: World = {
		scene,
		now,
		pace,
		emit: () => {},
		nextId: () => hex(`id-${scene}-${serial++}`, 32),
		vault: absentVault(),
		vaultPassphrase: "",
		secrets: { backend: "keychain", locked: false, made: false, problem: null },
		filePassphrase: "",
		settings: {
			theme: "system",
			compression_level: 3,
			parallel: 2,
			prune_grace_hours: 72,
			notify_after_seconds: 30,
			notify_failures: true,
			keep_in_tray: true,
			start_at_login: false,
		},
		connections: [],
		health: new Map(),
		tables: new Map(),
		backups: [],
		restores: [],
		jobs: [],
		schedules: [],
		runs: [],
		maintenance: [],
		closedSessions: new Set(),
		cleanupRules: [],
		retention: new Map(),
		groupRetention: new Map(),
		cancelled: new Set(),
		audit: [],
		plans: new Map(),
	};
	if (scene === "nokeychain")
		world.secrets = {
			backend: "unavailable",
			locked: false,
			made: false,
			problem: refusal(
				"keychain_absent",
				"No keychain service answers on this machine.",
				"Start a keyring such as GNOME Keyring or KWallet, or keep secrets in a sealed file.",
				{ native: "org.freedesktop.DBus.Error.ServiceUnknown" },
			),
		};
	if (scene === "fresh" || scene === "nokeychain") return world;
	world.vault = openVault(now());
	world.vaultPassphrase = "correct horse battery staple";
	if (scene === "empty") return world;
	populate(world);
	if (scene === "sealed") {
		world.vault = { ...world.vault, state: "locked", remembers_key: false };
		world.filePassphrase = world.vaultPassphrase;
		world.secrets = { backend: "file", locked: true, made: true, problem: null };
	}
	if (scene === "locked") {
		world.vault = {
			...world.vault,
			state: "locked",
			remembers_key: false,
			problem: refusal(
				"keychain_locked",
				"The keychain is locked, so the vault did not open by itself.",
				"Unlock your keychain, or open the vault with its passphrase.",
				{ retry: true },
			),
		};
	}
	return world;
}
