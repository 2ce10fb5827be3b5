//! Sessions of others on a database server, and closing those that do nothing.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::ids::{ConnectionId, PlanId};
use crate::settings::PoolSettings;

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ServerSession {
    /// The server's number.
    pub id: i64,
    /// With the number it names one session for ever: numbers are used again.
    pub started: String,
    pub user: Option<String>,
    pub application: Option<String>,
    pub client: Option<String>,
    /// The server's word.
    pub state: Option<String>,
    /// How long it has done nothing; None while it works.
    pub idle_ms: Option<u64>,
    /// It holds a transaction open meanwhile, and with it perhaps locks.
    pub in_transaction: bool,
    /// Holdfast's own, of any process: never closed from here.
    pub ours: bool,
}

#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct SessionListRequest {
    /// Id or name.
    pub connection: String,
}

#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct SessionListResponse {
    /// On the connection's own database, longest idle first.
    pub sessions: Vec<ServerSession>,
}

#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct SessionClosePlanRequest {
    /// Id or name.
    pub connection: String,
    /// Those that did nothing for longer than this; at least a second.
    pub idle_ms: u64,
    /// Also those that hold a transaction open: it is rolled back.
    #[serde(default)]
    pub in_transaction: bool,
}

#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct SessionClosePlan {
    pub plan_id: PlanId,
    pub digest: String,
    pub sessions: Vec<ServerSession>,
    pub summary: String,
}

#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct SessionCloseResponse {
    pub closed: Vec<ServerSession>,
    /// Shown in the plan, and since then gone or at work again: left alone.
    pub left_alone: u64,
}

#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct PoolStatusRequest {
    /// Id or name; None: every connection that has sessions.
    #[serde(default)]
    pub connection: Option<String>,
}

#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct PoolStatusResponse {
    /// Of the program that answers; other programs have their own. One that was asked for is there, open or not.
    pub pools: Vec<PoolStatus>,
    /// Of connections without limits of their own.
    pub settings: PoolSettings,
}

/// The sessions that are kept for one connection.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct PoolStatus {
    pub connection_id: ConnectionId,
    pub connection_name: String,
    /// The limits that hold for it.
    pub settings: PoolSettings,
    /// Open now: those in use and those that wait for a use.
    pub open: u64,
    pub idle: u64,
    /// Uses that wait for a session.
    pub waiting: u64,
    pub in_use: Vec<PoolUse>,
    /// Opened and taken up again since the program began.
    pub opened: u64,
    pub reused: u64,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct PoolUse {
    /// The operation that has it.
    pub operation: String,
    pub since_ms: i64,
}

/// A question to a database that changes nothing.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct DatabaseAskRequest {
    /// Id or name.
    pub connection: String,
    /// One statement.
    pub sql: String,
}

#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct DatabaseAskResponse {
    /// The first value of the first row as text; None for NULL or no row.
    pub value: Option<String>,
    /// Not NULL, false, zero or empty.
    pub holds: bool,
}
