// The simulated vault: made, opened, attached, checked, cleaned up.

import type { Schema } from "../../../client";
import { confirmed, type HandlersOf, started, store } from "../gate";
import { start } from "../jobs";
import { absentVault, openVault } from "../stage/vault";
import { refusal, type World } from "../world";

const words =
	"anchor basket candle dolphin ember forest garden harbor island jacket kettle lantern meadow needle orchard pepper quartz ribbon saddle timber umbrella velvet walnut zephyr".split(
		" ",
	);

export const vaultOperations: HandlersOf<"vault" | "secrets"> = {
	"vault.status": (world) => world.vault,
	"vault.init": (world, request) => {
		if (world.vault.state !== "absent")
			throw refusal("vault_exists", "There is a vault already.", "Open it instead.");
		if (request.passphrase.length < 10)
			throw refusal(
				"passphrase_too_weak",
				"This passphrase is too easy to guess.",
				"Use at least ten characters; five unrelated words are better.",
			);
		const remembered = request.remember !== false && world.secrets.backend !== "unavailable";
		world.vault = {
			...openVault(world.now()),
			created_at_ms: world.now(),
			location: request.path ?? absentVault().location,
			remembers_key: remembered,
		};
		if (!remembered) world.vault.slots = world.vault.slots.filter((each) => each.kind !== "keychain");
		world.vaultPassphrase = request.passphrase;
		world.emit({ type: "changed", what: "vault" });
		return {
			id: world.vault.id ?? "",
			location: world.vault.location ?? "",
			recovery_kit: kit(world),
			remembers_key: remembered,
			keychain_problem: remembered || request.remember === false ? null : world.secrets.problem,
		};
	},
	"vault.unlock": (world, request) => unlock(world, request),
	"vault.lock": (world) => {
		world.vault = { ...world.vault, state: "locked", problem: null };
		return world.vault;
	},
	"vault.attach": (world, request) => {
		if (!request.path.startsWith("/")) throw refusal("bad_request", "The folder must be an absolute path.");
		if (request.path.includes("nothing"))
			throw refusal(
				"not_a_vault",
				`${request.path} is not a Holdfast vault.`,
				"Pick the folder that holds the file named config.",
			);
		world.vault = { ...openVault(world.now()), location: request.path };
		world.vaultPassphrase = "correct horse battery staple";
		return unlock(world, request);
	},
	"vault.check": (world, request) =>
		started(
			start(world, {
				operation: "vault.check",
				title: "Check the vault",
				connectionId: null,
				phases: request.level === "stored" ? ["Comparing objects"] : ["Comparing objects", "Decoding chunks"],
				totalBytes: world.vault.stored_bytes,
				totalRows: 0,
				finish: () => {
					const damaged = world.backups.filter((each) => each.backup.damaged && request.level !== "stored");
					const summary: Schema["CheckSummary"] = {
						level: request.level,
						at_ms: world.now(),
						duration_ms: 41_000,
						objects: world.vault.packs + 23,
						bytes: world.vault.stored_bytes,
						problems: damaged.map((each) => ({
							object: "packs/7c/7c1d44e0",
							what: "Chunk 118 does not decode: its content hash differs.",
							backups: [each.id],
						})),
					};
					world.vault = { ...world.vault, last_check: summary };
					world.emit({ type: "changed", what: "vault" });
					return summary;
				},
			}),
		),
	"vault.prune.plan": (world) => {
		const plan = store(world, "vault.prune.apply", null, "");
		return {
			...plan,
			packs_total: world.vault.packs,
			packs_removable: 14,
			packs_waiting: 6,
			packs_to_rewrite: 3,
			frees_bytes: 231 * 1024 ** 2,
			summary:
				"14 packs that no backup needs are removed, 3 half-empty ones are written anew. Six more wait for the grace period of 72 hours.",
		};
	},
	"vault.prune.apply": (world, request, confirmation) => {
		confirmed(world, request.plan_id, "vault.prune.apply", confirmation);
		return started(
			start(world, {
				operation: "vault.prune.apply",
				title: "Clean up the vault",
				connectionId: null,
				phases: ["Removing packs"],
				totalBytes: 231 * 1024 ** 2,
				totalRows: 0,
				finish: () => {
					world.vault = {
						...world.vault,
						stored_bytes: world.vault.stored_bytes - 231 * 1024 ** 2,
						packs: world.vault.packs - 14,
					};
					world.emit({ type: "changed", what: "vault" });
					return { freed_bytes: 231 * 1024 ** 2, packs_removed: 14, packs_rewritten: 3 };
				},
			}),
		);
	},
	"vault.recovery_kit": (world) => kit(world),
	"vault.recovery_kit.save": (world, request) => {
		if (request.recovery_words !== words.join(" "))
			throw refusal("passphrase_wrong", "These recovery words do not open this vault.");
		if (request.to.startsWith(world.vault.location ?? " "))
			throw refusal(
				"not_allowed",
				"The recovery kit must not lie in the folder of the vault it opens.",
				"Choose another place, best on another computer or a removable disk.",
			);
		return { path: request.to };
	},
	"vault.change_passphrase": (world, request) => {
		world.vaultPassphrase = request.new_passphrase;
		return world.vault;
	},

	"secrets.status": (world) => world.secrets,
	"secrets.use_file": (world, request) => {
		if (world.secrets.made && request.passphrase !== world.filePassphrase)
			throw refusal(
				"passphrase_wrong",
				"This passphrase does not open the secrets file.",
				"Enter the passphrase that was chosen for the secrets file.",
			);
		world.filePassphrase = request.passphrase;
		world.secrets = { backend: "file", locked: false, made: true, problem: null };
		return world.secrets;
	},
};

function kit(world: World): Schema["RecoveryKit"] {
	return {
		vault_id: world.vault.id ?? "",
		created_at_ms: world.now(),
		words,
		instructions:
			'These 24 words open this vault without the passphrase and without this computer. Choose "Open an existing vault" in Holdfast, or run `holdfastctl vault unlock --recovery`, and type them in order.',
	};
}

function unlock(world: World, request: Schema["VaultUnlockRequest"]): Schema["VaultStatus"] {
	const byWords =
		request.recovery_words != null &&
		request.recovery_words.trim().split(/\s+/).join(" ") === words.join(" ");
	if (!byWords && request.passphrase !== world.vaultPassphrase) {
		throw request.recovery_words == null
			? refusal(
					"passphrase_wrong",
					"This passphrase does not open the vault.",
					"Mind capitals and spaces. The recovery kit opens it too.",
				)
			: refusal(
					"passphrase_wrong",
					"These recovery words do not open the vault.",
					"Check the order; a newer kit replaces an older one.",
				);
	}
	if (world.secrets.made && request.passphrase === world.filePassphrase)
		world.secrets = { ...world.secrets, locked: false, problem: null };
	world.vault = { ...world.vault, state: "open", remembers_key: request.remember ?? false, problem: null };
	world.emit({ type: "changed", what: "vault" });
	return world.vault;
}
