//! The first page: every database with its health, its last backup and the next step.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::backup::Backup;
use crate::connection::OfferedConnection;
use crate::error::ApiError;
use crate::ids::BackupId;
use crate::snapshot::ServerInfo;
use crate::vault::VaultStatus;

#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct Overview {
    pub databases: Vec<DatabaseOverview>,
    pub vault: VaultStatus,
    /// Databases that need a person, with the reason in words.
    pub needs_you: Vec<Need>,
    pub backed_up: u64,
    pub proven_last_24h: u64,
    /// The database whose newest good backup is oldest.
    pub most_at_risk: Option<AtRisk>,
    pub running_jobs: u64,
}

#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct Need {
    pub connection: String,
    pub reason: String,
}

#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct AtRisk {
    pub connection: String,
    /// None: never backed up.
    pub since_ms: Option<i64>,
}

#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct DatabaseOverview {
    pub connection: OfferedConnection,
    pub health: Health,
    pub last_backup: Option<Backup>,
    pub backup_count: u64,
    /// Sizes of the last backups, oldest first, for a sparkline.
    pub size_history: Vec<u64>,
    /// Measured by the last proof.
    pub restore_ms: Option<u64>,
    /// The newest backup of it that was really restored and found equal, and when that was; None: never.
    #[serde(default)]
    pub last_proven: Option<Proven>,
}

/// What could be brought back, and how fast, as it was last tried.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct Proven {
    pub backup_id: BackupId,
    /// What changed after this would be lost.
    pub backup_made_at_ms: i64,
    pub proven_at_ms: i64,
    /// The measured time to restore.
    pub restore_ms: Option<u64>,
}

#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct Health {
    pub state: HealthState,
    /// "Healthy", "No answer: connection refused".
    pub summary: String,
    pub server: Option<ServerInfo>,
    pub latency_ms: Option<u64>,
    pub checked_at_ms: Option<i64>,
    pub error: Option<ApiError>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum HealthState {
    Unknown,
    Healthy,
    Warning,
    Down,
}
