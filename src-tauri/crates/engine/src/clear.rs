//! Deleting rows: counting first, one transaction for a whole table, batches for a choice of rows.

use async_trait::async_trait;
use holdfast_contract::clearing::{CleanupCandidate, OnDelete, Referring};
use holdfast_contract::snapshot::TableName;
use holdfast_contract::{ApiError, ErrorCode};

use crate::{EngineError, Result, Work};

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
    /// All rows in one transaction, if there are as many as expected: else `SourceChanged`, and nothing is deleted. Foreign keys
    /// and triggers do what they do.
    async fn delete_all(&self, table: &TableName, expected: u64, work: &Work) -> Result<u64>;
    /// Matching rows, at most `most`, `batch` in each transaction. What is deleted when it is cancelled stays deleted: the count
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

/// The condition in parentheses; a comment at its end ends with the line.
pub(crate) fn wrapped(condition: &str) -> Result<String> {
    if condition.trim().is_empty() || condition.contains('\0') {
        return Err(EngineError::new(ErrorCode::BadRequest, "The condition is empty."));
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
        .ok_or_else(|| EngineError::new(ErrorCode::ServerError, "The database did not answer with a count."))
}

pub(crate) fn changed(table: &TableName, expected: u64, found: u64) -> EngineError {
    ApiError::new(
        ErrorCode::SourceChanged,
        format!(
            "{table} held {expected} rows when it was backed up and holds {found} now; nothing was deleted."
        ),
    )
    .hint("Others are writing to it: stop them, and do it again.")
    .retry()
    .into()
}

/// A refusal of the person's own words.
pub(crate) fn bad_condition(error: EngineError) -> EngineError {
    match error {
        EngineError::Api(error) if error.code == ErrorCode::ServerError => {
            let mut error = ApiError { code: ErrorCode::BadRequest, ..error };
            error.hint =
                Some("The condition is what stands after WHERE, for this table and database.".into());
            EngineError::Api(error)
        }
        other => other,
    }
}
