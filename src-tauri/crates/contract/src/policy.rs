//! What a caller needs, what it risks and what must be confirmed: data, so that the table of operations
//! can be printed, tested and shown.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::ids::{BackupId, ConnectionId, JobId, RestoreId};

/// Ordered: a principal that may `Administer` may do everything before it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Permission {
    View,
    Operate,
    Administer,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Risk {
    /// Reads only.
    Read,
    /// Changes Holdfast's own data or adds something new.
    Change,
    /// Replaces or removes something that cannot be made again.
    Destroy,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Confirm {
    None,
    /// The digest of the plan that was shown.
    Digest,
    /// The digest, and the name of the target typed by a person when the plan asks for one.
    DigestAndName,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Audit {
    /// Reads that reveal nothing worth a record.
    None,
    /// Intent before, outcome after; without the intent it does not run.
    Both,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Policy {
    pub needs: Permission,
    pub risk: Risk,
    pub confirm: Confirm,
    pub audit: Audit,
    pub schedulable: bool,
}

/// Who calls.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(tag = "kind", content = "name", rename_all = "snake_case")]
pub enum Principal {
    /// The person at this machine, through the window. The name is the OS account.
    Window(String),
    /// The person at this machine, through the command line.
    CommandLine(String),
    Schedule(String),
    /// Holdfast itself (recovery at start).
    System,
}

/// What is touched: for authorisation, typed confirmation and audit.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(tag = "kind", content = "id", rename_all = "snake_case")]
pub enum Target {
    None,
    Application,
    Vault,
    Connection(ConnectionId),
    Backup(BackupId),
    Restore(RestoreId),
    Job(JobId),
    Plan(crate::ids::PlanId),
    /// Not known by an id yet: the name it will have.
    Named(String),
}

/// What a person has agreed to.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Confirmation {
    #[serde(default)]
    pub digest: Option<String>,
    #[serde(default)]
    pub name: Option<String>,
}
