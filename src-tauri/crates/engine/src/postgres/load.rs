//! Making a database of its own from a snapshot: empty database, definitions, rows, then everything that is
//! quicker or only possible once the rows are in.

use std::collections::{HashMap, HashSet};

use futures::TryStreamExt;
use futures::future::try_join_all;
use holdfast_contract::snapshot::{EngineKind, Phase, SchemaObject, TableName, TableSnapshot};

use super::connect::{Purpose, Session};
use super::schema::{self, extension_tables_in_load_order};
use super::sql::Table;
use super::statements::Statements;
use super::{database, error, inspect, large_objects, piece};
use crate::loaders::{self, Loading};
use crate::{Access, EngineError, LoadReport, Result, SnapshotSource, Work, staging};

/// From this many bytes of text on, the rows of a table that comes in one stream lie as they did in the source: the
/// server fills no gaps in a table that was emptied in the same transaction (and may spare itself the log).
const IN_ORDER_FROM: u64 = 512;
/// Tables of one ANALYZE: few round trips, statements of moderate length.
const ANALYZED_AT_ONCE: usize = 500;

pub async fn load(
    access: &Access,
    target: &str,
    source: &dyn SnapshotSource,
    work: &Work,
) -> Result<LoadReport> {
    if source.snapshot().server.engine != EngineKind::Postgres {
        return Err(EngineError::OtherKind { wanted: EngineKind::Postgres });
    }
    let mut session = database::room_for(access, target, work).await?;
    // Not cancellable: a database whose creation was given up midway would appear after its removal.
    let mut remarks = database::create(&mut session, target, &source.snapshot().engine_facts).await?;
    session.close().await;

    let mut report =
        staging::fill(work, fill(access, target, source, work), database::drop(access, target), |left| {
            format!("The unfinished database {target} is still there ({left}); drop it by hand.")
        })
        .await?;
    remarks.append(&mut report.remarks);
    Ok(LoadReport { remarks, ..report })
}

async fn fill(access: &Access, target: &str, source: &dyn SnapshotSource, work: &Work) -> Result<LoadReport> {
    let snapshot = source.snapshot();
    let objects = schema::objects(source).await?;
    let mut session = Session::open_database(access, target, Purpose::Load).await?;
    work.progress.total_bytes(snapshot.tables.iter().map(|table| table.bytes).sum());
    let roles = session.rows("Listing the roles", "SELECT rolname FROM pg_catalog.pg_roles").await?;
    let roles = roles.into_iter().filter_map(|row| row.into_iter().next().flatten()).collect();
    let tablespaces =
        session.rows("Listing the tablespaces", "SELECT spcname FROM pg_catalog.pg_tablespace").await?;
    let tablespaces = tablespaces.into_iter().filter_map(|row| row.into_iter().next().flatten()).collect();
    let statements = Statements { access, target, work, roles, tablespaces };

    let subscriptions: Vec<String> = objects
        .iter()
        .filter(|object| object.kind == "subscription")
        .map(|object| object.name.clone())
        .collect();
    let (before, after): (Vec<_>, Vec<_>) =
        objects.into_iter().partition(|object| object.phase == Phase::Before);
    let mut left_out = statements.run(&mut session, &before).await?;
    rows(access, target, source, work).await?;
    if let Some(table) = snapshot.tables.iter().find(|table| large_objects::is_table(&table.table)) {
        for stream in &table.streams {
            large_objects::load(&mut session, source.open(stream).await?, work).await?;
        }
    }
    let sizes: HashMap<TableName, u64> =
        snapshot.tables.iter().map(|table| (table.table.clone(), table.bytes)).collect();
    for run in after.chunk_by(|a, b| builds_alone(a) == builds_alone(b)) {
        if builds_alone(&run[0]) {
            statements.run_beside(run, &sizes).await?;
        } else {
            left_out.merge(statements.run(&mut session, run).await?);
        }
    }
    work.progress.phase("Gathering statistics");
    let mut remarks = left_out.remarks();
    match analyze(&mut session).await {
        // A type's or an index's own function may refuse; the data is there all the same.
        Err(refused) if refused.server_code().is_some() => {
            remarks.push(format!("The planner's statistics are not complete; run ANALYZE again. {refused}"));
        }
        outcome => outcome?,
    }
    remarks.extend(subscriptions.into_iter().map(|name| {
        format!("The subscription {name} is switched off and has no slot; give it one and enable it to receive changes.")
    }));
    let server = Some(inspect::server_info(&mut session).await?);
    session.close().await;
    Ok(LoadReport { server, remarks })
}

