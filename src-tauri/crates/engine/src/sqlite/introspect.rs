//! What a file holds: header facts, tables as they must be read, and objects in load order.

use std::collections::BTreeMap;
use std::path::Path;

use holdfast_contract::snapshot::{
    Column, EngineKind, ObjectCount, Phase, SchemaObject, ServerInfo, TableName,
};
use rusqlite::{Connection, OptionalExtension};

use super::error::Explain;
use super::files;
use crate::Result;

const READING: &str = "reading its schema";

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum TableKind {
    Ordinary,
    /// Holds the rows of a virtual table.
    Shadow,
    Virtual,
    /// `sqlite_sequence`, `sqlite_stat1`…: rows matter, statements do not.
    Internal,
}

#[derive(Clone, Debug)]
pub(super) struct Table {
    pub name: String,
    pub kind: TableKind,
    /// Columns with values of their own; generated ones follow from these.
    pub columns: Vec<Column>,
    /// The word by which the row id can be read and written, when no column is it already.
    pub rowid: Option<&'static str>,
}

impl Table {
    pub(super) fn key(&self) -> TableName {
        TableName { schema: None, name: self.name.clone() }
    }
    /// As in a row's line: the row id first when it is not a column.
    pub(super) fn line_columns(&self) -> Vec<Column> {
        let rowid = self.rowid.map(|word| Column { name: word.into(), type_name: "INTEGER".into() });
        rowid.into_iter().chain(self.columns.iter().cloned()).collect()
    }
}

pub(super) fn quote(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}

/// Text and number pragmas of the header.
pub(super) struct Header {
    pub page_size: u32,
    pub page_count: u64,
    pub encoding: String,
    pub journal_mode: String,
    pub auto_vacuum: i64,
    pub user_version: i64,
    pub application_id: i64,
}

impl Header {
    pub(super) fn read(connection: &Connection, path: &Path) -> Result<Self> {
        let number = |name: &str| -> Result<i64> {
            connection.query_row(&format!("PRAGMA {name}"), [], |row| row.get(0)).explain(path, READING)
        };
        let text = |name: &str| -> Result<String> {
            connection.query_row(&format!("PRAGMA {name}"), [], |row| row.get(0)).explain(path, READING)
        };
        Ok(Self {
            page_size: number("page_size")? as u32,
            page_count: number("page_count")? as u64,
            encoding: text("encoding")?,
            journal_mode: text("journal_mode")?,
            auto_vacuum: number("auto_vacuum")?,
            user_version: number("user_version")?,
            application_id: number("application_id")?,
        })
    }

    pub(super) fn facts(&self) -> BTreeMap<String, String> {
        BTreeMap::from([
            ("page_size".into(), self.page_size.to_string()),
            ("page_count".into(), self.page_count.to_string()),
            ("encoding".into(), self.encoding.clone()),
            ("journal_mode".into(), self.journal_mode.clone()),
            ("auto_vacuum".into(), self.auto_vacuum.to_string()),
            ("user_version".into(), self.user_version.to_string()),
            ("application_id".into(), self.application_id.to_string()),
        ])
    }
}

pub(super) fn server(path: &Path, encoding: Option<String>) -> ServerInfo {
    ServerInfo {
        engine: EngineKind::Sqlite,
        version: rusqlite::version().to_owned(),
        version_number: rusqlite::version_number() as u32,
        database: path.file_name().unwrap_or_default().to_string_lossy().into_owned(),
        size_bytes: Some(files::size(path)),
        encoding,
        transport: "file".into(),
    }
}

/// Every table that has rows in the file, by name; virtual tables included.
pub(super) fn tables(connection: &Connection, path: &Path) -> Result<Vec<Table>> {
    let mut statement = connection
        .prepare(
            "SELECT name, type, wr FROM pragma_table_list WHERE schema = 'main' \
             AND type IN ('table', 'shadow', 'virtual') AND name <> 'sqlite_schema' ORDER BY name",
        )
        .explain(path, READING)?;
    let listed = statement
        .query_map([], |row| Ok((row.get::<_, String>(0)?, row.get::<_, String>(1)?, row.get::<_, bool>(2)?)))
        .and_then(Iterator::collect::<rusqlite::Result<Vec<_>>>)
        .explain(path, READING)?;
    listed
        .into_iter()
        .map(|(name, kind, without_rowid)| {
            let kind = match kind.as_str() {
                "virtual" => TableKind::Virtual,
                "shadow" => TableKind::Shadow,
                _ if name.starts_with("sqlite_") => TableKind::Internal,
                _ => TableKind::Ordinary,
            };
            if kind == TableKind::Virtual {
                // Asking for its columns would run its module; its rows live in shadow tables.
                return Ok(Table { name, kind, columns: vec![], rowid: None });
            }
            shape(connection, path, name, kind, without_rowid)
        })
        .collect()
}

