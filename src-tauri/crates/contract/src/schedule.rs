//! Schedules: stored calls of operations, when they are due, and what became of each due time.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::error::ApiError;
use crate::ids::{ConnectionId, JobId, PlanId, RunId, ScheduleId};
use crate::policy::ConsentState;

/// The points in time at which something is due.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum When {
    /// Five fields: minute, hour, day of the month, month, day of the week; names, steps, `L`, `#` and `W` as in
    /// <https://github.com/hexagon/croner-rust>. Read in the schedule's time zone: a local time that comes twice
    /// (autumn) counts once, one that does not come (spring) counts at the next instant.
    Cron { pattern: String },
    /// Every so many seconds since the schedule was made, whatever the clocks on the wall do; 60 at least.
    Every { seconds: u64 },
    /// Once, at this local time of the schedule's zone: `2026-11-21T02:00`.
    Once { at: String },
    /// Each time the program that runs schedules starts.
    Start,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Day {
    Mon,
    Tue,
    Wed,
    Thu,
    Fri,
    Sat,
    Sun,
}

/// What happens to a run that is still going when its window closes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum AtClose {
    #[default]
    Finish,
    /// It is cancelled.
    Stop,
}

/// Hours of certain days in which a run may start. A due time outside is not a run.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Window {
    /// Days on which it opens.
    pub days: Vec<Day>,
    /// Local time `22:00`.
    pub from: String,
    /// Local time `06:00`, of the next day when it is not after `from`; `24:00` is midnight.
    pub until: String,
    #[serde(default)]
    pub at_close: AtClose,
}

/// What happens to a due time that nobody was there for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Missed {
    /// One run, as soon as possible, however many were missed.
    #[default]
    CatchUp,
    Skip,
}

/// When something runs, as a person sets it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Timing {
    pub when: When,
    /// IANA name: `Europe/Berlin`.
    pub zone: String,
    #[serde(default)]
    pub window: Option<Window>,
    #[serde(default)]
    pub missed: Missed,
    /// Each run starts up to this many seconds after its due time, so that many do not start at once; at most an hour.
    #[serde(default)]
    pub jitter_seconds: u32,
}

/// A stored call: what runs, and when.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Schedule {
    pub id: ScheduleId,
    pub name: String,
    pub connection_id: Option<ConnectionId>,
    /// A schedulable operation: `backup.create`.
    pub operation: String,
    #[schema(value_type = Object)]
    pub request: serde_json::Value,
    pub timing: Timing,
    /// The timing in words: "At 02:00 (Europe/Berlin)".
    #[serde(default)]
    pub words: String,
    pub enabled: bool,
    pub created_at_ms: i64,
    /// None: off, or never again.
    pub next_run_ms: Option<i64>,
    /// Why it cannot run, until that is put right.
    pub problem: Option<ApiError>,
    pub last_run: Option<ScheduledRun>,
    /// Whether it may do what somebody must agree to. None: it does nothing of that kind by itself.
    #[serde(default)]
    pub consent: Option<ConsentState>,
}

/// What is agreed to with a schedule of something that asks for consent.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct ScheduleAgreePlan {
    pub plan_id: PlanId,
    pub digest: String,
    pub schedule: Schedule,
    /// What each run means for others.
    pub warning: String,
    pub summary: String,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum RunState {
    /// Due; it starts at `starts_at_ms`, or when what is in its way is gone (`error`).
    Waiting,
    Running,
    Succeeded,
    Failed,
    Cancelled,
    /// Its program ended; another attempt follows.
    Interrupted,
    /// It was not run, for the reason in `error`.
    Skipped,
}

/// What became of one due time. A further attempt is a further run.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct ScheduledRun {
    pub id: RunId,
    pub schedule_id: ScheduleId,
    /// As it was called then.
    pub schedule_name: String,
    pub due_ms: i64,
    /// 1 for the first.
    pub attempt: u32,
    /// Earlier due times that this run stands for.
    pub missed: u32,
    pub state: RunState,
    pub starts_at_ms: i64,
    pub started_at_ms: Option<i64>,
    pub ended_at_ms: Option<i64>,
    pub job_id: Option<JobId>,
    pub error: Option<ApiError>,
}

#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct ScheduleAddRequest {
    pub name: String,
    /// A schedulable operation and its request, stored as they are. A `connection` in the request is kept by id.
    pub operation: String,
    #[serde(default)]
    #[schema(value_type = Object)]
    pub request: serde_json::Value,
    pub timing: Timing,
    #[serde(default = "on")]
    pub enabled: bool,
}

fn on() -> bool {
    true
}

/// Absent fields stay as they are. Turning a schedule on, or another timing, starts its count from now.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct ScheduleUpdateRequest {
    /// Id or name.
    pub schedule: String,
    #[serde(default)]
    pub name: Option<String>,
    #[serde(default)]
    #[schema(value_type = Option<Object>)]
    pub request: Option<serde_json::Value>,
    #[serde(default)]
    pub timing: Option<Timing>,
    #[serde(default)]
    pub enabled: Option<bool>,
}

#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct ScheduleRef {
    /// Id or name.
    pub schedule: String,
}

#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct ScheduleListResponse {
    pub schedules: Vec<Schedule>,
    /// A program that runs them is there: this one, another window or `holdfastctl worker`.
    pub runner_present: bool,
}

/// What a timing means, before it is saved.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct SchedulePreviewRequest {
    pub timing: Timing,
}

#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct SchedulePreview {
    /// In words: "At 02:00, every day".
    pub words: String,
    pub next: Vec<NextRun>,
}

#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct NextRun {
    pub at_ms: i64,
    /// As the clocks of the schedule's zone show it: `2026-11-22 02:00 CET`.
    pub local: String,
}

/// Due times to come, of schedules that are on.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct ScheduleComingRequest {
    /// None: from now.
    #[serde(default)]
    pub from_ms: Option<i64>,
    /// Exclusive; at most 400 days after the beginning.
    pub until_ms: i64,
}

#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct ScheduleComingResponse {
    /// Earliest first.
    pub runs: Vec<ComingRun>,
    /// Schedules with more due times in the span than are listed of one: 500.
    pub cut_short: Vec<ScheduleId>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ComingRun {
    pub schedule_id: ScheduleId,
    pub at_ms: i64,
}

/// Newest first.
#[derive(Clone, Debug, Default, Serialize, Deserialize, ToSchema)]
pub struct RunListRequest {
    /// Id or name; None: all.
    #[serde(default)]
    pub schedule: Option<String>,
    /// Only runs due before this.
    #[serde(default)]
    pub before_ms: Option<i64>,
    /// 1 to 1000; None: 100.
    #[serde(default)]
    pub limit: Option<u32>,
}

#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct RunListResponse {
    pub runs: Vec<ScheduledRun>,
}
