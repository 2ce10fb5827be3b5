//! What SQLite says, in the words of the contract.
//!
//! The extended result code travels along as `native`. The path is named because a person has several
//! files; the SQL is not, because it may carry data.

use std::path::Path;

use holdfast_contract::{ApiError, ErrorCode};
use rusqlite::ErrorCode as Sqlite;
use rusqlite::ffi;

use crate::error::{Refusal, Refused};
use crate::{EngineError, Result};

/// Turns SQLite's errors into typed ones while naming the file and what was being done.
pub(super) trait Explain<T> {
    fn explain(self, path: &Path, doing: &str) -> Result<T>;
}

impl<T> Explain<T> for rusqlite::Result<T> {
    fn explain(self, path: &Path, doing: &str) -> Result<T> {
        self.map_err(|error| explain(path, doing, &error))
    }
}

fn explain(path: &Path, doing: &str, error: &rusqlite::Error) -> EngineError {
    let file = path.display();
    let rusqlite::Error::SqliteFailure(failure, text) = error else {
        return match error {
            rusqlite::Error::FromSqlConversionFailure(..) | rusqlite::Error::Utf8Error(..) => {
                damaged(path, &[format!("{doing}: a name or value in the schema is not valid text")]).into()
            }
            other => refused(path, doing, None, other.to_string()),
        };
    };
    let said = text.clone().unwrap_or_else(|| failure.to_string());
    let native = format!("SQLITE {}: {said}", failure.extended_code);
    let api = match (failure.code, failure.extended_code) {
        (Sqlite::OperationInterrupted, _) => return EngineError::Cancelled,
        (Sqlite::DatabaseBusy | Sqlite::DatabaseLocked, _) => busy(path, doing),
        (Sqlite::DatabaseCorrupt, _) => damaged(path, &[format!("{doing}: {said}")]),
        (Sqlite::NotADatabase, _) => ApiError::new(
            ErrorCode::NotADatabase,
            format!("{file} is not a SQLite database."),
        )
        .hint("Check the path; a SQLite file begins with the words “SQLite format 3”."),
        (_, ffi::SQLITE_READONLY_ROLLBACK | ffi::SQLITE_READONLY_RECOVERY) => ApiError::new(
            ErrorCode::ReadOnly,
            format!("{file} was left in the middle of a write, and a read-only connection may not finish its recovery."),
        )
        .hint("Open the database once with the program it belongs to, or turn off “read-only” for this connection."),
        (_, ffi::SQLITE_READONLY_CANTINIT | ffi::SQLITE_READONLY_DIRECTORY | ffi::SQLITE_CANTOPEN) => ApiError::new(
            ErrorCode::PermissionDenied,
            format!("{file} cannot be opened: its folder does not let Holdfast make the files SQLite needs beside it."),
        )
        .hint("A database in WAL mode needs its “-wal” and “-shm” files in the same folder: allow writing there, or copy the database to a writable folder."),
        (Sqlite::ReadOnly, _) => ApiError::new(ErrorCode::ReadOnly, format!("{file} may only be read."))
            .hint("Allow writing to the file and its folder."),
        (Sqlite::PermissionDenied | Sqlite::CannotOpen, _) => {
            ApiError::new(ErrorCode::PermissionDenied, format!("{file} cannot be opened: {said}."))
                .hint("Check the rights of the file and its folder.")
        }
        (Sqlite::DiskFull, _) => ApiError::new(ErrorCode::StorageFull, format!("No room left while {doing} ({file})."))
            .hint("Free some space and run it again."),
        (Sqlite::SystemIoFailure, _) => {
            ApiError::new(ErrorCode::StorageUnavailable, format!("Reading or writing {file} failed while {doing}."))
                .hint("Check the disk or network share it lives on.")
                .retry()
        }
        _ => return refused(path, doing, Some(native), said),
    };
    api.native(native).into()
}

/// A statement or value that SQLite does not take.
fn refused(path: &Path, doing: &str, code: Option<String>, said: String) -> EngineError {
    Refused {
        doing: doing.to_owned(),
        kind: Refusal::Statement,
        code,
        said,
        file: Some(path.to_path_buf()),
        position: None,
        hint: None,
    }
    .into()
}

pub(super) fn busy(path: &Path, doing: &str) -> ApiError {
    ApiError::new(
        ErrorCode::DatabaseBusy,
        format!("{} stayed locked by another program while {doing}.", path.display()),
    )
    .hint("Close the program that is using it, or try again in a moment.")
    .retry()
}

/// `lines` are SQLite's own, verbatim: they say which page or index is wrong.
pub(super) fn damaged(path: &Path, lines: &[String]) -> ApiError {
    let shown = lines.iter().take(3).map(String::as_str).collect::<Vec<_>>().join("; ");
    let more = lines.len().saturating_sub(3);
    let more = if more > 0 { format!(" and {more} more findings") } else { String::new() };
    ApiError::new(ErrorCode::DatabaseDamaged, format!("{} is damaged: {shown}{more}.", path.display()))
        .hint("Do not write to it any more. Restore the last proven backup; rows newer than that can be salvaged into a new file with “.recover” of the sqlite3 program.")
        .native(lines.join("\n"))
}
