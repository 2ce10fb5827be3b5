//! Opening files that nobody vouches for.
//!
//! A database file is untrusted input: it is opened defensively, never memory-mapped, and can neither attach
//! other files nor load code. The live file itself is never opened other than through SQLite: on POSIX, closing *any*
//! descriptor of a file drops the locks that SQLite holds on it in this process.

use std::path::Path;
use std::time::{Duration, Instant};

use holdfast_contract::{ApiError, ErrorCode};
use rusqlite::config::DbConfig;
use rusqlite::hooks::{AuthAction, AuthContext, Authorization};
use rusqlite::{Connection, MAIN_DB, OpenFlags};
use tokio_util::sync::CancellationToken;

use super::error::Explain;
use super::refused;
use crate::{EngineError, Result};

/// 3.53.2 is the first version without the WAL-reset bug, which loses commits, and the FTS5 memory corruption.
const OLDEST_SAFE: i32 = 3_053_002;

pub(super) fn assert_version() -> Result<()> {
    let linked = rusqlite::version_number();
    if linked >= OLDEST_SAFE {
        return Ok(());
    }
    Err(ApiError::new(
        ErrorCode::VersionUnsupported,
        format!(
            "This build is linked with SQLite {}, which can lose data; 3.53.2 or later is needed.",
            rusqlite::version()
        ),
    )
    .hint("Install an official build of Holdfast.")
    .into())
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Mode {
    /// Somebody's live database: SQLite itself refuses to write.
    Read,
    /// A file of our own: no statement writes, but closing tidies the `-wal` and `-shm` away.
    ReadOwn,
    Write,
    Create,
    /// To find out what a damaged file still holds: read-only, and its schema is taken as far as it goes.
    Damaged,
}

/// How long to wait for locks, and when to stop.
#[derive(Clone)]
pub(super) struct Patience {
    pub wait: Duration,
    pub cancel: CancellationToken,
}

pub(super) fn open(path: &Path, mode: Mode, patience: &Patience) -> Result<Connection> {
    if mode != Mode::Create {
        must_be_a_file(path)?;
    }
    let flags = match mode {
        Mode::Read | Mode::Damaged => OpenFlags::SQLITE_OPEN_READ_ONLY,
        Mode::ReadOwn | Mode::Write => OpenFlags::SQLITE_OPEN_READ_WRITE,
        Mode::Create => OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_CREATE,
    };
    let flags = flags | OpenFlags::SQLITE_OPEN_NO_MUTEX | OpenFlags::SQLITE_OPEN_EXRESCODE;
    let connection = Connection::open_with_flags(path, flags).explain(path, "opening it")?;
    harden(connection, path, mode, patience)
}

/// How long it waits for locks from now on, and what makes it stop.
pub(super) fn wait_by(connection: &mut Connection, path: &Path, patience: &Patience) -> Result<()> {
    connection.busy_handler(Some(knock(patience))).explain(path, "opening it")?;
    let cancel = patience.cancel.clone();
    // Often enough that a cancelled scan stops within milliseconds, seldom enough to cost nothing.
    connection.progress_handler(20_000, Some(move || cancel.is_cancelled())).explain(path, "opening it")
}

fn harden(mut connection: Connection, path: &Path, mode: Mode, patience: &Patience) -> Result<Connection> {
    const OPENING: &str = "opening it";
    wait_by(&mut connection, path, patience)?;
    for (config, on) in [
        (DbConfig::SQLITE_DBCONFIG_DEFENSIVE, true),
        (DbConfig::SQLITE_DBCONFIG_TRUSTED_SCHEMA, false),
        (DbConfig::SQLITE_DBCONFIG_ENABLE_FTS3_TOKENIZER, false),
        (DbConfig::SQLITE_DBCONFIG_ENABLE_TRIGGER, false),
        (DbConfig::SQLITE_DBCONFIG_ENABLE_FKEY, false),
    ] {
        connection.set_db_config(config, on).explain(path, OPENING)?;
    }
    deny_attach(&mut connection, path)?;
    connection
        .execute_batch("PRAGMA mmap_size=0; PRAGMA cell_size_check=ON; PRAGMA temp_store=MEMORY;")
        .explain(path, OPENING)?;
    if mode == Mode::ReadOwn {
        connection.execute_batch("PRAGMA query_only=ON;").explain(path, OPENING)?;
    }
    if mode == Mode::Damaged {
        // The way to make SQLite go on with a file that is cut short or has a broken schema entry.
        connection.set_db_config(DbConfig::SQLITE_DBCONFIG_DEFENSIVE, false).explain(path, OPENING)?;
        connection
            .execute_batch("PRAGMA writable_schema=ON; PRAGMA query_only=ON;")
            .explain(path, OPENING)?;
    }
    match connection.query_row("SELECT count(*) FROM sqlite_schema", [], |row| row.get::<_, i64>(0)) {
        Ok(_) => {}
        Err(_) if mode == Mode::Damaged => {}
        Err(error) => {
            let code = error.sqlite_error_code();
            let said = match code {
                Some(rusqlite::ErrorCode::NotADatabase) => None,
                Some(rusqlite::ErrorCode::DatabaseCorrupt | rusqlite::ErrorCode::Unknown) => {
                    Some(error.to_string())
                }
                _ => return Err(error).explain(path, OPENING),
            };
            drop(connection);
            return Err(refused::describe(path, said.as_deref())?.into());
        }
    }
    if mode == Mode::Write && connection.is_readonly(MAIN_DB).explain(path, OPENING)? {
        return Err(ApiError::new(
            ErrorCode::PermissionDenied,
            format!("{} may not be written by this user.", path.display()),
        )
        .hint("Allow writing to the file and its folder.")
        .into());
    }
    Ok(connection)
}

/// SQLite's own waiting slows down to ten looks a second, and a program that writes without a pause leaves its lock for
/// a fraction of a millisecond only: look often, and not in its rhythm.
fn knock(patience: &Patience) -> impl FnMut(i32) -> bool + Send + 'static {
    let Patience { wait, cancel } = patience.clone();
    let mut since = Instant::now();
    move |count| {
        if count == 0 {
            since = Instant::now();
        }
        if cancel.is_cancelled() || since.elapsed() >= wait {
            return false;
        }
        std::thread::sleep(Duration::from_micros(100 + u64::from(count.unsigned_abs()) * 37 % 11 * 80));
        true
    }
}

