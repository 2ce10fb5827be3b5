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
    /// Something of this kind changed (also by another process): ask again.
    Changed { what: Topic },
    /// Something a person should see at once.
    Notice { level: NoticeLevel, title: String, text: String },
}

/// Kinds of things that answers tell of and operations change.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Topic {
    Connections,
    /// What is in a database, as its server tells it.
    Databases,
    Backups,
    Restores,
    Vault,
    Secrets,
    Settings,
    Health,
    Schedules,
    Retention,
    Cleanup,
    Maintenance,
    /// Sessions of servers.
    Sessions,
    Jobs,
    Audit,
    Guards,
    Everything,
}

impl Topic {
    pub const ALL: &[Self] = &[
        Self::Connections,
        Self::Databases,
        Self::Backups,
        Self::Restores,
        Self::Vault,
        Self::Secrets,
        Self::Settings,
        Self::Health,
        Self::Schedules,
        Self::Retention,
        Self::Cleanup,
        Self::Maintenance,
        Self::Sessions,
        Self::Jobs,
        Self::Audit,
        Self::Guards,
        Self::Everything,
    ];
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum NoticeLevel {
    Info,
    Warning,
    Error,
}
