//! What is wrong with a damaged file, in the names of its tables, and what of it still reads. A report, never a backup.

use std::collections::BTreeMap;
use std::path::Path;

use holdfast_contract::{ApiError, ErrorCode};
use rusqlite::Connection;

use super::connect::{self, Mode, Patience};
use super::introspect::quote;
use super::{check, error};
use crate::EngineError;

/// `readable` is where it can be read (the copy if there is one), `name` the file that the user knows. `found` is how the
/// damage showed; the report is at least that. Reads every table once; cancellable.
pub(super) fn report(readable: &Path, name: &Path, found: ApiError, patience: &Patience) -> EngineError {
    let Ok(connection) = connect::open(readable, Mode::Damaged, patience) else { return found.into() };
    let trees = trees(&connection);
    let findings = findings(&connection, &found, &trees);
    let tables: Vec<Reading> = trees.tables.iter().map(|table| read(&connection, table)).collect();
    if patience.cancel.is_cancelled() {
        return EngineError::Cancelled;
    }
    let mut report = error::damaged(name, &findings);
    report.message.push(' ');
    report.message.push_str(&still_reads(&tables, trees.whole));
    let native: Vec<String> =
        report.native.take().into_iter().chain(tables.iter().map(Reading::line)).collect();
    debug_assert_eq!(report.code, ErrorCode::DatabaseDamaged);
    report.native(native.join("\n")).into()
}

/// Names by the page on which their tree begins.
struct Trees {
    names: BTreeMap<i64, String>,
    tables: Vec<String>,
    /// The list of tables itself could be read to its end.
    whole: bool,
}

fn trees(connection: &Connection) -> Trees {
    let mut found =
        Trees { names: BTreeMap::from([(1, "the list of tables".into())]), tables: vec![], whole: false };
    let Ok(mut statement) =
        connection.prepare("SELECT type, name, tbl_name, rootpage FROM sqlite_schema WHERE rootpage > 0")
    else {
        return found;
    };
    let Ok(mut rows) = statement.query([]) else { return found };
    loop {
        match rows.next() {
            Ok(None) => {
                found.whole = true;
                return found;
            }
            Err(_) => return found,
            Ok(Some(row)) => {
                // An entry that is not text is damage that the check names.
                let text = |index| row.get::<_, String>(index).ok();
                let (Some(kind), Some(name), Some(table), Ok(root)) =
                    (text(0), text(1), text(2), row.get::<_, i64>(3))
                else {
                    continue;
                };
                let title = if kind == "table" {
                    format!("table “{name}”")
                } else {
                    format!("index “{name}” of “{table}”")
                };
                found.names.insert(root, title);
                if kind == "table" {
                    found.tables.push(name);
                }
            }
        }
    }
}

/// SQLite's own lines with names for its tree numbers; how the damage showed first, if the check adds nothing to it.
fn findings(connection: &Connection, found: &ApiError, trees: &Trees) -> Vec<String> {
    let first: Vec<String> =
        found.native.as_deref().unwrap_or_default().lines().map(|line| named(line, trees)).collect();
    let by_check = check::all_findings(connection);
    let mut lines: Vec<String> =
        by_check.iter().filter(|line| *line != "ok").map(|line| named(line, trees)).collect();
    if lines.is_empty() || found.message.contains("cut short") {
        lines.splice(0..0, first);
    }
    let mut seen = std::collections::BTreeSet::new();
    lines.retain(|line| seen.insert(line.clone()));
    lines
}

/// `Tree 5 page 12 cell 3: …` becomes `table “orders” (tree 5), page 12 cell 3: …`.
fn named(line: &str, trees: &Trees) -> String {
    let Some(rest) = line.strip_prefix("Tree ") else { return line.to_owned() };
    let digits = rest.find(|letter: char| !letter.is_ascii_digit()).unwrap_or(rest.len());
    let (number, rest) = rest.split_at(digits);
    match number.parse().ok().and_then(|root: i64| trees.names.get(&root)) {
        Some(name) => format!("{name} (tree {number}),{rest}"),
        None => line.to_owned(),
    }
}

struct Reading {
    table: String,
    rows: u64,
    /// What stopped it.
    broken: Option<String>,
}

impl Reading {
    fn line(&self) -> String {
        match &self.broken {
            None => format!("“{}”: all {} rows read", self.table, self.rows),
            Some(why) => format!("“{}”: breaks off after {} rows: {why}", self.table, self.rows),
        }
    }
}

/// Every value is fetched, so that overflow pages are followed.
fn read(connection: &Connection, table: &str) -> Reading {
    let mut reading = Reading { table: table.to_owned(), rows: 0, broken: None };
    let walked = connection.prepare(&format!("SELECT * FROM main.{} NOT INDEXED", quote(table))).and_then(
        |mut statement| {
            let columns = statement.column_count();
            let mut rows = statement.query([])?;
            while let Some(row) = rows.next()? {
                for index in 0..columns {
                    row.get_ref(index)?;
                }
                reading.rows += 1;
            }
            Ok(())
        },
    );
    reading.broken = walked.err().map(|error| error.to_string());
    reading
}

/// Tables spelled out in the message; `native` has them all.
const TOLD: usize = 5;

fn still_reads(tables: &[Reading], whole: bool) -> String {
    let broken: Vec<&Reading> = tables.iter().filter(|table| table.broken.is_some()).collect();
    let good = tables.len() - broken.len();
    let list = if whole { "" } else { " The list of tables itself is damaged, so there may be more." };
    if tables.is_empty() {
        return format!(
            "No table of it can be read.{}",
            if whole { "" } else { " The list of tables itself is damaged." }
        );
    }
    if broken.is_empty() {
        return format!("The rows of all {} tables still read from beginning to end.{list}", tables.len());
    }
    let told: Vec<String> = broken
        .iter()
        .take(TOLD)
        .map(|table| format!("“{}” breaks off after {} rows", table.table, table.rows))
        .collect();
    let more = match broken.len().saturating_sub(TOLD) {
        0 => String::new(),
        more => format!(", and {more} more"),
    };
    format!(
        "Of {} tables, {good} still read from beginning to end; {}{more}.{list}",
        tables.len(),
        told.join(", ")
    )
}
