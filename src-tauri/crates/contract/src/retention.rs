//! Retention: which backups stay, and why.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::backup::Backup;
use crate::ids::{BackupId, ConnectionId, PlanId};
use crate::policy::ConsentState;
use crate::vault::VaultPruneResult;

/// What is kept. A backup stays when any rule wants it; with no rule at all everything stays.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct RetentionRules {
    /// The newest so many.
    #[serde(default)]
    pub keep_last: Option<u32>,
    /// Everything that was made within so many days before the newest good one.
    #[serde(default)]
    pub keep_days: Option<u32>,
    /// The newest of each of so many days, weeks (from Monday), months and years in which there is one.
    #[serde(default)]
    pub daily: Option<u32>,
    #[serde(default)]
    pub weekly: Option<u32>,
    #[serde(default)]
    pub monthly: Option<u32>,
    #[serde(default)]
    pub yearly: Option<u32>,
}

/// Why a backup stays.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum KeepReason {
    /// No rule is set.
    NoRules,
    /// A person wants it kept.
    Pinned,
    /// The newest that a test restore has proven: never removed.
    NewestProven,
    /// The newest good one: never removed.
    Newest,
    /// Among the last so many.
    Last {
        place: u32,
    },
    Days,
    /// The newest of its day, week, month or year.
    Daily {
        day: String,
    },
    Weekly {
        week: String,
    },
    Monthly {
        month: String,
    },
    Yearly {
        year: String,
    },
    /// A later backup bears an earlier time, so a clock was wrong: age says nothing about it.
    ClockWrong,
    /// A check found damage: it takes no other backup's place, and only a person removes it.
    Damaged,
}

/// The rules of one connection's backups.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Retention {
    pub connection_id: ConnectionId,
    pub rules: RetentionRules,
    /// IANA name of the zone whose midnight divides days.
    pub zone: String,
    /// The rules are those of this group, because the connection has none of its own.
    #[serde(default)]
    pub of_group: Option<String>,
    /// Whether they may act by themselves. None: by them nothing goes.
    #[serde(default)]
    pub consent: Option<ConsentState>,
}

/// What is agreed to with rules: from then on backups go by themselves, whenever they are carried out.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct RetentionSetPlan {
    pub plan_id: PlanId,
    pub digest: String,
    /// As it will be.
    pub retention: Retention,
    /// What the rules would do now.
    pub going: Vec<Backup>,
    pub staying: u64,
    pub frees_bytes: u64,
    /// Backups that one run may delete at most; a run that would take more stops and asks.
    pub most_backups: u64,
    pub summary: String,
}

/// The same for a group: for each member that has no rules of its own.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct GroupRetentionSetPlan {
    pub plan_id: PlanId,
    pub digest: String,
    pub group: String,
    /// None: the group has no rules any more.
    pub rules: Option<RetentionRules>,
    pub zone: String,
    pub members: Vec<GroupMember>,
    /// Backups that one run may delete of each member at most.
    pub most_backups: u64,
    pub summary: String,
}

/// Rules for all connections of a group that have none of their own.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct GroupRetention {
    pub group: String,
    pub rules: RetentionRules,
    pub zone: String,
}

#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct GroupRetentionSetRequest {
    pub group: String,
    /// None: the group has no rules any more.
    pub rules: Option<RetentionRules>,
    /// None: as it is, or UTC.
    #[serde(default)]
    pub zone: Option<String>,
    /// Backups that one run may delete of each member at most. None: twice what would go now, at least 10.
    #[serde(default)]
    pub most_backups: Option<u64>,
}

#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct GroupRetentionListResponse {
    pub groups: Vec<GroupRetention>,
}

/// What rules of a group would do now. They may be tried out before they are set.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct GroupRetentionPreviewRequest {
    pub group: String,
    /// None: those that are set, or none at all.
    #[serde(default)]
    pub rules: Option<RetentionRules>,
    /// None: as it is, or UTC.
    #[serde(default)]
    pub zone: Option<String>,
}

#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct GroupRetentionPreview {
    /// By name.
    pub members: Vec<GroupMember>,
}

#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct GroupMember {
    pub connection_id: ConnectionId,
    pub connection: String,
    /// It has rules of its own, which go before the group's.
    pub own: bool,
    /// Backups that would go, newest first.
    pub going: Vec<Backup>,
    pub staying: u64,
    /// Bytes that the backups that go had added; what others share stays.
    pub frees_bytes: u64,
}

/// Carries out what the rules say. One of `connection` and `group`.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct RetentionRunRequest {
    /// Id or name.
    #[serde(default)]
    pub connection: Option<String>,
    /// Every connection of this group, each by the rules that hold for it.
    #[serde(default)]
    pub group: Option<String>,
    /// Free the room afterwards. None: yes.
    #[serde(default)]
    pub collect: Option<bool>,
}

#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct RetentionRef {
    /// Id or name.
    pub connection: String,
}

#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct RetentionSetRequest {
    /// Id or name.
    pub connection: String,
    pub rules: RetentionRules,
    /// Forget the connection's own rules instead: those of its group hold, if it has any.
    #[serde(default)]
    pub inherit: bool,
    /// None: as it is, or UTC.
    #[serde(default)]
    pub zone: Option<String>,
    /// Backups that one run may delete at most. None: twice what would go now, at least 10.
    #[serde(default)]
    pub most_backups: Option<u64>,
}

/// What rules would do now.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct RetentionPlanRequest {
    /// Id or name.
    pub connection: String,
    /// Rules to try out; None: those that are set. Only those that are set can be applied.
    #[serde(default)]
    pub rules: Option<RetentionRules>,
}

#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct RetentionPlan {
    pub plan_id: PlanId,
    pub digest: String,
    pub retention: Retention,
    /// Newest first.
    pub going: Vec<Backup>,
    /// Newest first, each with why it stays.
    pub staying: Vec<StayingBackup>,
    /// Bytes that the backups that go had added; what others share stays.
    pub frees_bytes: u64,
    pub summary: String,
}

#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct StayingBackup {
    pub backup: Backup,
    pub reasons: Vec<KeepReason>,
}

#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct RetentionOutcome {
    pub deleted: Vec<BackupId>,
    pub kept: u64,
    /// The room that was freed, where that was asked for.
    #[serde(default)]
    pub freed: Option<VaultPruneResult>,
}

#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct BackupPinRequest {
    /// Id, or an unambiguous prefix.
    pub backup: String,
    /// A pinned backup is never removed by retention.
    pub pinned: bool,
}

#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct BackupPinResponse {
    pub id: BackupId,
    pub pinned: bool,
}
