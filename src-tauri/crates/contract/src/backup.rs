//! Backups: what one holds, how far it is proven, and the requests around it.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::error::ApiError;
use crate::ids::{BackupId, ConnectionId, JobId, PlanId};
use crate::snapshot::{
    BackupKind, DumpPlan, EngineKind, ObjectCount, Omission, Position, ServerInfo, TableName, TableSnapshot,
};

/// How far a backup is proven. Ordered.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Level {
    /// All objects present, ciphertext hashes match.
    Stored,
    /// Decrypts, decompresses, content hashes match.
    Decoded,
    /// Loaded into a scratch database; counts and content hashes of every table equal the snapshot's.
    Restored,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum BackupState {
    Complete,
    /// Complete as planned, but something in the source is not captured (see `omissions`).
    Partial,
    Running,
    Failed,
    Cancelled,
    Interrupted,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Backup {
    pub id: BackupId,
    pub state: BackupState,
    /// A name for people: the note's first line, or "Manual backup", "Safety backup before restore".
    pub name: String,
    pub note: Option<String>,
    pub connection_id: ConnectionId,
    pub connection_name: String,
    pub engine: EngineKind,
    pub kind: BackupKind,
    pub database: String,
    pub created_at_ms: i64,
    pub duration_ms: Option<u64>,
    /// Bytes of the source's rows (or pages) that it restores.
    pub size_bytes: u64,
    /// Bytes this backup added to the vault (after dedup, compression, encryption).
    pub stored_bytes: u64,
    pub table_count: u64,
    pub row_count: u64,
    pub omission_count: u64,
    /// None: not good enough to have one (running, failed…).
    pub level: Option<Level>,
    pub level_at_ms: Option<i64>,
    /// The last check found damage; the backup may not restore.
    pub damaged: bool,
    pub job_id: Option<JobId>,
    pub error: Option<ApiError>,
    /// zstd level.
    pub compression: i32,
    /// Retention never removes it.
    #[serde(default)]
    pub pinned: bool,
    /// Definitions and rows of the whole database, but for what was excluded by name: not chosen tables only.
    #[serde(default)]
    pub whole: bool,
}

#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct BackupDetail {
    pub id: BackupId,
    pub backup: Backup,
    pub server: Option<ServerInfo>,
    pub position: Option<Position>,
    pub tables: Vec<TableSnapshot>,
    pub object_counts: Vec<ObjectCount>,
    pub omissions: Vec<Omission>,
    /// Captured whole, and still worth knowing.
    #[serde(default)]
    pub remarks: Vec<String>,
    /// Newest first.
    pub proofs: Vec<ProofRecord>,
    pub sequence: u64,
    /// What a restore of it can do, in words; None while it is not whole.
    #[serde(default)]
    pub can_restore: Option<String>,
}

/// What a backup would hold, and what a restore of it could do.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct BackupPlan {
    #[serde(flatten)]
    pub holds: DumpPlan,
    pub can_restore: String,
}

/// The result of one verification, stored with the backup and never changed.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct ProofRecord {
    pub backup_id: BackupId,
    pub level: Level,
    pub passed: bool,
    pub started_at_ms: i64,
    pub duration_ms: u64,
    /// The server that loaded it (level restored).
    pub server: Option<ServerInfo>,
    /// Time the load alone took: the measured time to restore.
    pub restore_ms: Option<u64>,
    pub tables: Vec<TableProof>,
    /// Damage in words: which object, what is wrong.
    pub problems: Vec<String>,
    /// Why it was not loaded into a scratch database although that was wanted; the level is what was reached instead.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub not_restored: Option<ApiError>,
    pub tool_version: String,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct TableProof {
    #[serde(flatten)]
    pub table: TableName,
    pub expected_rows: u64,
    pub found_rows: Option<u64>,
    pub hash_equal: bool,
}

#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct BackupPlanRequest {
    pub connection: String,
    #[serde(default)]
    pub kind: BackupKind,
    #[serde(default)]
    pub tables: Vec<String>,
    #[serde(default)]
    pub exclude: Vec<String>,
}

#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct BackupCreateRequest {
    /// Id or name.
    pub connection: String,
    #[serde(default)]
    pub kind: BackupKind,
    #[serde(default)]
    pub tables: Vec<String>,
    #[serde(default)]
    pub exclude: Vec<String>,
    #[serde(default)]
    pub note: Option<String>,
    /// Refuse instead of making a partial backup.
    #[serde(default)]
    pub strict: bool,
    /// None: as the connection says.
    #[serde(default)]
    pub prove: Option<bool>,
}

/// Long work was started. `id` is the id of what it makes, or of the job when it makes nothing.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct Started {
    pub id: String,
    pub job_id: JobId,
}

/// Result of the job that makes a backup.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct BackupMade {
    #[serde(flatten)]
    pub backup: Backup,
    /// Why the proof that is the connection's habit could not be made; the backup itself is good.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub not_proven: Option<ApiError>,
}

/// Result of the job that writes a backup into a file.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct BackupExported {
    pub path: String,
    pub bytes: u64,
}

#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct BackupListRequest {
    /// Id or name; None: all.
    #[serde(default)]
    pub connection: Option<String>,
}

/// Newest first; failed and running attempts are in the list as such.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct BackupListResponse {
    pub backups: Vec<Backup>,
}

#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct BackupRef {
    /// The id or an unambiguous prefix of at least four digits.
    pub backup: String,
}

#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct BackupVerifyRequest {
    pub backup: String,
    pub level: Level,
    /// Where the scratch database is made (id or name); None: on the backup's own server.
    #[serde(default)]
    pub scratch_connection: Option<String>,
}

/// Restores the newest whole backup to scratch and proves it.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct BackupDrillRequest {
    /// Id or name.
    pub connection: String,
    /// Where the scratch database is made (id or name); None: on the connection's own server.
    #[serde(default)]
    pub scratch_connection: Option<String>,
}

#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct BackupDeletePlan {
    pub plan_id: PlanId,
    pub digest: String,
    pub backup: Backup,
    pub summary: String,
    /// It is the newest restored-proven backup of its connection.
    pub newest_proven: bool,
    /// Bytes the next prune could free.
    pub frees_bytes: u64,
    /// The name a person must type: of the connection, when the newest proven backup of a production database goes.
    #[serde(default)]
    pub confirm_name: Option<String>,
}

#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct PlanRef {
    pub plan_id: PlanId,
}

#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct BackupDeleteResponse {
    pub deleted: BackupId,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum ProofFormat {
    /// For programs: the record as it is stored, with what it is a proof of.
    Json,
    /// For people: a page to print or file.
    Text,
}

/// A proof record as a file of its own.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct ProofExportRequest {
    pub backup: String,
    /// Which of the backup's records: its `started_at_ms`. None: the newest.
    #[serde(default)]
    pub started_at_ms: Option<i64>,
    /// Absolute path of a file that does not exist yet.
    pub to: String,
    pub format: ProofFormat,
    /// Allow the file to be replaced (the save dialog has asked).
    #[serde(default)]
    pub overwrite: bool,
}

#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct ProofExportResponse {
    pub path: String,
    pub bytes: u64,
    pub proof: ProofRecord,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum ExportFormat {
    Sql,
    Sqlite,
}

#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct BackupExportRequest {
    pub backup: String,
    /// Absolute path of a file that does not exist yet.
    pub to: String,
    pub format: ExportFormat,
    /// Allow the file to be replaced (the save dialog has asked).
    #[serde(default)]
    pub overwrite: bool,
}
