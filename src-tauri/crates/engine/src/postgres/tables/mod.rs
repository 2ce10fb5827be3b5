//! Chosen tables into the live database. Two ways to replace a table, because neither serves all:
//!
//! - **Contents**, when the live table has the same columns as the one in the backup: its rows change, the table stays. Its
//!   OID stays with it, and so do views, functions, grants, policies, publications and everything else that hangs on
//!   it. The old rows are copied into the kept table, all in the one transaction. It is also the only way
//!   for a backup without definitions.
//! - **Structure**, when the columns differ: rows of the old shape have no place in a table of the new one, and the other
//!   way round, so the tables change places. Both are moved from schema to schema, which takes indexes,
//!   constraints and identity sequences along without renaming any, costs no copying, and makes undo exact. What
//!   points to the table by OID is made to point to the new one (foreign keys, views), and what cannot be is a
//!   blocker before anything starts.
//!
//! A table that is not there (dropped by accident) is made as it was, by the second way's means.
//!
//! Rows arrive in a schema of their own, `holdfast_restoring_7c1d`; what was replaced lies in
//! `holdfast_before_7c1d`. Every statement of the transaction is sent by itself and COMMIT last, so a client that dies
//! midway can only leave the old state.

mod arrange;
mod definition;
mod exchange;
mod keys;
mod live;
mod partitions;
mod put;
mod stage;

use async_trait::async_trait;
use holdfast_contract::snapshot::{Snapshot, TableFingerprint, TableName};

use super::Postgres;
use super::connect::{Purpose, Session};
use super::sql::{Ident, Literal, Table};
use crate::tables::{Arranged, PlaceTables, TableOrder, TableStep, TableWish, Way};
use crate::{LoadReport, Result, SnapshotSource, SwapState, Work};

/// Waiting longer for the tables is told, with nothing changed. The lock is an exclusive one: everybody queues behind.
const LOCK_TIMEOUT: &str = "15s";

#[async_trait]
impl PlaceTables for Postgres {
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
        snapshot: &Snapshot,
        work: &Work,
    ) -> Result<Vec<TableFingerprint>> {
        stage::fingerprint(&self.access, order, snapshot, work).await
    }

    async fn dangling(&self, order: &TableOrder, work: &Work) -> Result<Vec<String>> {
        keys::dangling(&self.access, order, work).await
    }

    async fn put(&self, order: &TableOrder, source: &dyn SnapshotSource, work: &Work) -> Result<Vec<String>> {
        put::put(&self.access, order, source, work).await
    }

    async fn state(&self, order: &TableOrder) -> Result<SwapState> {
        let mut session = Session::open(&self.access, Purpose::Load).await?;
        let (mut staged, mut placed) = (0, 0);
        for step in &order.tables {
            staged += usize::from(is_there(&mut session, &step.staging).await?);
            let place = step.kept.as_ref().unwrap_or(&step.to);
            placed += usize::from(is_there(&mut session, place).await?);
        }
        session.close().await;
        let all = order.tables.len();
        Ok(match (staged, placed) {
            (0, placed) if placed == all => SwapState::Swapped,
            (staged, _) if staged == all => SwapState::NotSwapped,
            _ => SwapState::Unclear,
        })
    }

    async fn put_back(&self, order: &TableOrder, work: &Work) -> Result<Vec<String>> {
        put::put_back(&self.access, order, work).await
    }

    async fn back_state(&self, order: &TableOrder) -> Result<SwapState> {
        let mut session = Session::open(&self.access, Purpose::Load).await?;
        let mut staged = 0;
        for step in &order.tables {
            staged += usize::from(is_there(&mut session, &step.staging).await?);
        }
        session.close().await;
        Ok(match staged {
            0 => SwapState::NotSwapped,
            all if all == order.tables.len() => SwapState::Swapped,
            _ => SwapState::Unclear,
        })
    }

    async fn drop_staged(&self, order: &TableOrder) -> Result<()> {
        self.drop_all(order.tables.iter().map(|step| &step.staging).collect()).await
    }

    async fn drop_kept(&self, order: &TableOrder) -> Result<()> {
        self.drop_all(order.tables.iter().filter_map(|step| step.kept.as_ref()).collect()).await
    }
}

impl Postgres {
    /// Only schemas whose names were made up here, and in one transaction. Without CASCADE: what somebody has since built on a kept
    /// table is named by the server and stays.
    async fn drop_all(&self, tables: Vec<&TableName>) -> Result<()> {
        let mut session = Session::open(&self.access, Purpose::Load).await?;
        let doing = "Dropping tables that are not needed any more";
        session.execute(doing, "BEGIN").await?;
        let mut there = Vec::new();
        for table in &tables {
            if is_there(&mut session, table).await? {
                there.push(Table(table).to_string());
            }
        }
        if !there.is_empty() {
            session.execute(doing, &format!("DROP TABLE {}", there.join(", "))).await?;
        }
        for schema in schemas(tables.into_iter()) {
            session.execute(doing, &format!("DROP SCHEMA IF EXISTS {}", Ident(&schema))).await?;
        }
        session.execute(doing, "COMMIT").await?;
        session.close().await;
        Ok(())
    }
}

async fn is_there(session: &mut Session, table: &TableName) -> Result<bool> {
    let sql = format!(
        "SELECT 1 FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace \
         WHERE n.nspname = {} AND c.relname = {}",
        Literal(schema_of(table)),
        Literal(&table.name)
    );
    Ok(session.value("Looking for the tables", &sql).await?.is_some())
}

fn schema_of(table: &TableName) -> &str {
    table.schema.as_deref().unwrap_or("public")
}

/// Each once, in order.
fn schemas<'a>(tables: impl Iterator<Item = &'a TableName>) -> Vec<String> {
    let mut found: Vec<String> = Vec::new();
    for table in tables {
        let schema = schema_of(table);
        if !found.iter().any(|known| known == schema) {
            found.push(schema.to_owned());
        }
    }
    found
}

fn of_way(order: &TableOrder, way: Way) -> impl Iterator<Item = &TableStep> {
    order.tables.iter().filter(move |step| step.way == way)
}
