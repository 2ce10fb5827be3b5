//! The transaction whose exported snapshot all readers share.
//!
//! Tables are locked before the snapshot is fixed: `LOCK TABLE` needs no snapshot, so whatever altered or
//! truncated a table has ended before the first row is seen, and nothing can do so until the end.

use std::collections::HashSet;

use holdfast_contract::snapshot::{Position, ServerInfo, TableName};
use holdfast_contract::{ApiError, ErrorCode};

use super::connect::{Purpose, Session};
use super::copy_out::Backends;
use super::inspect;
use super::sql::Table;
use crate::{Access, EngineError, Result, Work};

/// Waiting longer for one table than this is a busy database, said with the blocker's name.
const LOCK_TIMEOUT: &str = "60s";
/// Tables locked by one statement: few round trips, statements of moderate length.
const LOCK_BATCH: usize = 500;
/// Tables that appear between listing and snapshot start it again, this often.
const ATTEMPTS: usize = 5;

/// Holds the locks and the snapshot while its session lives.
pub struct Exported {
    pub session: Session,
    /// For `SET TRANSACTION SNAPSHOT`.
    pub id: String,
    pub position: Option<Position>,
    pub taken_at_ms: i64,
    pub server: ServerInfo,
}

/// A read-only transaction that sees one moment, without locks: for plans.
pub async fn begin(session: &mut Session) -> Result<()> {
    session.execute("Beginning to read", "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY").await.map(drop)
}

pub async fn export(access: &Access, database: &str, work: &Work, backends: &Backends) -> Result<Exported> {
    let mut session = Session::open_database(access, database, Purpose::Read).await?;
    backends.note(&session);
    for attempt in 1.. {
        work.checkpoint()?;
        let listed = readable_tables(&mut session).await?;
        begin(&mut session).await?;
        match lock(&mut session, &listed).await {
            // Dropped, renamed or taken away between listing and locking.
            Err(error)
                if attempt < ATTEMPTS && matches!(error.server_code(), Some("42P01" | "3F000" | "42501")) =>
            {
                session.execute("Beginning again", "ROLLBACK").await?;
                continue;
            }
            Err(error) if error.server_code() == Some("55P03") => {
                return Err(blocked(&mut session, error).await);
            }
            other => other?,
        }
        let (id, position) = fix(&mut session).await?;
        let taken_at_ms = (work.clock)();
        let locked: HashSet<&TableName> = listed.iter().collect();
        let seen = readable_tables(&mut session).await?;
        let late: Vec<TableName> = seen.into_iter().filter(|table| !locked.contains(table)).collect();
        if !late.is_empty() && attempt < ATTEMPTS {
            session.execute("Beginning again", "ROLLBACK").await?;
            continue;
        }
        // Tables that are created all the time: locked now, a little late, as the reference tool does for all.
        lock(&mut session, &late).await?;
        let server = inspect::server_info(&mut session).await?;
        return Ok(Exported { session, id, position, taken_at_ms, server });
    }
    Err(EngineError::internal("The snapshot was not taken."))
}

async fn readable_tables(session: &mut Session) -> Result<Vec<TableName>> {
    let rows = session
        .rows(
            "Listing the tables",
            "SELECT n.nspname, c.relname FROM pg_catalog.pg_class c \
             JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace \
             WHERE c.relkind IN ('r', 'p') AND c.relpersistence <> 't' \
             AND n.nspname !~ '^pg_' AND n.nspname <> 'information_schema' \
             AND pg_catalog.has_schema_privilege(n.oid, 'USAGE') AND pg_catalog.has_table_privilege(c.oid, 'SELECT') \
             ORDER BY c.oid",
        )
        .await?;
    Ok(rows
        .into_iter()
        .filter_map(|row| match <[Option<String>; 2]>::try_from(row) {
            Ok([schema, Some(name)]) => Some(TableName { schema, name }),
            _ => None,
        })
        .collect())
}

async fn lock(session: &mut Session, tables: &[TableName]) -> Result<()> {
    for batch in tables.chunks(LOCK_BATCH) {
        let names: Vec<String> = batch.iter().map(|table| format!("ONLY {}", Table(table))).collect();
        let sql = format!(
            "SET LOCAL lock_timeout = '{LOCK_TIMEOUT}'; LOCK TABLE {} IN ACCESS SHARE MODE; SET LOCAL lock_timeout = 0",
            names.join(", ")
        );
        session.execute("Locking the tables against changes of their structure", &sql).await?;
    }
    Ok(())
}

async fn fix(session: &mut Session) -> Result<(String, Option<Position>)> {
    let rows = session
        .rows(
            "Fixing the snapshot",
            "SELECT pg_catalog.pg_export_snapshot(), CASE WHEN pg_catalog.pg_is_in_recovery() \
             THEN pg_catalog.pg_last_wal_replay_lsn() ELSE pg_catalog.pg_current_wal_lsn() END::text",
        )
        .await?;
    match rows.into_iter().next().map(<[Option<String>; 2]>::try_from) {
        Some(Ok([Some(id), lsn])) => Ok((id, lsn.map(|value| Position { kind: "lsn".into(), value }))),
        _ => Err(EngineError::unexpected("The server exported no snapshot.")),
    }
}

/// Names who stands in the way.
async fn blocked(session: &mut Session, error: EngineError) -> EngineError {
    let sql = "ROLLBACK; SELECT l.relation::pg_catalog.regclass::text, a.pid::text, coalesce(a.application_name, ''), \
               coalesce(a.usename, '') FROM pg_catalog.pg_locks l LEFT JOIN pg_catalog.pg_stat_activity a ON a.pid = l.pid \
               WHERE l.mode = 'AccessExclusiveLock' AND l.granted AND l.relation IS NOT NULL \
               AND l.database = (SELECT oid FROM pg_catalog.pg_database WHERE datname = pg_catalog.current_database()) LIMIT 1";
    // Only words are lost when this fails; the error itself stands.
    let Ok(rows) = session.rows("Looking for the blocker", sql).await else { return error };
    match rows.into_iter().next().map(<[Option<String>; 4]>::try_from) {
        Some(Ok([Some(table), Some(pid), application, user])) => ApiError::new(
            ErrorCode::DatabaseBusy,
            format!(
                "{table} has been locked for more than a minute by process {pid} ({} {}).",
                user.unwrap_or_default(),
                application.unwrap_or_default()
            ),
        )
        .hint("End that session or wait for it, then run it again.")
        .native("55P03")
        .retry()
        .into(),
        _ => error,
    }
}
