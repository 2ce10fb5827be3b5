//! One session with a database that stays open: queries as they come, a transaction, cheap samples.
//!
//! Long work (dumps, loads, swaps) opens sessions of its own, with settings pinned for it. This one is for what comes
//! again and again: looks, samples, questions, a person's own statements. Whoever holds many keeps them in a pool of his
//! own; nothing here knows one.

pub(crate) mod reading;

use std::time::Duration;

use async_trait::async_trait;
use holdfast_contract::snapshot::ServerInfo;
use holdfast_contract::{ApiError, ErrorCode};
use tokio_util::sync::CancellationToken;

use crate::{EngineError, Result};

/// Values of one row as the database writes them; `None` is NULL.
pub type Row = Vec<Option<String>>;

/// A live session. Dropping it closes it: the database rolls back what was not committed.
///
/// Every call waits for the one before it, and a call whose future is dropped leaves the session
/// [`Standing::Unusable`]: what the database did then is not known.
#[async_trait]
pub trait Session: Send {
    /// Who answered, as it was when the session was opened.
    fn peer(&self) -> &Peer;
    fn standing(&self) -> Standing;
    /// What the server and the database are now.
    async fn server_info(&mut self) -> Result<ServerInfo>;
    /// Runs one statement and hands its rows to `sink` as they come; memory does not grow with the result.
    ///
    /// Cancellable, on the database: after `Err(Cancelled)` nothing of it runs there any more. Not idempotent, and never
    /// repeated: after `ConnectionLost` whether it took effect is not known. `BadRequest` for more than one statement. A
    /// limit on rows or bytes ends the statement where none of its effects can be meant (outside a transaction); inside
    /// one, where ending it would end the transaction, its further rows are read and thrown away. `ConnectionTimedOut`
    /// at the limit of time.
    async fn run(&mut self, query: &Query<'_>, sink: &mut dyn RowSink) -> Result<QueryEnd>;
    /// `ReadOnly`: the database itself refuses writes until the end of the transaction. `Write` on a connection that is
    /// marked read-only is refused by the first write. `BadRequest` inside a transaction.
    async fn begin(&mut self, access: TransactionAccess) -> Result<()>;
    /// `ConnectionLost`: whether it was committed is not known.
    async fn commit(&mut self) -> Result<()>;
    /// Does nothing outside a transaction.
    async fn rollback(&mut self) -> Result<()>;
    /// All rows of Holdfast's own statements; `doing` names the step in errors. For small answers.
    async fn rows(&mut self, doing: &str, sql: &str) -> Result<Vec<Row>>;
    /// As [`Session::rows`], for one SELECT that is asked over and over: planned once in the life of a session.
    async fn sample(&mut self, doing: &str, sql: &str) -> Result<Vec<Row>>;
    /// A way there and back, given up after two seconds. Changes nothing.
    async fn is_alive(&mut self) -> bool;
    /// As it was when it was opened, whatever was run in it; `false` where that cannot be had: then it has to be closed.
    async fn reset(&mut self) -> bool;
    /// Says goodbye; an open transaction is rolled back. Takes two seconds at most.
    async fn close(self: Box<Self>);
}

impl dyn Session + '_ {
    /// The first value of the first row.
    pub async fn value(&mut self, doing: &str, sql: &str) -> Result<Option<String>> {
        Ok(self.rows(doing, sql).await?.into_iter().next().and_then(|row| row.into_iter().next()).flatten())
    }
}

#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Peer {
    /// As [`holdfast_contract::snapshot::ServerInfo::version_number`].
    pub version_number: u32,
    /// In words for people.
    pub transport: String,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Standing {
    Ready,
    InTransaction,
    /// The connection was lost, or a call was given up: only closing is left.
    Unusable,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TransactionAccess {
    ReadOnly,
    Write,
}

#[derive(Clone, Debug)]
pub struct Query<'a> {
    pub sql: &'a str,
    pub limits: Limits,
    pub cancel: CancellationToken,
}

/// `None`: no limit.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Limits {
    pub rows: Option<u64>,
    /// Of values as text.
    pub bytes: Option<u64>,
    pub time: Option<Duration>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct QueryColumn {
    pub name: String,
    /// As the database calls it; empty where it does not say.
    pub type_name: String,
}

/// Receives a result. A call may be dropped where it waits, when the query is cancelled.
#[async_trait]
pub trait RowSink: Send {
    /// Once, before any row; empty for a statement without a result.
    async fn columns(&mut self, columns: &[QueryColumn]) -> Result<()>;
    /// Some hundred rows at a time, in order. Waiting here makes the database wait.
    async fn rows(&mut self, rows: Vec<Row>) -> Result<()>;
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct QueryEnd {
    /// Handed to the sink.
    pub rows: u64,
    pub bytes: u64,
    /// Rows that the statement changed, where the database says so.
    pub affected: u64,
    /// The result goes on: this limit was reached.
    pub cut: Option<Cut>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cut {
    Rows,
    Bytes,
}

/// For a question with a small answer.
#[derive(Default)]
pub struct Collected {
    pub columns: Vec<QueryColumn>,
    pub rows: Vec<Row>,
}

#[async_trait]
impl RowSink for Collected {
    async fn columns(&mut self, columns: &[QueryColumn]) -> Result<()> {
        self.columns = columns.to_vec();
        Ok(())
    }
    async fn rows(&mut self, rows: Vec<Row>) -> Result<()> {
        self.rows.extend(rows);
        Ok(())
    }
}

pub(crate) fn unusable() -> EngineError {
    ApiError::new(ErrorCode::ConnectionLost, "The session with the database is over.")
        .hint("Run it again; if it was a change, look first whether it took effect.")
        .retry()
        .into()
}

pub(crate) fn in_transaction() -> EngineError {
    EngineError::Misuse { what: "A transaction is open already.".into() }
}

pub(crate) fn too_slow(limit: Duration) -> EngineError {
    let text = format!("The answer took longer than {} seconds, so it was ended.", limit.as_secs().max(1));
    ApiError::new(ErrorCode::ConnectionTimedOut, text).retry().into()
}
