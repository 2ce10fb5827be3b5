//! Only rows that an archive holds: each is compared with the private copy that the archive was read from.
//!
//! The copy is attached to the connection that deletes; within a transaction that nobody else can write beside, a row goes
//! only if the copy has the very same one, and every row that goes along too. It works in every journal mode, and a writer
//! costs nothing but the rows it touched.

use std::sync::{Arc, Mutex, PoisonError};

use async_trait::async_trait;
use holdfast_contract::snapshot::{DumpPlan, Scope, Snapshot, TableName};
use rusqlite::{Connection, Transaction, TransactionBehavior};

use super::super::error::Explain;
use super::super::shot::Shot;
use super::super::{Sqlite, blocking, connect};
use super::shape::{ARCHIVE, Shape};
use super::{condition, for_deleting, resolve, some};
use crate::clear::hanging::Hanging;
use crate::clear::{Batches, altered, held, no_archive, not_held, other_rows};
use crate::{Deletion, Dump, DumpSink, Result, Rows, Work};

pub(super) struct Compared {
    archiving: Archiving,
    table: TableName,
    shape: Arc<Shape>,
    /// Rows of the table in the archive.
    archived: Option<u64>,
}

pub(super) fn begin(sqlite: Sqlite, table: &TableName) -> Result<Compared> {
    let connection = sqlite.open_live(&Default::default())?;
    let found = resolve(&connection, &sqlite.path, table)?;
    let shape = Arc::new(Shape::of(&connection, &sqlite.path, &found)?);
    let archiving = Archiving { sqlite, shot: Mutex::default() };
    Ok(Compared { archiving, table: found.key(), shape, archived: None })
}

/// Takes archives, and keeps the copy that the last one was read from.
struct Archiving {
    sqlite: Sqlite,
    shot: Mutex<Option<Arc<Shot>>>,
}

#[async_trait]
impl Dump for Archiving {
    async fn plan(&self, scope: &Scope) -> Result<DumpPlan> {
        self.sqlite.plan(scope).await
    }

    async fn dump(&self, scope: &Scope, sink: &dyn DumpSink, work: &Work) -> Result<Snapshot> {
        let shot = self.sqlite.shoot(work).await?;
        let snapshot = self.sqlite.dump_shot(&shot, scope, sink, work).await?;
        *self.shot.lock().unwrap_or_else(PoisonError::into_inner) = Some(shot);
        Ok(snapshot)
    }
}

#[async_trait]
impl Deletion for Compared {
    fn losing(&self) -> Vec<TableName> {
        self.shape.parts.iter().map(|part| TableName { schema: None, name: part.name.clone() }).collect()
    }

    fn dump(&self) -> &dyn Dump {
        &self.archiving
    }

    fn archived(&mut self, snapshot: &Snapshot) -> Result<()> {
        for table in self.losing() {
            let rows = held(snapshot, &table).ok_or_else(|| not_held(&table))?.rows;
            if table == self.table {
                self.archived = Some(rows);
            }
        }
        Ok(())
    }

    async fn all(&mut self, work: &Work) -> Result<u64> {
        let (at, expected, work) = (self.at()?, self.archived.ok_or_else(no_archive)?, work.clone());
        blocking(move || at.clear(expected, &work)).await
    }

    async fn matching(&mut self, rows: &Rows, batch: u64, most: u64, work: &Work) -> Result<u64> {
        self.archived.ok_or_else(no_archive)?;
        let (at, rows, work) = (self.at()?, rows.clone(), work.clone());
        blocking(move || at.in_batches(&rows, (batch, most), &work)).await
    }
}

impl Compared {
    fn at(&self) -> Result<At> {
        let shot = self.archiving.shot.lock().unwrap_or_else(PoisonError::into_inner).clone();
        let (sqlite, table, shape) = (self.archiving.sqlite.clone(), self.table.clone(), self.shape.clone());
        Ok(At { sqlite, table, shape, shot: shot.ok_or_else(no_archive)? })
    }
}

/// Everything that the blocking side needs.
struct At {
    sqlite: Sqlite,
    table: TableName,
    shape: Arc<Shape>,
    shot: Arc<Shot>,
}

