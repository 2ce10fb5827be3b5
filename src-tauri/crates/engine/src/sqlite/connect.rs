//! Opening files that nobody vouches for.
//!
//! A database file is untrusted input: it is opened defensively, never memory-mapped, and can neither attach
//! other files nor load code. The live file itself is never opened other than through SQLite: on POSIX, closing *any*
//! descriptor of a file drops the locks that SQLite holds on it in this process.

use std::io::Read;
use std::path::Path;
use std::time::{Duration, Instant};

use holdfast_contract::{ApiError, ErrorCode};
use rusqlite::config::DbConfig;
use rusqlite::hooks::{AuthAction, AuthContext, Authorization};
use rusqlite::{Connection, MAIN_DB, OpenFlags};
use tokio_util::sync::CancellationToken;

use super::error::Explain;
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
        Mode::Read => OpenFlags::SQLITE_OPEN_READ_ONLY,
        Mode::ReadOwn | Mode::Write => OpenFlags::SQLITE_OPEN_READ_WRITE,
        Mode::Create => OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_CREATE,
    };
    let flags = flags | OpenFlags::SQLITE_OPEN_NO_MUTEX | OpenFlags::SQLITE_OPEN_EXRESCODE;
    let connection = Connection::open_with_flags(path, flags).explain(path, "opening it")?;
    harden(connection, path, mode, patience)
}

fn harden(mut connection: Connection, path: &Path, mode: Mode, patience: &Patience) -> Result<Connection> {
    const OPENING: &str = "opening it";
    connection.busy_handler(Some(knock(patience))).explain(path, OPENING)?;
    for (config, on) in [
        (DbConfig::SQLITE_DBCONFIG_DEFENSIVE, true),
        (DbConfig::SQLITE_DBCONFIG_TRUSTED_SCHEMA, false),
        (DbConfig::SQLITE_DBCONFIG_ENABLE_FTS3_TOKENIZER, false),
        (DbConfig::SQLITE_DBCONFIG_ENABLE_TRIGGER, false),
        (DbConfig::SQLITE_DBCONFIG_ENABLE_FKEY, false),
    ] {
        connection.set_db_config(config, on).explain(path, OPENING)?;
    }
    let cancel = patience.cancel.clone();
    // Often enough that a cancelled scan stops within milliseconds, seldom enough to cost nothing.
    connection.progress_handler(20_000, Some(move || cancel.is_cancelled())).explain(path, OPENING)?;
    deny_attach(&mut connection, path)?;
    connection
        .execute_batch("PRAGMA mmap_size=0; PRAGMA cell_size_check=ON; PRAGMA temp_store=MEMORY;")
        .explain(path, OPENING)?;
    if mode == Mode::ReadOwn {
        connection.execute_batch("PRAGMA query_only=ON;").explain(path, OPENING)?;
    }
    match connection.query_row("SELECT count(*) FROM sqlite_schema", [], |row| row.get::<_, i64>(0)) {
        Ok(_) => {}
        Err(error) if error.sqlite_error_code() == Some(rusqlite::ErrorCode::NotADatabase) => {
            drop(connection);
            return Err(what_is_it(path)?.into());
        }
        Err(error) => return Err(error).explain(path, OPENING),
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

/// SQLite has refused the header, so nobody can hold a lock on this file and it may be read directly.
fn what_is_it(path: &Path) -> Result<ApiError> {
    let reading = |error| EngineError::io(format!("reading {}", path.display()), error);
    let mut file = std::fs::File::open(path).map_err(reading)?;
    let length = file.metadata().map_err(reading)?.len();
    let mut head = Vec::new();
    file.by_ref().take(4096).read_to_end(&mut head).map_err(reading)?;
    if looks_encrypted(&head, length) {
        return Ok(ApiError::new(
            ErrorCode::DatabaseEncrypted,
            format!("{} looks like an encrypted SQLite database.", path.display()),
        )
        .hint("Holdfast cannot open SQLCipher or SEE files: connect it decrypted, or back up the file by other means."));
    }
    Ok(ApiError::new(ErrorCode::NotADatabase, format!("{} is not a SQLite database.", path.display()))
        .hint("Check the path; a SQLite file begins with the words “SQLite format 3”."))
}

/// An encrypted database is whole pages of noise. Compressed files are noise too, but say what they are.
fn looks_encrypted(head: &[u8], length: u64) -> bool {
    const KNOWN: [&[u8]; 10] = [
        b"SQLite format 3\0",
        b"PK\x03\x04",
        b"\x1f\x8b",
        b"\x28\xb5\x2f\xfd",
        b"\xfd7zXZ",
        b"BZh",
        b"7z\xbc\xaf",
        b"\x89PNG",
        b"\xff\xd8\xff",
        b"%PDF",
    ];
    length >= 512
        && length.is_multiple_of(512)
        && !KNOWN.iter().any(|magic| head.starts_with(magic))
        // Random bytes reach 7.5 bits in 512 bytes and 7.95 in 4096; text stays under 5, code under 6.5.
        && entropy(head) > 7.2
}

fn entropy(bytes: &[u8]) -> f64 {
    let mut counts = [0u32; 256];
    bytes.iter().for_each(|byte| counts[usize::from(*byte)] += 1);
    let total = bytes.len() as f64;
    counts
        .iter()
        .filter(|count| **count > 0)
        .map(|count| f64::from(*count) / total)
        .map(|share| -share * share.log2())
        .sum()
}
