//! Plans and dumps: the definitions by [`super::schema`], the rows by [`super::copy_out`], all of one snapshot.

use holdfast_contract::snapshot::{
    BackupKind, DumpPlan, Omission, PlannedTable, Scope, Snapshot, TableSnapshot,
};

use super::connect::{Purpose, Session};
use super::copy_out::{Backends, Reading};
use super::piece::{Extent, Piece};
use super::schema::{self, Captured, CapturedTable};
use super::{copy_out, globals, inspect, large_objects, piece, snapshot};
use crate::content::ContentHasher;
use crate::{Access, DumpSink, EngineError, Result, Work};

pub async fn plan(access: &Access, scope: &Scope) -> Result<DumpPlan> {
    let mut session = Session::open(access, Purpose::Read).await?;
    snapshot::begin(&mut session).await?;
    let server = inspect::server_info(&mut session).await?;
    let mut captured = schema::capture(session.raw(), scope).await?;
    let unread = globals::omissions(&mut session, scope).await?;
    session.close().await;
    let mut omissions = omissions(&mut captured);
    omissions.extend(unread);
    let estimated_bytes = captured
        .tables
        .iter()
        .filter(|table| rows_travel(scope, table))
        .filter_map(|table| table.estimated_bytes)
        .sum();
    let tables = captured
        .tables
        .into_iter()
        .map(|table| PlannedTable {
            table: table.name,
            estimated_rows: table.estimated_rows,
            estimated_bytes: table.estimated_bytes,
        })
        .collect();
    Ok(DumpPlan {
        server,
        tables,
        object_counts: captured.object_counts,
        omissions,
        remarks: vec![],
        estimated_bytes,
    })
}

pub async fn dump(access: &Access, scope: &Scope, sink: &dyn DumpSink, work: &Work) -> Result<Snapshot> {
    let backends = Backends::default();
    let outcome = work.unless_cancelled(take(access, scope, sink, work, &backends)).await;
    if matches!(outcome, Err(EngineError::Cancelled)) {
        backends.end(access, inspect::live(access)).await;
    }
    outcome
}

async fn take(
    access: &Access,
    scope: &Scope,
    sink: &dyn DumpSink,
    work: &Work,
    backends: &Backends,
) -> Result<Snapshot> {
    work.progress.phase("Locking the tables and fixing the snapshot");
    let mut exported = snapshot::export(access, inspect::live(access), work, backends).await?;
    work.progress.phase("Reading the definitions");
    let mut captured = schema::capture(exported.session.raw(), scope).await?;
    let mut omissions = omissions(&mut captured);
    omissions.extend(globals::omissions(&mut exported.session, scope).await?);
    let extra_streams = globals::write(&mut exported.session, scope, sink).await?;
    let pieces = pieces(&captured, scope, exported.session.version);
    let estimate = |table: &CapturedTable| table.estimated_bytes.unwrap_or(0);
    work.progress
        .total_bytes(captured.tables.iter().filter(|table| rows_travel(scope, table)).map(estimate).sum());

    let reading = Reading {
        access: access.clone(),
        database: inspect::live(access).to_owned(),
        snapshot: exported.id.clone(),
        pieces: pieces.clone(),
        work: work.clone(),
        backends: backends.clone(),
    };
    let hashers = copy_out::read(reading, Some(sink), &mut exported.session).await?;
    exported.session.execute("Ending the snapshot", "COMMIT").await?;
    exported.session.close().await;

    Ok(Snapshot {
        server: exported.server,
        taken_at_ms: exported.taken_at_ms,
        position: exported.position,
        scope: scope.clone(),
        tables: tables(&captured, scope, &pieces, &hashers),
        objects: captured.objects,
        object_counts: captured.object_counts,
        omissions,
        remarks: Vec::new(),
        extra_streams,
        engine_facts: captured.facts,
    })
}

/// Whether this table's rows are part of the backup.
fn rows_travel(scope: &Scope, table: &CapturedTable) -> bool {
    // The capture has passed over tables that the scope does not name.
    scope.kind != BackupKind::Schema && table.readable
}

fn large_objects_travel(scope: &Scope, captured: &Captured) -> bool {
    scope.kind != BackupKind::Schema && !captured.large_objects.is_empty()
}

/// No table without rows goes unnamed, whatever the capture has said already.
fn omissions(captured: &mut Captured) -> Vec<Omission> {
    let mut omissions = std::mem::take(&mut captured.omissions);
    let silent: Vec<String> = captured
        .tables
        .iter()
        .filter(|table| !table.readable)
        .map(|table| table.name.to_string())
        .filter(|name| !omissions.iter().any(|omission| omission.name == *name))
        .collect();
    omissions.extend(silent.into_iter().map(|name| Omission {
        kind: "table rows".into(),
        name,
        reason: "This login may not read all rows of the table; a restore makes the table empty.".into(),
        by_request: false,
    }));
    omissions
}

/// The tables were measured after the snapshot was fixed, as [`piece::cut`] wants it.
fn pieces(captured: &Captured, scope: &Scope, version: u32) -> Vec<Piece> {
    let mut pieces = Vec::with_capacity(captured.tables.len());
    for (index, table) in captured.tables.iter().enumerate().filter(|(_, table)| rows_travel(scope, table)) {
        let extent = Extent {
            columns: table.columns.clone(),
            bytes: table.estimated_bytes.unwrap_or(0),
            pages: table.pages,
            source: table.copy_from,
            condition: table.condition.clone(),
        };
        pieces.extend(piece::cut(index, &table.name, &extent, version));
    }
    if large_objects_travel(scope, captured) {
        pieces.push(large_objects::piece(captured.tables.len()));
    }
    pieces
}

fn tables(
    captured: &Captured,
    scope: &Scope,
    pieces: &[Piece],
    hashers: &[ContentHasher],
) -> Vec<TableSnapshot> {
    let ordinary = captured
        .tables
        .iter()
        .map(|table| (table.name.clone(), table.columns.clone(), rows_travel(scope, table)));
    let large = large_objects_travel(scope, captured)
        .then(|| (large_objects::table(), large_objects::columns(), true));
    let mut found: Vec<TableSnapshot> = ordinary
        .chain(large)
        .map(|(table, columns, has_rows)| TableSnapshot {
            table,
            columns,
            rows: 0,
            bytes: 0,
            content_hash: String::new(),
            streams: Vec::new(),
            has_rows,
        })
        .collect();
    let mut sums = vec![ContentHasher::new(); found.len()];
    for (piece, hasher) in pieces.iter().zip(hashers) {
        sums[piece.table].merge(hasher);
        found[piece.table].streams.push(piece.stream.clone());
    }
    for (table, sum) in found.iter_mut().zip(sums) {
        table.rows = sum.rows();
        table.bytes = sum.bytes();
        table.content_hash = sum.hex();
    }
    found
}
