//! Reading every row of a table as lines, and the fingerprint that comes of it.

use std::path::Path;

use holdfast_contract::snapshot::TableFingerprint;
use rusqlite::Connection;
use rusqlite::types::ValueRef;

use super::error::Explain;
use super::introspect::{Table, quote};
use super::text;
use crate::content::ContentHasher;
use crate::{EngineError, Progress, Result};

/// How text is kept in the file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Encoding {
    Utf8,
    Utf16 { big_endian: bool },
}

impl Encoding {
    pub(super) fn of(connection: &Connection, path: &Path) -> Result<Self> {
        let name: String = connection
            .query_row("PRAGMA encoding", [], |row| row.get(0))
            .explain(path, "reading its encoding")?;
        Ok(match name.as_str() {
            "UTF-16le" => Self::Utf16 { big_endian: false },
            "UTF-16be" => Self::Utf16 { big_endian: true },
            _ => Self::Utf8,
        })
    }
}

/// Hands each row to `each` as one line with its end, in the table's own order.
pub(super) fn rows(
    connection: &Connection,
    path: &Path,
    table: &Table,
    encoding: Encoding,
    each: &mut dyn FnMut(&[u8]) -> Result<()>,
) -> Result<()> {
    let doing = format!("reading “{}”", table.name.escape_debug());
    let columns = table.line_columns();
    let wide = encoding != Encoding::Utf8;
    let selected: Vec<String> = columns
        .iter()
        .enumerate()
        .map(|(index, column)| {
            // The row id words must stay bare: quoted, they could be taken for a string.
            let name = if index == 0 && table.rowid.is_some() { column.name.clone() } else { quote(&column.name) };
            if wide {
                // SQLite would translate, and quietly mend broken surrogates: take the bytes as they are.
                format!("CASE typeof({name}) WHEN 'text' THEN CAST({name} AS BLOB) ELSE {name} END, typeof({name}) = 'text'")
            } else {
                name
            }
        })
        .collect();
    // NOT INDEXED: the rows themselves are wanted, not a covering index that happens to hold the same columns.
    let sql = format!("SELECT {} FROM main.{} NOT INDEXED", selected.join(", "), quote(&table.name));
    let mut statement = connection.prepare(&sql).explain(path, &doing)?;
    let mut found = statement.query([]).explain(path, &doing)?;
    let mut line = Vec::new();
    while let Some(row) = found.next().explain(path, &doing)? {
        line.clear();
        for index in 0..columns.len() {
            if index > 0 {
                line.push(b'\t');
            }
            let value = row.get_ref(if wide { index * 2 } else { index }).explain(path, &doing)?;
            match (encoding, value) {
                (Encoding::Utf16 { big_endian }, ValueRef::Blob(bytes))
                    if row.get_ref(index * 2 + 1).explain(path, &doing)? == ValueRef::Integer(1) =>
                {
                    text::encode_wide(bytes, big_endian, &mut line);
                }
                _ => text::encode(value, &mut line),
            }
        }
        line.push(b'\n');
        each(&line)?;
    }
    Ok(())
}

pub(super) fn hash(
    connection: &Connection,
    path: &Path,
    table: &Table,
    encoding: Encoding,
    progress: &dyn Progress,
) -> Result<ContentHasher> {
    /// Rows between two reports.
    const OFTEN: u64 = 4096;
    let mut hasher = ContentHasher::new();
    let mut told = 0;
    rows(connection, path, table, encoding, &mut |line| {
        hasher.write(line);
        if hasher.rows() - told >= OFTEN {
            progress.advance(0, hasher.rows() - told);
            told = hasher.rows();
        }
        Ok(())
    })?;
    progress.advance(0, hasher.rows() - told);
    if hasher.is_whole() { Ok(hasher) } else { Err(EngineError::Cancelled) }
}

pub(super) fn fingerprint(table: &Table, hasher: &ContentHasher) -> TableFingerprint {
    TableFingerprint { table: table.key(), rows: hasher.rows(), content_hash: hasher.hex() }
}
