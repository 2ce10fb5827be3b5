//! Reading pieces on several connections that share one snapshot, counting and hashing on the way ([`crate::readers`]).

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use bytes::BytesMut;
use futures::TryStreamExt;
use holdfast_contract::{ApiError, ErrorCode};
use tokio::task::JoinSet;

use super::connect::{Backend, Purpose, Session};
use super::error;
use super::piece::{Piece, by_size};
use super::sql::Literal;
use crate::content::ContentHasher;
use crate::error::{Refusal, Refused};
use crate::readers::{self, Abandoned, BUFFER, Event, Gathering, Outlet};
use crate::{Access, DumpSink, EngineError, Result, Work};

/// A reader gives its table locks back after this many pieces: locks of many thousand tables times the
/// number of readers would not fit into the server's lock table.
const PIECES_PER_TRANSACTION: usize = 256;
/// See [`Reader::read`].
const WORKER_LOCK_TIMEOUT: &str = "2s";

/// Server processes to end when the work is given up.
#[derive(Clone, Default)]
pub struct Backends(Arc<Mutex<Vec<Backend>>>);

impl Backends {
    pub fn note(&self, session: &Session) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).push(session.backend.clone());
    }

    /// Ends those still running, by a session of its own. Best effort and bounded in time: a process that
    /// sends to a closed connection, or one that checks its client, ends by itself.
    pub async fn end(&self, access: &Access, database: &str) {
        let backends = std::mem::take(&mut *self.0.lock().unwrap_or_else(PoisonError::into_inner));
        if backends.is_empty() {
            return;
        }
        let ending = async {
            let mut session = Session::open_database(access, database, Purpose::Read).await?;
            let wanted: Vec<String> = backends
                .iter()
                .map(|backend| format!("({}, {})", backend.pid, Literal(&backend.started)))
                .collect();
            let sql = format!(
                "SELECT pg_catalog.pg_terminate_backend(a.pid) FROM pg_catalog.pg_stat_activity a \
                 JOIN (VALUES {}) AS w(pid, started) ON w.pid = a.pid AND w.started = a.backend_start::text",
                wanted.join(", ")
            );
            session.rows("Ending the sessions of the cancelled work", &sql).await?;
            session.close().await;
            Ok::<(), EngineError>(())
        };
        if !matches!(tokio::time::timeout(std::time::Duration::from_secs(5), ending).await, Ok(Ok(()))) {
            tracing::warn!(
                "sessions of cancelled work could not be ended at once; the server ends them itself"
            );
        }
    }
}

/// What all readers share.
pub struct Reading {
    pub access: Access,
    pub database: String,
    /// Of [`super::snapshot::Exported`].
    pub snapshot: String,
    pub pieces: Vec<Piece>,
    pub work: Work,
    pub backends: Backends,
}

/// Reads every piece; the answer has one hasher for each, in the pieces' order. Rows go to `sink` if there
/// is one. `control` is the session that exported the snapshot and holds the locks.
pub async fn read(
    reading: Reading,
    sink: Option<&dyn DumpSink>,
    control: &mut Session,
) -> Result<Vec<ContentHasher>> {
    let shared = Arc::new(Shared {
        order: by_size(&reading.pieces),
        next: AtomicUsize::new(0),
        blocked: Mutex::new(Vec::new()),
        wants_data: sink.is_some(),
        reading,
    });
    let readers = shared.reading.work.parallel.clamp(1, shared.reading.pieces.len().max(1));
    // Dropping the set aborts the readers; their connections close with them.
    let mut tasks = JoinSet::new();
    let queues: Vec<_> = (0..readers)
        .map(|_| {
            let (outlet, queue) = readers::queue();
            tasks.spawn(Reader { shared: shared.clone(), outlet }.run());
            queue
        })
        .collect();
    let streams = shared.reading.pieces.iter().map(|piece| piece.stream.as_str());
    let mut gathering = Gathering::new(streams, sink);
    gathering.gather(queues).await?;
    let blocked = std::mem::take(&mut *shared.blocked.lock().unwrap_or_else(PoisonError::into_inner));
    for piece in blocked {
        // The session that holds the lock is let in where others queue behind a waiting ALTER TABLE.
        let (outlet, queue) = readers::queue();
        let reader = Reader { shared: shared.clone(), outlet };
        let reading = async {
            let outcome = reader.read(control, piece).await.map(drop);
            drop(reader);
            outcome
        };
        futures::future::try_join(reading, gathering.gather([queue])).await?;
    }
    gathering.hashers()
}

struct Shared {
    reading: Reading,
    order: Vec<usize>,
    next: AtomicUsize,
    /// Pieces whose tables somebody waits to change; the control session reads them.
    blocked: Mutex<Vec<usize>>,
    wants_data: bool,
}

struct Reader {
    shared: Arc<Shared>,
    outlet: Outlet,
}

