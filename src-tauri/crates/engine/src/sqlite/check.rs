//! Is this file sound? SQLite's own checks, with its own words kept.

use std::path::Path;

use holdfast_contract::maintenance::{FindingLevel, MaintenanceReport};
use holdfast_contract::snapshot::TableName;
use rusqlite::Connection;

use super::error::{self, Explain};
use super::introspect::{Table, TableKind, quote};
use crate::Result;
use crate::maintain::finding;

/// Findings beyond these add nothing.
const MOST: usize = 100;

/// `DatabaseDamaged` with the findings, or the names of tables that could not be checked because they use a
/// collation or function that belongs to another program.
pub(super) fn integrity(connection: &Connection, path: &Path, tables: &[Table]) -> Result<Vec<String>> {
    let (found, stopped) = findings(connection, &whole());
    match stopped {
        Some(error) if foreign_code_missing(&error) => each_table(connection, path, tables),
        stopped => verdict(path, found, stopped).map(|()| vec![]),
    }
}

fn each_table(connection: &Connection, path: &Path, tables: &[Table]) -> Result<Vec<String>> {
    let mut unchecked = Vec::new();
    for table in tables.iter().filter(|table| table.kind != TableKind::Virtual) {
        let (found, stopped) =
            findings(connection, &format!("PRAGMA integrity_check({})", quote(&table.name)));
        match stopped {
            Some(error) if foreign_code_missing(&error) => unchecked.push(table.name.clone()),
            stopped => verdict(path, found, stopped)?,
        }
    }
    Ok(unchecked)
}

fn verdict(path: &Path, found: Vec<String>, stopped: Option<rusqlite::Error>) -> Result<()> {
    if found.iter().any(|line| line != "ok") {
        return Err(error::damaged(path, &found).into());
    }
    stopped.map_or(Ok(()), |error| Err(error).explain(path, "checking its integrity"))
}

/// `no such collation sequence`, `no such function`, `no such module`: plain SQL errors, not damage.
fn foreign_code_missing(error: &rusqlite::Error) -> bool {
    let failure = match error {
        rusqlite::Error::SqlInputError { error, .. } => Some(error),
        other => other.sqlite_error(),
    };
    failure.is_some_and(|failure| failure.extended_code & 0xff == rusqlite::ffi::SQLITE_ERROR)
}

/// With the list of free pages and pages that nothing uses. The number must be bare: as a bound value it would be taken for
/// the name of a table.
fn whole() -> String {
    format!("PRAGMA integrity_check({MOST})")
}

/// Damage can stop the check; what it said until then is kept.
fn findings(connection: &Connection, check: &str) -> (Vec<String>, Option<rusqlite::Error>) {
    let mut found = Vec::new();
    let told = connection.prepare(check).and_then(|mut check| {
        // One answer can hold many lines, under a headline.
        check.query_map([], |row| row.get::<_, String>(0))?.try_for_each(|answer| {
            let answer = answer?;
            found.extend(
                answer.lines().filter(|line| !line.starts_with("*** in database")).map(str::to_owned),
            );
            Ok(())
        })
    });
    (found, told.err())
}

/// Every finding, without a verdict: for a file that is known to be damaged.
pub(super) fn all_findings(connection: &Connection) -> Vec<String> {
    findings(connection, &whole()).0
}

/// What `pragma` (`integrity_check`, `quick_check`) finds in the file or in these tables, and which tables use something that
/// belongs to another program, so that they could not be checked.
pub(super) fn examine(
    connection: &Connection,
    path: &Path,
    pragma: &str,
    tables: Option<&[Table]>,
    report: &mut MaintenanceReport,
) -> Result<()> {
    let Some(tables) = tables else {
        let (found, stopped) = findings(connection, &format!("PRAGMA {pragma}({MOST})"));
        if stopped.as_ref().is_some_and(foreign_code_missing) {
            let all: Vec<Table> = super::introspect::tables(connection, path)?
                .into_iter()
                .filter(|table| table.kind == TableKind::Ordinary)
                .collect();
            return examine(connection, path, pragma, Some(&all), report);
        }
        return keep(None, found, stopped, path, report);
    };
    for table in tables {
        let (found, stopped) = findings(connection, &format!("PRAGMA {pragma}({})", quote(&table.name)));
        let name = table.key();
        if stopped.as_ref().is_some_and(foreign_code_missing) {
            let text = "not checked: it uses a collation or function of another program";
            report.findings.push(finding(Some(&name), FindingLevel::Warning, text));
            continue;
        }
        keep(Some(&name), found, stopped, path, report)?;
    }
    Ok(())
}

fn keep(
    table: Option<&TableName>,
    found: Vec<String>,
    stopped: Option<rusqlite::Error>,
    path: &Path,
    report: &mut MaintenanceReport,
) -> Result<()> {
    let damage = found.into_iter().filter(|line| line != "ok");
    let before = report.findings.len();
    report.findings.extend(damage.map(|line| finding(table, FindingLevel::Error, line)));
    match stopped {
        // Damage can stop the check; what it said until then tells more.
        Some(error) if report.findings.len() == before => Err(error).explain(path, "looking for damage"),
        _ => Ok(()),
    }
}

/// Rows whose parent is missing, counted by table. They are data as it is, not damage. Empty also where it could not be told.
pub(super) fn orphans(connection: &Connection, path: &Path) -> Result<Vec<(String, u64)>> {
    let counted = connection
        .prepare("SELECT \"table\", count(*) FROM pragma_foreign_key_check GROUP BY 1 ORDER BY 1")
        .and_then(|mut statement| {
            statement
                .query_map([], |row| Ok((row.get(0)?, row.get::<_, i64>(1)? as u64)))?
                .collect::<rusqlite::Result<Vec<_>>>()
        });
    match counted {
        Ok(found) => Ok(found),
        Err(error) if foreign_code_missing(&error) => Ok(vec![]),
        Err(error) => Err(error).explain(path, "checking its foreign keys"),
    }
}
