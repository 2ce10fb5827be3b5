//! Reading one statement's answer from a server: in batches, until it ends, a limit is reached, or somebody cancels.
//!
//! Whatever ends it, the answer is read to its end, so that the session can be used again; a server that does not end
//! it in time loses the session.

use std::time::Duration;

use futures::{Stream, StreamExt as _};
use tokio::time::Instant;

use super::{Cut, Limits, Query, QueryEnd, Row, RowSink, too_slow};
use crate::{EngineError, Result};

/// Rows of a batch, and bytes of it: whichever is reached first.
pub(crate) const BATCH_ROWS: usize = 500;
pub(crate) const BATCH_BYTES: u64 = 256 * 1024;
/// How long a server may take to end a statement that it was told to end.
const GRACE: Duration = Duration::from_secs(10);

pub(crate) enum Part {
    Row(Row),
    /// The statement is done; rows that it changed.
    Done(u64),
}

/// Why no more rows are wanted.
enum Over {
    Cut(Cut),
    Cancelled,
    TooSlow(Duration),
    Sink(EngineError),
}

pub(crate) struct Read {
    pub outcome: Result<QueryEnd>,
    /// The answer was read to its end.
    pub in_step: bool,
    /// The order to end the statement may have come after its end: it might meet the next one.
    pub late: bool,
}

/// `end` tells the server to end the statement, through another session. `keeps` says that a limit must not end it.
pub(crate) async fn read(
    mut parts: impl Stream<Item = Result<Part>> + Unpin,
    query: &Query<'_>,
    keeps: bool,
    end: impl AsyncFnOnce() -> Result<()>,
    sink: &mut dyn RowSink,
) -> Read {
    let mut so_far = QueryEnd::default();
    let deadline = query.limits.time.map(|limit| (Instant::now() + limit, limit));
    let mut batch = Batch::default();
    let mut full = None;
    let over = loop {
        let part = tokio::select! {
            biased;
            () = query.cancel.cancelled() => break Some(Over::Cancelled),
            limit = passed(deadline) => break Some(Over::TooSlow(limit)),
            part = parts.next() => part,
        };
        match (part, full) {
            (Some(Ok(Part::Row(_))), Some(cut)) => break Some(Over::Cut(cut)),
            (Some(Ok(Part::Row(row))), None) => {
                batch.push(row);
                // Whether there is more, the next part tells.
                full = batch.cut(query.limits, &so_far);
            }
            (Some(Ok(Part::Done(affected))), _) => so_far.affected += affected,
            (Some(Err(error)), _) => {
                let in_step = parts.next().await.is_none();
                return Read { outcome: Err(error), in_step, late: false };
            }
            (None, _) => break batch.hand_over(&mut so_far, query, deadline, sink).await,
        }
        if (full.is_some() || batch.is_full())
            && let Some(over) = batch.hand_over(&mut so_far, query, deadline, sink).await
        {
            break Some(over);
        }
    };
    match over {
        None => Read { outcome: Ok(so_far), in_step: true, late: false },
        Some(over) => finish(parts, over, so_far, keeps, end).await,
    }
}

/// Ends the statement on the server where that is right, and reads what is still on its way.
async fn finish(
    mut parts: impl Stream<Item = Result<Part>> + Unpin,
    over: Over,
    so_far: QueryEnd,
    keeps: bool,
    end: impl AsyncFnOnce() -> Result<()>,
) -> Read {
    let lets_it_run = keeps && matches!(over, Over::Cut(_));
    let ended = if lets_it_run { Ok(()) } else { end().await };
    let rest = async {
        let mut affected = 0;
        while let Some(part) = parts.next().await {
            if let Part::Done(rows) = part? {
                affected += rows;
            }
        }
        Ok::<u64, EngineError>(affected)
    };
    let rest = match lets_it_run {
        true => Some(rest.await),
        false if ended.is_err() => None,
        false => tokio::time::timeout(GRACE, rest).await.ok(),
    };
    let in_step = match &rest {
        Some(Ok(_)) => true,
        Some(Err(error)) => !lost(error),
        None => false,
    };
    let late = !lets_it_run && matches!(rest, Some(Ok(_)));
    let outcome = match over {
        Over::Cut(cut) => match rest {
            Some(Err(error)) if lets_it_run => Err(error),
            Some(Ok(affected)) => {
                Ok(QueryEnd { cut: Some(cut), affected: so_far.affected + affected, ..so_far })
            }
            _ => Ok(QueryEnd { cut: Some(cut), ..so_far }),
        },
        Over::Cancelled => Err(EngineError::Cancelled),
        Over::TooSlow(limit) => Err(too_slow(limit)),
        Over::Sink(error) => Err(error),
    };
    Read { outcome, in_step, late }
}

pub(crate) fn lost(error: &EngineError) -> bool {
    error.code() == holdfast_contract::ErrorCode::ConnectionLost
}

#[derive(Default)]
pub(crate) struct Batch {
    rows: Vec<Row>,
    bytes: u64,
}

impl Batch {
    pub(crate) fn push(&mut self, row: Row) {
        self.bytes += row.iter().flatten().map(|value| value.len() as u64).sum::<u64>();
        self.rows.push(row);
    }

    pub(crate) fn is_full(&self) -> bool {
        self.rows.len() >= BATCH_ROWS || self.bytes >= BATCH_BYTES
    }

    /// The limit that is reached with what the batch holds.
    pub(crate) fn cut(&self, limits: Limits, so_far: &QueryEnd) -> Option<Cut> {
        let rows = so_far.rows + self.rows.len() as u64;
        let bytes = so_far.bytes + self.bytes;
        if limits.rows.is_some_and(|limit| rows >= limit) {
            return Some(Cut::Rows);
        }
        limits.bytes.is_some_and(|limit| bytes >= limit).then_some(Cut::Bytes)
    }

    async fn hand_over(
        &mut self,
        so_far: &mut QueryEnd,
        query: &Query<'_>,
        deadline: Option<(Instant, Duration)>,
        sink: &mut dyn RowSink,
    ) -> Option<Over> {
        if self.rows.is_empty() {
            return None;
        }
        let rows = self.take(so_far);
        tokio::select! {
            biased;
            () = query.cancel.cancelled() => Some(Over::Cancelled),
            limit = passed(deadline) => Some(Over::TooSlow(limit)),
            taken = sink.rows(rows) => taken.err().map(Over::Sink),
        }
    }

    /// Counts them as handed over.
    pub(crate) fn take(&mut self, so_far: &mut QueryEnd) -> Vec<Row> {
        so_far.rows += self.rows.len() as u64;
        so_far.bytes += std::mem::take(&mut self.bytes);
        std::mem::take(&mut self.rows)
    }
}

async fn passed(deadline: Option<(Instant, Duration)>) -> Duration {
    match deadline {
        Some((at, limit)) => {
            tokio::time::sleep_until(at).await;
            limit
        }
        None => std::future::pending().await,
    }
}
