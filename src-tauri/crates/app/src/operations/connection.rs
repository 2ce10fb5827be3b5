//! connection.*, database.inspect and health.check

use holdfast_contract::ApiError;
use holdfast_contract::connection::{
    ConnectionAddRequest, ConnectionAddResponse, ConnectionListResponse, ConnectionParseUrlRequest,
    ConnectionParseUrlResponse, ConnectionRef, ConnectionRemoveResponse, ConnectionTestRequest,
    ConnectionTestResponse, ConnectionUpdateRequest, DatabaseInspectResponse, OfferedConnection,
};
use holdfast_contract::event::Topic;
use holdfast_contract::meta::Empty;
use holdfast_contract::overview::Health;
use holdfast_contract::policy::{Permission, Policy};

use crate::connections;
use crate::cx::Cx;
use crate::gate::{Operation, Reading, touched};

pub struct ConnectionList;
impl Reading for ConnectionList {
    const NAME: &'static str = "connection.list";
    const POLICY: Policy = Policy::reads(&[Topic::Connections]);
    type Request = Empty;
    type Response = ConnectionListResponse;
    async fn run(cx: Cx, _: Empty) -> Result<ConnectionListResponse, ApiError> {
        Ok(ConnectionListResponse { connections: connections::offers::list(&cx).await? })
    }
}

pub struct ConnectionGet;
impl Reading for ConnectionGet {
    const NAME: &'static str = "connection.get";
    const POLICY: Policy = Policy::reads(&[Topic::Connections]);
    type Request = ConnectionRef;
    type Response = OfferedConnection;
    async fn run(cx: Cx, request: ConnectionRef) -> Result<OfferedConnection, ApiError> {
        let connection = cx.catalog().connections().find(&request.connection).await?;
        connections::offers::of(&cx, connection).await
    }
}

pub struct ConnectionAdd;
impl Operation for ConnectionAdd {
    const NAME: &'static str = "connection.add";
    const POLICY: Policy =
        Policy::changes(&[Topic::Connections]).needing(Permission::Administer).on_this_machine();
    type Request = ConnectionAddRequest;
    type Response = ConnectionAddResponse;
    async fn touched(_: &Cx, request: &Self::Request) -> touched::Answer {
        touched::named(&request.name)
    }
    async fn run(cx: Cx, request: ConnectionAddRequest) -> Result<ConnectionAddResponse, ApiError> {
        connections::add(&cx, request).await
    }
}

pub struct ConnectionUpdate;
impl Operation for ConnectionUpdate {
    const NAME: &'static str = "connection.update";
    const POLICY: Policy =
        Policy::changes(&[Topic::Connections]).needing(Permission::Administer).on_this_machine();
    type Request = ConnectionUpdateRequest;
    type Response = OfferedConnection;
    async fn touched(cx: &Cx, request: &Self::Request) -> touched::Answer {
        touched::connection(cx, request.id.as_str()).await
    }
    async fn run(cx: Cx, request: ConnectionUpdateRequest) -> Result<OfferedConnection, ApiError> {
        let connection = connections::update(&cx, request).await?;
        connections::offers::of(&cx, connection).await
    }
}

pub struct ConnectionRemove;
impl Operation for ConnectionRemove {
    const NAME: &'static str = "connection.remove";
    const POLICY: Policy =
        Policy::changes(&[Topic::Connections, Topic::Schedules]).needing(Permission::Administer);
    type Request = ConnectionRef;
    type Response = ConnectionRemoveResponse;
    async fn touched(cx: &Cx, request: &Self::Request) -> touched::Answer {
        touched::connection(cx, &request.connection).await
    }
    async fn run(cx: Cx, request: ConnectionRef) -> Result<ConnectionRemoveResponse, ApiError> {
        connections::remove(&cx, &request.connection).await
    }
}

pub struct ConnectionTest;
impl Reading for ConnectionTest {
    const NAME: &'static str = "connection.test";
    const POLICY: Policy = Policy::reads(&[]).needing(Permission::Operate).on_this_machine();
    type Request = ConnectionTestRequest;
    type Response = ConnectionTestResponse;
    async fn run(cx: Cx, request: ConnectionTestRequest) -> Result<ConnectionTestResponse, ApiError> {
        connections::test(&cx, request).await
    }
}

pub struct ConnectionParseUrl;
impl Reading for ConnectionParseUrl {
    const NAME: &'static str = "connection.parse_url";
    const POLICY: Policy = Policy::reads(&[]);
    type Request = ConnectionParseUrlRequest;
    type Response = ConnectionParseUrlResponse;
    async fn run(_: Cx, request: ConnectionParseUrlRequest) -> Result<ConnectionParseUrlResponse, ApiError> {
        let parsed = connections::parse(&request.url)?;
        Ok(ConnectionParseUrlResponse { spec: parsed.spec, has_password: parsed.password.is_some() })
    }
}

pub struct DatabaseInspect;
impl Reading for DatabaseInspect {
    const NAME: &'static str = "database.inspect";
    const POLICY: Policy =
        Policy::reads(&[Topic::Connections, Topic::Databases]).needing(Permission::Operate);
    type Request = ConnectionRef;
    type Response = DatabaseInspectResponse;
    async fn run(cx: Cx, request: ConnectionRef) -> Result<DatabaseInspectResponse, ApiError> {
        connections::inspect(&cx, &request.connection).await
    }
}

pub struct HealthCheck;
impl Reading for HealthCheck {
    const NAME: &'static str = "health.check";
    const POLICY: Policy =
        Policy::reads(&[Topic::Connections, Topic::Health]).needing(Permission::Operate).schedulable();
    type Request = ConnectionRef;
    type Response = Health;
    async fn run(cx: Cx, request: ConnectionRef) -> Result<Health, ApiError> {
        connections::check(&cx, &request.connection).await
    }
}
