//! A SQLite session of the engine's face: one open handle, which moves to the blocking pool for each call and back.
//!
//! A call whose future is dropped is told to stop, and its handle is closed where it runs.

use std::path::PathBuf;
use std::time::Duration;

use async_trait::async_trait;
use holdfast_contract::snapshot::ServerInfo;
use holdfast_contract::{ApiError, ErrorCode};
use rusqlite::config::DbConfig;
use rusqlite::types::ValueRef;
use rusqlite::{Connection, Statement};
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

use super::connect::{self, Mode, Patience};
use super::error::Explain;
use super::introspect::{self, Header};
use super::{Sqlite, blocking, text};
use crate::session::reading::{Batch, lost};
use crate::session::{
    Cut, Limits, Peer, Query, QueryColumn, QueryEnd, Row, RowSink, Session, Standing, TransactionAccess,
    in_transaction, too_slow, unusable,
};
use crate::{EngineError, Result};

const LOOKING: Duration = Duration::from_secs(2);

pub(super) struct SqliteSession {
    file: Sqlite,
    /// None while a call has it, and after one that was given up.
    handle: Option<Connection>,
    /// Which file the path named when it was opened.
    identity: Option<(u64, u64)>,
    peer: Peer,
    standing: Standing,
}

impl SqliteSession {
    pub(super) async fn open(file: Sqlite) -> Result<Self> {
        let opened = file.clone();
        let handle = blocking(move || open(&opened)).await?;
        let peer =
            Peer { version_number: rusqlite::version_number().unsigned_abs(), transport: "file".to_owned() };
        let identity = identity(&file.path);
        Ok(Self { file, handle: Some(handle), identity, peer, standing: Standing::Ready })
    }

    /// Lends the handle out; it is back when the call has ended by itself.
    async fn with<T: Send + 'static>(
        &mut self,
        cancel: CancellationToken,
        call: impl FnOnce(&mut Connection, &Sqlite) -> Result<T> + Send + 'static,
    ) -> Result<T> {
        let before = std::mem::replace(&mut self.standing, Standing::Unusable);
        let Some(mut handle) = self.handle.take().filter(|_| before != Standing::Unusable) else {
            return Err(unusable());
        };
        let file = self.file.clone();
        let stop = cancel.clone().drop_guard();
        let (handle, outcome) = blocking(move || {
            connect::wait_by(&mut handle, &file.path, &Patience { wait: file.wait, cancel })?;
            let outcome = call(&mut handle, &file);
            Ok((handle, outcome))
        })
        .await?;
        stop.disarm();
        if !outcome.as_ref().is_err_and(lost) {
            // SQLite says itself whether a transaction is open: some errors end it.
            self.standing = if handle.is_autocommit() { Standing::Ready } else { Standing::InTransaction };
            self.handle = Some(handle);
        }
        outcome
    }

    /// `then_only_reads`: what the transaction that begins may do.
    async fn order(&mut self, doing: &'static str, sql: &'static str, then_only_reads: bool) -> Result<()> {
        self.with(CancellationToken::new(), move |handle, file| {
            connect::only_reads(handle, &file.path, false)?;
            handle.execute_batch(sql).explain(&file.path, doing)?;
            connect::only_reads(handle, &file.path, then_only_reads)
        })
        .await
    }
}

fn open(file: &Sqlite) -> Result<Connection> {
    if file.read_only {
        return file.open_live(&CancellationToken::new());
    }
    let connection = connect::open(&file.path, Mode::Write, &file.patience(&CancellationToken::new()))?;
    // Writes here are a person's: triggers go with them, as in the programs of the file.
    connection
        .set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_TRIGGER, true)
        .explain(&file.path, "opening it")?;
    Ok(connection)
}

#[cfg(unix)]
fn identity(path: &PathBuf) -> Option<(u64, u64)> {
    use std::os::unix::fs::MetadataExt as _;
    let facts = std::fs::metadata(path).ok()?;
    Some((facts.dev(), facts.ino()))
}

