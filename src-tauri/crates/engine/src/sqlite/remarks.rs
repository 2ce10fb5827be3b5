//! What is captured whole and still worth knowing before a restore: code that only the source's own program has, and rows
//! whose parents are missing.

use std::path::Path;

use holdfast_contract::snapshot::SchemaObject;
use rusqlite::Connection;

use super::error::Explain;
use crate::Result;

/// What the definitions tell; reads no rows.
pub(super) fn of_schema(
    connection: &Connection,
    path: &Path,
    objects: &[SchemaObject],
) -> Result<Vec<String>> {
    let mut remarks: Vec<String> = unknown_modules(objects)?
        .into_iter()
        .map(|(name, module)| {
            format!("“{name}” needs the extension “{module}”, which Holdfast does not have: its rows are kept and proven, but only a program with that extension can query it.")
        })
        .collect();
    remarks.extend(unknown_collations(connection, path)?.into_iter().map(|(table, collation)| {
        format!("“{table}” has an index in the collation “{collation}”, which only its own program has: the index is kept as it is and cannot be checked here.")
    }));
    Ok(remarks)
}

pub(super) fn unchecked(table: &str) -> String {
    format!(
        "“{table}” needs a collation or function that only its own program has: its rows are kept and proven, but SQLite's integrity check could not be made on it here."
    )
}

/// `orphans`: tables and how many of their rows point to no parent.
pub(super) fn of_orphans(orphans: &[(String, u64)]) -> Option<String> {
    let total: u64 = orphans.iter().map(|(_, count)| count).sum();
    let tables: Vec<String> = orphans.iter().map(|(table, count)| format!("{count} in “{table}”")).collect();
    (total > 0).then(|| {
        format!(
            "{total} rows point to parents that do not exist ({}); they are kept as they are.",
            tables.join(", ")
        )
    })
}

/// What SQLite itself brings, asked of a database in which nothing has been named yet.
fn built_in(kind: &str) -> Result<Vec<String>> {
    let memory = Path::new(":memory:");
    Connection::open_in_memory()
        .and_then(|connection| {
            connection
                .prepare(&format!("SELECT lower(name) FROM pragma_{kind}_list"))?
                .query_map([], |row| row.get(0))?
                .collect()
        })
        .explain(memory, "listing what SQLite brings")
}

/// Virtual tables whose module this build lacks: (table, module).
pub(super) fn unknown_modules(objects: &[SchemaObject]) -> Result<Vec<(String, String)>> {
    let known = built_in("module")?;
    Ok(objects
        .iter()
        .filter(|object| object.kind == "virtual table")
        .filter_map(|object| Some((object.name.clone(), module(object.sql.first()?)?)))
        .filter(|(_, module)| !known.contains(module))
        .collect())
}

/// The word after the first `USING` that is followed by a module name.
pub(super) fn module(sql: &str) -> Option<String> {
    let lower = sql.to_ascii_lowercase();
    let at = lower.find(" using ").or_else(|| lower.find("using"))?;
    let rest = lower[at..].trim_start().strip_prefix("using")?.trim_start();
    let name: String = rest.chars().take_while(|letter| letter.is_alphanumeric() || *letter == '_').collect();
    (!name.is_empty()).then_some(name)
}

/// Those of indexes: (table, collation).
fn unknown_collations(connection: &Connection, path: &Path) -> Result<Vec<(String, String)>> {
    let known = built_in("collation")?;
    let used: Vec<(String, String)> = connection
        .prepare(
            "SELECT DISTINCT t.name, x.coll FROM sqlite_schema t, pragma_index_list(t.name) i, pragma_index_xinfo(i.name) x \
             WHERE t.type = 'table' AND t.rootpage > 0 AND x.coll IS NOT NULL ORDER BY 1, 2",
        )
        .and_then(|mut statement| statement.query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?.collect())
        .explain(path, "listing its collations")?;
    Ok(used.into_iter().filter(|(_, collation)| !known.contains(&collation.to_lowercase())).collect())
}
