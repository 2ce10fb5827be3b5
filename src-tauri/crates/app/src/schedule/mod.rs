//! Running stored calls at their times. Which times those are is `timing`'s business; what the calls do is the
//! gate's, which takes them as principal `Schedule`.
//!
//! A due time becomes a row of `runs` in the transaction that moves the schedule's `seen_ms` past it; the row is
//! claimed before the call is made. So a due time has one run whatever the clock does, however many processes look
//! and wherever a crash falls: what was claimed by a process that is gone is told as interrupted and tried again.

pub mod agree;
pub mod coming;
mod due;
pub mod edit;
mod runner;
mod service;
#[cfg(test)]
mod tests;

use async_trait::async_trait;
use holdfast_contract::job::JobState;
use holdfast_contract::{ApiError, JobId, ScheduleId};
use serde_json::Value;

pub use runner::Runner;
pub use service::{is_present, serve};

/// The way to the gate, passed in.
#[async_trait]
pub trait Calls: Send + Sync {
    /// One call in the name of a schedule. The job it started, or `None` when all is done.
    async fn call(&self, by: &ScheduleId, operation: &str, request: Value)
    -> Result<Option<JobId>, ApiError>;
    async fn job(&self, id: &JobId) -> Result<(JobState, Option<ApiError>), ApiError>;
    async fn cancel(&self, id: &JobId) -> Result<(), ApiError>;
    /// Is the process that claimed a run still there?
    fn is_alive(&self, instance: &str) -> bool;
    /// Something a person should know at once.
    fn notice(&self, title: String, text: String);
}
