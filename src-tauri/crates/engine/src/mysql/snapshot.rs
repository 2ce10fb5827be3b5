//! One moment, seen by several sessions.
//!
//! Sessions cannot share a snapshot here as they can in PostgreSQL: writing is stopped for the moment in which each
//! begins its own (`FLUSH TABLES WITH READ LOCK`, or without that right `LOCK TABLES … READ`), and goes on at once. One
//! session alone needs no lock. Tables of engines without transactions stay locked until they are read.

use holdfast_contract::snapshot::{Omission, Position};
use holdfast_contract::{ApiError, ErrorCode};

use super::connect::{Purpose, Session};
use super::schema::Table;
use super::sessions::Sessions;
use super::sql::Name;
use super::{error, mysql8};
use crate::{Access, EngineError, Result, Work};

/// Sessions that all see one moment.
pub struct Moment {
    pub readers: Vec<Session>,
    /// Holds the tables without transactions locked while it lives, and is the one to read them.
    pub locker: Option<Session>,
    pub position: Option<Position>,
    /// `file:offset` of the binary log, where `position` is a GTID.
    pub binlog: Option<String>,
    pub taken_at_ms: i64,
    pub omissions: Vec<Omission>,
}

const DOING: &str = "Fixing the snapshot";

pub async fn fix(
    access: &Access,
    database: &str,
    tables: &[&Table],
    work: &Work,
    sessions: &Sessions,
) -> Result<Moment> {
    let wanted = work.parallel.clamp(1, tables.len().max(1));
    let mut readers = open_readers(access, database, wanted, sessions).await?;
    let control =
        if readers.len() > 1 { stop_writing(access, database, tables, sessions).await? } else { None };
    if control.is_none() {
        // Nobody may stop the others: then one session, which sees one moment by itself.
        readers.truncate(1);
    }
    // Behind the stop: a writer that waited for this lock would be one for which the stop waits.
    let unlockable: Vec<&Table> = tables.iter().filter(|table| !table.transactional).copied().collect();
    let (locker, omissions) = hold(access, database, &unlockable, sessions).await?;
    for reader in &mut readers {
        reader.execute(DOING, "START TRANSACTION WITH CONSISTENT SNAPSHOT, READ ONLY").await?;
        // Going back to it gives up the lock on a table that has been read, so that it can be altered again.
        reader.execute(DOING, "SAVEPOINT holdfast; SET SESSION character_set_results = NULL").await?;
        reader.in_snapshot = true;
    }
    let taken_at_ms = (work.clock)();
    let (position, binlog) = match readers.first_mut() {
        Some(first) => position(first, control.is_some()).await,
        None => (None, None),
    };
    if let Some(mut control) = control {
        control.execute("Letting the others write again", "UNLOCK TABLES").await?;
        control.close().await;
    }
    Ok(Moment { readers, locker, position, binlog, taken_at_ms, omissions })
}

/// A server with few connections left gives as many as it has.
async fn open_readers(
    access: &Access,
    database: &str,
    wanted: usize,
    sessions: &Sessions,
) -> Result<Vec<Session>> {
    let mut readers = Vec::with_capacity(wanted);
    while readers.len() < wanted {
        match Session::open_database(access, Some(database), Purpose::Read).await {
            Ok(session) => {
                sessions.note(&session);
                readers.push(session);
            }
            Err(refusal) if !readers.is_empty() && refusal.code() == ErrorCode::DatabaseBusy => {
                // Room for the session that locks.
                if readers.len() > 1
                    && let Some(spare) = readers.pop()
                {
                    spare.close().await;
                }
                break;
            }
            Err(other) => return Err(other),
        }
    }
    Ok(readers)
}

/// None where this login may not stop all writing, and may not lock the tables or has some among them without transactions.
async fn stop_writing(
    access: &Access,
    database: &str,
    tables: &[&Table],
    sessions: &Sessions,
) -> Result<Option<Session>> {
    let mut session = Session::open_database(access, Some(database), Purpose::Read).await?;
    sessions.note(&session);
    match session.execute(DOING, "FLUSH TABLES WITH READ LOCK").await {
        Ok(_) => return Ok(Some(session)),
        Err(refusal) if is_denied(&refusal) => {}
        Err(other) => return Err(blocked(other)),
    }
    if tables.iter().any(|table| !table.transactional) {
        // These stay locked when the others are let go, and two sessions cannot come by their locks without one waiting for
        // a writer that waits for the other.
        session.close().await;
        return Ok(None);
    }
    match lock(&mut session, tables).await {
        Ok(()) => Ok(Some(session)),
        Err(refusal) if is_denied(&refusal) => Ok(None),
        Err(other) => Err(blocked(other)),
    }
}