fn deny_attach(connection: &mut Connection, path: &Path) -> Result<()> {
    connection
        .authorizer(Some(|context: AuthContext<'_>| match context.action {
            AuthAction::Attach { .. } => Authorization::Deny,
            _ => Authorization::Allow,
        }))
        .explain(path, "opening it")
}

/// Pragmas that only tell what is there, although they are given a value: the name of a table or index.
const TELLING: [&str; 6] =
    ["table_info", "table_xinfo", "index_list", "index_info", "index_xinfo", "foreign_key_list"];

/// From now on SQLite refuses what writes and what could make it write again (`PRAGMA query_only=0`); or, with `false`,
/// what it always refuses.
pub(super) fn only_reads(connection: &mut Connection, path: &Path, only: bool) -> Result<()> {
    if !only {
        return deny_attach(connection, path);
    }
    connection
        .authorizer(Some(|context: AuthContext<'_>| match context.action {
            AuthAction::Select
            | AuthAction::Read { .. }
            | AuthAction::Function { .. }
            | AuthAction::Recursive
            | AuthAction::Transaction { .. }
            | AuthAction::Savepoint { .. }
            | AuthAction::Pragma { pragma_value: None, .. } => Authorization::Allow,
            AuthAction::Pragma { pragma_name, .. } if TELLING.contains(&pragma_name) => Authorization::Allow,
            _ => Authorization::Deny,
        }))
        .explain(path, "opening it")
}

/// For statements that attach by themselves (`VACUUM INTO`).
pub(super) fn allow_attach(connection: &mut Connection, path: &Path) -> Result<()> {
    connection.authorizer(None::<fn(AuthContext<'_>) -> Authorization>).explain(path, "opening it")
}

fn must_be_a_file(path: &Path) -> Result<()> {
    match std::fs::metadata(path) {
        Ok(facts) if facts.is_file() => Ok(()),
        Ok(facts) => {
            let what = if facts.is_dir() { "a folder" } else { "not a regular file" };
            Err(ApiError::new(
                ErrorCode::NotADatabase,
                format!("{} is {what}, not a database file.", path.display()),
            )
            .hint("Choose the database file itself.")
            .into())
        }
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
            Err(ApiError::new(ErrorCode::DatabaseMissing, format!("There is no file {}.", path.display()))
                .hint("Check the path; the disk or share it lives on may not be mounted.")
                .native(error.to_string())
                .into())
        }
        Err(error) => Err(EngineError::io(format!("looking at {}", path.display()), error)),
    }
}
