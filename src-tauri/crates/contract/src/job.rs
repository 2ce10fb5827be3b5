//! Long work: state, progress, log.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::error::ApiError;
use crate::ids::{ConnectionId, JobId};

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum JobState {
    Queued,
    Running,
    Succeeded,
    Failed,
    Cancelled,
    /// The program ended while it ran.
    Interrupted,
}

impl JobState {
    pub fn ended(self) -> bool {
        !matches!(self, Self::Queued | Self::Running)
    }
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Job {
    pub id: JobId,
    /// The operation that started it: `backup.create`.
    pub operation: String,
    /// "Back up Shop".
    pub title: String,
    pub connection_id: Option<ConnectionId>,
    pub state: JobState,
    pub created_at_ms: i64,
    pub started_at_ms: Option<i64>,
    pub ended_at_ms: Option<i64>,
    pub progress: Progress,
    pub error: Option<ApiError>,
    /// What it made or found: the backup's id, the check's summary…
    #[schema(value_type = Option<Object>)]
    pub result: Option<serde_json::Value>,
    pub cancellable: bool,
}

#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Progress {
    /// What is being done now: "Reading public.orders".
    pub phase: String,
    pub done_bytes: u64,
    /// None while unknown.
    pub total_bytes: Option<u64>,
    pub done_rows: u64,
    /// Over the last seconds.
    pub bytes_per_second: u64,
    pub eta_ms: Option<u64>,
    pub step: Option<u32>,
    pub steps: Option<u32>,
}

#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct JobListRequest {
    #[serde(default)]
    pub connection: Option<String>,
    #[serde(default)]
    pub active_only: bool,
    #[serde(default)]
    pub limit: Option<u32>,
}

#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct JobListResponse {
    pub jobs: Vec<Job>,
}

/// Something a job began to do.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct JobLogLine {
    pub at_ms: i64,
    /// Of the job's steps, counted from 1.
    pub step: Option<u32>,
    pub text: String,
}

#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct JobLogResponse {
    /// Oldest first. Empty for jobs longer ago than 90 days.
    pub lines: Vec<JobLogLine>,
}

#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct JobRef {
    pub job: String,
}
