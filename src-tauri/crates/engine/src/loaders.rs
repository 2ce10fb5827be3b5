//! Rows of a snapshot on their way into tables, by several sessions at once: which stream is next, and whether every row
//! has arrived in the end.

use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};

use holdfast_contract::snapshot::TableSnapshot;

use crate::{EngineError, Result, Work};

pub(crate) struct Loading<'a> {
    tables: Vec<&'a TableSnapshot>,
    /// Streams with the tables they belong to.
    queue: Vec<(usize, &'a str)>,
    next: AtomicUsize,
    arrived: Vec<AtomicU64>,
}

impl<'a> Loading<'a> {
    /// Largest streams first, so that no session is left with a long one at the end.
    pub fn new(tables: impl Iterator<Item = &'a TableSnapshot>) -> Self {
        let tables: Vec<&TableSnapshot> = tables.collect();
        let mut queue: Vec<(usize, &str)> = Vec::new();
        for (index, table) in tables.iter().enumerate() {
            queue.extend(table.streams.iter().map(|stream| (index, stream.as_str())));
        }
        queue.sort_by_key(|(index, _)| {
            let table = tables[*index];
            std::cmp::Reverse(table.bytes / table.streams.len().max(1) as u64)
        });
        let arrived = tables.iter().map(|_| AtomicU64::new(0)).collect();
        Self { tables, queue, next: AtomicUsize::new(0), arrived }
    }

    /// How many sessions are worth their while.
    pub fn sessions(&self, work: &Work) -> usize {
        work.parallel.clamp(1, self.queue.len().max(1))
    }

    /// A stream that nobody has taken yet, with its table and that table's number in the order they were given.
    pub fn next(&self) -> Option<(usize, &'a TableSnapshot, &'a str)> {
        let (table, stream) = *self.queue.get(self.next.fetch_add(1, Ordering::Relaxed))?;
        Some((table, self.tables[table], stream))
    }

    pub fn arrived(&self, table: usize, rows: u64) {
        self.arrived[table].fetch_add(rows, Ordering::Relaxed);
    }

    /// Once all sessions are done.
    pub fn all_arrived(&self) -> Result<()> {
        let mut tables = self.tables.iter().zip(&self.arrived);
        tables.try_for_each(|(table, rows)| complete(table, rows.load(Ordering::Relaxed)))
    }
}

/// `Incomplete` unless as many rows have arrived as the backup has.
pub(crate) fn complete(table: &TableSnapshot, arrived: u64) -> Result<()> {
    if arrived == table.rows {
        return Ok(());
    }
    Err(EngineError::incomplete(format!(
        "{} holds {arrived} rows after loading; the backup has {}.",
        table.table, table.rows
    )))
}
