//! Is this file sound? SQLite's own checks, with its own words kept.

use std::path::Path;

use rusqlite::Connection;

use super::error::{self, Explain};
use super::introspect::{Table, TableKind};
use crate::{EngineError, Result};

/// Findings beyond these add nothing.
const MOST: usize = 100;

/// `DatabaseDamaged` with the findings, or the names of tables that could not be checked because they use a
/// collation or function that belongs to another program.
pub(super) fn integrity(connection: &Connection, path: &Path, tables: &[Table]) -> Result<Vec<String>> {
    match lines(connection, "SELECT integrity_check FROM pragma_integrity_check(?1)", &MOST.to_string()) {
        Ok(found) => verdict(path, found).map(|()| vec![]),
        Err(error) if foreign_code_missing(&error) => each_table(connection, path, tables),
        Err(error) => Err(error).explain(path, "checking its integrity"),
    }
}

fn each_table(connection: &Connection, path: &Path, tables: &[Table]) -> Result<Vec<String>> {
    let mut unchecked = Vec::new();
    for table in tables.iter().filter(|table| table.kind != TableKind::Virtual) {
        match lines(connection, "SELECT integrity_check FROM pragma_integrity_check(?1)", &table.name) {
            Ok(found) => verdict(path, found)?,
            Err(error) if foreign_code_missing(&error) => unchecked.push(table.name.clone()),
            Err(error) => return Err(error).explain(path, "checking its integrity"),
        }
    }
    Ok(unchecked)
}

fn verdict(path: &Path, found: Vec<String>) -> Result<()> {
    if found.iter().all(|line| line == "ok") {
        Ok(())
    } else {
        Err(EngineError::Api(error::damaged(path, &found)))
    }
}

/// `no such collation sequence`, `no such function`, `no such module`: plain SQL errors, not damage.
fn foreign_code_missing(error: &rusqlite::Error) -> bool {
    error.sqlite_error().is_some_and(|failure| failure.extended_code & 0xff == rusqlite::ffi::SQLITE_ERROR)
}

fn lines(connection: &Connection, sql: &str, argument: &str) -> rusqlite::Result<Vec<String>> {
    connection.prepare(sql)?.query_map([argument], |row| row.get(0))?.collect()
}

/// Rows whose parent is missing. They are data as it is, not damage. `None`: it could not be told.
pub(super) fn orphans(connection: &Connection, path: &Path) -> Result<Option<u64>> {
    match connection
        .query_row("SELECT count(*) FROM pragma_foreign_key_check", [], |row| row.get::<_, i64>(0))
    {
        Ok(count) => Ok(Some(count as u64)),
        Err(error) if foreign_code_missing(&error) => Ok(None),
        Err(error) => Err(error).explain(path, "checking its foreign keys"),
    }
}
