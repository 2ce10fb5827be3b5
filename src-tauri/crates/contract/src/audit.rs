//! The audit log as read by people: append-only, hash-chained.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::policy::{Principal, Touched};

#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct AuditEntry {
    pub seq: u64,
    pub at_ms: i64,
    pub principal: Principal,
    pub operation: String,
    /// Found before it ran, with the names of that moment.
    pub touched: Vec<Touched>,
    /// The same in a few words.
    pub target_name: Option<String>,
    pub phase: AuditPhase,
    pub outcome: Option<String>,
    pub error_code: Option<String>,
    /// The request with every secret replaced.
    pub detail: String,
    /// SHA-256 over the previous entry's hash and this entry, hex.
    pub hash: String,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum AuditPhase {
    Intent,
    Outcome,
}

#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct AuditListRequest {
    /// Entries with a smaller `seq`, for paging backwards.
    #[serde(default)]
    pub before: Option<u64>,
    #[serde(default)]
    pub limit: Option<u32>,
    /// Part of an operation, target or person.
    #[serde(default)]
    pub search: Option<String>,
}

#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct AuditListResponse {
    /// Newest first.
    pub entries: Vec<AuditEntry>,
    pub more: bool,
}

#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct AuditVerifyResponse {
    pub intact: bool,
    pub entries: u64,
    /// The first entry that does not fit, when one does not.
    pub first_bad_seq: Option<u64>,
    pub problem: Option<String>,
}
