//! guard.*

use holdfast_contract::ApiError;
use holdfast_contract::backup::Started;
use holdfast_contract::guard::{
    Guard, GuardBeginRequest, GuardCheckRequest, GuardEndRequest, GuardListRequest, GuardListResponse,
    GuardRef,
};
use holdfast_contract::policy::{Policy, Risk, Target};

use crate::cx::Cx;
use crate::gate::Operation;
use crate::guard;

pub struct Begin;
impl Operation for Begin {
    const NAME: &'static str = "guard.begin";
    const POLICY: Policy = super::CHANGE;
    type Request = GuardBeginRequest;
    type Response = Started;
    fn target(request: &GuardBeginRequest) -> Target {
        Target::Named(request.connection.clone())
    }
    async fn run(cx: Cx, request: GuardBeginRequest) -> Result<Started, ApiError> {
        guard::begin(&cx, request).await
    }
}

pub struct Check;
impl Operation for Check {
    const NAME: &'static str = "guard.check";
    /// Its questions read any row, so it is no mere look.
    const POLICY: Policy = Policy { risk: Risk::Read, ..super::CHANGE };
    type Request = GuardCheckRequest;
    type Response = Guard;
    fn target(request: &GuardCheckRequest) -> Target {
        Target::Named(request.guard.clone())
    }
    async fn run(cx: Cx, request: GuardCheckRequest) -> Result<Guard, ApiError> {
        guard::check(&cx, request).await
    }
}

pub struct End;
impl Operation for End {
    const NAME: &'static str = "guard.end";
    const POLICY: Policy = super::CHANGE;
    type Request = GuardEndRequest;
    type Response = Guard;
    fn target(request: &GuardEndRequest) -> Target {
        Target::Named(request.guard.clone())
    }
    async fn run(cx: Cx, request: GuardEndRequest) -> Result<Guard, ApiError> {
        guard::end(&cx, request).await
    }
}

pub struct List;
impl Operation for List {
    const NAME: &'static str = "guard.list";
    const POLICY: Policy = super::READ;
    type Request = GuardListRequest;
    type Response = GuardListResponse;
    fn target(request: &GuardListRequest) -> Target {
        request.connection.clone().map_or(Target::Application, Target::Named)
    }
    async fn run(cx: Cx, request: GuardListRequest) -> Result<GuardListResponse, ApiError> {
        guard::list(&cx, request).await
    }
}

pub struct Get;
impl Operation for Get {
    const NAME: &'static str = "guard.get";
    const POLICY: Policy = super::READ;
    type Request = GuardRef;
    type Response = Guard;
    fn target(request: &GuardRef) -> Target {
        Target::Named(request.guard.clone())
    }
    async fn run(cx: Cx, request: GuardRef) -> Result<Guard, ApiError> {
        guard::get(&cx, &request.guard).await
    }
}