/// Elsewhere a file that is open cannot be replaced.
#[cfg(not(unix))]
fn identity(path: &PathBuf) -> Option<(u64, u64)> {
    path.exists().then_some((0, 0))
}

#[async_trait]
impl Session for SqliteSession {
    fn peer(&self) -> &Peer {
        &self.peer
    }
    fn standing(&self) -> Standing {
        self.standing
    }
    async fn server_info(&mut self) -> Result<ServerInfo> {
        self.with(CancellationToken::new(), |handle, file| {
            let header = Header::read(handle, &file.path)?;
            Ok(introspect::server(&file.path, Some(header.encoding)))
        })
        .await
    }
    async fn run(&mut self, query: &Query<'_>, sink: &mut dyn RowSink) -> Result<QueryEnd> {
        let (sql, limits) = (query.sql.to_owned(), query.limits);
        // One batch waits while the next is read: memory is bounded whatever the sink does.
        let (send, receive) = mpsc::channel(1);
        let stop = query.cancel.child_token();
        let reading = self.with(stop.clone(), move |handle, _| read(handle, &sql, limits, &send));
        let taking = async {
            // Its own: with the end of the taking there is nobody to wait for.
            let mut receive = receive;
            while let Some(part) = receive.recv().await {
                match part {
                    Part::Columns(columns) => sink.columns(&columns).await?,
                    Part::Rows(rows) => sink.rows(rows).await?,
                }
            }
            Ok(())
        };
        let mut late = None;
        let watching = async {
            tokio::select! {
                () = query.cancel.cancelled() => EngineError::Cancelled,
                limit = passed(limits.time) => too_slow(limit),
            }
        };
        let taking = async {
            let taken = tokio::select! {
                taken = taking => taken,
                error = watching => Err(error),
            };
            if let Err(error) = taken {
                stop.cancel();
                late = Some(error);
            }
        };
        let (outcome, ()) = tokio::join!(reading, taking);
        match late {
            Some(error) => Err(error),
            None => outcome,
        }
    }
    async fn begin(&mut self, access: TransactionAccess) -> Result<()> {
        if self.standing == Standing::InTransaction {
            return Err(in_transaction());
        }
        let only_reads = access == TransactionAccess::ReadOnly;
        self.order(
            "beginning a transaction",
            if only_reads { "BEGIN" } else { "BEGIN IMMEDIATE" },
            only_reads,
        )
        .await
    }
    async fn commit(&mut self) -> Result<()> {
        self.order("committing", "COMMIT", false).await
    }
    async fn rollback(&mut self) -> Result<()> {
        match self.standing {
            Standing::InTransaction => self.order("rolling back", "ROLLBACK", false).await,
            _ => Ok(()),
        }
    }
    async fn rows(&mut self, _doing: &str, sql: &str) -> Result<Vec<Row>> {
        let sql = sql.to_owned();
        self.with(CancellationToken::new(), move |handle, _| {
            let mut statement = handle.prepare_cached(&sql).map_err(|refusal| refused(&refusal))?;
            all(&mut statement)
        })
        .await
    }
    async fn sample(&mut self, doing: &str, sql: &str) -> Result<Vec<Row>> {
        self.rows(doing, sql).await
    }
    async fn is_alive(&mut self) -> bool {
        let same = identity(&self.file.path).is_some_and(|now| self.identity == Some(now));
        same && matches!(tokio::time::timeout(LOOKING, self.rows("looking", "SELECT 1")).await, Ok(Ok(_)))
    }
    async fn reset(&mut self) -> bool {
        // Opening a file costs less than putting one back.
        false
    }
    async fn close(self: Box<Self>) {
        if let Some(handle) = self.handle {
            // Rolls back and lets go of its locks; what it says is of no interest.
            drop(tokio::task::spawn_blocking(move || drop(handle)).await);
        }
    }
}

