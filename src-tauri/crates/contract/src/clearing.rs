//! Clearing what is not needed: whole tables, old rows by rules, and candidates.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::ids::{BackupId, CleanupRuleId, ConnectionId, PlanId};
use crate::maintenance::MaintenanceKind;
use crate::policy::ConsentState;
use crate::snapshot::TableName;

/// Which rows of a table.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum RowChoice {
    /// Whose time is longer ago than so many days. SQLite: text as ISO 8601, integers as seconds or milliseconds since 1970.
    Older { column: String, days: u32 },
    /// For which this SQL condition holds.
    Matching { condition: String },
}

/// A foreign key of another table that points at the one to be cleared.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Referring {
    pub table: TableName,
    pub constraint: String,
    pub on_delete: OnDelete,
    /// Its rows that point somewhere: those that go or change at most.
    pub rows: u64,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum OnDelete {
    /// The database refuses.
    Refuse,
    /// Those rows go too.
    Cascade,
    /// Their columns become NULL or the default.
    Unset,
}

#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct TableClearPlanRequest {
    /// Id or name.
    pub connection: String,
    pub table: TableName,
}

#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct TableClearPlan {
    pub plan_id: PlanId,
    pub digest: String,
    /// The table's name, to be typed.
    pub confirm_name: String,
    pub table: TableName,
    pub rows: u64,
    pub referring: Vec<Referring>,
    /// What would stop it.
    pub blockers: Vec<String>,
    /// What no backup looks after: triggers that delete elsewhere.
    #[serde(default)]
    pub remarks: Vec<String>,
    /// Steps in order, one sentence each.
    pub steps: Vec<String>,
    pub summary: String,
}

/// Result of the job.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ClearOutcome {
    pub deleted: u64,
    /// Rows of the table afterwards.
    pub left: u64,
    /// The proven backup that holds what is gone.
    pub backup_id: Option<BackupId>,
    #[serde(default)]
    pub remarks: Vec<String>,
}

/// Deletes old rows whenever it runs.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct CleanupRule {
    pub id: CleanupRuleId,
    /// Unique.
    pub name: String,
    pub connection_id: ConnectionId,
    pub table: TableName,
    pub rows: RowChoice,
    /// Rows deleted in one transaction.
    pub batch_rows: u32,
    /// A proven backup of the table, pinned, before anything goes; then no row (no version of a row) goes that is not in it.
    pub archive: bool,
    /// Whether it may act by itself. None: not looked at.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub consent: Option<ConsentState>,
}

/// What is agreed to with a rule: from then on it deletes by itself, whenever it runs. One of the same name is replaced.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct CleanupRulePlan {
    pub plan_id: PlanId,
    pub digest: String,
    pub rule: CleanupRule,
    /// What it would do now.
    pub preview: CleanupPreview,
    /// The rule of this name as it is now.
    pub replaces: Option<CleanupRule>,
    /// Rows that one run may delete at most; a run that would take more stops and asks.
    pub most_rows: u64,
    /// Typed for a production database whose rows go without an archive: its name.
    pub confirm_name: Option<String>,
    pub blockers: Vec<String>,
    pub summary: String,
}

#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct CleanupRuleSetRequest {
    pub name: String,
    /// Id or name.
    pub connection: String,
    pub table: TableName,
    pub rows: RowChoice,
    /// None: 10,000.
    #[serde(default)]
    pub batch_rows: Option<u32>,
    /// None: yes.
    #[serde(default)]
    pub archive: Option<bool>,
    /// Rows that one run may delete at most. None: twice what matches now, at least 10,000.
    #[serde(default)]
    pub most_rows: Option<u64>,
}

#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct CleanupRuleRef {
    /// Id or name.
    pub rule: String,
}

#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct CleanupRuleListResponse {
    pub rules: Vec<CleanupRule>,
}

/// What a rule would do now.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct CleanupPreview {
    pub table: TableName,
    pub total: u64,
    pub matching: u64,
    pub referring: Vec<Referring>,
    /// Why it would not run.
    pub blockers: Vec<String>,
    /// What no archive looks after: triggers that delete elsewhere.
    #[serde(default)]
    pub remarks: Vec<String>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum CandidateKind {
    EmptyRoom,
    OrphanedLargeObjects,
    LeftoverDatabase,
    UnusedIndex,
    DuplicateIndex,
    TemporaryTable,
}

/// Something that may be worth clearing. Advice: nothing is done about it by itself.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct CleanupCandidate {
    pub kind: CandidateKind,
    pub name: String,
    /// One sentence: why it is here and what to think of first.
    pub why: String,
    #[serde(default)]
    pub bytes: Option<u64>,
    /// None: only looking into it.
    #[serde(default)]
    pub next: Option<CandidateStep>,
}

/// What a person may do about a candidate. Nothing is done by itself.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum CandidateStep {
    /// By `table.clear`.
    Clear,
    /// By `maintenance.run`.
    Maintain {
        action: MaintenanceKind,
        /// As the engine's people call it: "VACUUM FULL".
        title: String,
        /// Of this table alone; None: of the whole database.
        table: Option<String>,
    },
    /// By hand: what would remove it, as the database's own client takes it.
    Statement { sql: String },
}

#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct CleanupCandidatesRequest {
    /// Id or name.
    pub connection: String,
    /// Names of tables that look temporary (`*`, `?`). Empty: `tmp_*`, `*_old` and the like.
    #[serde(default)]
    pub patterns: Vec<String>,
}

#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct CleanupCandidatesResponse {
    pub candidates: Vec<CleanupCandidate>,
    /// What could not be looked at, one sentence each.
    pub not_seen: Vec<String>,
}
