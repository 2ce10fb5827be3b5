//! Chosen tables into the live file, by one transaction of it.
//!
//! The backup becomes a scratch file first, whatever form it has, and is proven there; the live file is not written
//! before everything is known to be good. Then, under one write lock: the replaced rows go into a kept table without types (so that
//! each value stays as it is), the restored ones in, and what stands there is hashed once more before COMMIT.
//! Other writers wait by their busy timeout, readers of a WAL file not at all.
//!
//! When the columns are the same, the table stays with its indexes and triggers. When they are not, it is dropped and made as the
//! backup has it; what it was defined by is in the order, for the way back. Views and triggers of other tables
//! name it by its name and need nothing. Triggers do not run and foreign keys do not act meanwhile: the connection has both
//! switched off, and rows without a parent are counted before COMMIT.

mod arrange;
mod orphans;
mod put;

use std::path::PathBuf;

use async_trait::async_trait;
use holdfast_contract::snapshot::{Snapshot, TableFingerprint};
use rusqlite::Connection;
use tokio_util::sync::CancellationToken;

use super::connect::{self, Mode};
use super::error::Explain;
use super::introspect::{self, quote};
use super::{Sqlite, blocking, files, load};
use crate::tables::{Arranged, PlaceTables, TableOrder, TableStep, TableWish, Way};
use crate::{LoadReport, Result, SnapshotSource, SwapState, Work};

#[async_trait]
impl PlaceTables for Sqlite {
    async fn arrange(&self, wish: &TableWish, source: &dyn SnapshotSource) -> Result<Arranged> {
        let (this, wish) = (self.clone(), wish.clone());
        let (snapshot, objects) = (source.snapshot().clone(), source.objects().await?);
        blocking(move || arrange::arrange(&this, &wish, &snapshot, &objects)).await
    }

    async fn stage(
        &self,
        order: &TableOrder,
        source: &dyn SnapshotSource,
        work: &Work,
    ) -> Result<LoadReport> {
        let path = scratch(order, work);
        let encoding = load::into_file(&path, source, work, &self.patience(&work.cancel)).await?;
        Ok(LoadReport { server: Some(introspect::server(&path, Some(encoding))), remarks: vec![] })
    }

    async fn fingerprints(
        &self,
        order: &TableOrder,
        _: &Snapshot,
        work: &Work,
    ) -> Result<Vec<TableFingerprint>> {
        let tables: Vec<_> = order.tables.iter().map(|step| step.from.clone()).collect();
        crate::Load::fingerprint(self, &scratch(order, work).to_string_lossy(), &tables, work).await
    }

    /// Counted inside the transaction, where other programs cannot change the answer any more.
    async fn dangling(&self, _: &TableOrder, _: &Work) -> Result<Vec<String>> {
        Ok(vec![])
    }

    async fn put(&self, order: &TableOrder, source: &dyn SnapshotSource, work: &Work) -> Result<Vec<String>> {
        let (this, order, work) = (self.clone(), order.clone(), work.clone());
        let (snapshot, objects) = (source.snapshot().clone(), source.objects().await?);
        blocking(move || put::put(&this, &order, &snapshot, &objects, &work)).await
    }

    async fn state(&self, order: &TableOrder) -> Result<SwapState> {
        self.where_is(order, |step| step.kept.as_ref().unwrap_or(&step.to).name.clone()).await
    }

    async fn put_back(&self, order: &TableOrder, work: &Work) -> Result<Vec<String>> {
        let (this, order, work) = (self.clone(), order.clone(), work.clone());
        blocking(move || put::put_back(&this, &order, &work)).await
    }

    async fn back_state(&self, order: &TableOrder) -> Result<SwapState> {
        self.where_is(order, |step| step.staging.name.clone()).await
    }

    async fn drop_staged(&self, order: &TableOrder) -> Result<()> {
        self.drop_tables(order.tables.iter().map(|step| step.staging.name.clone()).collect()).await
    }

    async fn drop_kept(&self, order: &TableOrder) -> Result<()> {
        let kept = order.tables.iter().filter_map(|step| step.kept.as_ref());
        self.drop_tables(kept.map(|table| table.name.clone()).collect()).await
    }
}

impl Sqlite {
    /// All steps are of one transaction, so all of these tables are there or none is.
    async fn where_is(&self, order: &TableOrder, sign: fn(&TableStep) -> String) -> Result<SwapState> {
        let (this, signs) = (self.clone(), order.tables.iter().map(sign).collect::<Vec<_>>());
        blocking(move || {
            let connection = this.open_live(&CancellationToken::new())?;
            let mut there = 0;
            for name in &signs {
                there += usize::from(exists(&connection, &this, name)?);
            }
            Ok(match there {
                0 => SwapState::NotSwapped,
                all if all == signs.len() => SwapState::Swapped,
                _ => SwapState::Unclear,
            })
        })
        .await
    }

    /// Names that were made up here.
    async fn drop_tables(&self, names: Vec<String>) -> Result<()> {
        let this = self.clone();
        blocking(move || {
            let doing = "dropping tables that are not needed any more";
            let reading = this.open_live(&CancellationToken::new())?;
            let mut there = Vec::new();
            for name in names {
                if exists(&reading, &this, &name)? {
                    there.push(format!("DROP TABLE main.{};", quote(&name)));
                }
            }
            drop(reading);
            if there.is_empty() {
                return Ok(());
            }
            let connection =
                connect::open(&this.path, Mode::Write, &this.patience(&CancellationToken::new()))?;
            connection
                .execute_batch(&format!("BEGIN IMMEDIATE; {} COMMIT;", there.join(" ")))
                .explain(&this.path, doing)
        })
        .await
    }
}

fn exists(connection: &Connection, this: &Sqlite, name: &str) -> Result<bool> {
    connection
        .query_row("SELECT count(*) FROM sqlite_schema WHERE name = ?1 COLLATE NOCASE", [name], |row| {
            row.get::<_, i64>(0)
        })
        .map(|count| count > 0)
        .explain(&this.path, "reading its schema")
}

/// Where the backup is made a file until its tables are in place.
fn scratch(order: &TableOrder, work: &Work) -> PathBuf {
    work.scratch_dir.join(format!("tables_{}.sqlite", order.wish.tag))
}

fn replaces(way: Way) -> bool {
    matches!(way, Way::Contents | Way::Structure)
}

/// The file is gone when this is dropped, whatever came of the work.
struct Staged(PathBuf);

impl Drop for Staged {
    fn drop(&mut self) {
        // The folder's owner empties it anyway.
        files::remove(&self.0).ok();
    }
}
