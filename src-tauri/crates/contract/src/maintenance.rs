//! Maintenance: work on a database that changes none of its rows.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::error::ApiError;
use crate::ids::{ConnectionId, JobId, PlanId};
use crate::job::JobState;
use crate::snapshot::TableName;

/// One word for all engines; what it does exactly is in [`MaintenanceAction::what`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum MaintenanceKind {
    Vacuum,
    VacuumFull,
    /// The planner's statistics.
    Analyze,
    Reindex,
    /// MySQL: rebuilds tables. SQLite: `PRAGMA optimize`.
    Optimize,
    /// Looks for damage, thoroughly.
    Check,
    /// Looks for damage, without comparing indexes with their tables.
    QuickCheck,
    ForeignKeyCheck,
    Repair,
    /// Moves what the write-ahead log holds into the database file.
    Checkpoint,
    /// Estimates wasted room; changes nothing.
    Bloat,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct MaintenanceAction {
    pub kind: MaintenanceKind,
    /// As the engine's people call it: "VACUUM FULL".
    pub title: String,
    /// One sentence: what it does and when it is worth it.
    pub what: String,
    /// One sentence: what others cannot do meanwhile.
    pub locks: String,
    /// What a person agrees to with its plan. A schedule of it waits until somebody has.
    #[serde(default)]
    pub warning: Option<String>,
    pub takes_tables: bool,
    /// False: it only reads, so a read-only connection may do it.
    pub writes: bool,
    /// Why this server or login cannot do it now.
    #[serde(default)]
    pub unavailable: Option<String>,
}

/// What an action would work on.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct MaintenanceExtent {
    pub tables: u64,
    /// Bytes that are read or rewritten; None where the engine does not say.
    pub bytes: Option<u64>,
    /// What stands in the way or is left out, one sentence each.
    #[serde(default)]
    pub remarks: Vec<String>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum FindingLevel {
    Info,
    Warning,
    Error,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct MaintenanceFinding {
    #[serde(default)]
    pub table: Option<String>,
    pub level: FindingLevel,
    pub text: String,
    /// Bytes this is about: what could be given back.
    #[serde(default)]
    pub bytes: Option<u64>,
}

/// What a run did.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct MaintenanceReport {
    /// Tables it worked on.
    pub tables: u64,
    /// Bytes on disk of what it worked on, before and after.
    #[serde(default)]
    pub bytes_before: Option<u64>,
    #[serde(default)]
    pub bytes_after: Option<u64>,
    #[serde(default)]
    pub findings: Vec<MaintenanceFinding>,
}

#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct MaintenanceListRequest {
    /// Id or name.
    pub connection: String,
}

#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct MaintenanceListResponse {
    pub connection_id: ConnectionId,
    /// Everything this kind of database knows, with why some of it cannot be done.
    pub actions: Vec<OfferedMaintenance>,
}

#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct OfferedMaintenance {
    #[serde(flatten)]
    pub action: MaintenanceAction,
    /// The last time it was done to this connection, however it ended.
    pub last: Option<MaintenanceRun>,
}

#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct MaintenanceRequest {
    /// Id or name.
    pub connection: String,
    pub action: MaintenanceKind,
    /// Empty: the whole database.
    #[serde(default)]
    pub tables: Vec<TableName>,
}

/// What a run would do. Nothing is changed.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct MaintenancePlan {
    pub plan_id: PlanId,
    pub digest: String,
    pub action: MaintenanceAction,
    pub extent: MaintenanceExtent,
    /// From the last run that succeeded on the same tables, by its size and duration. None: never done.
    pub estimated_ms: Option<u64>,
    pub last: Option<MaintenanceRun>,
}

/// One run on record.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct MaintenanceRun {
    pub job_id: JobId,
    pub connection_id: ConnectionId,
    pub action: MaintenanceKind,
    pub tables: Vec<TableName>,
    pub state: JobState,
    pub created_at_ms: i64,
    pub duration_ms: Option<u64>,
    pub report: Option<MaintenanceReport>,
    pub error: Option<ApiError>,
}

#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct MaintenanceHistoryRequest {
    /// Id or name; None: of all connections.
    #[serde(default)]
    pub connection: Option<String>,
    #[serde(default)]
    pub action: Option<MaintenanceKind>,
    #[serde(default)]
    pub limit: Option<u32>,
}

#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct MaintenanceHistoryResponse {
    /// Newest first.
    pub runs: Vec<MaintenanceRun>,
}
