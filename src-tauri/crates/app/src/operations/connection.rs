//! connection.*, database.inspect and health.check

use holdfast_contract::connection::{
    ConnectionAddRequest, ConnectionAddResponse, ConnectionListResponse, ConnectionParseUrlRequest,
    ConnectionParseUrlResponse, ConnectionRef, ConnectionRemoveResponse, ConnectionTestRequest,
    ConnectionTestResponse, ConnectionUpdateRequest, DatabaseInspectResponse, OfferedConnection,
};
use holdfast_contract::meta::Empty;
use holdfast_contract::overview::Health;
use holdfast_contract::policy::{Permission, Policy, Target};
use holdfast_contract::{ApiError, ConnectionId};

use crate::connections;
use crate::cx::Cx;
use crate::gate::Operation;

/// Looks into a database with the user's rights; changes nothing.
const LOOK: Policy = Policy { needs: Permission::Operate, ..super::READ };

fn named(request: &ConnectionRef) -> Target {
    Target::Connection(ConnectionId(request.connection.clone()))
}

pub struct ConnectionList;
impl Operation for ConnectionList {
    const NAME: &'static str = "connection.list";
    const POLICY: Policy = super::READ;
    type Request = Empty;
    type Response = ConnectionListResponse;
    fn target(_: &Empty) -> Target {
        Target::Application
    }
    async fn run(cx: Cx, _: Empty) -> Result<ConnectionListResponse, ApiError> {
        Ok(ConnectionListResponse { connections: connections::offers::list(&cx).await? })
    }
}

pub struct ConnectionGet;
impl Operation for ConnectionGet {
    const NAME: &'static str = "connection.get";
    const POLICY: Policy = super::READ;
    type Request = ConnectionRef;
    type Response = OfferedConnection;
    fn target(request: &ConnectionRef) -> Target {
        named(request)
    }
    async fn run(cx: Cx, request: ConnectionRef) -> Result<OfferedConnection, ApiError> {
        let connection = cx.catalog().connections().find(&request.connection).await?;
        connections::offers::of(&cx, connection).await
    }
}

pub struct ConnectionAdd;
impl Operation for ConnectionAdd {
    const NAME: &'static str = "connection.add";
    const POLICY: Policy = super::ADMINISTER;
    type Request = ConnectionAddRequest;
    type Response = ConnectionAddResponse;
    fn target(request: &ConnectionAddRequest) -> Target {
        Target::Named(request.name.clone())
    }
    async fn run(cx: Cx, request: ConnectionAddRequest) -> Result<ConnectionAddResponse, ApiError> {
        connections::add(&cx, request).await
    }
}

pub struct ConnectionUpdate;
impl Operation for ConnectionUpdate {
    const NAME: &'static str = "connection.update";
    const POLICY: Policy = super::ADMINISTER;
    type Request = ConnectionUpdateRequest;
    type Response = OfferedConnection;
    fn target(request: &ConnectionUpdateRequest) -> Target {
        Target::Connection(request.id.clone())
    }
    async fn run(cx: Cx, request: ConnectionUpdateRequest) -> Result<OfferedConnection, ApiError> {
        let connection = connections::update(&cx, request).await?;
        connections::offers::of(&cx, connection).await
    }
}

pub struct ConnectionRemove;
impl Operation for ConnectionRemove {
    const NAME: &'static str = "connection.remove";
    const POLICY: Policy = super::ADMINISTER;
    type Request = ConnectionRef;
    type Response = ConnectionRemoveResponse;
    fn target(request: &ConnectionRef) -> Target {
        named(request)
    }
    async fn run(cx: Cx, request: ConnectionRef) -> Result<ConnectionRemoveResponse, ApiError> {
        connections::remove(&cx, &request.connection).await
    }
}

pub struct ConnectionTest;
impl Operation for ConnectionTest {
    const NAME: &'static str = "connection.test";
    const POLICY: Policy = LOOK;
    type Request = ConnectionTestRequest;
    type Response = ConnectionTestResponse;
    fn target(request: &ConnectionTestRequest) -> Target {
        request.connection.clone().map_or(Target::None, |name| Target::Connection(ConnectionId(name)))
    }
    async fn run(cx: Cx, request: ConnectionTestRequest) -> Result<ConnectionTestResponse, ApiError> {
        connections::test(&cx, request).await
    }
}

pub struct ConnectionParseUrl;
impl Operation for ConnectionParseUrl {
    const NAME: &'static str = "connection.parse_url";
    const POLICY: Policy = super::READ;
    type Request = ConnectionParseUrlRequest;
    type Response = ConnectionParseUrlResponse;
    fn target(_: &ConnectionParseUrlRequest) -> Target {
        Target::None
    }
    async fn run(_: Cx, request: ConnectionParseUrlRequest) -> Result<ConnectionParseUrlResponse, ApiError> {
        let parsed = connections::parse(&request.url)?;
        Ok(ConnectionParseUrlResponse { spec: parsed.spec, has_password: parsed.password.is_some() })
    }
}

pub struct DatabaseInspect;
impl Operation for DatabaseInspect {
    const NAME: &'static str = "database.inspect";
    const POLICY: Policy = LOOK;
    type Request = ConnectionRef;
    type Response = DatabaseInspectResponse;
    fn target(request: &ConnectionRef) -> Target {
        named(request)
    }
    async fn run(cx: Cx, request: ConnectionRef) -> Result<DatabaseInspectResponse, ApiError> {
        connections::inspect(&cx, &request.connection).await
    }
}

pub struct HealthCheck;
impl Operation for HealthCheck {
    const NAME: &'static str = "health.check";
    const POLICY: Policy = Policy { schedulable: true, ..LOOK };
    type Request = ConnectionRef;
    type Response = Health;
    fn target(request: &ConnectionRef) -> Target {
        named(request)
    }
    async fn run(cx: Cx, request: ConnectionRef) -> Result<Health, ApiError> {
        connections::check(&cx, &request.connection).await
    }
}
