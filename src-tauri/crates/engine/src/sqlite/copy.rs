//! One consistent copy of a database while others write to it: the backup API, step by step.

use std::path::Path;
use std::time::{Duration, Instant};

use rusqlite::Connection;
use rusqlite::backup::{Backup, StepResult};

use super::connect::Patience;
use super::error::{self, Explain};
use crate::{EngineError, Result};

/// Pages between two looks at the cancel switch: 4 MiB of the usual 4 KiB pages.
const STEP: i32 = 1024;
/// A writer in a rollback journal makes the copy begin again; after so many times it is made to wait instead.
const RESTARTS: u32 = 3;

/// Copies all pages. `each` hears (copied, total) pages. `from` may have a read transaction open already; then the copy is
/// of that snapshot. On error `to` is as it was.
pub(super) fn pages(
    from: &Connection,
    to: &mut Connection,
    path: &Path,
    patience: &Patience,
    each: &mut dyn FnMut(u64, u64),
) -> Result<()> {
    const COPYING: &str = "copying it";
    let wal: String = from.query_row("PRAGMA journal_mode", [], |row| row.get(0)).explain(path, COPYING)?;
    // In WAL mode a reader hinders nobody, so one snapshot is held from the start. With a rollback journal it
    // would keep writers waiting, so it is taken only when they keep restarting the copy.
    let mut snapshot = Snapshot { connection: from, held: false };
    if wal == "wal" {
        snapshot.hold(path)?;
    }
    let backup = Backup::new(from, to).explain(path, COPYING)?;
    let mut restarts = 0;
    let mut before = i32::MAX;
    let mut waiting_since: Option<Instant> = None;
    loop {
        if patience.cancel.is_cancelled() {
            return Err(EngineError::Cancelled);
        }
        let outcome = backup.step(STEP).explain(path, COPYING)?;
        let now = backup.progress();
        match outcome {
            StepResult::Done => return Ok(()),
            StepResult::More => waiting_since = None,
            // SQLite has waited already; a little more, for programs that do not know the busy handler's manners.
            _ => {
                let since = *waiting_since.get_or_insert_with(Instant::now);
                if since.elapsed() > patience.wait {
                    return Err(error::busy(path, COPYING).into());
                }
                std::thread::sleep(Duration::from_millis(10));
                continue;
            }
        }
        if now.remaining >= before {
            restarts += 1;
            if restarts >= RESTARTS && !snapshot.held {
                snapshot.hold(path)?;
            }
        }
        before = now.remaining;
        each((now.pagecount - now.remaining).max(0) as u64, now.pagecount.max(0) as u64);
    }
}

/// A read transaction for as long as the copy lasts.
struct Snapshot<'a> {
    connection: &'a Connection,
    held: bool,
}

impl Snapshot<'_> {
    fn hold(&mut self, path: &Path) -> Result<()> {
        if !self.connection.is_autocommit() {
            return Ok(());
        }
        self.connection
            .execute_batch("BEGIN; SELECT count(*) FROM sqlite_schema;")
            .explain(path, "waiting for a quiet moment to copy it")
            .inspect_err(|_| {
                // The failed read leaves an empty transaction; the error above is the one to report.
                self.connection.execute_batch("ROLLBACK").ok();
            })?;
        self.held = true;
        Ok(())
    }
}

impl Drop for Snapshot<'_> {
    fn drop(&mut self) {
        if self.held {
            // Only ends a read: nothing can be lost by its failing.
            self.connection.execute_batch("ROLLBACK").ok();
        }
    }
}
