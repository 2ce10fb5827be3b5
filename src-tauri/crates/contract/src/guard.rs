//! A guarded command: a proven backup before it, questions after it, and the way back. The command itself is run by whoever
//! began the guard; Holdfast never learns what it was.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::error::ApiError;
use crate::ids::{BackupId, ConnectionId, GuardId, JobId, RestoreId};

#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct GuardBeginRequest {
    /// Id or name.
    pub connection: String,
    /// Questions to the database, one statement each, that must hold before and after. They cannot write.
    #[serde(default)]
    pub checks: Vec<String>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum GuardState {
    /// The checks are asked and the backup is made: nothing may be run yet.
    Preparing,
    /// It did not come to `ready`: nothing may be run.
    Refused,
    /// A proven backup is there, and can be restored in place: the command may run.
    Ready,
    /// The process that held it ended while the command may have run. Look at the database, check it, and end the guard.
    CutShort,
    /// Checked after the command: nothing is wrong.
    Well,
    /// Checked after the command: `problems` says what is wrong.
    Broken,
    /// Ended, with the database as the command left it.
    Kept,
    /// Ended, with the database as it was before the command.
    Restored,
}

impl GuardState {
    pub fn ended(self) -> bool {
        matches!(self, Self::Refused | Self::Kept | Self::Restored)
    }

    /// Its backup is the way back of a command that runs or has run.
    pub fn holds(self) -> bool {
        matches!(self, Self::Ready | Self::CutShort | Self::Well | Self::Broken)
    }
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Guard {
    pub id: GuardId,
    pub state: GuardState,
    pub connection_id: ConnectionId,
    pub connection_name: String,
    /// The live database's name: what a restore in its place wants typed.
    pub database: String,
    pub checks: Vec<String>,
    /// From `ready` on.
    pub backup_id: Option<BackupId>,
    /// With `restored`.
    pub restore_id: Option<RestoreId>,
    /// As found by the newest check, a sentence each.
    pub problems: Vec<String>,
    /// With `refused`.
    pub error: Option<ApiError>,
    /// The job that prepares it.
    pub job_id: Option<JobId>,
    pub started_at_ms: i64,
    pub ended_at_ms: Option<i64>,
}

#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct GuardRef {
    pub guard: String,
}

#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct GuardListRequest {
    /// Id or name; None: all.
    #[serde(default)]
    pub connection: Option<String>,
    /// Only those that have not ended.
    #[serde(default)]
    pub open_only: bool,
}

#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct GuardListResponse {
    /// Newest first.
    pub guards: Vec<Guard>,
}

#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct GuardCheckRequest {
    pub guard: String,
    /// What went wrong with the command itself, in a sentence: it counts as a problem.
    #[serde(default)]
    pub failure: Option<String>,
}

#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct GuardEndRequest {
    pub guard: String,
    /// The restore of the guard's backup that brought the database back. None: it stays as the command left it.
    #[serde(default)]
    pub restore: Option<String>,
}
