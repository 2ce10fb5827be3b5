//! Chosen tables of a snapshot, put into the live database: beside its own tables or in their place.
//!
//! The order of calls: [`PlaceTables::arrange`] says what would happen and yields a [`TableOrder`], which its caller
//! keeps on disk before the first change; [`PlaceTables::stage`] brings the rows near the database, where no program
//! looks at them; [`PlaceTables::fingerprints`] counts and hashes what arrived; [`PlaceTables::put`] is one transaction.
//! From the order alone, [`PlaceTables::state`] tells which side of that transaction the database is on, so that a
//! crash at any moment can be brought to an end. [`PlaceTables::put_back`] is the same step the other way round.

use async_trait::async_trait;
use holdfast_contract::snapshot::{SchemaObject, Snapshot, TableFingerprint, TableName};
use serde::{Deserialize, Serialize};

use crate::{LoadReport, Result, SnapshotSource, SwapState, Work, pattern};

/// What somebody wants, with every name that has to be made up already chosen by its `tag`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct TableWish {
    /// A few hex digits; they are in every made-up name.
    pub tag: String,
    /// Patterns as in a scope.
    pub tables: Vec<String>,
    pub placing: Placing,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Placing {
    /// As new tables. Without any name: `orders_restored_7c1d` beside `orders`.
    Beside {
        /// Into this schema, which is made when it does not exist. Not for SQLite.
        schema: Option<String>,
        /// Appended to each name.
        suffix: Option<String>,
        /// The name of a single table.
        name: Option<String>,
    },
    /// In the place of the tables of the same names, which are kept under made-up ones.
    Replace {
        /// Also when rows would be left pointing to rows that are not there.
        allow_dangling: bool,
    },
}

/// How one table gets its place.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Way {
    /// A new table under a new name.
    Beside,
    /// The rows change, the table stays.
    Contents,
    /// The table as it was defined takes the place of one that is defined otherwise.
    Structure,
    /// The table is not there: it is made as it was.
    Missing,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct TableStep {
    /// In the snapshot.
    pub from: TableName,
    /// Where it will be.
    pub to: TableName,
    pub way: Way,
    /// Holds the rows until they are put in place.
    pub staging: TableName,
    /// What the replaced table is kept as.
    pub kept: Option<TableName>,
    /// Statements that only the engine understands: what putting the replaced table back needs besides it.
    #[serde(default)]
    pub back: Vec<String>,
}

/// A restore of tables with nothing left to decide. Kept on disk: fields are only ever added, with a default.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct TableOrder {
    pub wish: TableWish,
    pub tables: Vec<TableStep>,
}

impl TableOrder {
    pub fn replaces(&self) -> bool {
        matches!(self.wish.placing, Placing::Replace { .. })
    }
    pub fn allows_dangling(&self) -> bool {
        matches!(self.wish.placing, Placing::Replace { allow_dangling: true })
    }
}

/// What [`PlaceTables::arrange`] found out.
#[derive(Clone, Debug, PartialEq)]
pub struct Arranged {
    pub order: TableOrder,
    /// For each table of the order: what happens to what hangs on it, a sentence each.
    pub notes: Vec<Vec<String>>,
    pub blockers: Vec<String>,
    pub warnings: Vec<String>,
}

/// Putting chosen tables into the connection's own database.
#[async_trait]
pub trait PlaceTables: Send + Sync {
    /// Changes nothing. `NotFound` with close names when a pattern names no table of the snapshot.
    async fn arrange(&self, wish: &TableWish, source: &dyn SnapshotSource) -> Result<Arranged>;
    /// Loads the rows beside. Cancellable. On `Err` nothing is left of it.
    async fn stage(&self, order: &TableOrder, source: &dyn SnapshotSource, work: &Work)
    -> Result<LoadReport>;
    /// Counts and hashes what was staged, under the names the tables have in the snapshot, in the snapshot's form.
    async fn fingerprints(
        &self,
        order: &TableOrder,
        snapshot: &Snapshot,
        work: &Work,
    ) -> Result<Vec<TableFingerprint>>;
    /// Rows, here or in other tables, that would point to nothing after [`PlaceTables::put`]: a sentence with the number for each
    /// foreign key concerned. Asked after staging; [`PlaceTables::put`] checks again unless the order allows it.
    async fn dangling(&self, order: &TableOrder, work: &Work) -> Result<Vec<String>>;
    /// One transaction, all or nothing, also across a crash. Needs what [`PlaceTables::stage`] made with the same `work`. Answers
    /// with remarks. `SourceChanged` when the tables are not any more what the order was arranged for.
    async fn put(&self, order: &TableOrder, source: &dyn SnapshotSource, work: &Work) -> Result<Vec<String>>;
    /// Which side of [`PlaceTables::put`] the database is on.
    async fn state(&self, order: &TableOrder) -> Result<SwapState>;
    /// The replaced tables again in their places, in one transaction; what was restored is kept under the staging names.
    /// Answers with remarks.
    async fn put_back(&self, order: &TableOrder, work: &Work) -> Result<Vec<String>>;
    /// Which side of [`PlaceTables::put_back`] the database is on: `Swapped` means put back.
    async fn back_state(&self, order: &TableOrder) -> Result<SwapState>;
    /// Drops the staged (also: put back) tables. Idempotent.
    async fn drop_staged(&self, order: &TableOrder) -> Result<()>;
    /// Drops the replaced tables that are kept. Idempotent.
    async fn drop_kept(&self, order: &TableOrder) -> Result<()>;
}

/// The tables of a snapshot that the patterns name, in the snapshot's order, each once. A table that is only the root of
/// partitions stands for these. `NotFound`, with close names, for a pattern without any.
pub fn choose(patterns: &[String], snapshot: &Snapshot, objects: &[SchemaObject]) -> Result<Vec<TableName>> {
    let stored: Vec<&TableName> = snapshot.tables.iter().map(|table| &table.table).collect();
    let roots: Vec<TableName> = objects
        .iter()
        .filter(|object| object.kind == "table")
        .map(|object| TableName { schema: object.schema.clone(), name: object.name.clone() })
        .filter(|name| !stored.contains(&name))
        .collect();
    let mut chosen: Vec<TableName> = Vec::new();
    for wanted in patterns {
        let mut hits: Vec<TableName> = stored
            .iter()
            .copied()
            .chain(&roots)
            .filter(|table| pattern::matches(wanted, table))
            .cloned()
            .collect();
        if hits.is_empty() {
            return Err(pattern::none(wanted, stored.iter().copied().chain(&roots), "The backup holds"));
        }
        let mut at = 0;
        while at < hits.len() {
            let below: Vec<TableName> =
                partitions(&hits[at], objects).filter(|part| !hits.contains(part)).collect();
            hits.extend(below);
            at += 1;
        }
        chosen.extend(hits);
    }
    let mut ordered: Vec<TableName> = roots.into_iter().filter(|root| chosen.contains(root)).collect();
    ordered.extend(stored.into_iter().filter(|table| chosen.contains(table)).cloned());
    Ok(ordered)
}

/// The tables that objects attach to this one.
fn partitions<'a>(root: &'a TableName, objects: &'a [SchemaObject]) -> impl Iterator<Item = TableName> + 'a {
    objects
        .iter()
        .filter_map(move |object| object.table.clone().filter(|_| object.partition_of.as_ref() == Some(root)))
}
