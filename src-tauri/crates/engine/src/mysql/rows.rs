//! Reading tables on several sessions that see one moment, counting and hashing on the way ([`crate::readers`]).

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use futures::TryStreamExt;
use sqlx::mysql::MySqlRow;
use sqlx::{AssertSqlSafe, Row as _};
use tokio::task::JoinSet;

use super::connect::Session;
use super::error;
use super::form::{self, Form};
use crate::content::ContentHasher;
use crate::readers::{self, Abandoned, BUFFER, Event, Gathering, Outlet};
use crate::{DumpSink, EngineError, Result, Work};

/// One table's rows and where they go.
#[derive(Clone, Debug)]
pub struct Piece {
    pub stream: String,
    pub name: String,
    pub select: String,
    pub forms: Vec<Form>,
    /// For starting with the longest.
    pub bytes: u64,
}

/// Reads every piece; the answer has the sessions again, and one hasher for each piece in their order.
pub async fn read(
    sessions: Vec<Session>,
    pieces: &[Piece],
    sink: Option<&dyn DumpSink>,
    work: &Work,
) -> Result<(Vec<Session>, Vec<ContentHasher>)> {
    let mut order: Vec<usize> = (0..pieces.len()).collect();
    order.sort_by_key(|index| std::cmp::Reverse(pieces[*index].bytes));
    let shared = Arc::new(Shared {
        pieces: pieces.to_vec(),
        order,
        next: AtomicUsize::new(0),
        wants_data: sink.is_some(),
        work: work.clone(),
    });
    // Dropping the set aborts the readers; their connections close with them.
    let mut tasks = JoinSet::new();
    let queues: Vec<_> = sessions
        .into_iter()
        .map(|session| {
            let (outlet, queue) = readers::queue();
            tasks.spawn(Reader { shared: shared.clone(), outlet }.run(session));
            queue
        })
        .collect();
    let mut gathering = Gathering::new(pieces.iter().map(|piece| piece.stream.as_str()), sink);
    gathering.gather(queues).await?;
    let sessions = tasks.join_all().await.into_iter().flatten().collect();
    Ok((sessions, gathering.hashers()?))
}

struct Shared {
    pieces: Vec<Piece>,
    order: Vec<usize>,
    next: AtomicUsize,
    wants_data: bool,
    work: Work,
}

struct Reader {
    shared: Arc<Shared>,
    outlet: Outlet,
}

impl Reader {
    async fn run(self, mut session: Session) -> Option<Session> {
        loop {
            let position = self.shared.next.fetch_add(1, Ordering::Relaxed);
            let Some(piece) = self.shared.order.get(position) else { return Some(session) };
            match self.read(&mut session, *piece).await {
                Ok(Ok(())) => {}
                Ok(Err(Abandoned)) => return None,
                Err(error) => {
                    self.outlet.fail(error).await;
                    return None;
                }
            }
        }
    }

    async fn read(&self, session: &mut Session, index: usize) -> Result<Result<(), Abandoned>> {
        let piece = &self.shared.pieces[index];
        let doing = format!("Reading {}", piece.name);
        self.shared.work.progress.phase(&doing);
        if self.outlet.send(Event::Begin(index)).await.is_err() {
            return Ok(Err(Abandoned));
        }
        let mut hasher = ContentHasher::new();
        {
            let mut rows = sqlx::raw_sql(AssertSqlSafe(piece.select.as_str())).fetch(session.raw());
            let mut buffer = Vec::with_capacity(BUFFER + (BUFFER >> 2));
            while let Some(row) = rows.try_next().await.map_err(|error| source_error(&doing, error))? {
                if self.take(&doing, piece, &row, &mut buffer, &mut hasher).await?.is_err() {
                    return Ok(Err(Abandoned));
                }
            }
            if self.pass_on(&mut buffer, &mut hasher).await.is_err() {
                return Ok(Err(Abandoned));
            }
        }
        if session.in_snapshot {
            session.execute(&doing, "ROLLBACK TO SAVEPOINT holdfast").await?;
        }
        Ok(self.outlet.send(Event::End(index, Box::new(hasher))).await)
    }

    /// The first column is a constant of ours: the driver takes a row whose first value has 16 MiB or more for the end.
    async fn take(
        &self,
        doing: &str,
        piece: &Piece,
        row: &MySqlRow,
        buffer: &mut Vec<u8>,
        hasher: &mut ContentHasher,
    ) -> Result<Result<(), Abandoned>> {
        if row.len() != piece.forms.len() + 1 {
            return Err(changed(doing));
        }
        for (index, form) in piece.forms.iter().enumerate() {
            if index > 0 {
                buffer.push(b'\t');
            }
            let value: Option<&[u8]> =
                row.try_get_unchecked(index + 1).map_err(|error| error::during(doing, error))?;
            // A large value leaves in parts: its text form need not exist as a whole.
            let mut rest = value;
            loop {
                let part = rest.map(|bytes| &bytes[..bytes.len().min(BUFFER)]);
                form::encode(part, *form, buffer);
                if buffer.len() >= BUFFER && self.pass_on(buffer, hasher).await.is_err() {
                    return Ok(Err(Abandoned));
                }
                rest = rest.map(|bytes| &bytes[bytes.len().min(BUFFER)..]);
                if rest.is_none_or(<[u8]>::is_empty) {
                    break;
                }
            }
        }
        buffer.push(b'\n');
        if buffer.len() >= BUFFER && self.pass_on(buffer, hasher).await.is_err() {
            return Ok(Err(Abandoned));
        }
        Ok(Ok(()))
    }

    async fn pass_on(&self, buffer: &mut Vec<u8>, hasher: &mut ContentHasher) -> Result<(), Abandoned> {
        if buffer.is_empty() {
            return Ok(());
        }
        let before = hasher.rows();
        hasher.write(buffer);
        self.shared.work.progress.advance(buffer.len() as u64, hasher.rows() - before);
        if !self.shared.wants_data {
            buffer.clear();
            return Ok(());
        }
        let full = std::mem::replace(buffer, Vec::with_capacity(BUFFER + (BUFFER >> 2)));
        self.outlet.send(Event::Data(full.into())).await
    }
}

pub fn changed(doing: &str) -> EngineError {
    EngineError::source_changed(
        format!("{doing}: the table was altered, emptied or replaced while the backup ran."),
        "Run it again when no ALTER, TRUNCATE or RENAME is under way.",
    )
}

/// A table that is gone or looks different from what was listed: what was read is not one truth.
fn source_error(doing: &str, error: sqlx::Error) -> EngineError {
    match error::number(&error) {
        // table definition changed, no such table, no such column, no such database
        Some(number @ (1412 | 1146 | 1054 | 1051 | 1049)) => match changed(doing) {
            EngineError::SourceChanged { what, hint, .. } => {
                EngineError::SourceChanged { what, hint, code: Some(number.to_string()) }
            }
            other => other,
        },
        _ => error::during(doing, error),
    }
}
