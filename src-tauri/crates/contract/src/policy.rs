//! What a caller needs, what it risks, what must be agreed to and who may ask: data, so that the table of operations
//! can be printed, tested and shown. A policy is made by [`Policy::reads`], [`Policy::changes`], [`Policy::planned`] or
//! [`Policy::standing`]; none of them lets something be destroyed without somebody's consent.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::event::Topic;
use crate::ids::{BackupId, ConnectionId, JobId, PlanId, RestoreId, ScheduleId};

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

/// What is agreed to before it runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Confirm {
    None,
    /// The digest of the plan that was shown.
    Digest,
    /// The digest, and the name of the target typed by a person when the plan asks for one.
    DigestAndName,
    /// A rule that was planned and agreed to before, and is still what was agreed to.
    Standing,
}

/// How a plan is confirmed. There is no "not at all".
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Consent {
    Digest,
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

/// Who may offer an operation.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Hosts {
    pub window: bool,
    pub command_line: bool,
    /// As a stored call.
    pub schedule: bool,
    /// Over the network. Never what takes paths of this machine or hands keys out.
    pub http: bool,
}

/// Fields are read; a policy is only made by the functions here.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Policy {
    needs: Permission,
    risk: Risk,
    confirm: Confirm,
    audit: Audit,
    hosts: Hosts,
    /// What its answer tells of: it is asked again when one of these changes.
    reads: Topics,
    /// What it changes by itself. What a job does afterwards is told by events.
    changes: Topics,
}

const PERSONS: Hosts = Hosts { window: true, command_line: true, schedule: false, http: true };

impl Policy {
    /// Reads only; not worth a record. [`Policy::recorded`] where it is.
    pub const fn reads(topics: &[Topic]) -> Self {
        Self {
            needs: Permission::View,
            risk: Risk::Read,
            confirm: Confirm::None,
            audit: Audit::None,
            hosts: PERSONS,
            reads: Topics::of(topics),
            changes: Topics::of(&[]),
        }
    }

    /// Changes Holdfast's own data or adds something new: a person's everyday work, on record.
    pub const fn changes(topics: &[Topic]) -> Self {
        Self {
            needs: Permission::Operate,
            risk: Risk::Change,
            audit: Audit::Both,
            changes: Topics::of(topics),
            ..Self::reads(&[])
        }
    }

    /// Changes others rely on something by, after a plan that was agreed to: rules that act by themselves, work that locks.
    pub const fn planned(consent: Consent, topics: &[Topic]) -> Self {
        let confirm = match consent {
            Consent::Digest => Confirm::Digest,
            Consent::DigestAndName => Confirm::DigestAndName,
        };
        Self { needs: Permission::Administer, confirm, ..Self::changes(topics) }
    }

    /// Replaces or removes something, after a plan that was agreed to.
    pub const fn destroys(consent: Consent, topics: &[Topic]) -> Self {
        Self { risk: Risk::Destroy, ..Self::planned(consent, topics) }
    }

    /// Replaces or removes something by rules that were agreed to before.
    pub const fn standing(topics: &[Topic]) -> Self {
        Self { risk: Risk::Destroy, confirm: Confirm::Standing, ..Self::changes(topics) }
    }

    /// Does by itself what others feel, where somebody agreed to it before.
    pub const fn acting(topics: &[Topic]) -> Self {
        Self { confirm: Confirm::Standing, ..Self::changes(topics) }
    }

    pub const fn needing(self, needs: Permission) -> Self {
        Self { needs, ..self }
    }

    /// On record although it only reads.
    pub const fn recorded(self) -> Self {
        Self { audit: Audit::Both, ..self }
    }

    pub const fn schedulable(self) -> Self {
        Self { hosts: Hosts { schedule: true, ..self.hosts }, ..self }
    }

    /// Takes paths of this machine, or hands out what only its user may hold: not over the network.
    pub const fn on_this_machine(self) -> Self {
        Self { hosts: Hosts { http: false, ..self.hosts }, ..self }
    }

    /// Its answer tells of these too.
    pub const fn reading(self, topics: &[Topic]) -> Self {
        Self { reads: Topics::of(topics), ..self }
    }

