//! The vault as users see it: where it is, whether it is open, what it holds, what a check found.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::backup::Level;
use crate::connection::Password;
use crate::ids::{BackupId, PlanId, VaultId};

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum VaultState {
    /// None has been made or attached.
    Absent,
    Locked,
    Open,
    /// Its folder or bucket cannot be reached.
    Unreachable,
}

#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct VaultStatus {
    pub state: VaultState,
    pub id: Option<VaultId>,
    /// While there is none: where one is made when nothing else is said.
    pub location: Option<String>,
    pub format_version: Option<u32>,
    pub created_at_ms: Option<i64>,
    /// All objects.
    pub stored_bytes: u64,
    /// What the good backups restore, added up.
    pub protected_bytes: u64,
    pub backups: u64,
    pub packs: u64,
    pub slots: Vec<SlotInfo>,
    /// Opens by itself from the keychain (or the sealed secrets file).
    pub remembers_key: bool,
    pub free_bytes: Option<u64>,
    pub last_check: Option<CheckSummary>,
    /// Why it is locked or unreachable, when it is; in the answer to unlocking, why it will not open by itself
    /// although that was wished.
    pub problem: Option<crate::error::ApiError>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum SlotKind {
    Passphrase,
    Keychain,
    RecoveryKit,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct SlotInfo {
    /// 16 hex digits.
    pub id: String,
    pub kind: SlotKind,
    pub created_at_ms: i64,
    pub label: String,
}

#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct VaultInitRequest {
    #[schema(write_only)]
    pub passphrase: Password,
    /// Folder (absolute); None: `vault` in the data folder.
    #[serde(default)]
    pub path: Option<String>,
    /// Keep a key in the keychain (or sealed secrets file) so that it opens by itself.
    #[serde(default = "yes")]
    pub remember: bool,
}

fn yes() -> bool {
    true
}

#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct VaultInitResponse {
    pub id: VaultId,
    pub location: String,
    pub recovery_kit: RecoveryKit,
    pub remembers_key: bool,
    /// Why it does not open by itself, when it does not.
    pub keychain_problem: Option<crate::error::ApiError>,
}

/// Shown once. Whoever holds it can open the vault.
#[derive(Clone, Serialize, Deserialize, ToSchema)]
pub struct RecoveryKit {
    pub vault_id: VaultId,
    pub created_at_ms: i64,
    pub words: Vec<String>,
    /// How to use it, in a few lines of plain text.
    pub instructions: String,
}

impl std::fmt::Debug for RecoveryKit {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "RecoveryKit({}, ***)", self.vault_id)
    }
}

/// Writes a kit that was just issued into a file of its owner alone. Only words that open the vault are written,
/// and never into the vault's own folder.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct VaultRecoveryKitSaveRequest {
    #[schema(write_only)]
    pub recovery_words: Password,
    /// Absolute.
    pub to: String,
    #[serde(default)]
    pub overwrite: bool,
}

#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct VaultRecoveryKitSaveResponse {
    pub path: String,
}

/// One of the two.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct VaultUnlockRequest {
    #[serde(default)]
    #[schema(write_only)]
    pub passphrase: Option<Password>,
    /// The words of the recovery kit, separated by blanks.
    #[serde(default)]
    #[schema(write_only)]
    pub recovery_words: Option<Password>,
    #[serde(default)]
    pub remember: bool,
}

/// Takes up a vault that exists already (made on another machine).
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct VaultAttachRequest {
    pub path: String,
    #[serde(flatten)]
    pub unlock: VaultUnlockRequest,
}

#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct VaultChangePassphraseRequest {
    #[schema(write_only)]
    pub new_passphrase: Password,
}

#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct VaultCheckRequest {
    /// `stored` or `decoded`; proving a restore is per backup.
    pub level: Level,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct CheckSummary {
    pub level: Level,
    pub at_ms: i64,
    pub duration_ms: u64,
    pub objects: u64,
    pub bytes: u64,
    pub problems: Vec<VaultProblem>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct VaultProblem {
    /// The object's name in the vault.
    pub object: String,
    pub what: String,
    /// Backups that need it.
    pub backups: Vec<BackupId>,
}

#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct VaultPrunePlan {
    pub plan_id: PlanId,
    pub digest: String,
    pub packs_total: u64,
    /// Packs nothing refers to, first seen so longer ago than the grace period.
    pub packs_removable: u64,
    /// Packs nothing refers to that still wait for the grace period.
    pub packs_waiting: u64,
    pub frees_bytes: u64,
    /// Bytes of dead chunks inside packs that also hold live ones, which rewriting would free.
    pub packs_to_rewrite: u64,
    pub summary: String,
}

#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct VaultPruneResult {
    pub freed_bytes: u64,
    pub packs_removed: u64,
    pub packs_rewritten: u64,
}
