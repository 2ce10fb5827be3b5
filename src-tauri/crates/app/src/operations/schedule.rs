//! schedule.* and run.list

use holdfast_contract::event::Topic;
use holdfast_contract::meta::Empty;
use holdfast_contract::policy::{Consent, Policy};
use holdfast_contract::schedule::{
    RunListRequest, RunListResponse, Schedule, ScheduleAddRequest, ScheduleAgreePlan, ScheduleComingRequest,
    ScheduleComingResponse, ScheduleListResponse, SchedulePreview, SchedulePreviewRequest, ScheduleRef,
    ScheduleUpdateRequest,
};
use holdfast_contract::{ApiError, ErrorCode};
use serde_json::Value;

use crate::catalog::Plan;
use crate::cx::Cx;
use crate::gate::{Agreed, Done, Look, Operation, Planned, PlansAtOnce, Reading, touched};
use crate::schedule::{agree, coming, edit, is_present};

/// Runs that are listed when nobody says how many, and at most.
const RUNS: (u32, u32) = (100, 1000);

/// Only what may run without a person, and only if it would be understood.
fn check_call(operation: &str, request: &Value) -> Result<(), ApiError> {
    let entry = super::OPERATIONS.iter().find(|entry| entry.name == operation).ok_or_else(|| {
        ApiError::new(ErrorCode::UnknownOperation, format!("There is no operation {operation:?}."))
            .hint("about.get lists all operations and which may be scheduled.")
    })?;
    if !entry.policy.hosts().schedule {
        return Err(ApiError::new(
            ErrorCode::NotAllowed,
            format!("{operation} needs a person, so it cannot be scheduled."),
        )
        .hint("about.get lists all operations and which may be scheduled."));
    }
    (entry.decodes)(request.clone())
}

pub struct List;
impl Reading for List {
    const NAME: &'static str = "schedule.list";
    const POLICY: Policy = Policy::reads(&[Topic::Schedules, Topic::Jobs]);
    type Request = Empty;
    type Response = ScheduleListResponse;
    async fn run(cx: Cx, _: Empty) -> Result<ScheduleListResponse, ApiError> {
        Ok(ScheduleListResponse { schedules: edit::list(&cx).await?, runner_present: is_present(cx.home()) })
    }
}

pub struct Get;
impl Reading for Get {
    const NAME: &'static str = "schedule.get";
    const POLICY: Policy = Policy::reads(&[Topic::Schedules, Topic::Jobs]);
    type Request = ScheduleRef;
    type Response = Schedule;
    async fn run(cx: Cx, request: ScheduleRef) -> Result<Schedule, ApiError> {
        edit::get(&cx, &request.schedule).await
    }
}

pub struct Add;
impl Operation for Add {
    const NAME: &'static str = "schedule.add";
    const POLICY: Policy = Policy::changes(&[Topic::Schedules]);
    type Request = ScheduleAddRequest;
    type Response = Schedule;
    async fn touched(_: &Cx, request: &Self::Request) -> touched::Answer {
        touched::named(&request.name)
    }
    async fn run(cx: Cx, request: ScheduleAddRequest) -> Result<Schedule, ApiError> {
        check_call(&request.operation, &request.request)?;
        edit::add(&cx, request).await
    }
}

pub struct Update;
impl Operation for Update {
    const NAME: &'static str = "schedule.update";
    const POLICY: Policy = Policy::changes(&[Topic::Schedules]);
    type Request = ScheduleUpdateRequest;
    type Response = Schedule;
    async fn touched(cx: &Cx, request: &Self::Request) -> touched::Answer {
        touched::schedule(cx, &request.schedule).await
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
    const POLICY: Policy = Policy::changes(&[Topic::Schedules]);
    type Request = ScheduleRef;
    type Response = Empty;
    async fn touched(cx: &Cx, request: &Self::Request) -> touched::Answer {
        touched::schedule(cx, &request.schedule).await
    }
    async fn run(cx: Cx, request: ScheduleRef) -> Result<Empty, ApiError> {
        edit::remove(&cx, &request.schedule).await?;
        Ok(Empty {})
    }
}

/// A schedule of something that others feel waits until somebody has agreed to it.
pub struct Agree;
impl PlansAtOnce for Agree {
    const PLAN: &'static str = "schedule.agree.plan";
    type Request = ScheduleRef;
    async fn settle(cx: &Cx, request: ScheduleRef) -> Result<ScheduleRef, ApiError> {
        let row = cx.catalog().schedules().find(&request.schedule).await?;
        Ok(ScheduleRef { schedule: row.id.to_string() })
    }
}
impl Planned for Agree {
    const APPLY: &'static str = "schedule.agree.apply";
    const POLICY: Policy = Policy::planned(Consent::Digest, &[Topic::Schedules]);
    type Intent = ScheduleRef;
    type Plan = ScheduleAgreePlan;
    type Ground = String;
    type Outcome = Done<Schedule>;
    async fn look(cx: &Cx, intent: &ScheduleRef) -> Result<Look<Self>, ApiError> {
        let (plan, acts) = agree::plan(cx, &intent.schedule).await?;
        Ok(Look {
            digest: Plan::digest_of(&(&intent.schedule, &acts, &plan.schedule.timing))?,
            blockers: Vec::new(),
            confirm_name: None,
            touched: touched::schedule(cx, &intent.schedule).await?,
            ground: acts,
            plan,
        })
    }
    async fn apply(cx: Cx, agreed: Agreed<Self>) -> Result<Done<Schedule>, ApiError> {
        let (_, plan, acts, consent) = agreed.into_parts();
        agree::agree(&cx, &plan.schedule.id, acts, &consent).await?;
        edit::get(&cx, plan.schedule.id.as_str()).await.map(Done)
    }
}

pub struct RunNow;
impl Operation for RunNow {
    const NAME: &'static str = "schedule.run_now";
    const POLICY: Policy = Policy::changes(&[Topic::Schedules]);
    type Request = ScheduleRef;
    type Response = Schedule;
    async fn touched(cx: &Cx, request: &Self::Request) -> touched::Answer {
        touched::schedule(cx, &request.schedule).await
    }
    async fn run(cx: Cx, request: ScheduleRef) -> Result<Schedule, ApiError> {
        edit::run_now(&cx, &request.schedule).await
    }
}

pub struct Preview;
impl Reading for Preview {
    const NAME: &'static str = "schedule.preview";
    const POLICY: Policy = Policy::reads(&[]);
    type Request = SchedulePreviewRequest;
    type Response = SchedulePreview;
    async fn run(cx: Cx, request: SchedulePreviewRequest) -> Result<SchedulePreview, ApiError> {
        edit::preview(&request.timing, cx.now_ms())
    }
}

pub struct Coming;
impl Reading for Coming {
    const NAME: &'static str = "schedule.coming";
    const POLICY: Policy = Policy::reads(&[Topic::Schedules]);
    type Request = ScheduleComingRequest;
    type Response = ScheduleComingResponse;
    async fn run(cx: Cx, request: ScheduleComingRequest) -> Result<ScheduleComingResponse, ApiError> {
        coming::between(&cx, &request).await
    }
}

pub struct RunList;
impl Reading for RunList {
    const NAME: &'static str = "run.list";
    const POLICY: Policy = Policy::reads(&[Topic::Schedules, Topic::Jobs]);
    type Request = RunListRequest;
    type Response = RunListResponse;
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
