//! Chosen tables into the live database. The server ends a transaction at every definition, so what takes a table's place
//! is another table: `RENAME TABLE` with all names in one statement is all or nothing (also across a crash of the server
//! from MariaDB 10.6 and MySQL 8.0 on), costs no copying, and taken backwards it is the undo.
//!
//! The restored rows arrive in `orders_restoring_7c1d`, in the same database; what is replaced stays as `orders_before_7c1d`.
//! When the columns are the same, the new table is defined as the live one is now (**contents**), else as the backup has it
//! (**structure**); a table that is not there is made as it was.
//!
//! Names of triggers and foreign keys belong to the database, not to the table ([`hanging`]). Triggers stand on the
//! new table under made-up names before it gets its own, so that no row is written without them; foreign keys follow right
//! behind the renaming. What is needed for that is in the order, and a small table on the server ([`mark`]) says while it is
//! under way: [`put::settle`] finishes it, or takes it back where it cannot be finished.

mod arrange;
mod definition;
mod hanging;
mod keys;
mod mark;
mod put;
mod stage;
mod triggers;

pub use self::mark::TABLE as MARK;

use async_trait::async_trait;
use holdfast_contract::snapshot::{Snapshot, TableFingerprint, TableName};

use super::Mysql;
use super::connect::{Purpose, Session};
use super::sql::{Literal, Qualified};
use crate::tables::{Arranged, PlaceTables, TableOrder, TableWish};
use crate::{Access, LoadReport, Result, SnapshotSource, SwapState, Work};

#[async_trait]
impl PlaceTables for Mysql {
    async fn arrange(&self, wish: &TableWish, source: &dyn SnapshotSource) -> Result<Arranged> {
        arrange::arrange(&self.access, wish, source).await
    }
    async fn stage(
        &self,
        order: &TableOrder,
        source: &dyn SnapshotSource,
        work: &Work,
    ) -> Result<LoadReport> {
        stage::stage(&self.access, order, source, work).await
    }
    async fn fingerprints(
        &self,
        order: &TableOrder,
        _: &Snapshot,
        work: &Work,
    ) -> Result<Vec<TableFingerprint>> {
        stage::fingerprints(&self.access, order, work).await
    }
    async fn dangling(&self, order: &TableOrder, work: &Work) -> Result<Vec<String>> {
        keys::dangling(&self.access, order, true, work).await
    }
    async fn put(&self, order: &TableOrder, _: &dyn SnapshotSource, work: &Work) -> Result<Vec<String>> {
        put::put(&self.access, order, work).await
    }
    async fn state(&self, order: &TableOrder) -> Result<SwapState> {
        put::state(&self.access, order).await
    }
    async fn put_back(&self, order: &TableOrder, work: &Work) -> Result<Vec<String>> {
        put::put_back(&self.access, order, work).await
    }
    async fn back_state(&self, order: &TableOrder) -> Result<SwapState> {
        put::back_state(&self.access, order).await
    }
    async fn drop_staged(&self, order: &TableOrder) -> Result<()> {
        drop_all(&self.access, order.tables.iter().map(|step| &step.staging)).await
    }
    async fn drop_kept(&self, order: &TableOrder) -> Result<()> {
        drop_all(&self.access, order.tables.iter().filter_map(|step| step.kept.as_ref())).await
    }
}

/// Names that were made up here. A foreign key that somebody has put on one of them since makes the server refuse.
async fn drop_all(access: &Access, tables: impl Iterator<Item = &TableName>) -> Result<()> {
    let database = access.spec.database_name();
    let names: Vec<String> = tables.map(|table| Qualified(database, &table.name).to_string()).collect();
    if names.is_empty() {
        return Ok(());
    }
    let mut session = Session::open(access, Purpose::Load).await?;
    let doing = "Dropping tables that are not needed any more";
    // Loading has switched the check off; here it guards what others have built.
    session.execute(doing, "SET SESSION foreign_key_checks = 1").await?;
    session.execute(doing, &format!("DROP TABLE IF EXISTS {}", names.join(", "))).await?;
    session.close().await;
    Ok(())
}

async fn is_there(session: &mut Session, database: &str, table: &str) -> Result<bool> {
    let sql = format!(
        "SELECT 1 FROM information_schema.tables WHERE table_schema = {} AND table_name = {}",
        Literal(database),
        Literal(table)
    );
    Ok(session.value("Looking for the tables", &sql).await?.is_some())
}
