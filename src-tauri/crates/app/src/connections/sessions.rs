//! Sessions of others: listing them, and closing those that do nothing for long. And one question, for checks.

use std::time::Duration;

use holdfast_contract::connection::Connection;
use holdfast_contract::session::{
    DatabaseAskRequest, DatabaseAskResponse, ServerSession, SessionCloseResponse, SessionListResponse,
};
use holdfast_contract::{ApiError, ErrorCode};
use holdfast_engine::session::{Collected, Limits, Query, TransactionAccess};
use holdfast_engine::{Engine, Sessions};
use serde::{Deserialize, Serialize};
use tokio_util::sync::CancellationToken;

use super::borrow;
use crate::consent::Consent;
use crate::cx::Cx;

/// Less is no idling.
const LEAST_IDLE_MS: u64 = 1000;

/// What was shown and may be closed; part of the plan.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Chosen {
    pub connection: String,
    pub idle_ms: u64,
    pub sessions: Vec<ServerSession>,
}

pub async fn list(cx: &Cx, connection: &str) -> Result<SessionListResponse, ApiError> {
    let connection = cx.catalog().connections().find(connection).await?;
    let mut lease = borrow(cx, &connection).await?;
    let (engine, session) = lease.parts();
    let sessions = facet(engine)?.sessions(session).await?;
    lease.give_back().await;
    Ok(SessionListResponse { sessions })
}

/// Whose work a swap of the live database ends: everybody's but our own. Nobody's where there is no server.
pub(crate) async fn others(engine: &dyn Engine) -> Result<Vec<ServerSession>, ApiError> {
    let Some(facet) = engine.sessions() else { return Ok(Vec::new()) };
    let mut sessions = facet.sessions_from_elsewhere().await?;
    sessions.retain(|session| !session.ours);
    Ok(sessions)
}

/// Who idles longer than asked, never our own.
pub async fn choose(
    cx: &Cx,
    connection: &str,
    idle_ms: u64,
    in_transaction: bool,
) -> Result<Chosen, ApiError> {
    if idle_ms < LEAST_IDLE_MS {
        return Err(ApiError::new(ErrorCode::BadRequest, "idle_ms: at least a second (1000)."));
    }
    let found = writable(cx, connection).await?;
    let mut sessions = list(cx, connection).await?.sessions;
    sessions.retain(|session| {
        !session.ours
            && session.idle_ms.is_some_and(|idle| idle >= idle_ms)
            && (in_transaction || !session.in_transaction)
    });
    Ok(Chosen { connection: found.id.to_string(), idle_ms, sessions })
}

/// The connection through which sessions may be closed.
pub async fn writable(cx: &Cx, connection: &str) -> Result<Connection, ApiError> {
    let found = cx.catalog().connections().find(connection).await?;
    if found.read_only {
        let text =
            format!("The connection {:?} is marked read-only: no session is closed through it.", found.name);
        return Err(ApiError::new(ErrorCode::ReadOnly, text).hint("Use a connection that may write."));
    }
    Ok(found)
}

/// Only what was shown, and of it only what still idles.
pub async fn close(
    cx: &Cx,
    connection: &Connection,
    chosen: Chosen,
    _: &Consent,
) -> Result<SessionCloseResponse, ApiError> {
    let mut lease = borrow(cx, connection).await?;
    let (engine, session) = lease.parts();
    let ids = facet(engine)?.close_sessions(session, &chosen.sessions, chosen.idle_ms).await?;
    lease.give_back().await;
    let (closed, left): (Vec<_>, Vec<_>) =
        chosen.sessions.into_iter().partition(|session| ids.contains(&session.id));
    Ok(SessionCloseResponse { closed, left_alone: left.len() as u64 })
}

fn facet(engine: &dyn Engine) -> Result<&dyn Sessions, ApiError> {
    engine.sessions().ok_or_else(|| {
        let text = format!("{} has no server, and so no sessions.", engine.kind().product());
        ApiError::new(ErrorCode::Unsupported, text)
    })
}

/// A minute for a question; then it is ended where it runs.
const PATIENCE: Duration = Duration::from_secs(60);

/// The first value of the first row, in a transaction that the server keeps from writing.
pub async fn ask(cx: &Cx, request: DatabaseAskRequest) -> Result<DatabaseAskResponse, ApiError> {
    let connection = cx.catalog().connections().find(&request.connection).await?;
    let mut lease = borrow(cx, &connection).await?;
    let session = lease.session();
    session.begin(TransactionAccess::ReadOnly).await?;
    let query = Query {
        sql: &request.sql,
        limits: Limits { rows: Some(1), bytes: None, time: Some(PATIENCE) },
        cancel: CancellationToken::new(),
    };
    let mut answer = Collected::default();
    session.run(&query, &mut answer).await?;
    lease.give_back().await;
    let value = answer.rows.into_iter().next().and_then(|row| row.into_iter().next()).flatten();
    let no = |text: &str| ["", "0", "f", "false", "no"].contains(&text.trim().to_lowercase().as_str());
    Ok(DatabaseAskResponse { holds: value.as_deref().is_some_and(|text| !no(text)), value })
}
