//! Making a database of its own from a snapshot: empty database, definitions, rows, then everything that must not
//! be there while rows come in.

use futures::future::try_join_all;
use holdfast_contract::snapshot::{EngineKind, Phase, SchemaObject, Snapshot, TableSnapshot};

use super::connect::{Purpose, Session};
use super::copy_in::{self, CopyIn};
use super::sql::Name;
use super::{asleep, database, inspect, statements};
use crate::loaders::Loading;
use crate::{Access, EngineError, LoadReport, Result, SnapshotSource, Work, staging};

pub async fn load(
    access: &Access,
    target: &str,
    source: &dyn SnapshotSource,
    work: &Work,
) -> Result<LoadReport> {
    if source.snapshot().server.engine != EngineKind::Mysql {
        return Err(EngineError::OtherKind { wanted: EngineKind::Mysql });
    }
    let mut session = database::room_for(access, target, work).await?;
    // Not cancellable: a database whose creation was given up midway would appear after its removal.
    database::create(&mut session, target, &source.snapshot().engine_facts).await?;
    session.close().await;

    staging::fill(work, fill(access, target, source, work), database::drop(access, target), |left| {
        format!("The unfinished database {target} is still there ({left}); drop it by hand.")
    })
    .await
}

async fn fill(access: &Access, target: &str, source: &dyn SnapshotSource, work: &Work) -> Result<LoadReport> {
    let snapshot = source.snapshot();
    let objects = source.objects().await?;
    let mut session = Session::open_database(access, Some(target), Purpose::Load).await?;
    statements::prepare(&mut session).await?;
    work.progress.total_bytes(snapshot.tables.iter().map(|table| table.bytes).sum());

    let (before, after): (Vec<SchemaObject>, Vec<_>) =
        objects.into_iter().partition(|object| object.phase == Phase::Before);
    statements::run(&mut session, &before, Some(work)).await?;
    rows(access, target, source, work).await?;
    let (events, after): (Vec<_>, Vec<_>) = after.into_iter().partition(|object| object.kind == "event");
    statements::run(&mut session, &after, Some(work)).await?;
    asleep::create(&mut session, target, &events).await?;
    analyze(&mut session, snapshot, work).await?;
    let server = Some(inspect::server_info(&mut session).await?);
    session.close().await;
    Ok(LoadReport { server, remarks: Vec::new() })
}

/// All rows of all tables on several connections.
pub async fn rows(access: &Access, target: &str, source: &dyn SnapshotSource, work: &Work) -> Result<()> {
    let loading = &Loading::new(source.snapshot().tables.iter().filter(|table| table.has_rows));
    let workers = (0..loading.sessions(work)).map(|_| async move {
        let mut session = None;
        while let Some((index, from, stream)) = loading.next() {
            let session = match &mut session {
                Some(session) => session,
                none => none.insert(for_rows(access, target).await?),
            };
            loading.arrived(index, table(session, from, stream, source, work).await?);
        }
        if let Some(session) = session {
            session.close().await;
        }
        Ok::<(), EngineError>(())
    });
    try_join_all(workers).await?;
    loading.all_arrived()
}

/// A session that stores rows exactly as they are, or not at all.
async fn for_rows(access: &Access, target: &str) -> Result<Session> {
    let doing = "Preparing the session";
    let mut session = Session::open_database(access, Some(target), Purpose::Load).await?;
    session.execute(doing, copy_in::STRICT).await?;
    session.execute(doing, "SET SESSION autocommit = 0, max_error_count = 65535").await?;
    // Parts of one table, on several sessions, wait for each other where the server fills it in bulk.
    session.execute(doing, "SET SESSION innodb_lock_wait_timeout = 86400").await?;
    if session.server.is_mariadb() {
        // Rows may be older than a CHECK on their table.
        session.execute(doing, "SET SESSION check_constraint_checks = 0").await?;
    }
    if session.server.mariadb_since(101_100) {
        session.execute(doing, "SET SESSION system_versioning_insert_history = 1").await?;
    }
    Ok(session)
}

async fn table(
    session: &mut Session,
    table: &TableSnapshot,
    stream: &str,
    source: &dyn SnapshotSource,
    work: &Work,
) -> Result<u64> {
    work.checkpoint()?;
    work.progress.phase(&format!("Loading {}", table.table));
    let data = source.open(stream).await?;
    CopyIn::new(session, table).run(data, work).await
}

/// Row estimates of freshly filled tables are far off until the server has looked at them.
const WORTH_ANALYZING: u64 = 10_000;

pub async fn analyze(session: &mut Session, snapshot: &Snapshot, work: &Work) -> Result<()> {
    for table in snapshot.tables.iter().filter(|table| table.rows >= WORTH_ANALYZING) {
        work.checkpoint()?;
        work.progress.phase("Gathering statistics");
        let sql = format!("ANALYZE NO_WRITE_TO_BINLOG TABLE {}", Name(&table.table.name));
        session.rows("Gathering statistics", &sql).await?;
    }
    Ok(())
}