fn shape(
    connection: &Connection,
    path: &Path,
    name: String,
    kind: TableKind,
    without_rowid: bool,
) -> Result<Table> {
    let mut statement = connection
        .prepare("SELECT name, type, pk, hidden FROM pragma_table_xinfo(?1, 'main') ORDER BY cid")
        .explain(path, READING)?;
    let all = statement
        .query_map([&name], |row| {
            Ok((
                row.get::<_, String>(0)?,
                row.get::<_, Option<String>>(1)?.unwrap_or_default(),
                row.get::<_, i64>(2)?,
                row.get::<_, i64>(3)?,
            ))
        })
        .and_then(Iterator::collect::<rusqlite::Result<Vec<_>>>)
        .explain(path, READING)?;
    let keys: Vec<_> = all.iter().filter(|(_, _, pk, _)| *pk > 0).collect();
    let alias = match keys.as_slice() {
        // An INTEGER PRIMARY KEY is the row id itself, except in the DESC form, which has an index.
        [(_, declared, _, _)] if declared.eq_ignore_ascii_case("integer") => connection
            .query_row("SELECT 1 FROM pragma_index_list(?1, 'main') WHERE origin = 'pk'", [&name], |_| Ok(()))
            .optional()
            .explain(path, READING)?
            .is_none(),
        _ => false,
    };
    let taken = |word: &str| all.iter().any(|(column, ..)| column.eq_ignore_ascii_case(word));
    let rowid = if without_rowid || alias {
        None
    } else {
        ["rowid", "_rowid_", "oid"].into_iter().find(|word| !taken(word))
    };
    // 0: ordinary; 2 and 3: generated.
    let columns = all
        .into_iter()
        .filter(|(_, _, _, hidden)| *hidden == 0)
        .map(|(name, type_name, ..)| Column { name, type_name })
        .collect();
    Ok(Table { name, kind, columns, rowid })
}

/// In load order: tables as they were made, then indexes, views and triggers as they were made.
pub(super) fn objects(connection: &Connection, path: &Path, tables: &[Table]) -> Result<Vec<SchemaObject>> {
    let mut statement = connection
        .prepare(
            "SELECT type, name, tbl_name, sql FROM sqlite_schema WHERE sql IS NOT NULL \
             AND substr(name, 1, 7) <> 'sqlite_' ORDER BY type <> 'table', rowid",
        )
        .explain(path, READING)?;
    let rows = statement
        .query_map([], |row| {
            Ok((
                row.get::<_, String>(0)?,
                row.get::<_, String>(1)?,
                row.get::<_, String>(2)?,
                row.get::<_, String>(3)?,
            ))
        })
        .and_then(Iterator::collect::<rusqlite::Result<Vec<_>>>)
        .explain(path, READING)?;
    let kinds: BTreeMap<&str, TableKind> =
        tables.iter().map(|table| (table.name.as_str(), table.kind)).collect();
    Ok(rows
        .into_iter()
        .map(|(kind, name, table, sql)| {
            let is_table = kind == "table";
            let kind = match kinds.get(name.as_str()) {
                Some(TableKind::Virtual) if is_table => "virtual table".into(),
                Some(TableKind::Shadow) if is_table => "shadow table".into(),
                _ => kind,
            };
            let belongs = (!is_table && kind != "view").then_some(TableName { schema: None, name: table });
            let phase = if is_table { Phase::Before } else { Phase::After };
            SchemaObject {
                kind,
                schema: None,
                name,
                table: belongs,
                partition_of: None,
                phase,
                sql: vec![sql],
            }
        })
        .collect())
}

pub(super) fn counts(objects: &[SchemaObject]) -> Vec<ObjectCount> {
    ["table", "virtual table", "shadow table", "view", "index", "trigger"]
        .into_iter()
        .map(|kind| ObjectCount {
            kind: kind.into(),
            count: objects.iter().filter(|object| object.kind == kind).count() as u64,
        })
        .filter(|count| count.count > 0)
        .collect()
}