    /// The policy of looking at what this one plans.
    pub const fn looking(self) -> Self {
        Self { hosts: Hosts { schedule: false, ..self.hosts }, ..Self::reads(&[]) }
    }

    pub const fn needs(&self) -> Permission {
        self.needs
    }
    pub const fn risk(&self) -> Risk {
        self.risk
    }
    pub const fn confirm(&self) -> Confirm {
        self.confirm
    }
    pub const fn audit(&self) -> Audit {
        self.audit
    }
    pub const fn hosts(&self) -> Hosts {
        self.hosts
    }
    pub fn read_topics(&self) -> Vec<Topic> {
        self.reads.list()
    }
    pub fn changed_topics(&self) -> Vec<Topic> {
        self.changes.list()
    }
}

/// A set of topics, small enough for a constant.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(from = "Vec<Topic>", into = "Vec<Topic>")]
pub struct Topics(u32);

impl Topics {
    pub const fn of(topics: &[Topic]) -> Self {
        let mut bits = 0;
        let mut at = 0;
        while at < topics.len() {
            bits |= 1 << topics[at] as u32;
            at += 1;
        }
        Self(bits)
    }

    pub fn list(self) -> Vec<Topic> {
        Topic::ALL.iter().copied().filter(|topic| self.0 & (1 << *topic as u32) != 0).collect()
    }
}

impl From<Vec<Topic>> for Topics {
    fn from(topics: Vec<Topic>) -> Self {
        Self::of(&topics)
    }
}

impl From<Topics> for Vec<Topic> {
    fn from(topics: Topics) -> Self {
        topics.list()
    }
}

impl utoipa::PartialSchema for Topics {
    fn schema() -> utoipa::openapi::RefOr<utoipa::openapi::schema::Schema> {
        Vec::<Topic>::schema()
    }
}

impl ToSchema for Topics {
    fn schemas(schemas: &mut Vec<(String, utoipa::openapi::RefOr<utoipa::openapi::schema::Schema>)>) {
        <Vec<Topic> as ToSchema>::schemas(schemas);
    }
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
    /// A person over the network, by the name of the token that was shown.
    Http(String),
    /// Holdfast itself (recovery at start).
    System,
}

impl Principal {
    /// Window and command line of one account are one person at this machine.
    pub fn is_same_person(&self, other: &Self) -> bool {
        use Principal::{CommandLine, Window};
        match (self, other) {
            (Window(one) | CommandLine(one), Window(other) | CommandLine(other)) => one == other,
            _ => self == other,
        }
    }
}

/// One thing that an operation touches, found before it runs. Ids are whole and names are those of that moment.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Touched {
    Application,
    Vault,
    /// A database: which connection leads to it, and its name on the server (of a file: its path).
    Connection {
        id: ConnectionId,
        name: String,
        database: String,
    },
    /// Another database of that connection's server, or another file.
    Database {
        name: String,
    },
    Table {
        name: String,
    },
    Backup {
        id: BackupId,
        name: String,
    },
    Restore {
        id: RestoreId,
    },
    Job {
        id: JobId,
    },
    Schedule {
        id: ScheduleId,
        name: String,
    },
    /// A clean-up rule.
    Rule {
        name: String,
    },
    /// Connections of a group.
    Group {
        name: String,
    },
    Plan {
        id: PlanId,
    },
    /// Something that is about to be made, by the name it will have, or that was not found by what was typed.
    Named {
        name: String,
    },
}

/// What a person has agreed to.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Confirmation {
    #[serde(default)]
    pub digest: Option<String>,
    #[serde(default)]
    pub name: Option<String>,
}

/// That a rule may act by itself: what was agreed to, by whom and when. A rule without it, or one that is no longer what
/// was agreed to, waits.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct StandingConsent {
    /// Over the rule and what it acts on.
    pub digest: String,
    pub by: Principal,
    pub at_ms: i64,
    /// Rows or backups that one run may take at most.
    pub most: u64,
}

/// Where the consent of a rule stands.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum ConsentState {
    /// It runs.
    Given { by: Principal, at_ms: i64, most: u64 },
    /// It does not run until somebody looks at it and agrees: it was set before consent was kept, or what it acts on has
    /// changed since.
    Waiting { why: String },
}
