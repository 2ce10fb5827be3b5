//! A script in messages for a server: statements that may travel together, or rows of a COPY.

use tokio::sync::mpsc;

use super::steps::{Step, Steps, Told};
use super::{Script, ScriptDone};
use crate::{EngineError, Result, Work};

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

pub struct Parcels(mpsc::Receiver<Result<(Parcel, u64)>>);

impl Parcels {
    /// The next statements, told to people and counted in `done`; `None` when the whole script has been handed out.
    pub async fn statements(&mut self, done: &mut ScriptDone, work: &Work) -> Result<Option<Vec<Told>>> {
        let Some((parcel, bytes)) = self.next(work).await? else { return Ok(None) };
        work.progress.advance(bytes, 0);
        let Parcel::Statements(statements) = parcel else {
            return Err(EngineError::internal("Rows came without their COPY."));
        };
        if let Some(first) = statements.first() {
            let number = done.statements + 1;
            work.progress.phase(&format!("Statement {number}, line {}: {}", first.line, first.what));
        }
        done.statements += statements.len() as u64;
        Ok(Some(statements))
    }

    /// A parcel and the bytes of the file it took. Cancelled work ends before the script does.
    pub async fn next(&mut self, work: &Work) -> Result<Option<(Parcel, u64)>> {
        let parcel = self.0.recv().await.transpose()?;
        work.checkpoint()?;
        Ok(parcel)
    }
}

/// Reads on a thread of its own, two parcels ahead at most.
pub fn parcels(script: &Script, work: &Work) -> Result<Parcels> {
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
    Ok(Parcels(receive))
}
