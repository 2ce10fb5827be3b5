//! session.*, database.ask and pool.status

use holdfast_contract::ApiError;
use holdfast_contract::connection::Connection;
use holdfast_contract::event::Topic;
use holdfast_contract::policy::{Consent, Permission, Policy};
use holdfast_contract::session::{
    DatabaseAskRequest, DatabaseAskResponse, PoolStatusRequest, PoolStatusResponse, SessionClosePlan,
    SessionClosePlanRequest, SessionCloseResponse, SessionListRequest, SessionListResponse,
};

use crate::catalog::Plan;
use crate::connections;
use crate::connections::sessions::{self, Chosen};
use crate::cx::Cx;
use crate::gate::{Agreed, Done, Look, Operation, Planned, PlansAtOnce, Reading, touched};

pub struct List;
impl Reading for List {
    const NAME: &'static str = "session.list";
    const POLICY: Policy = Policy::reads(&[Topic::Sessions, Topic::Connections]);
    type Request = SessionListRequest;
    type Response = SessionListResponse;
    async fn run(cx: Cx, request: SessionListRequest) -> Result<SessionListResponse, ApiError> {
        sessions::list(&cx, &request.connection).await
    }
}

/// Sessions come and go: those that were shown are the intent, and of them only those are closed that still idle.
pub struct Close;
impl PlansAtOnce for Close {
    const PLAN: &'static str = "session.close.plan";
    type Request = SessionClosePlanRequest;

    async fn settle(cx: &Cx, request: SessionClosePlanRequest) -> Result<Chosen, ApiError> {
        sessions::choose(cx, &request.connection, request.idle_ms, request.in_transaction).await
    }
}

impl Planned for Close {
    const APPLY: &'static str = "session.close.apply";
    const POLICY: Policy = Policy::destroys(Consent::Digest, &[Topic::Sessions]);
    type Intent = Chosen;
    type Plan = SessionClosePlan;
    type Ground = Connection;
    type Outcome = Done<SessionCloseResponse>;
    async fn look(cx: &Cx, intent: &Chosen) -> Result<Look<Self>, ApiError> {
        let connection = sessions::writable(cx, &intent.connection).await?;
        let summary = match intent.sessions.len() {
            0 => format!("No session of {} has been idle for so long.", connection.name),
            1 => format!("1 session of {} is closed.", connection.name),
            more => format!("{more} sessions of {} are closed.", connection.name),
        };
        Ok(Look {
            plan: SessionClosePlan {
                plan_id: holdfast_contract::PlanId::from(""),
                digest: String::new(),
                sessions: intent.sessions.clone(),
                summary,
            },
            digest: Plan::digest_of(&(&intent.sessions, &connection.spec))?,
            blockers: Vec::new(),
            confirm_name: None,
            touched: vec![touched::of(&connection)],
            ground: connection,
        })
    }
    async fn apply(cx: Cx, agreed: Agreed<Self>) -> Result<Done<SessionCloseResponse>, ApiError> {
        let (chosen, _, connection, consent) = agreed.into_parts();
        sessions::close(&cx, &connection, chosen, &consent).await.map(Done)
    }
}

pub struct Ask;
impl Operation for Ask {
    const NAME: &'static str = "database.ask";
    /// Reads any row, so it is no mere look.
    const POLICY: Policy = Policy::reads(&[]).needing(Permission::Operate).recorded();
    type Request = DatabaseAskRequest;
    type Response = DatabaseAskResponse;
    async fn touched(cx: &Cx, request: &Self::Request) -> touched::Answer {
        touched::connection(cx, &request.connection).await
    }
    async fn run(cx: Cx, request: DatabaseAskRequest) -> Result<DatabaseAskResponse, ApiError> {
        sessions::ask(&cx, request).await
    }
}

pub struct Pool;
impl Reading for Pool {
    const NAME: &'static str = "pool.status";
    const POLICY: Policy = Policy::reads(&[Topic::Connections, Topic::Settings]);
    type Request = PoolStatusRequest;
    type Response = PoolStatusResponse;
    async fn run(cx: Cx, request: PoolStatusRequest) -> Result<PoolStatusResponse, ApiError> {
        connections::pool_status(&cx, request).await
    }
}
