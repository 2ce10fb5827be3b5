//! Only row versions that an archive holds, told by the number of the transaction that wrote them.
//!
//! Before the archive begins, the bound is noted: the number below which every transaction has ended. A row version from
//! below it that is alive now was committed before the bound was noted and has lived ever since, so the archive's snapshot,
//! taken in between, holds it. Every change makes a new version with a newer number. ("Visible in the snapshot" would say
//! less: it does not know subtransactions.)
//!
//! Versions bear 32 bits of their number. In a transaction whose own number was given after its snapshot was taken,
//! `age()` of a visible version is exact for the last two thousand million; a version that seems to come from the future is
//! an old one that was frozen. So nothing newer than the bound can seem older; frozen ones may seem newer for a while, and
//! stay for the next run. COPY FREEZE, which breaks these rules, needs a lock that our own excludes.

use async_trait::async_trait;
use holdfast_contract::snapshot::{Snapshot, TableName};

use super::super::copy_out::Backends;
use super::super::sql::Table;
use super::super::{Postgres, connect::Session};
use super::shape::Shape;
use super::{condition, ended, open, resolve, some};
use crate::clear::hanging::Hanging;
use crate::clear::{Batches, altered, changed, no_archive, other_rows};
use crate::{Access, Deletion, Dump, EngineError, Result, Rows, Work};

pub(super) struct Dated {
    /// Archives need nothing but to come after the bound.
    archiving: Postgres,
    table: TableName,
    shape: Shape,
    bound: u64,
    /// Rows of the table in the archive.
    archived: Option<u64>,
}

pub(super) async fn begin(access: &Access, table: &TableName) -> Result<Dated> {
    let mut session = open(access).await?;
    let table = resolve(&mut session, table).await?;
    let shape = Shape::of(&mut session, &table).await?;
    shape.datable()?;
    let sql = "SELECT pg_catalog.pg_snapshot_xmin(pg_catalog.pg_current_snapshot())::text";
    let bound = session.value("Noting the moment", sql).await?.and_then(|text| text.parse().ok());
    session.close().await;
    let bound = bound.ok_or_else(|| changed("The server does not tell its transactions."))?;
    Ok(Dated { archiving: Postgres { access: access.clone() }, table, shape, bound, archived: None })
}

#[async_trait]
impl Deletion for Dated {
    fn losing(&self) -> Vec<TableName> {
        self.shape.tables()
    }

    fn dump(&self) -> &dyn Dump {
        &self.archiving
    }

    fn archived(&mut self, snapshot: &Snapshot) -> Result<()> {
        self.archived = Some(self.shape.archived(snapshot)?);
        Ok(())
    }

    async fn all(&mut self, work: &Work) -> Result<u64> {
        let expected = self.archived.ok_or_else(no_archive)?;
        let backends = Backends::default();
        ended(&self.archiving.access, &backends, work, self.clear(expected, &backends, work)).await
    }

    async fn matching(&mut self, rows: &Rows, batch: u64, most: u64, work: &Work) -> Result<u64> {
        self.archived.ok_or_else(no_archive)?;
        let backends = Backends::default();
        let deleting = self.in_batches(rows, (batch, most), &backends, work);
        ended(&self.archiving.access, &backends, work, deleting).await
    }
}

impl Dated {
    async fn clear(&self, expected: u64, backends: &Backends, work: &Work) -> Result<u64> {
        let mut session = open(&self.archiving.access).await?;
        backends.note(&session);
        let (name, doing) = (Table(&self.table), format!("Clearing {}", self.table));
        work.progress.phase(&doing);
        // Nobody writes to it between the count and the end.
        let span = self.enter(&mut session, &doing, "SHARE ROW EXCLUSIVE").await?;
        let sql = format!(
            "SELECT (SELECT count(*) FROM {name}), (SELECT count(*) FROM {name} WHERE NOT {})",
            self.held(span)
        );
        let found = session.rows(&doing, &sql).await?;
        if found.first().map(Vec::as_slice) != Some(&[Some(expected.to_string()), Some("0".to_owned())]) {
            return Err(other_rows(&self.table));
        }
        let deleted = session.execute(&doing, &format!("DELETE FROM {name}")).await;
        let deleted = match deleted {
            // A row that hangs on these came or changed within this transaction.
            Err(busy) if is_conflict(&busy) => return Err(other_rows(&self.table)),
            other => other?,
        };
        session.execute(&doing, "COMMIT").await?;
        work.progress.advance(0, deleted);
        session.close().await;
        Ok(deleted)
    }

