//! How a row of a table is told from the others, what hangs on it, and whether it is the same in two files.

use std::collections::BTreeSet;
use std::path::Path;

use rusqlite::Connection;

use super::super::error::Explain;
use super::super::introspect::{self, Table, TableKind, quote};
use crate::Result;
use crate::clear::hanging::Key;
use crate::clear::sets_off;

const DOING: &str = "looking at its tables";
/// The name under which the archived copy is attached.
pub(super) const ARCHIVE: &str = "holdfast_archive";

#[derive(Debug, PartialEq, Eq)]
pub(super) struct Shape {
    /// The table itself first, then all whose rows go or change with its rows.
    pub parts: Vec<Part>,
    pub keys: Vec<Key>,
    /// Grows with every change of any definition.
    version: i64,
}

#[derive(Debug, PartialEq, Eq)]
pub(super) struct Part {
    pub name: String,
    pub columns: Vec<String>,
    pub key: Vec<String>,
}

impl Shape {
    pub(super) fn of(connection: &Connection, path: &Path, table: &Table) -> Result<Self> {
        let all: Vec<Table> = introspect::tables(connection, path)?
            .into_iter()
            .filter(|table| table.kind == TableKind::Ordinary)
            .collect();
        let (mut parts, mut keys) = (vec![part(connection, path, table)?], Vec::new());
        let (mut open, mut seen) = (vec![table], BTreeSet::from([table.name.as_str()]));
        while let Some(parent) = open.pop() {
            for child in &all {
                for (cascades, columns) in following(connection, path, child, parent)? {
                    let (parent, name) = (full(&parent.name), full(&child.name));
                    keys.push(Key { parent, child: name, columns, cascades });
                    if cascades && seen.insert(&child.name) {
                        open.push(child);
                    }
                    if parts.iter().all(|part| part.name != child.name) {
                        parts.push(part(connection, path, child)?);
                    }
                }
            }
        }
        Ok(Self { parts, keys, version: version(connection, path)? })
    }

    pub(super) fn is_current(&self, connection: &Connection, path: &Path) -> Result<bool> {
        Ok(version(connection, path)? == self.version)
    }

    /// The condition that the row under this name and alias is not in the archive, byte for byte.
    pub(super) fn newer(&self, name: &str, alias: &str) -> String {
        let Some(part) = self.parts.iter().find(|part| full(&part.name) == name) else {
            return "(1 = 1)".to_owned();
        };
        let keys = part.key.iter().map(|key| format!("was.{key} = {alias}.{key}"));
        // Equal numbers may be of two types, and equal texts of two spellings.
        let same = part.columns.iter().map(|column| {
            format!("was.{column} COLLATE BINARY IS {alias}.{column} AND typeof(was.{column}) = typeof({alias}.{column})")
        });
        let all: Vec<String> = keys.chain(same).collect();
        format!(
            "NOT EXISTS (SELECT 1 FROM {ARCHIVE}.{} AS was WHERE {})",
            quote(&part.name),
            all.join(" AND ")
        )
    }
}

impl Part {
    pub(super) fn full(&self) -> String {
        full(&self.name)
    }
}

fn full(name: &str) -> String {
    format!("main.{}", quote(name))
}

fn version(connection: &Connection, path: &Path) -> Result<i64> {
    connection.query_row("PRAGMA main.schema_version", [], |row| row.get(0)).explain(path, DOING)
}

fn part(connection: &Connection, path: &Path, table: &Table) -> Result<Part> {
    Ok(Part {
        name: table.name.clone(),
        columns: table.columns.iter().map(|column| quote(&column.name)).collect(),
        key: key(connection, path, table)?,
    })
}

/// The row id, else the primary key, else (three columns bear the words for the row id) everything.
pub(super) fn key(connection: &Connection, path: &Path, table: &Table) -> Result<Vec<String>> {
    if let Some(word) = table.rowid {
        return Ok(vec![word.to_owned()]);
    }
    let mut statement = connection
        .prepare("SELECT name FROM pragma_table_info(?1, 'main') WHERE pk > 0 ORDER BY pk")
        .explain(path, DOING)?;
    let keys = statement
        .query_map([&table.name], |row| Ok(quote(&row.get::<_, String>(0)?)))
        .and_then(Iterator::collect::<rusqlite::Result<Vec<_>>>)
        .explain(path, DOING)?;
    let columns = || table.columns.iter().map(|column| quote(&column.name)).collect();
    Ok(if keys.is_empty() { columns() } else { keys })
}

/// Foreign keys of `child` to `parent` that change rows: whether they cascade, and (child's, parent's) columns.
type Following = (bool, Vec<(String, String)>);

fn following(connection: &Connection, path: &Path, child: &Table, parent: &Table) -> Result<Vec<Following>> {
    let mut statement = connection
        .prepare(
            "SELECT k.id, k.on_delete = 'CASCADE', k.\"from\", coalesce(k.\"to\", \
               (SELECT name FROM pragma_table_info(k.\"table\", 'main') WHERE pk = k.seq + 1)) \
             FROM pragma_foreign_key_list(?1) k WHERE lower(k.\"table\") = lower(?2) \
             AND k.on_delete IN ('CASCADE', 'SET NULL', 'SET DEFAULT') ORDER BY k.id, k.seq",
        )
        .explain(path, DOING)?;
    let rows = statement
        .query_map([&child.name, &parent.name], |row| {
            let pair = (quote(&row.get::<_, String>(2)?), row.get::<_, Option<String>>(3)?);
            Ok((row.get::<_, i64>(0)?, row.get::<_, bool>(1)?, pair))
        })
        .and_then(Iterator::collect::<rusqlite::Result<Vec<_>>>)
        .explain(path, DOING)?;
    let mut found: Vec<(i64, Following)> = Vec::new();
    for (id, cascades, (own, other)) in rows {
        // A key that points at nothing is an error as soon as a row is deleted.
        let Some(other) = other else { continue };
        let pair = (own, quote(&other));
        match found.last_mut() {
            Some((last, (_, pairs))) if *last == id => pairs.push(pair),
            _ => found.push((id, (cascades, vec![pair]))),
        }
    }
    Ok(found.into_iter().map(|(_, following)| following).collect())
}

/// Sentences for [`crate::Clear::beyond`].
pub(super) fn delete_triggers(connection: &Connection, path: &Path, table: &Table) -> Result<Vec<String>> {
    let mut statement = connection
        .prepare(
            "SELECT name FROM sqlite_schema WHERE type = 'trigger' AND lower(tbl_name) = lower(?1) \
             AND sql LIKE '%delete%' ORDER BY name",
        )
        .explain(path, DOING)?;
    let names = statement
        .query_map([&table.name], |row| row.get::<_, String>(0))
        .and_then(Iterator::collect::<rusqlite::Result<Vec<_>>>)
        .explain(path, DOING)?;
    Ok(names.iter().map(|name| sets_off(&table.key(), "trigger", name)).collect())
}
