//! Plans and dumps: the definitions by [`super::schema`], the rows by [`super::rows`], all of one moment.
//!
//! Nothing keeps a table from being altered while it is read (that would stop its users): each table's definition is
//! compared before and after, and a difference fails the backup with an error that says so.

use std::collections::HashMap;

use holdfast_contract::snapshot::{
    BackupKind, DumpPlan, Omission, PlannedTable, Scope, Snapshot, TableSnapshot,
};

use super::connect::{Purpose, Session};
use super::rows::{self, Piece};
use super::schema::{self, Captured, Stamp, Table};
use super::sessions::Sessions;
use super::{form, inspect, snapshot};
use crate::content::ContentHasher;
use crate::{Access, DumpSink, Result, Work};

pub async fn plan(access: &Access, scope: &Scope) -> Result<DumpPlan> {
    let mut session = Session::open(access, Purpose::Read).await?;
    let server = inspect::server_info(&mut session).await?;
    let captured = schema::capture(&mut session, &server.database, scope).await?;
    let lockable = may_lock(&mut session, &server.database).await?;
    session.close().await;
    let mut omissions = captured.omissions;
    if !lockable {
        let unsteady = |table: &&Table| !table.transactional && table.rows_travel(scope);
        omissions.extend(captured.tables.iter().filter(unsteady).map(snapshot::unsteady));
    }
    let estimated_bytes = captured
        .tables
        .iter()
        .filter(|table| table.rows_travel(scope))
        .filter_map(|table| table.estimated_bytes)
        .sum();
    let tables = captured
        .tables
        .iter()
        .map(|table| PlannedTable {
            table: table.table_name(),
            estimated_rows: table.estimated_rows,
            estimated_bytes: table.estimated_bytes,
        })
        .collect();
    Ok(DumpPlan {
        server,
        tables,
        object_counts: captured.object_counts,
        omissions,
        remarks: captured.remarks,
        estimated_bytes,
    })
}

async fn may_lock(session: &mut Session, database: &str) -> Result<bool> {
    let rights = super::rights::Rights::read(session, database).await?;
    Ok(rights.has("LOCK TABLES") && rights.has("SELECT"))
}

pub async fn dump(access: &Access, scope: &Scope, sink: &dyn DumpSink, work: &Work) -> Result<Snapshot> {
    let (snapshot, reader) = dump_and_keep(access, scope, sink, work).await?;
    if let Some(reader) = reader {
        reader.close().await;
    }
    Ok(snapshot)
}

/// Also hands out one of the sessions that read, which goes on seeing the dumped moment.
pub async fn dump_and_keep(
    access: &Access,
    scope: &Scope,
    sink: &dyn DumpSink,
    work: &Work,
) -> Result<(Snapshot, Option<Session>)> {
    let sessions = Sessions::default();
    let outcome = work.unless_cancelled(take(access, scope, sink, work, &sessions)).await;
    if outcome.is_err() {
        sessions.end(access).await;
    }
    outcome
}

async fn take(
    access: &Access,
    scope: &Scope,
    sink: &dyn DumpSink,
    work: &Work,
    sessions: &Sessions,
) -> Result<(Snapshot, Option<Session>)> {
    work.progress.phase("Reading the definitions");
    let mut session = Session::open(access, Purpose::Read).await?;
    sessions.note(&session);
    let server = inspect::server_info(&mut session).await?;
    let captured = schema::capture(&mut session, &server.database, scope).await?;
    let travelling: Vec<usize> =
        (0..captured.tables.len()).filter(|index| captured.tables[*index].rows_travel(scope)).collect();
    work.progress
        .total_bytes(travelling.iter().filter_map(|index| captured.tables[*index].estimated_bytes).sum());
    let read =
        read(access, &server.database, &captured.tables, &travelling, Some(sink), work, sessions).await?;
    if scope.kind != BackupKind::Schema {
        work.progress.phase("Comparing the definitions again");
        unchanged(&mut session, &server.database, &captured.tables, &travelling).await?;
    }
    session.close().await;
    let mut facts = captured.facts.clone();
    facts.extend(read.binlog.map(|binlog| ("binlog_position".to_owned(), binlog)));
    if let Some(longest) = read.hashers.iter().map(ContentHasher::longest_row).max() {
        facts.insert("longest_row".to_owned(), longest.to_string());
    }
    let omissions: Vec<Omission> = captured.omissions.iter().cloned().chain(read.omissions).collect();
    let tables = tables(&captured, &travelling, &read.hashers);
    let snapshot = Snapshot {
        server,
        taken_at_ms: read.taken_at_ms,
        position: read.position,
        scope: scope.clone(),
        tables,
        objects: captured.objects,
        object_counts: captured.object_counts,
        omissions,
        remarks: captured.remarks,
        extra_streams: Vec::new(),
        engine_facts: facts,
    };
    Ok((snapshot, read.reader))
}

