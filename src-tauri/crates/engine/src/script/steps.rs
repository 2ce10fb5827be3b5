//! A script as a runner takes it: judged again, piece by piece, and at the end proven to be the file that was looked
//! through.

use holdfast_contract::{ApiError, ErrorCode};
use tokio::sync::mpsc;

use super::judge::{Action, Judge};
use super::{Script, Splitter, What};
use crate::{EngineError, Result, Work};

/// One statement.
#[derive(Clone, Debug)]
pub struct Told {
    pub line: u64,
    /// `CREATE TABLE public.orders`: for people, without data.
    pub what: String,
    pub kind: String,
    pub sql: String,
    /// The server wants it in a message of its own.
    pub alone: bool,
}

#[derive(Debug)]
pub enum Step {
    Statement(Told),
    /// Text of COPY rows, and how many line ends it has.
    Rows(Vec<u8>, u64),
    RowsEnd,
}

/// Blocks: for a thread of its own.
pub struct Steps {
    splitter: Splitter,
    judge: Judge,
    hash: String,
    consumed: u64,
    dialect: holdfast_contract::import::SqlDialect,
    batches: bool,
}

impl Steps {
    pub fn open(script: &Script) -> Result<Self> {
        Ok(Self {
            splitter: Splitter::open(&script.file, script.dialect)?,
            judge: Judge::new(script.dialect, script.without_owners, script.one_transaction),
            hash: script.hash.clone(),
            consumed: 0,
            dialect: script.dialect,
            batches: script.one_transaction,
        })
    }

    pub fn file_bytes(&self) -> u64 {
        self.splitter.feed.input.file_bytes
    }

    /// Bytes of the file used up since the last time this was asked.
    pub fn progress(&mut self) -> u64 {
        let consumed = self.splitter.feed.input.consumed();
        let more = consumed.saturating_sub(self.consumed);
        self.consumed = consumed;
        more
    }

    /// `None` when the whole file has been read and is the one that was looked through.
    #[expect(clippy::should_implement_trait, reason = "an iterator cannot end with an error of its own")]
    pub fn next(&mut self) -> Result<Option<Step>> {
        while let Some(piece) = self.splitter.next()? {
            match piece.what {
                What::Space => continue,
                What::Rows => {
                    let lines = super::feed::newlines(&piece.text);
                    return Ok(Some(Step::Rows(piece.text, lines)));
                }
                What::RowsEnd => return Ok(Some(Step::RowsEnd)),
                What::Command | What::Statement => {}
            }
            let Some(verdict) = self.judge.judge(&piece) else { continue };
            match verdict.action {
                Action::LeaveOut(_) => continue,
                Action::Refuse(why) => {
                    let message = format!("Line {}: {} is refused: {why}.", piece.line, verdict.what);
                    return Err(EngineError::new(ErrorCode::Unsupported, message));
                }
                Action::Run => {}
            }
            // A SET may change how the text after it is read, so nothing shares its message.
            let alone = verdict.kind == "SET"
                || verdict.outside_transaction
                || verdict.control
                || (!self.batches && verdict.kind != "INSERT");
            let (line, what, kind) = (piece.line, verdict.what, verdict.kind);
            let mut sql = piece.text;
            sql.truncate(piece.body);
            let sql = String::from_utf8(sql).map_err(|_| {
                EngineError::new(ErrorCode::BadRequest, format!("Line {line}: this is not UTF-8 text."))
            })?;
            return Ok(Some(Step::Statement(Told { line, what, kind, sql, alone })));
        }
        if self.splitter.feed.input.hash()? == self.hash {
            return Ok(None);
        }
        Err(ApiError::new(ErrorCode::PlanMoved, "The file has changed since it was looked through.")
            .hint("Make the plan again with the file as it is now.")
            .into())
    }

    pub fn dialect(&self) -> holdfast_contract::import::SqlDialect {
        self.dialect
    }
}

/// Statements for one message to a server, or rows.
#[derive(Debug)]
pub enum Parcel {
    Statements(Vec<Told>),
    Rows(Vec<u8>, u64),
    RowsEnd,
}

/// Statements and bytes of one message.
const BATCH_STATEMENTS: usize = 256;
const BATCH_BYTES: usize = 256 << 10;

/// Reads on a thread of its own, two parcels ahead at most. Each comes with the bytes of the file it took.
pub fn parcels(script: &Script, work: &Work) -> Result<mpsc::Receiver<Result<(Parcel, u64)>>> {
    let mut steps = Steps::open(script)?;
    work.progress.total_bytes(steps.file_bytes());
    let (send, receive) = mpsc::channel(1);
    let cancel = work.cancel.clone();
    tokio::task::spawn_blocking(move || {
        let mut batch: Vec<Told> = Vec::new();
        let mut bytes = 0;
        // The far end may have given up; then there is nobody to tell.
        let deliver = |parcel: Parcel, taken: u64| send.blocking_send(Ok((parcel, taken))).is_ok();
        loop {
            if cancel.is_cancelled() {
                return;
            }
            let step = match steps.next() {
                Ok(step) => step,
                Err(error) => {
                    send.blocking_send(Err(error)).ok();
                    return;
                }
            };
            let joins = matches!(&step, Some(Step::Statement(told)) if !told.alone && told.kind != "COPY"
                && bytes + told.sql.len() <= BATCH_BYTES && batch.len() < BATCH_STATEMENTS);
            if !joins && !batch.is_empty() {
                bytes = 0;
                if !deliver(Parcel::Statements(std::mem::take(&mut batch)), steps.progress()) {
                    return;
                }
            }
            let delivered = match step {
                None => return,
                Some(Step::Statement(told)) if told.alone || told.kind == "COPY" => {
                    deliver(Parcel::Statements(vec![told]), steps.progress())
                }
                Some(Step::Statement(told)) => {
                    bytes += told.sql.len();
                    batch.push(told);
                    true
                }
                Some(Step::Rows(text, lines)) => deliver(Parcel::Rows(text, lines), steps.progress()),
                Some(Step::RowsEnd) => deliver(Parcel::RowsEnd, steps.progress()),
            };
            if !delivered {
                return;
            }
        }
    });
    Ok(receive)
}
