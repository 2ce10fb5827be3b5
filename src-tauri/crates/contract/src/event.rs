//! The one stream of events. Events say that something changed; state is read by operations.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::job::Job;

#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[serde(tag = "type", rename_all = "snake_case")]
#[expect(clippy::large_enum_variant, reason = "events are few and short-lived")]
pub enum Event {
    /// A job began, moved on or ended. At most ten a second for each job, the end always.
    Job { job: Job },
    /// Rows of this kind changed (also by another process): ask again.
    Changed { what: Changed },
    /// Something a person should see at once.
    Notice { level: NoticeLevel, title: String, text: String },
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Changed {
    Connections,
    Backups,
    Restores,
    Vault,
    Settings,
    Health,
    Schedules,
    Guards,
    Everything,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum NoticeLevel {
    Info,
    Warning,
    Error,
}