/// Seconds for one attempt, during which whoever comes later waits too; and attempts.
const PATIENCE: u32 = 10;
const ATTEMPTS: u32 = 3;

/// Keeps tables without transactions as they are until they are read. Where that is not to be had, they are named.
async fn hold(
    access: &Access,
    database: &str,
    tables: &[&Table],
    sessions: &Sessions,
) -> Result<(Option<Session>, Vec<Omission>)> {
    if tables.is_empty() {
        return Ok((None, Vec::new()));
    }
    let mut session = Session::open_database(access, Some(database), Purpose::Read).await?;
    sessions.note(&session);
    session.execute(DOING, &format!("SET SESSION lock_wait_timeout = {PATIENCE}")).await?;
    for attempt in 1.. {
        match lock(&mut session, tables).await {
            Ok(()) => break,
            Err(refusal) if is_denied(&refusal) => {
                return Ok((None, tables.iter().map(|table| unsteady(table)).collect()));
            }
            Err(busy) if error::native(&busy) == Some(1205) && attempt < ATTEMPTS => {}
            Err(busy) if error::native(&busy) == Some(1205) => {
                return Ok((None, tables.iter().map(|table| never_free(table)).collect()));
            }
            Err(other) => return Err(other),
        }
    }
    // As the other readers: rows come as they are stored.
    session.execute(DOING, "SET SESSION character_set_results = NULL").await?;
    Ok((Some(session), Vec::new()))
}

async fn lock(session: &mut Session, tables: &[&Table]) -> Result<()> {
    let names: Vec<String> = tables.iter().map(|table| format!("{} READ", Name(&table.name))).collect();
    session.execute("Locking the tables", &format!("LOCK TABLES {}", names.join(", "))).await.map(drop)
}

fn is_denied(refusal: &EngineError) -> bool {
    matches!(error::native(refusal), Some(1044 | 1045 | 1142 | 1227))
}

fn blocked(error: EngineError) -> EngineError {
    if error::native(&error) != Some(1205) {
        return error;
    }
    ApiError::new(
        ErrorCode::DatabaseBusy,
        "Something has been writing for more than a minute, so no common moment could be found.",
    )
    .hint("Look for a long statement, an ALTER TABLE or a backup that holds locks (SHOW PROCESSLIST), and run it again.")
    .native("1205")
    .retry()
    .into()
}

/// The omission for a table that can neither be locked nor seen as of the moment.
pub fn unsteady(table: &Table) -> Omission {
    Omission {
        kind: "consistency".into(),
        name: table.name.clone(),
        reason: format!(
            "Its engine {} knows no transactions and this login may not LOCK TABLES: its rows may be from another moment than the rest, and may be written to while they are read.",
            table.engine
        ),
        by_request: false,
    }
}

/// The omission for a table that others never let go of.
fn never_free(table: &Table) -> Omission {
    Omission {
        kind: "consistency".into(),
        name: table.name.clone(),
        reason: format!(
            "Its engine {} knows no transactions, and others used it so long that it could not be locked: its rows may be from another moment than the rest, and may be written to while they are read.",
            table.engine
        ),
        by_request: false,
    }
}

/// GTID where the server knows one, and file and offset.
async fn position(session: &mut Session, writing_stopped: bool) -> (Option<Position>, Option<String>) {
    if !session.server.is_mariadb() {
        let found = if writing_stopped { mysql8::position(session).await } else { None };
        return (found, None);
    }
    // These belong to this session's snapshot. Without a binary log, or without the right, there is no position.
    let Ok(rows) = session.rows(DOING, "SHOW SESSION STATUS LIKE 'binlog_snapshot_%'").await else {
        return (None, None);
    };
    let value = |name: &str| {
        rows.iter()
            .find(|row| row[0].as_deref().is_some_and(|found| found.eq_ignore_ascii_case(name)))
            .and_then(|row| row[1].clone())
            .filter(|value| !value.is_empty())
    };
    let (Some(file), Some(offset)) = (value("binlog_snapshot_file"), value("binlog_snapshot_position"))
    else {
        return (None, None);
    };
    let binlog = format!("{file}:{offset}");
    let sql = format!("SELECT BINLOG_GTID_POS({}, {offset})", super::sql::Literal(&file));
    match session.value(DOING, &sql).await {
        Ok(Some(gtid)) if !gtid.is_empty() => {
            (Some(Position { kind: "gtid".into(), value: gtid }), Some(binlog))
        }
        _ => (Some(Position { kind: "binlog".into(), value: binlog.clone() }), Some(binlog)),
    }
}
