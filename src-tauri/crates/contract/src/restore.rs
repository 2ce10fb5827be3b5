//! Restores: plan, apply, undo, release.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::backup::{Backup, TableProof};
use crate::error::ApiError;
use crate::ids::{BackupId, ConnectionId, JobId, PlanId, RestoreId};
use crate::import::ImportInto;
use crate::session::ServerSession;
use crate::snapshot::TableName;

#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct RestorePlanRequest {
    pub backup: String,
    /// The connection (id or name) whose server receives it.
    pub to: String,
    /// Name of the new database (SQLite: absolute path of the new file). None: a name is made up.
    /// Must be None with `replace`.
    #[serde(default)]
    pub database: Option<String>,
    /// Replace the connection's live database, or with `tables` the tables of the same names in it, after what was
    /// restored has been proven.
    #[serde(default)]
    pub replace: bool,
    /// Create roles and tablespaces that the server lacks first. What exists is never altered.
    #[serde(default)]
    pub globals: bool,
    /// Only these tables, into the connection's live database: `schema.table` or `table`; `*` and `?` match as in a
    /// shell. Empty: the whole database. With tables, `database` must be None.
    #[serde(default)]
    pub tables: Vec<String>,
    /// With `tables` and without `replace`: the schema of the new tables. Made when it does not exist. Not for SQLite.
    #[serde(default)]
    pub schema: Option<String>,
    /// With `tables` and without `replace`: appended to each name.
    #[serde(default)]
    pub suffix: Option<String>,
    /// With a single table and without `replace`: its new name. Without any of the three, a name is made up.
    #[serde(default)]
    pub table_name: Option<String>,
    /// With `tables` and `replace`: also when rows would be left pointing to rows that are not there.
    #[serde(default)]
    pub allow_dangling: bool,
    /// MySQL and MariaDB: views, routines, triggers and events run as the login that restores them, not as their definers.
    #[serde(default)]
    pub map_definers: bool,
}

/// One table of a restore of tables.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct RestoreTable {
    /// As the backup names it.
    pub from: TableName,
    pub to: TableName,
    /// What the replaced table is kept as.
    pub kept_as: Option<TableName>,
    pub rows: u64,
    /// Bytes of its rows as text.
    pub bytes: u64,
    /// What happens to it and to what hangs on it, a sentence each.
    pub notes: Vec<String>,
}

/// What of the whole server a backup could make on the target: names only.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct GlobalsPlan {
    /// Created, with the passwords that they had.
    pub missing_roles: Vec<String>,
    /// Left as they are.
    pub existing_roles: Vec<String>,
    pub missing_tablespaces: Vec<String>,
    /// What would stop it.
    pub blockers: Vec<String>,
    pub warnings: Vec<String>,
}

#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct RestorePlan {
    pub plan_id: PlanId,
    /// Present what the gate will want back.
    pub digest: String,
    pub backup: Backup,
    pub connection_id: ConnectionId,
    pub connection_name: String,
    pub replace: bool,
    /// Final name of the restored database (the live one's with `replace`, or with chosen tables).
    pub database: String,
    /// Name it has until proven.
    pub staging: String,
    /// Name the replaced one is kept under.
    pub kept_as: Option<String>,
    /// Empty: the whole database.
    #[serde(default)]
    pub chosen: Vec<RestoreTable>,
    pub tables: u64,
    pub rows: u64,
    pub size_bytes: u64,
    /// A safety backup of the live database is taken and proven first.
    pub safety_backup: bool,
    /// Sessions that the swap would end, as people recognise them.
    pub sessions_to_end: Vec<ServerSession>,
    /// Roles, extensions, … that the target lacks, missing rights, low space: what would stop it.
    pub blockers: Vec<String>,
    /// What will differ from the source (owner that does not exist, …).
    pub warnings: Vec<String>,
    /// Roles and tablespaces in the backup; None where it holds none.
    pub globals: Option<GlobalsPlan>,
    /// They are created first.
    pub with_globals: bool,
    /// Steps in order, one sentence each.
    pub steps: Vec<String>,
    /// What is lost: changes since the snapshot, in words and numbers.
    pub loses: Option<String>,
    /// The name a person must type; None when nothing is destroyed.
    pub confirm_name: Option<String>,
    /// From the last proof or the last restore on this connection.
    pub estimated_ms: Option<u64>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum RestoreState {
    Planned,
    SafetyBackup,
    Loading,
    Proving,
    Swapping,
    /// Proven and in place.
    Done,
    Undoing,
    /// The replaced database is live again.
    Undone,
    /// The kept database was let go; no undo any more.
    Released,
    Failed,
    Cancelled,
    Interrupted,
}

#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct Restore {
    pub id: RestoreId,
    pub state: RestoreState,
    pub backup_id: BackupId,
    pub backup_name: String,
    pub connection_id: ConnectionId,
    pub connection_name: String,
    pub replace: bool,
    /// Where the rows are now.
    pub database: String,
    /// Empty: the whole database.
    #[serde(default)]
    pub chosen: Vec<RestoreTable>,
    pub kept_as: Option<String>,
    pub safety_backup_id: Option<BackupId>,
    pub started_at_ms: i64,
    pub duration_ms: Option<u64>,
    pub can_undo: bool,
    pub can_release: bool,
    pub proof: Vec<TableProof>,
    pub error: Option<ApiError>,
    pub job_id: Option<JobId>,
    /// Objects that could not be made exactly as they were (owner missing, …).
    pub remarks: Vec<String>,
    /// The SQL file of an import; then there is no backup, and `backup_id` is empty.
    #[serde(default)]
    pub imported_from: Option<String>,
    #[serde(default)]
    pub imported_into: Option<ImportInto>,
}

#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct RestoreRef {
    pub restore: String,
}

#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct RestoreListRequest {
    #[serde(default)]
    pub connection: Option<String>,
}

#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct RestoreListResponse {
    pub restores: Vec<Restore>,
}

/// For undo and release.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct RestoreFollowUpPlan {
    pub plan_id: PlanId,
    pub digest: String,
    pub restore: Restore,
    pub steps: Vec<String>,
    pub sessions_to_end: Vec<ServerSession>,
    pub confirm_name: Option<String>,
    /// Rows changed in the restored database since the swap, where that can be told.
    pub loses: Option<String>,
    pub tables_differing: Vec<TableName>,
}
