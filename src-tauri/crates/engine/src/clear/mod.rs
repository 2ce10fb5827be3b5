//! Deleting rows: counting first, one transaction for a whole table, batches for a choice of rows.
//!
//! A [`Deletion`] takes only row versions that its archive holds, whoever writes at the same time. How it tells them is
//! each engine's own: PostgreSQL by transaction numbers, SQLite and MySQL by comparing with the very moment that was
//! archived. Where it cannot tell, the row stays.

pub(crate) mod hanging;

use async_trait::async_trait;
use holdfast_contract::clearing::{CleanupCandidate, OnDelete, Referring};
use holdfast_contract::snapshot::{Snapshot, TableName, TableSnapshot};
use holdfast_contract::{ApiError, ErrorCode};

use crate::error::{Refusal, Refused};
use crate::{Dump, EngineError, Result, Work};

/// Which rows, with the moment already worked out.
#[derive(Clone, Debug)]
pub enum Rows {
    All,
    Before { column: String, at_ms: i64 },
    Matching(String),
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RowCount {
    /// As the database names it.
    pub table: TableName,
    pub total: u64,
    pub matching: u64,
}

#[async_trait]
pub trait Clear: Send + Sync {
    /// In a transaction that cannot write. `BadRequest` for a condition that is no SQL or a column that is no time.
    async fn count(&self, table: &TableName, rows: &Rows) -> Result<RowCount>;
    /// Foreign keys of other tables that point at `table` (not those of the table at itself), with how many rows use them.
    async fn referring(&self, table: &TableName) -> Result<Vec<Referring>>;
    /// What a deletion sets off beside foreign keys, one sentence each: triggers and rules, which no archive covers.
    async fn beyond(&self, table: &TableName) -> Result<Vec<String>>;
    /// To be called before the archive begins, and kept until the deletion is over. Deletes nothing yet, locks nothing.
    /// `Unsupported` where it could not be told later what the archive holds.
    async fn begin(&self, table: &TableName) -> Result<Box<dyn Deletion>>;
    /// Without an archive. Matching rows, at most `most`, `batch` in each transaction. What is deleted when it is cancelled stays deleted: the count
    /// is in the progress (rows).
    async fn delete_rows(
        &self,
        table: &TableName,
        rows: &Rows,
        batch: u64,
        most: u64,
        work: &Work,
    ) -> Result<u64>;
    /// Indexes that nothing uses or that exist twice, large objects that nothing points at. Reads only.
    async fn candidates(&self) -> Result<Vec<CleanupCandidate>>;
}

/// A deletion that began before its archive did. Order: [`Deletion::dump`] takes the archive, [`Deletion::archived`] hears
/// what is in it, then one of the others deletes.
#[async_trait]
pub trait Deletion: Send + Sync {
    /// The tables that lose rows or values: the one itself, its parts, and those whose foreign keys follow.
    fn losing(&self) -> Vec<TableName>;
    /// Under which condition rows go, where it is more than being in the archive.
    fn caution(&self) -> Option<String> {
        None
    }
    /// The archive must be taken through this: its moment is remembered.
    fn dump(&self) -> &dyn Dump;
    /// `Incomplete` unless the archive holds the rows of every table that loses some.
    fn archived(&mut self, snapshot: &Snapshot) -> Result<()>;
    /// All rows in one transaction, if they and what goes with them are what the archive holds: else `SourceChanged`, and
    /// nothing is deleted.
    async fn all(&mut self, work: &Work) -> Result<u64>;
    /// Matching rows that the archive holds, with everything that goes with them, at most `most`, `batch` in each
    /// transaction; others stay. `SourceChanged` where single rows cannot be told apart and some changed, or where a
    /// table was altered. What is deleted when it is cancelled stays deleted: the count is in the progress (rows).
    async fn matching(&mut self, rows: &Rows, batch: u64, most: u64, work: &Work) -> Result<u64>;
}

/// A cancelled or failed deletion leaves no statement running on the server, where it would go on and hold its locks: `end`
/// ends its sessions.
pub(crate) async fn or_ended<T>(
    work: &Work,
    deleting: impl Future<Output = Result<T>>,
    end: impl AsyncFnOnce(),
) -> Result<T> {
    let outcome = tokio::select! {
        biased;
        () = work.cancel.cancelled() => Err(EngineError::Cancelled),
        outcome = deleting => outcome,
    };
    if outcome.is_err() {
        end().await;
    }
    outcome
}

/// What an archive must hold is not there: nothing was deleted.
pub(crate) fn not_held(table: &TableName) -> EngineError {
    ApiError::new(
        ErrorCode::Incomplete,
        format!("The archive does not hold the rows of {table}; nothing was deleted."),
    )
    .hint("Allow the login to read the table, or look at what the backup says it leaves out.")
    .into()
}

/// The table in the archive, if its rows are in it.
pub(crate) fn held<'a>(snapshot: &'a Snapshot, table: &TableName) -> Option<&'a TableSnapshot> {
    snapshot.tables.iter().find(|held| held.table == *table && held.has_rows)
}

