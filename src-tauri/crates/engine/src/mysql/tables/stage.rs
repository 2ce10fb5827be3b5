//! The rows into tables of their own in the live database, and what arrived there.

use async_trait::async_trait;
use bytes::Bytes;
use futures::stream::BoxStream;
use holdfast_contract::snapshot::{SchemaObject, Snapshot, TableFingerprint, TableName, TableSnapshot};

use super::{definition, drop_all, hanging, put};
use crate::mysql::connect::{Purpose, Session};
use crate::mysql::sql::Name;
use crate::mysql::{fingerprint, inspect, load, schema, statements};
use crate::tables::{TableOrder, TableStep, Way};
use crate::{Access, EngineError, LoadReport, Result, SnapshotSource, Work, staging};

pub async fn stage(
    access: &Access,
    order: &TableOrder,
    source: &dyn SnapshotSource,
    work: &Work,
) -> Result<LoadReport> {
    staging::fill(
        work,
        fill(access, order, source, work),
        drop_all(access, order.tables.iter().map(|step| &step.staging)),
        |left| format!("The staged rows are still there ({left}); drop their tables by hand."),
    )
    .await
}

async fn fill(
    access: &Access,
    order: &TableOrder,
    source: &dyn SnapshotSource,
    work: &Work,
) -> Result<LoadReport> {
    let database = access.spec.database_name();
    let objects = source.objects().await?;
    let mut session = Session::open(access, Purpose::Load).await?;
    statements::prepare(&mut session).await?;
    let staged = Staged::new(order, source);
    work.progress.total_bytes(staged.snapshot.tables.iter().map(|table| table.bytes).sum());
    for step in &order.tables {
        let create = made(&mut session, database, step, &objects).await?;
        let sql = definition::renamed(&create, named_in(step), &step.staging.name).ok_or_else(|| {
            EngineError::unsupported(format!("The definition of {} is not understood.", step.from))
        })?;
        session.execute(&format!("Making room for {}", step.from), &sql).await?;
    }
    load::rows(access, database, &staged, work).await?;
    load::analyze(&mut session, &staged.snapshot, work).await?;
    let server = Some(inspect::server_info(&mut session).await?);
    session.close().await;
    Ok(LoadReport { server, remarks: Vec::new() })
}

/// Where the columns are the same, the table is defined as the live one is now.
async fn made(
    session: &mut Session,
    database: &str,
    step: &TableStep,
    objects: &[SchemaObject],
) -> Result<String> {
    if step.way != Way::Contents {
        let create = hanging::create(objects, &step.from.name).ok_or_else(|| put::changed(&step.from))?;
        return Ok(create.to_owned());
    }
    let show = format!("SHOW CREATE TABLE {}", Name(&step.to.name));
    let row = session.rows("Looking at the table", &show).await?.into_iter().next().unwrap_or_default();
    let create = row.into_iter().nth(1).flatten().unwrap_or_default();
    let create = schema::text::unqualified(&create, database);
    if hanging::ledger(step)?.structure != Some(schema::text::structure(&create)) {
        return Err(put::changed(&step.to));
    }
    Ok(create)
}

/// The name in the definition that [`made`] answers with.
fn named_in(step: &TableStep) -> &str {
    if step.way == Way::Contents { &step.to.name } else { &step.from.name }
}

/// One after the other by one session, which needs nobody to stop writing: the tables are nobody else's.
pub async fn fingerprints(access: &Access, order: &TableOrder, work: &Work) -> Result<Vec<TableFingerprint>> {
    let staged: Vec<TableName> = order.tables.iter().map(|step| step.staging.clone()).collect();
    let work = Work { parallel: 1, ..work.clone() };
    let found = fingerprint::fingerprint(access, access.spec.database_name(), &staged, &work).await?;
    Ok(found
        .into_iter()
        .filter_map(|mut table| {
            let step = order.tables.iter().find(|step| step.staging == table.table)?;
            table.table = step.from.clone();
            Some(table)
        })
        .collect())
}

/// The chosen tables of a backup, under their staging names.
struct Staged<'a> {
    source: &'a dyn SnapshotSource,
    snapshot: Snapshot,
}

impl<'a> Staged<'a> {
    fn new(order: &TableOrder, source: &'a dyn SnapshotSource) -> Self {
        let whole = source.snapshot();
        let tables = order.tables.iter().filter_map(|step| {
            let stored = whole.tables.iter().find(|table| table.table == step.from)?;
            Some(TableSnapshot { table: step.staging.clone(), ..stored.clone() })
        });
        Self { source, snapshot: Snapshot { tables: tables.collect(), ..whole.clone() } }
    }
}

#[async_trait]
impl SnapshotSource for Staged<'_> {
    fn snapshot(&self) -> &Snapshot {
        &self.snapshot
    }
    async fn objects(&self) -> Result<Vec<SchemaObject>> {
        self.source.objects().await
    }
    async fn open(&self, stream: &str) -> Result<BoxStream<'static, Result<Bytes>>> {
        self.source.open(stream).await
    }
}
