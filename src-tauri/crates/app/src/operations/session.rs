//! session.* and database.ask

use holdfast_contract::ApiError;
use holdfast_contract::backup::PlanRef;
use holdfast_contract::policy::{Confirm, Policy, Risk, Target};
use holdfast_contract::session::{
    DatabaseAskRequest, DatabaseAskResponse, SessionClosePlan, SessionClosePlanRequest, SessionCloseResponse,
    SessionListRequest, SessionListResponse,
};

use crate::catalog::Plan as KeptPlan;
use crate::connections::sessions;
use crate::cx::Cx;
use crate::gate::Operation;

pub struct List;
impl Operation for List {
    const NAME: &'static str = "session.list";
    const POLICY: Policy = super::READ;
    type Request = SessionListRequest;
    type Response = SessionListResponse;
    fn target(request: &SessionListRequest) -> Target {
        Target::Named(request.connection.clone())
    }
    async fn run(cx: Cx, request: SessionListRequest) -> Result<SessionListResponse, ApiError> {
        sessions::list(&cx, &request.connection).await
    }
}

pub struct ClosePlan;
impl Operation for ClosePlan {
    const NAME: &'static str = "session.close.plan";
    const POLICY: Policy = super::READ;
    type Request = SessionClosePlanRequest;
    type Response = SessionClosePlan;
    fn target(request: &SessionClosePlanRequest) -> Target {
        Target::Named(request.connection.clone())
    }
    async fn run(cx: Cx, request: SessionClosePlanRequest) -> Result<SessionClosePlan, ApiError> {
        let (connection, chosen) =
            sessions::choose(&cx, &request.connection, request.idle_ms, request.in_transaction).await?;
        let mut kept = KeptPlan::new(CloseApply::NAME, &chosen, &chosen.sessions, cx.now_ms())?;
        kept.target_name = Some(connection.name.clone());
        let summary = match chosen.sessions.len() {
            0 => format!("No session of {} has been idle for so long.", connection.name),
            1 => format!("1 session of {} is closed.", connection.name),
            more => format!("{more} sessions of {} are closed.", connection.name),
        };
        let plan = SessionClosePlan {
            plan_id: kept.id.clone(),
            digest: kept.digest.clone(),
            sessions: chosen.sessions,
            summary,
        };
        cx.catalog().plans().put(kept).await?;
        Ok(plan)
    }
}

pub struct CloseApply;
impl Operation for CloseApply {
    const NAME: &'static str = "session.close.apply";
    const POLICY: Policy = Policy { risk: Risk::Destroy, confirm: Confirm::Digest, ..super::ADMINISTER };
    type Request = PlanRef;
    type Response = SessionCloseResponse;
    fn target(request: &PlanRef) -> Target {
        Target::Plan(request.plan_id.clone())
    }
    /// Sessions come and go: what the plan showed is not made again, but only that is closed, and only while it still idles.
    async fn run(cx: Cx, request: PlanRef) -> Result<SessionCloseResponse, ApiError> {
        let kept = cx.catalog().plans().get(&request.plan_id).await?;
        sessions::close(&cx, super::kept_request(&kept)?).await
    }
}

pub struct Ask;
impl Operation for Ask {
    const NAME: &'static str = "database.ask";
    /// Reads any row, so it is no mere look.
    const POLICY: Policy = Policy { risk: Risk::Read, ..super::CHANGE };
    type Request = DatabaseAskRequest;
    type Response = DatabaseAskResponse;
    fn target(request: &DatabaseAskRequest) -> Target {
        Target::Named(request.connection.clone())
    }
    async fn run(cx: Cx, request: DatabaseAskRequest) -> Result<DatabaseAskResponse, ApiError> {
        sessions::ask(&cx, request).await
    }
}