impl At {
    fn clear(&self, expected: u64, work: &Work) -> Result<u64> {
        work.checkpoint()?;
        let doing = format!("clearing {}", self.table.name);
        work.progress.phase(&format!("Clearing {}", self.table.name));
        let mut connection = self.connect(work)?;
        let transaction = self.enter(&mut connection, &doing)?;
        self.must_be_as_it_was(&transaction)?;
        let (name, path) = (self.shape.parts[0].full(), &self.sqlite.path);
        let count = format!(
            "SELECT count(*), coalesce(sum(CASE WHEN {} THEN 0 ELSE 1 END), 0) FROM {name}",
            self.held()
        );
        let found: (i64, i64) =
            transaction.query_row(&count, [], |row| Ok((row.get(0)?, row.get(1)?))).explain(path, &doing)?;
        if found != (expected as i64, 0) {
            return Err(other_rows(&self.table));
        }
        let deleted = transaction.execute(&format!("DELETE FROM {name}"), []).explain(path, &doing)?;
        transaction.commit().explain(path, &doing)?;
        work.progress.advance(0, deleted as u64);
        Ok(deleted as u64)
    }

    fn in_batches(&self, rows: &Rows, (size, most): (u64, u64), work: &Work) -> Result<u64> {
        let doing = format!("deleting rows of {}", self.table.name);
        work.progress.phase(&format!("Deleting rows of {}", self.table.name));
        let mut connection = self.connect(work)?;
        let path = &self.sqlite.path;
        let which = condition(&resolve(&connection, path, &self.table)?, rows)?;
        let (name, which) = (self.shape.parts[0].full(), format!("({which} AND {})", self.held()));
        let mut batches = Batches::new(work, size, most);
        while let Some(limit) = batches.next()? {
            let transaction = self.enter(&mut connection, &doing)?;
            if batches.deleted == 0 {
                self.must_be_as_it_was(&transaction)?;
            }
            let sql = some(&name, &self.shape.parts[0].key, &which, limit);
            let deleted = transaction.execute(&sql, []).explain(path, &doing)?;
            transaction.commit().explain(path, &doing)?;
            batches.took(deleted as u64);
        }
        Ok(batches.deleted)
    }

    fn connect(&self, work: &Work) -> Result<Connection> {
        const ATTACHING: &str = "attaching its archived copy";
        let mut connection = for_deleting(&self.sqlite, work)?;
        connect::allow_attach(&mut connection, &self.sqlite.path)?;
        let copy = self.shot.path.to_string_lossy();
        connection
            .execute(&format!("ATTACH ?1 AS {ARCHIVE}"), [&*copy])
            .explain(&self.sqlite.path, ATTACHING)?;
        // Nothing is written to it, and no journal that spans two files is wanted.
        connection
            .query_row(&format!("PRAGMA {ARCHIVE}.journal_mode = MEMORY"), [], |_| Ok(()))
            .explain(&self.sqlite.path, ATTACHING)?;
        Ok(connection)
    }

    /// Nobody else writes until its end.
    fn enter<'a>(&self, connection: &'a mut Connection, doing: &str) -> Result<Transaction<'a>> {
        let path = &self.sqlite.path;
        let transaction =
            connection.transaction_with_behavior(TransactionBehavior::Immediate).explain(path, doing)?;
        if !self.shape.is_current(&transaction, path)? {
            return Err(altered(&self.table));
        }
        Ok(transaction)
    }

    /// The file may have been replaced by another one whose definitions were changed as often.
    fn must_be_as_it_was(&self, transaction: &Transaction<'_>) -> Result<()> {
        let path = &self.sqlite.path;
        let table = resolve(transaction, path, &self.table)?;
        if Shape::of(transaction, path, &table)? != *self.shape {
            return Err(altered(&self.table));
        }
        Ok(())
    }

    /// The condition that a row, and all that goes with it, is in the archive.
    fn held(&self) -> String {
        let name = self.shape.parts[0].full();
        let newer = |table: &str, alias: &str| self.shape.newer(table, alias);
        let hanging = Hanging { keys: &self.shape.keys, newer: &newer };
        format!("(NOT ({}) AND NOT {})", newer(&name, &name), hanging.takes_newer(&name, &name))
    }
}