/// Not of foreign tables, nor of what they are part of: that would reach out to the other servers.
async fn analyze(session: &mut Session) -> Result<()> {
    let doing = "Gathering statistics";
    let foreign = "SELECT 1 FROM pg_catalog.pg_foreign_table LIMIT 1";
    if session.value(doing, foreign).await?.is_none() {
        return session.execute(doing, "ANALYZE").await.map(drop);
    }
    let sql = "WITH RECURSIVE above(oid) AS (SELECT ftrelid FROM pg_catalog.pg_foreign_table UNION \
         SELECT i.inhparent FROM pg_catalog.pg_inherits i JOIN above a ON a.oid = i.inhrelid) \
         SELECT n.nspname, c.relname FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace \
         WHERE c.relkind IN ('r', 'p', 'm') AND n.nspname !~ '^pg_' AND n.nspname <> 'information_schema' \
         AND c.oid NOT IN (SELECT oid FROM above) ORDER BY c.oid";
    let names: Vec<String> = session
        .rows(doing, sql)
        .await?
        .into_iter()
        .filter_map(|row| match <[Option<String>; 2]>::try_from(row) {
            Ok([schema, Some(name)]) => Some(Table(&TableName { schema, name }).to_string()),
            _ => None,
        })
        .collect();
    for batch in names.chunks(ANALYZED_AT_ONCE) {
        session.execute(doing, &format!("ANALYZE {}", batch.join(", "))).await?;
    }
    Ok(())
}

/// Index builds: they read one table and need nothing but its rows.
fn builds_alone(object: &SchemaObject) -> bool {
    matches!(object.kind.as_str(), "index" | "primary key" | "unique constraint" | "exclusion constraint")
        && object.sql.len() == 1
}

/// All rows of all tables on several connections.
async fn rows(access: &Access, target: &str, source: &dyn SnapshotSource, work: &Work) -> Result<()> {
    let snapshot = source.snapshot();
    let early = extension_tables_in_load_order(&snapshot.engine_facts);
    if !early.is_empty() {
        let mut session = Session::open_database(access, target, Purpose::Load).await?;
        for wanted in &early {
            let Some(table) = snapshot.tables.iter().find(|table| table.table == *wanted) else { continue };
            let mut arrived = 0;
            for stream in &table.streams {
                arrived += copy_in(&mut session, table, stream, false, source, work).await?;
            }
            loaders::complete(table, arrived)?;
        }
        session.close().await;
    }
    let plain = &plain_tables(access, target).await?;
    let loading = &Loading::new(
        snapshot
            .tables
            .iter()
            .filter(|table| !large_objects::is_table(&table.table) && !early.contains(&table.table)),
    );
    let workers = (0..loading.sessions(work)).map(|_| async move {
        let mut session = Session::open_database(access, target, Purpose::Load).await?;
        while let Some((index, table, stream)) = loading.next() {
            let whole =
                table.streams.len() == 1 && table.bytes >= IN_ORDER_FROM && plain.contains(&table.table);
            loading.arrived(index, copy_in(&mut session, table, stream, whole, source, work).await?);
        }
        session.close().await;
        Ok::<(), EngineError>(())
    });
    try_join_all(workers).await?;
    loading.all_arrived()
}

/// Tables that are neither partitioned nor foreign: those that can be truncated alone.
async fn plain_tables(access: &Access, target: &str) -> Result<HashSet<TableName>> {
    let mut session = Session::open_database(access, target, Purpose::Load).await?;
    let sql = "SELECT n.nspname, c.relname FROM pg_catalog.pg_class c \
         JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace WHERE c.relkind = 'r' AND c.oid >= 16384";
    let rows = session.rows("Listing the tables", sql).await?;
    session.close().await;
    let names = rows.into_iter().filter_map(|row| match <[Option<String>; 2]>::try_from(row) {
        Ok([schema, Some(name)]) => Some(TableName { schema, name }),
        _ => None,
    });
    Ok(names.collect())
}

pub async fn copy_in(
    session: &mut Session,
    table: &TableSnapshot,
    stream: &str,
    in_order: bool,
    source: &dyn SnapshotSource,
    work: &Work,
) -> Result<u64> {
    work.checkpoint()?;
    let doing = format!("Loading {}", table.table);
    work.progress.phase(&doing);
    let mut data = source.open(stream).await?;
    let failed = |source| error::during(&doing, source);
    let sql = piece::copy_in(&table.table, &table.columns);
    super::connect::refuse_nul(&sql)?;
    if in_order {
        session.execute(&doing, &format!("BEGIN; TRUNCATE ONLY {}", Table(&table.table))).await?;
    }
    let mut copy = session.raw().copy_in_raw(&sql).await.map_err(failed)?;
    while let Some(bytes) = data.try_next().await? {
        work.progress.advance(bytes.len() as u64, 0);
        copy.send(bytes).await.map_err(failed)?;
    }
    let rows = copy.finish().await.map_err(failed)?;
    if in_order {
        session.execute(&doing, "COMMIT").await?;
    }
    work.progress.advance(0, rows);
    Ok(rows)
}
