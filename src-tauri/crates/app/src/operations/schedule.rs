//! schedule.* and run.list

use holdfast_contract::meta::Empty;
use holdfast_contract::policy::{Policy, Target};
use holdfast_contract::schedule::{
    RunListRequest, RunListResponse, Schedule, ScheduleAddRequest, ScheduleComingRequest,
    ScheduleComingResponse, ScheduleListResponse, SchedulePreview, SchedulePreviewRequest, ScheduleRef,
    ScheduleUpdateRequest,
};
use holdfast_contract::{ApiError, ErrorCode};
use serde_json::Value;

use crate::cx::Cx;
use crate::gate::Operation;
use crate::schedule::{coming, edit, is_present};

/// Runs that are listed when nobody says how many, and at most.
const RUNS: (u32, u32) = (100, 1000);

/// Only what may run without a person, and only if it would be understood.
fn check_call(operation: &str, request: &Value) -> Result<(), ApiError> {
    let entry = super::OPERATIONS.iter().find(|entry| entry.name == operation).ok_or_else(|| {
        ApiError::new(ErrorCode::UnknownOperation, format!("There is no operation {operation:?}."))
            .hint("about.get lists all operations and which may be scheduled.")
    })?;
    if !entry.policy.schedulable {
        return Err(ApiError::new(
            ErrorCode::NotAllowed,
            format!("{operation} needs a person, so it cannot be scheduled."),
        )
        .hint("about.get lists all operations and which may be scheduled."));
    }
    (entry.decodes)(request.clone())
}

pub struct List;
impl Operation for List {
    const NAME: &'static str = "schedule.list";
    const POLICY: Policy = super::READ;
    type Request = Empty;
    type Response = ScheduleListResponse;
    fn target(_: &Empty) -> Target {
        Target::Application
    }
    async fn run(cx: Cx, _: Empty) -> Result<ScheduleListResponse, ApiError> {
        Ok(ScheduleListResponse { schedules: edit::list(&cx).await?, runner_present: is_present(cx.home()) })
    }
}

pub struct Get;
impl Operation for Get {
    const NAME: &'static str = "schedule.get";
    const POLICY: Policy = super::READ;
    type Request = ScheduleRef;
    type Response = Schedule;
    fn target(request: &ScheduleRef) -> Target {
        Target::Named(request.schedule.clone())
    }
    async fn run(cx: Cx, request: ScheduleRef) -> Result<Schedule, ApiError> {
        edit::get(&cx, &request.schedule).await
    }
}

pub struct Add;
impl Operation for Add {
    const NAME: &'static str = "schedule.add";
    const POLICY: Policy = super::CHANGE;
    type Request = ScheduleAddRequest;
    type Response = Schedule;
    fn target(request: &ScheduleAddRequest) -> Target {
        Target::Named(request.name.clone())
    }
    async fn run(cx: Cx, request: ScheduleAddRequest) -> Result<Schedule, ApiError> {
        check_call(&request.operation, &request.request)?;
        edit::add(&cx, request).await
    }
}

pub struct Update;
impl Operation for Update {
    const NAME: &'static str = "schedule.update";
    const POLICY: Policy = super::CHANGE;
    type Request = ScheduleUpdateRequest;
    type Response = Schedule;
    fn target(request: &ScheduleUpdateRequest) -> Target {
        Target::Named(request.schedule.clone())
    }
    async fn run(cx: Cx, request: ScheduleUpdateRequest) -> Result<Schedule, ApiError> {
        if let Some(call) = &request.request {
            check_call(&edit::get(&cx, &request.schedule).await?.operation, call)?;
        }
        edit::update(&cx, request).await
    }
}

pub struct Remove;
impl Operation for Remove {
    const NAME: &'static str = "schedule.remove";
    const POLICY: Policy = super::CHANGE;
    type Request = ScheduleRef;
    type Response = Empty;
    fn target(request: &ScheduleRef) -> Target {
        Target::Named(request.schedule.clone())
    }
    async fn run(cx: Cx, request: ScheduleRef) -> Result<Empty, ApiError> {
        edit::remove(&cx, &request.schedule).await?;
        Ok(Empty {})
    }
}

pub struct RunNow;
impl Operation for RunNow {
    const NAME: &'static str = "schedule.run_now";
    const POLICY: Policy = super::CHANGE;
    type Request = ScheduleRef;
    type Response = Schedule;
    fn target(request: &ScheduleRef) -> Target {
        Target::Named(request.schedule.clone())
    }
    async fn run(cx: Cx, request: ScheduleRef) -> Result<Schedule, ApiError> {
        edit::run_now(&cx, &request.schedule).await
    }
}

pub struct Preview;
impl Operation for Preview {
    const NAME: &'static str = "schedule.preview";
    const POLICY: Policy = super::READ;
    type Request = SchedulePreviewRequest;
    type Response = SchedulePreview;
    fn target(_: &SchedulePreviewRequest) -> Target {
        Target::Application
    }
    async fn run(cx: Cx, request: SchedulePreviewRequest) -> Result<SchedulePreview, ApiError> {
        edit::preview(&request.timing, cx.now_ms())
    }
}

pub struct Coming;
impl Operation for Coming {
    const NAME: &'static str = "schedule.coming";
    const POLICY: Policy = super::READ;
    type Request = ScheduleComingRequest;
    type Response = ScheduleComingResponse;
    fn target(_: &ScheduleComingRequest) -> Target {
        Target::Application
    }
    async fn run(cx: Cx, request: ScheduleComingRequest) -> Result<ScheduleComingResponse, ApiError> {
        coming::between(&cx, &request).await
    }
}

pub struct RunList;
impl Operation for RunList {
    const NAME: &'static str = "run.list";
    const POLICY: Policy = super::READ;
    type Request = RunListRequest;
    type Response = RunListResponse;
    fn target(_: &RunListRequest) -> Target {
        Target::Application
    }
    async fn run(cx: Cx, request: RunListRequest) -> Result<RunListResponse, ApiError> {
        let of = match &request.schedule {
            Some(what) => Some(cx.catalog().schedules().find(what).await?.id),
            None => None,
        };
        let limit = request.limit.unwrap_or(RUNS.0).clamp(1, RUNS.1);
        Ok(RunListResponse {
            runs: cx.catalog().schedules().runs(of.as_ref(), request.before_ms, limit).await?,
        })
    }
}
