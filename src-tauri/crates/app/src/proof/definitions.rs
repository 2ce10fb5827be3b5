//! The rows of a data-only backup with the definitions of a live database, so that they can be loaded and proven.
//!
//! Only when every table of the backup is there with the same columns in the same order: then equal hashes after the load say that the
//! rows restore into what exists. What does not fit says nothing against the backup.

use async_trait::async_trait;
use bytes::Bytes;
use futures::stream::BoxStream;
use holdfast_contract::snapshot::{BackupKind, SchemaObject, Scope, Snapshot, TableSnapshot};
use holdfast_contract::{ApiError, ErrorCode};
use holdfast_engine::{DumpSink, Result, SnapshotSource, StreamSink, Unit, Work};

use crate::backup::source::VaultSource;
use crate::connections::database::Database;

pub(crate) struct WithDefinitions<'a> {
    rows: &'a VaultSource,
    snapshot: Snapshot,
    objects: Vec<SchemaObject>,
}

/// True for a backup that cannot be loaded by what it holds itself.
pub(crate) fn needed(snapshot: &Snapshot, objects: &[SchemaObject]) -> bool {
    snapshot.scope.kind == BackupKind::Data && !objects.iter().any(|object| object.kind == "table")
}

/// `own`: the backup's objects, the state of sequences. `Unsupported` when the live database is not like the backup.
pub(crate) async fn borrow<'a>(
    rows: &'a VaultSource,
    own: Vec<SchemaObject>,
    database: &Database,
    work: &Work,
) -> std::result::Result<WithDefinitions<'a>, ApiError> {
    work.progress.phase("Reading the definitions of the live database");
    let scope = Scope { kind: BackupKind::Schema, ..Scope::default() };
    let mut live = database.dump()?.dump(&scope, &Nowhere, work).await?;
    let mut snapshot = rows.snapshot().clone();
    for table in &snapshot.tables {
        let there = live.tables.iter().find(|other| other.table == table.table);
        if there.is_none_or(|other| other.columns != table.columns) {
            return Err(does_not_fit(&format!(
                "the table {} is not there with the same columns any more",
                table.table
            )));
        }
    }
    let without: Vec<TableSnapshot> = live
        .tables
        .into_iter()
        .filter(|other| !snapshot.tables.iter().any(|table| table.table == other.table))
        .map(|other| TableSnapshot { has_rows: false, streams: Vec::new(), ..other })
        .collect();
    if !without.is_empty() {
        // Their rows are not in the backup, so nothing can point to them.
        live.objects.retain(|object| object.kind != "foreign key");
    }
    live.objects.retain(|object| object.kind != "subscription");
    snapshot.tables.extend(without);
    snapshot.scope = Scope::default();
    snapshot.engine_facts = live.engine_facts;
    // What is proven are the rows.
    snapshot.object_counts = Vec::new();
    let sequences = own.into_iter().filter(|state| {
        live.objects.iter().any(|object| {
            matches!(object.kind.as_str(), "sequence" | "identity")
                && (&object.schema, &object.name) == (&state.schema, &state.name)
        })
    });
    let mut objects = live.objects.clone();
    objects.extend(sequences);
    Ok(WithDefinitions { rows, snapshot, objects })
}

pub(crate) fn does_not_fit(why: &str) -> ApiError {
    ApiError::new(
        ErrorCode::Unsupported,
        format!("A data-only backup is proven with the definitions of the live database, and {why}."),
    )
    .hint("The backup stays at level decoded: its rows are counted and hashed there. Take a full backup to have the definitions with it.")
}

#[async_trait]
impl SnapshotSource for WithDefinitions<'_> {
    fn snapshot(&self) -> &Snapshot {
        &self.snapshot
    }

    async fn objects(&self) -> Result<Vec<SchemaObject>> {
        Ok(self.objects.clone())
    }

    async fn open(&self, stream: &str) -> Result<BoxStream<'static, Result<Bytes>>> {
        self.rows.open(stream).await
    }
}

/// A schema-only dump has no rows to keep.
struct Nowhere;

#[async_trait]
impl DumpSink for Nowhere {
    async fn open(&self, _: &str, _: Unit) -> Result<Box<dyn StreamSink>> {
        Ok(Box::new(Nowhere))
    }
}

#[async_trait]
impl StreamSink for Nowhere {
    async fn write(&mut self, _: Bytes) -> Result<()> {
        Ok(())
    }

    async fn finish(self: Box<Self>) -> Result<()> {
        Ok(())
    }
}