enum Part {
    Columns(Vec<QueryColumn>),
    Rows(Vec<Row>),
}

fn read(handle: &Connection, sql: &str, limits: Limits, out: &mpsc::Sender<Part>) -> Result<QueryEnd> {
    let gone = || EngineError::Cancelled;
    let mut end = QueryEnd::default();
    let changed = handle.total_changes();
    let mut statement = handle.prepare(sql).map_err(|refusal| refused(&refusal))?;
    let columns = statement
        .columns()
        .map(|column| QueryColumn {
            name: column.name().to_owned(),
            type_name: column.decl_type().unwrap_or_default().to_lowercase(),
        })
        .collect();
    out.blocking_send(Part::Columns(columns)).map_err(|_| gone())?;
    let width = statement.column_count();
    let mut rows = statement.query([]).map_err(|refusal| refused(&refusal))?;
    let mut batch = Batch::default();
    let mut full: Option<Cut> = None;
    while let Some(row) = rows.next().map_err(|refusal| refused(&refusal))? {
        if full.is_some() {
            end.cut = full;
            break;
        }
        batch.push(values(row, width)?);
        full = batch.cut(limits, &end);
        if batch.is_full() {
            out.blocking_send(Part::Rows(batch.take(&mut end))).map_err(|_| gone())?;
        }
    }
    drop(rows);
    let last = batch.take(&mut end);
    if !last.is_empty() {
        out.blocking_send(Part::Rows(last)).map_err(|_| gone())?;
    }
    end.affected = handle.total_changes().saturating_sub(changed);
    Ok(end)
}

fn all(statement: &mut Statement<'_>) -> Result<Vec<Row>> {
    let width = statement.column_count();
    let mut rows = statement.query([]).map_err(|refusal| refused(&refusal))?;
    let mut found = Vec::new();
    while let Some(row) = rows.next().map_err(|refusal| refused(&refusal))? {
        found.push(values(row, width)?);
    }
    Ok(found)
}

fn values(row: &rusqlite::Row<'_>, width: usize) -> Result<Row> {
    (0..width).map(|at| Ok(shown(row.get_ref(at).map_err(|refusal| refused(&refusal))?))).collect()
}

/// Bytes as hex digits, text that is none with marks in the places of what cannot be shown.
fn shown(value: ValueRef<'_>) -> Option<String> {
    match value {
        ValueRef::Null => None,
        ValueRef::Integer(number) => Some(number.to_string()),
        ValueRef::Real(number) => Some(format!("{number:?}")),
        ValueRef::Text(bytes) => Some(String::from_utf8_lossy(bytes).into_owned()),
        ValueRef::Blob(bytes) => {
            let mut digits = b"0x".to_vec();
            text::hex(bytes, &mut digits);
            String::from_utf8(digits).ok()
        }
    }
}

async fn passed(limit: Option<Duration>) -> Duration {
    match limit {
        Some(limit) => {
            tokio::time::sleep(limit).await;
            limit
        }
        None => std::future::pending().await,
    }
}

/// The statement is the person's own, so what SQLite says of it is for them.
fn refused(error: &rusqlite::Error) -> EngineError {
    match error.sqlite_error_code() {
        Some(rusqlite::ErrorCode::OperationInterrupted) => return EngineError::Cancelled,
        Some(rusqlite::ErrorCode::ReadOnly | rusqlite::ErrorCode::AuthorizationForStatementDenied) => {
            let text = "This may only be read, and the statement may do more.";
            return ApiError::new(ErrorCode::ReadOnly, text).into();
        }
        _ => {}
    }
    let what = format!("SQLite refused the statement: {}.", error.to_string().trim_end_matches('.'));
    match error {
        rusqlite::Error::MultipleStatement => EngineError::Misuse { what },
        _ => EngineError::Unexpected { what },
    }
}
