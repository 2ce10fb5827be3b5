//! What the vault hands out: plain values without keys or storage behind them.

use holdfast_contract::vault::{SlotInfo, VaultProblem};
use holdfast_contract::{BackupId, VaultId};
use secrecy::SecretString;
use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

/// One way to open a vault.
pub enum Secret {
    Passphrase(SecretString),
    Keychain(Zeroizing<[u8; 32]>),
    /// Separated by any white space, in any letter case.
    RecoveryWords(SecretString),
}

/// What can be known of a vault without a key.
#[derive(Clone, Debug)]
pub struct Header {
    pub id: VaultId,
    pub format_version: u32,
    pub created_at_ms: i64,
    pub slots: Vec<SlotInfo>,
}

/// How the bytes of a stream may be cut.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Unit {
    /// Records that end in a line feed.
    Line,
    /// Records of this many bytes (pages).
    Fixed(u32),
}

#[derive(Clone, Copy, Debug)]
pub struct WriteOptions {
    /// zstd level.
    pub compression: i32,
    /// Chunks compressed and sealed at the same time.
    pub workers: usize,
}

impl Default for WriteOptions {
    fn default() -> Self {
        Self { compression: 1, workers: 2 }
    }
}

/// The keyed hash of a chunk's plaintext.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ChunkId(pub [u8; 32]);

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ChunkRef {
    pub id: ChunkId,
    /// Bytes of plaintext.
    pub bytes: u32,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StreamEntry {
    pub name: String,
    pub unit: Unit,
    pub bytes: u64,
    /// Lines or pages.
    pub units: u64,
    /// BLAKE3 of the whole stream.
    pub hash: [u8; 32],
    pub chunks: Vec<ChunkRef>,
}

/// What a list of backups shows. `damage` is set when the manifest cannot be read; then only the id and
/// the sequence (from the object's name) mean anything.
#[derive(Clone, Debug, PartialEq)]
pub struct ManifestHead {
    pub id: BackupId,
    pub sequence: u64,
    pub created_at_ms: i64,
    /// Bytes this backup added to the vault.
    pub stored_bytes: u64,
    pub summary: serde_json::Value,
    pub damage: Option<String>,
}

#[derive(Clone, Debug, PartialEq)]
pub struct Manifest {
    pub head: ManifestHead,
    pub detail: serde_json::Value,
    pub streams: Vec<StreamEntry>,
}

impl Manifest {
    pub fn stream(&self, name: &str) -> Option<&StreamEntry> {
        self.streams.iter().find(|stream| stream.name == name)
    }
}

/// A sealed note about a backup (a proof), kept beside it and never changed.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Record {
    pub kind: String,
    pub backup: BackupId,
    pub at_ms: i64,
    pub value: serde_json::Value,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CheckLevel {
    /// Every object is there and its bytes have not changed.
    Stored,
    /// Every chunk also decrypts, decompresses and gives the content the manifest names.
    Decoded,
}

/// Called from the check as it goes; `total` is known from the start.
pub trait CheckProgress: Send + Sync {
    fn at(&self, done_bytes: u64, total_bytes: u64);
}

/// For callers that show nothing.
impl CheckProgress for () {
    fn at(&self, _: u64, _: u64) {}
}

#[derive(Clone, Debug, Default, PartialEq)]
pub struct CheckReport {
    pub objects: u64,
    pub bytes: u64,
    pub problems: Vec<VaultProblem>,
}

/// What `prune` would do. It acts only on what stands in the plan and is still true.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct PrunePlan {
    pub grace_ms: i64,
    pub packs_total: u64,
    /// Nothing refers to them and the grace period is over.
    pub removable: Vec<String>,
    /// Nothing refers to them, but the grace period runs (or starts with this prune).
    pub waiting: Vec<String>,
    /// More than half dead and past the grace period: live chunks move to a new pack.
    pub rewrite: Vec<String>,
    pub frees_bytes: u64,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct PruneResult {
    pub freed_bytes: u64,
    pub packs_removed: u64,
    pub packs_rewritten: u64,
    /// Packs whose grace period began now.
    pub packs_marked: u64,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct StoreStatus {
    /// All objects.
    pub stored_bytes: u64,
    pub packs: u64,
    pub backups: u64,
}

/// The newest point of a vault's history. Remembered elsewhere, it shows when a vault was put back.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Tip {
    pub sequence: u64,
    /// SHA-256 of the manifest object, 64 hex digits.
    pub manifest: String,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TipVerdict {
    Unchanged,
    /// Newer backups exist and the remembered one is there or was deleted properly.
    Advanced,
    /// The history ends before the remembered point.
    RolledBack {
        newest: Option<u64>,
    },
    /// The history goes on, but the remembered backup is neither there nor deleted properly.
    Lost,
}

impl std::fmt::Debug for ChunkId {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        for byte in self.0 {
            write!(f, "{byte:02x}")?;
        }
        Ok(())
    }
}