    async fn in_batches(
        &self,
        rows: &Rows,
        (size, most): (u64, u64),
        backends: &Backends,
        work: &Work,
    ) -> Result<u64> {
        let mut session = open(&self.archiving.access).await?;
        backends.note(&session);
        let (which, doing) = (condition(rows)?, format!("Deleting rows of {}", self.table));
        work.progress.phase(&doing);
        let mut batches = Batches::new(work, size, most);
        // Others' writes undo a batch; each time at least one of its rows is newer afterwards, and smaller ones get through.
        let mut at_once = size;
        while let Some(limit) = batches.next()? {
            match self.batch(&mut session, &doing, &which, limit.min(at_once)).await {
                Ok(deleted) => {
                    batches.took(deleted);
                    at_once = at_once.saturating_mul(2).min(size);
                }
                Err(busy) if is_conflict(&busy) => {
                    session.execute(&doing, "ROLLBACK").await?;
                    at_once = (at_once / 2).max(1);
                }
                Err(other) => return Err(other),
            }
        }
        session.close().await;
        Ok(batches.deleted)
    }

    async fn batch(&self, session: &mut Session, doing: &str, which: &str, limit: u64) -> Result<u64> {
        let span = self.enter(session, doing, "ROW EXCLUSIVE").await?;
        let which = format!("({which} AND {})", self.held(span));
        let deleted = session.execute(doing, &some(&Table(&self.table).to_string(), &which, limit)).await?;
        session.execute(doing, "COMMIT").await?;
        Ok(deleted)
    }

    /// Begins a transaction that sees one moment, after everything is locked against being altered. Answers how many
    /// transaction numbers lie between the bound and its own.
    async fn enter(&self, session: &mut Session, doing: &str, mode: &str) -> Result<u64> {
        let mut locking = format!(
            "BEGIN ISOLATION LEVEL REPEATABLE READ; SET LOCAL lock_timeout = '60s'; LOCK TABLE {} IN {mode} MODE",
            Table(&self.table)
        );
        let following: Vec<String> = self
            .shape
            .following()
            .into_iter()
            .filter(|name| *name != Table(&self.table).to_string())
            .collect();
        if !following.is_empty() {
            locking += &format!("; LOCK TABLE {} IN ACCESS SHARE MODE", following.join(", "));
        }
        session.execute(doing, &locking).await?;
        // The first statement takes the snapshot, and only then gets a number.
        let own = session.value(doing, "SELECT pg_catalog.pg_current_xact_id()::text").await?;
        if Shape::of(session, &self.table).await? != self.shape {
            return Err(altered(&self.table));
        }
        let span = own.and_then(|own| own.parse::<u64>().ok()).and_then(|own| own.checked_sub(self.bound));
        span.filter(|span| *span < 1 << 31)
            .ok_or_else(|| changed("Too many transactions ran since the archive began."))
    }

    /// The condition that a row, and all that goes with it, is in the archive.
    fn held(&self, span: u64) -> String {
        let name = Table(&self.table).to_string();
        let newer = |_: &str, alias: &str| format!("(pg_catalog.age({alias}.xmin) BETWEEN 0 AND {span})");
        let hanging = Hanging { keys: &self.shape.keys, newer: &newer };
        format!("(NOT {} AND NOT {})", newer(&name, &name), hanging.takes_newer(&name, &name))
    }
}

/// Somebody else changed what this transaction wanted to change, or waits for it while it waits.
fn is_conflict(error: &EngineError) -> bool {
    matches!(error.server_code(), Some("40001" | "40P01"))
}