pub struct Read {
    /// In the order of the chosen tables.
    pub hashers: Vec<ContentHasher>,
    /// Still sees the moment.
    pub reader: Option<Session>,
    position: Option<holdfast_contract::snapshot::Position>,
    binlog: Option<String>,
    taken_at_ms: i64,
    omissions: Vec<Omission>,
}

/// Reads the rows of `chosen` (indexes into `tables`) as of one moment.
pub async fn read(
    access: &Access,
    database: &str,
    tables: &[Table],
    chosen: &[usize],
    sink: Option<&dyn DumpSink>,
    work: &Work,
    sessions: &Sessions,
) -> Result<Read> {
    work.progress.phase("Fixing the snapshot");
    let list: Vec<&Table> = chosen.iter().map(|index| &tables[*index]).collect();
    let mut moment = snapshot::fix(access, database, &list, work, sessions).await?;
    // Those that are locked come first, so that they can be written to again.
    let (locked, rest): (Vec<usize>, Vec<usize>) =
        (0..chosen.len()).partition(|at| !tables[chosen[*at]].transactional);
    let mut hashers: Vec<ContentHasher> = vec![ContentHasher::new(); chosen.len()];
    let mut readers = moment.readers;
    // Who holds them locked reads them: writers that wait for the lock would let no other reader past.
    if let Some(locker) = moment.locker.take() {
        let again = part(vec![locker], locked, tables, chosen, sink, work, &mut hashers).await?;
        for locker in again {
            locker.close().await;
        }
    } else {
        readers = part(readers, locked, tables, chosen, sink, work, &mut hashers).await?;
    }
    readers = part(readers, rest, tables, chosen, sink, work, &mut hashers).await?;
    let reader = readers.pop();
    for reader in readers {
        reader.close().await;
    }
    Ok(Read {
        hashers,
        reader,
        position: moment.position,
        binlog: moment.binlog,
        taken_at_ms: moment.taken_at_ms,
        omissions: moment.omissions,
    })
}

/// Reads some of the chosen tables; hands the sessions back.
async fn part(
    readers: Vec<Session>,
    some: Vec<usize>,
    tables: &[Table],
    chosen: &[usize],
    sink: Option<&dyn DumpSink>,
    work: &Work,
    hashers: &mut [ContentHasher],
) -> Result<Vec<Session>> {
    let pieces: Vec<Piece> = some.iter().map(|at| piece(&tables[chosen[*at]], chosen[*at])).collect();
    let (readers, found) = rows::read(readers, &pieces, sink, work).await?;
    for (at, hasher) in some.into_iter().zip(found) {
        hashers[at] = hasher;
    }
    Ok(readers)
}

fn piece(table: &Table, number: usize) -> Piece {
    Piece {
        stream: format!("t/{number}/0"),
        name: table.name.clone(),
        select: table.select.clone(),
        forms: table.columns.iter().map(form::form).collect(),
        bytes: table.estimated_bytes.unwrap_or(0),
    }
}

/// An error when a table that was read is not what it was when the backup began.
async fn unchanged(session: &mut Session, database: &str, tables: &[Table], chosen: &[usize]) -> Result<()> {
    let names: Vec<String> = chosen.iter().map(|index| tables[*index].name.clone()).collect();
    let now: HashMap<String, Stamp> = schema::stamps(session, database, &names).await?;
    for index in chosen {
        let table = &tables[*index];
        if !now.get(&table.name).is_some_and(|now| now.is_still(&table.stamp)) {
            return Err(rows::changed(&format!("Reading {}", table.name)));
        }
    }
    Ok(())
}

fn tables(captured: &Captured, travelling: &[usize], hashers: &[ContentHasher]) -> Vec<TableSnapshot> {
    let read: HashMap<usize, &ContentHasher> = travelling.iter().copied().zip(hashers).collect();
    let nothing = ContentHasher::new();
    captured
        .tables
        .iter()
        .enumerate()
        .map(|(index, table)| {
            let hasher = read.get(&index).copied();
            TableSnapshot {
                table: table.table_name(),
                columns: table.columns.clone(),
                rows: hasher.map_or(0, ContentHasher::rows),
                bytes: hasher.map_or(0, ContentHasher::bytes),
                content_hash: hasher.unwrap_or(&nothing).hex(),
                streams: hasher.map(|_| format!("t/{index}/0")).into_iter().collect(),
                has_rows: hasher.is_some(),
            }
        })
        .collect()
}