/// A deletion whose order was not kept.
pub(crate) fn no_archive() -> EngineError {
    EngineError::internal("Rows were to be deleted before their archive was made.")
}

/// One deletion in batches: how many the next one may take, and when it is over.
pub(crate) struct Batches<'a> {
    work: &'a Work,
    size: u64,
    left: u64,
    pub deleted: u64,
}

impl<'a> Batches<'a> {
    pub(crate) fn new(work: &'a Work, size: u64, most: u64) -> Self {
        Self { work, size, left: most, deleted: 0 }
    }

    /// `None`: done. `Err(Cancelled)` between two batches.
    pub(crate) fn next(&self) -> Result<Option<u64>> {
        self.work.checkpoint()?;
        Ok((self.left > 0).then(|| self.size.min(self.left)))
    }

    /// A batch that found nothing is the last.
    pub(crate) fn took(&mut self, rows: u64) {
        self.left = if rows == 0 { 0 } else { self.left.saturating_sub(rows) };
        self.deleted += rows;
        self.work.progress.advance(0, rows);
    }
}

/// As the standard's words say it.
pub(crate) fn on_delete(words: &str) -> OnDelete {
    match words {
        "CASCADE" => OnDelete::Cascade,
        "SET NULL" | "SET DEFAULT" => OnDelete::Unset,
        _ => OnDelete::Refuse,
    }
}

/// For [`Clear::beyond`].
pub(crate) fn sets_off(table: &TableName, kind: &str, name: &str) -> String {
    format!(
        "Deleting rows of {table} sets off the {kind} {name}: what that deletes or changes elsewhere is not looked after."
    )
}

/// The condition in parentheses; a comment at its end ends with the line.
pub(crate) fn wrapped(condition: &str) -> Result<String> {
    if condition.trim().is_empty() || condition.contains('\0') {
        return Err(EngineError::misuse("The condition is empty."));
    }
    Ok(format!("({condition}\n)"))
}

/// Counts all rows and those for which `condition` holds.
pub(crate) fn counting(table: &str, condition: &str) -> String {
    format!("SELECT count(*), coalesce(sum(CASE WHEN {condition} THEN 1 ELSE 0 END), 0) FROM {table}")
}

pub(crate) fn counted(row: Option<&Vec<Option<String>>>) -> Result<(u64, u64)> {
    let number =
        |at: usize| row.and_then(|row| row.get(at)).cloned().flatten().and_then(|text| text.parse().ok());
    number(0)
        .zip(number(1))
        .ok_or_else(|| EngineError::unexpected("The database did not answer with a count."))
}

/// Somebody wrote since the archive, and nothing was deleted. `what` is a sentence.
pub(crate) fn changed(what: impl std::fmt::Display) -> EngineError {
    EngineError::source_changed(
        format!("{what} Nothing more was deleted."),
        "Others are writing to it or altering it: stop them, and do it again.",
    )
}

pub(crate) fn other_rows(table: &TableName) -> EngineError {
    changed(format!(
        "{table} holds other rows than those that were backed up: some came, went or were changed since."
    ))
}

pub(crate) fn altered(table: &TableName) -> EngineError {
    changed(format!(
        "{table}, or a table that hangs on it, was altered, renamed or replaced since the archive began."
    ))
}

/// A refusal of the person's own words.
pub(crate) fn bad_condition(error: EngineError) -> EngineError {
    match error {
        EngineError::Refused(refused) if refused.kind == Refusal::Statement => {
            let hint = "The condition is what stands after WHERE, for this table and database.".to_owned();
            Refused { kind: Refusal::Words, hint: Some(hint), ..*refused }.into()
        }
        other => other,
    }
}