impl Reader {
    async fn run(self) {
        if let Err(error) = self.work_through().await {
            self.outlet.fail(error).await;
        }
    }

    async fn work_through(&self) -> Result<()> {
        let mut session = None;
        let mut since_begin = 0;
        while let Some(piece) = self.take() {
            let mut current = match session.take() {
                Some(session) => session,
                None => self.open().await?,
            };
            if since_begin == PIECES_PER_TRANSACTION {
                current.execute("Reading on", &format!("COMMIT; {}", self.begin())).await?;
                since_begin = 0;
            }
            since_begin += 1;
            match self.read(&mut current, piece).await {
                Ok(Ok(())) => session = Some(current),
                Ok(Err(Abandoned)) => return Ok(()),
                // A COPY that fails at its start leaves the session unusable: the next piece gets a new one.
                Err(error) if error.server_code() == Some("55P03") => {
                    self.shared.blocked.lock().unwrap_or_else(PoisonError::into_inner).push(piece);
                    since_begin = 0;
                }
                Err(error) => return Err(error),
            }
        }
        if let Some(session) = session {
            session.close().await;
        }
        Ok(())
    }

    fn take(&self) -> Option<usize> {
        let position = self.shared.next.fetch_add(1, Ordering::Relaxed);
        self.shared.order.get(position).copied()
    }

    fn begin(&self) -> String {
        format!(
            "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY; SET TRANSACTION SNAPSHOT {}; \
             SET LOCAL lock_timeout = '{WORKER_LOCK_TIMEOUT}'",
            Literal(&self.shared.reading.snapshot)
        )
    }

    async fn open(&self) -> Result<Session> {
        let reading = &self.shared.reading;
        let mut session = Session::open_database(&reading.access, &reading.database, Purpose::Read).await?;
        reading.backends.note(&session);
        match session.execute("Joining the snapshot", &self.begin()).await {
            Ok(_) => Ok(session),
            Err(error) => Err(snapshot_gone(error)),
        }
    }

    /// Reads one piece to its end. An `ALTER TABLE` that waits for the control session's lock makes later
    /// readers queue behind it, for ever: hence the short lock timeout of readers.
    async fn read(&self, session: &mut Session, piece: usize) -> Result<Result<(), Abandoned>> {
        let reading = &self.shared.reading;
        let Piece { sql, label, .. } = &reading.pieces[piece];
        let doing = format!("Reading {label}");
        reading.work.progress.phase(&doing);
        let failed = |error| source_error(&doing, error);
        let mut rows = session.raw().copy_out_raw(sql).await.map_err(failed)?;
        let mut hasher = ContentHasher::new();
        // The server sends one message a row; it grows to its full size only for tables that fill it.
        let mut buffer = BytesMut::new();
        if self.outlet.send(Event::Begin(piece)).await.is_err() {
            return Ok(Err(Abandoned));
        }
        loop {
            let row = rows.try_next().await.map_err(failed)?;
            if let Some(row) = &row {
                buffer.extend_from_slice(row);
            }
            if buffer.len() >= BUFFER || (row.is_none() && !buffer.is_empty()) {
                let before = hasher.rows();
                hasher.write(&buffer);
                reading.work.progress.advance(buffer.len() as u64, hasher.rows() - before);
                let full = buffer.split().freeze();
                if self.shared.wants_data && self.outlet.send(Event::Data(full)).await.is_err() {
                    return Ok(Err(Abandoned));
                }
                if row.is_some() {
                    buffer.reserve(BUFFER + (BUFFER >> 2));
                }
            }
            if row.is_none() {
                break;
            }
        }
        if !hasher.is_whole() {
            return Err(ApiError::new(
                ErrorCode::ConnectionLost,
                format!("{doing}: the last row was cut off."),
            )
            .into());
        }
        Ok(self.outlet.send(Event::End(piece, Box::new(hasher))).await)
    }
}

/// A table that is gone or looks different although it was locked: what was read is not one truth.
fn source_error(doing: &str, error: sqlx::Error) -> EngineError {
    match error::during(doing, error) {
        EngineError::Refused(refused)
            if matches!(refused.code.as_deref(), Some("42P01" | "42703" | "42704" | "3F000")) =>
        {
            let hint = "The structure changed while it was read; run it again.".to_owned();
            Refused { kind: Refusal::Changed, hint: Some(hint), ..*refused }.into()
        }
        other => other,
    }
}

/// A snapshot that cannot be joined is one whose session has ended: told as the loss it is, not in the words of
/// the reader that came too late.
fn snapshot_gone(error: EngineError) -> EngineError {
    // "invalid snapshot identifier" and "the source transaction is not running anymore".
    let Some(state @ ("22023" | "55000" | "42704")) = error.server_code() else { return error };
    ApiError::new(ErrorCode::ConnectionLost, "The connection that holds the snapshot was lost.")
        .hint("Nothing of this backup counts. Look into the server's log for the reason, then run it again.")
        .native(state)
        .retry()
        .into()
}
