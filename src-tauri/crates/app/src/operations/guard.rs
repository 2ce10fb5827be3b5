//! guard.*

use holdfast_contract::ApiError;
use holdfast_contract::event::Topic;
use holdfast_contract::guard::{
    Guard, GuardBeginRequest, GuardCheckRequest, GuardEndRequest, GuardListRequest, GuardListResponse,
    GuardRef,
};
use holdfast_contract::policy::{Permission, Policy};

use crate::cx::{Begun, Cx};
use crate::gate::{Operation, Reading, Starting, touched};
use crate::guard;

async fn touched_by(cx: &Cx, guard: &str) -> touched::Answer {
    let guard = guard::get(cx, guard).await?;
    touched::connection_if_known(cx, Some(guard.connection_id.as_str())).await
}

pub struct Begin;
impl Starting for Begin {
    const NAME: &'static str = "guard.begin";
    const POLICY: Policy = Policy::changes(&[Topic::Guards, Topic::Jobs, Topic::Backups]);
    type Request = GuardBeginRequest;
    type Result = Guard;
    async fn touched(cx: &Cx, request: &Self::Request) -> touched::Answer {
        touched::connection(cx, &request.connection).await
    }
    async fn start(cx: Cx, request: GuardBeginRequest) -> Result<Begun<Guard>, ApiError> {
        guard::begin(&cx, request).await
    }
}

pub struct Check;
impl Operation for Check {
    const NAME: &'static str = "guard.check";
    /// Its questions read any row, so it is no mere look.
    const POLICY: Policy = Policy::reads(&[]).needing(Permission::Operate).recorded();
    type Request = GuardCheckRequest;
    type Response = Guard;
    async fn touched(cx: &Cx, request: &Self::Request) -> touched::Answer {
        touched_by(cx, &request.guard).await
    }
    async fn run(cx: Cx, request: GuardCheckRequest) -> Result<Guard, ApiError> {
        guard::check(&cx, request).await
    }
}

pub struct End;
impl Operation for End {
    const NAME: &'static str = "guard.end";
    const POLICY: Policy = Policy::changes(&[Topic::Guards, Topic::Restores, Topic::Jobs]);
    type Request = GuardEndRequest;
    type Response = Guard;
    async fn touched(cx: &Cx, request: &Self::Request) -> touched::Answer {
        touched_by(cx, &request.guard).await
    }
    async fn run(cx: Cx, request: GuardEndRequest) -> Result<Guard, ApiError> {
        guard::end(&cx, request).await
    }
}

pub struct List;
impl Reading for List {
    const NAME: &'static str = "guard.list";
    const POLICY: Policy = Policy::reads(&[Topic::Guards, Topic::Jobs]);
    type Request = GuardListRequest;
    type Response = GuardListResponse;
    async fn run(cx: Cx, request: GuardListRequest) -> Result<GuardListResponse, ApiError> {
        guard::list(&cx, request).await
    }
}

pub struct Get;
impl Reading for Get {
    const NAME: &'static str = "guard.get";
    const POLICY: Policy = Policy::reads(&[Topic::Guards, Topic::Jobs]);
    type Request = GuardRef;
    type Response = Guard;
    async fn run(cx: Cx, request: GuardRef) -> Result<Guard, ApiError> {
        guard::get(&cx, &request.guard).await
    }
}
