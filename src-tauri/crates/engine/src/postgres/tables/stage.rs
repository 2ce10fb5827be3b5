//! Rows into a schema of their own, and what arrived there.

use futures::TryStreamExt;
use futures::future::try_join_all;
use holdfast_contract::snapshot::{Snapshot, TableFingerprint, TableSnapshot};

use super::definition::{Definition, moved, plain};
use super::schemas;
use crate::content::ContentHasher;
use crate::loaders::Loading;
use crate::postgres::connect::{Purpose, Session};
use crate::postgres::sql::{ColumnList, Ident, Table};
use crate::postgres::{error, inspect, load, schema};
use crate::tables::{TableOrder, TableStep, Way};
use crate::{Access, EngineError, LoadReport, PlaceTables, Result, SnapshotSource, Work, staging};

pub async fn stage(
    access: &Access,
    order: &TableOrder,
    source: &dyn SnapshotSource,
    work: &Work,
) -> Result<LoadReport> {
    let undo = super::Postgres::new(access.clone())?;
    staging::fill(work, fill(access, order, source, work), undo.drop_staged(order), |left| {
        format!("The staged rows are still there ({left}); drop their schema by hand.")
    })
    .await
}

async fn fill(
    access: &Access,
    order: &TableOrder,
    source: &dyn SnapshotSource,
    work: &Work,
) -> Result<LoadReport> {
    let snapshot = source.snapshot();
    let objects = schema::objects(source).await?;
    let mut session = Session::open(access, Purpose::Load).await?;
    for schema in schemas(order.tables.iter().map(|step| &step.staging)) {
        session.execute("Making room for the rows", &format!("CREATE SCHEMA {}", Ident(&schema))).await?;
    }
    let rows: Vec<(&TableStep, &TableSnapshot)> =
        order.tables.iter().filter_map(|step| Some((step, stored(snapshot, step)?))).collect();
    work.progress.total_bytes(rows.iter().map(|(_, table)| table.bytes).sum());
    for step in &order.tables {
        let definition = Definition::of(&step.from, &objects);
        for sql in made(step, stored(snapshot, step), &definition)? {
            session.execute(&format!("Making room for {}", step.from), &sql).await?;
        }
    }
    copy(access, &rows, source, work).await?;
    for step in order.tables.iter().filter(|step| step.way != Way::Contents) {
        for object in Definition::of(&step.from, &objects).after_rows {
            work.checkpoint()?;
            let doing = format!("Making the {} {} of {}", object.kind, object.name, step.from);
            work.progress.phase(&doing);
            for sql in moved(object, &step.from, &step.staging)? {
                session.execute(&doing, &sql).await?;
            }
        }
    }
    let server = Some(inspect::server_info(&mut session).await?);
    session.close().await;
    Ok(LoadReport { server, remarks: Vec::new() })
}

fn stored<'a>(snapshot: &'a Snapshot, step: &TableStep) -> Option<&'a TableSnapshot> {
    snapshot.tables.iter().find(|table| table.table == step.from)
}

fn made(step: &TableStep, rows: Option<&TableSnapshot>, definition: &Definition<'_>) -> Result<Vec<String>> {
    let as_it_was = step.way != Way::Contents && !(step.way == Way::Beside && definition.inherits());
    match (definition.table, rows) {
        (Some(table), _) if as_it_was => {
            let mut sql = moved(table, &step.from, &step.staging)?;
            // A sequence may belong to the table that this one is a copy of.
            let usable = |sql: &String| step.way == Way::Beside && !sql.contains("nextval(");
            for default in &definition.defaults {
                sql.extend(moved(default, &step.from, &step.staging)?.into_iter().filter(usable));
            }
            Ok(sql)
        }
        (_, Some(rows)) => Ok(vec![plain(&step.staging, rows)]),
        (_, None) => Err(EngineError::internal(format!(
            "The backup holds neither rows nor a definition of {}.",
            step.from
        ))),
    }
}

/// On several connections.
async fn copy(
    access: &Access,
    rows: &[(&TableStep, &TableSnapshot)],
    source: &dyn SnapshotSource,
    work: &Work,
) -> Result<()> {
    let loading = &Loading::new(rows.iter().map(|(_, table)| *table));
    let workers = (0..loading.sessions(work)).map(|_| async move {
        let mut session = Session::open(access, Purpose::Load).await?;
        while let Some((index, table, stream)) = loading.next() {
            let into = TableSnapshot { table: rows[index].0.staging.clone(), ..table.clone() };
            loading.arrived(index, load::copy_in(&mut session, &into, stream, false, source, work).await?);
        }
        session.close().await;
        Ok::<(), EngineError>(())
    });
    try_join_all(workers).await?;
    loading.all_arrived()
}

/// One after the other: each is read once, by the columns and in the text form of the snapshot.
pub async fn fingerprint(
    access: &Access,
    order: &TableOrder,
    snapshot: &Snapshot,
    work: &Work,
) -> Result<Vec<TableFingerprint>> {
    let mut session = Session::open(access, Purpose::Load).await?;
    let mut found = Vec::new();
    for step in &order.tables {
        let Some(table) = stored(snapshot, step) else { continue };
        work.checkpoint()?;
        let doing = format!("Proving {}", step.from);
        work.progress.phase(&doing);
        let sql =
            format!("COPY (SELECT {} FROM {}) TO STDOUT", ColumnList(&table.columns), Table(&step.staging));
        let failed = |source| error::during(&doing, source);
        let mut hasher = ContentHasher::new();
        let mut rows = session.raw().copy_out_raw(&sql).await.map_err(failed)?;
        while let Some(bytes) = rows.try_next().await.map_err(failed)? {
            work.checkpoint()?;
            hasher.write(&bytes);
        }
        drop(rows);
        found.push(TableFingerprint {
            table: step.from.clone(),
            rows: hasher.rows(),
            content_hash: hasher.hex(),
        });
    }
    session.close().await;
    Ok(found)
}
