//! Rows that point to nothing, before and after tables have changed.

use std::collections::BTreeMap;
use std::path::Path;

use rusqlite::Connection;

use super::put::DOING;
use crate::Result;
use crate::sqlite::error::Explain;

/// By the table they are in and the table they point to.
pub(super) type Orphans = BTreeMap<(String, String), u64>;

pub(super) fn count(connection: &Connection, path: &Path) -> Result<Orphans> {
    let mut statement = connection
        .prepare("SELECT \"table\", parent, count(*) FROM pragma_foreign_key_check GROUP BY 1, 2")
        .explain(path, DOING)?;
    let found = statement
        .query_map([], |row| Ok(((row.get(0)?, row.get(1)?), row.get::<_, i64>(2)? as u64)))
        .and_then(Iterator::collect);
    match found {
        // A schema whose keys do not fit together has nothing that could be counted, before or after.
        Err(rusqlite::Error::SqliteFailure(failure, _)) if failure.code == rusqlite::ErrorCode::Unknown => {
            Ok(Orphans::default())
        }
        found => found.explain(path, DOING),
    }
}

/// A sentence for each pair of tables that has more of them than `before`.
pub(super) fn more(connection: &Connection, path: &Path, before: &Orphans) -> Result<Vec<String>> {
    let more = count(connection, path)?
        .into_iter()
        .filter(|(pair, count)| *count > before.get(pair).copied().unwrap_or(0));
    Ok(more
        .map(|((table, parent), count)| {
            let rows = if count == 1 { "row" } else { "rows" };
            format!("{count} {rows} of “{table}” would point to rows of “{parent}” that are not there.")
        })
        .collect())
}
