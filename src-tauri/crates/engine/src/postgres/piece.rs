//! Cutting the rows of all tables into pieces that several connections read at the same time.

use std::collections::HashMap;

use holdfast_contract::snapshot::{Column, TableName};

use super::connect::Session;
use super::schema::CopySource;
use super::sql::{ColumnList, Literal, Table};
use crate::{EngineError, Result};

/// Tables are read in pieces of about this many bytes on disk.
const PIECE_BYTES: u64 = 32 << 20;
/// More pieces than this bring no more evenness and cost a stream each.
const MOST_PIECES: u64 = 256;
/// The first server that scans a range of row positions without reading the whole table.
const RANGE_SCANS: u32 = 140_000;

/// How a table lies on disk.
#[derive(Clone, Debug)]
pub struct Extent {
    /// Columns that hold data of their own: not dropped, not generated.
    pub columns: Vec<Column>,
    /// Main part and out-of-line values together.
    pub bytes: u64,
    pub pages: u64,
    pub source: CopySource,
    /// Of an extension's table: `WHERE …`, the rows that are the user's and not the extension's.
    pub condition: Option<String>,
}

/// One COPY.
#[derive(Clone, Debug)]
pub struct Piece {
    /// Position in the caller's list of tables.
    pub table: usize,
    /// The name of its stream.
    pub stream: String,
    pub sql: String,
    /// In words: `public.orders`.
    pub label: String,
    pub estimate: u64,
}

/// Asks for all ordinary tables in one go: thousands of small questions would take longer than the rows.
pub async fn extents(session: &mut Session, tables: &[TableName]) -> Result<HashMap<TableName, Extent>> {
    let mut found = HashMap::with_capacity(tables.len());
    for batch in tables.chunks(2000) {
        let wanted: Vec<String> = batch
            .iter()
            .map(|table| {
                format!(
                    "({}, {})",
                    Literal(table.schema.as_deref().unwrap_or("public")),
                    Literal(&table.name)
                )
            })
            .collect();
        let sql = format!(
            "SELECT n.nspname, c.relname, pg_catalog.pg_relation_size(c.oid), \
                    CASE WHEN c.reltoastrelid = 0 THEN 0 ELSE pg_catalog.pg_relation_size(c.reltoastrelid) END, \
                    pg_catalog.current_setting('block_size'), CASE WHEN c.relkind = 'p' THEN 'tree' ELSE m.amname END, \
                    (SELECT pg_catalog.json_agg(pg_catalog.json_build_array(a.attname, \
                            pg_catalog.format_type(a.atttypid, a.atttypmod)) ORDER BY a.attnum) \
                     FROM pg_catalog.pg_attribute a WHERE a.attrelid = c.oid AND a.attnum > 0 \
                     AND NOT a.attisdropped AND a.attgenerated = '')::text, \
                    (SELECT NULLIF(e.extcondition[pg_catalog.array_position(e.extconfig, c.oid)], '') \
                     FROM pg_catalog.pg_extension e WHERE c.oid = ANY(e.extconfig)) \
             FROM (VALUES {}) AS w(nspname, relname) \
             JOIN pg_catalog.pg_namespace n ON n.nspname = w.nspname::name \
             JOIN pg_catalog.pg_class c ON c.relnamespace = n.oid AND c.relname = w.relname::name \
                  AND c.relkind IN ('r', 'p') \
             LEFT JOIN pg_catalog.pg_am m ON m.oid = c.relam",
            wanted.join(", ")
        );
        for row in session.rows("Measuring the tables", &sql).await? {
            if let Ok([schema, Some(name), main, toast, block, method, columns, condition]) =
                <[Option<String>; 8]>::try_from(row)
            {
                let number =
                    |text: Option<String>| text.and_then(|text| text.parse::<u64>().ok()).unwrap_or(0);
                let main = number(main);
                let extent = Extent {
                    columns: columns_from(columns.as_deref())?,
                    bytes: main + number(toast),
                    pages: main / number(block).max(1024),
                    source: match method.as_deref() {
                        Some("heap") => CopySource::Heap,
                        Some("tree") => CopySource::Tree,
                        _ => CopySource::Only,
                    },
                    condition,
                };
                found.insert(TableName { schema, name }, extent);
            }
        }
    }
    Ok(found)
}

fn columns_from(json: Option<&str>) -> Result<Vec<Column>> {
    let pairs: Vec<(String, String)> = match json {
        Some(text) => serde_json::from_str(text)
            .map_err(|_| EngineError::unexpected("The server's list of columns was not understood."))?,
        None => Vec::new(),
    };
    Ok(pairs.into_iter().map(|(name, type_name)| Column { name, type_name }).collect())
}

/// The pieces of one table. No piece at all when it has no pages: nobody can have added rows that the
/// snapshot sees, since the table's size is read after the snapshot.
pub fn cut(index: usize, table: &TableName, extent: &Extent, version: u32) -> Vec<Piece> {
    let heap = extent.source == CopySource::Heap;
    if extent.pages == 0 && heap {
        return Vec::new();
    }
    let label = table.to_string();
    let count = (extent.bytes / PIECE_BYTES).min(MOST_PIECES).min(extent.pages);
    if count < 2 || !heap || version < RANGE_SCANS || extent.condition.is_some() {
        let sql = whole(table, extent);
        // A tree's size is not known: begun early, it is not what everybody waits for at the end.
        let estimate = if extent.source == CopySource::Tree { u64::MAX } else { extent.bytes };
        return vec![Piece { table: index, stream: format!("t/{index}/0"), sql, label, estimate }];
    }
    let pages = extent.pages.div_ceil(count);
    (0..count)
        .map(|part| {
            let from = part * pages;
            // The last one is open: rows of this snapshot may lie on pages added since the size was read.
            let until = (part + 1 < count).then_some((part + 1) * pages);
            Piece {
                table: index,
                stream: format!("t/{index}/{part}"),
                sql: range(table, &extent.columns, from, until),
                label: label.clone(),
                estimate: extent.bytes / count,
            }
        })
        .collect()
}

fn whole(table: &TableName, extent: &Extent) -> String {
    let columns = &extent.columns;
    if let Some(condition) = &extent.condition {
        return format!(
            "COPY (SELECT {} FROM ONLY {} {condition}) TO STDOUT",
            ColumnList(columns),
            Table(table)
        );
    }
    match extent.source {
        CopySource::Tree => format!("COPY (SELECT {} FROM {}) TO STDOUT", ColumnList(columns), Table(table)),
        // COPY has no words for "no columns".
        _ if columns.is_empty() => format!("COPY (SELECT FROM ONLY {}) TO STDOUT", Table(table)),
        _ => format!("COPY {} ({}) TO STDOUT", Table(table), ColumnList(columns)),
    }
}

/// The other direction, for the same columns.
pub fn copy_in(table: &TableName, columns: &[Column]) -> String {
    if columns.is_empty() {
        return format!("COPY {} FROM STDIN", Table(table));
    }
    format!("COPY {} ({}) FROM STDIN", Table(table), ColumnList(columns))
}

fn range(table: &TableName, columns: &[Column], from: u64, until: Option<u64>) -> String {
    let mut filter = format!("ctid >= '({from},0)'::pg_catalog.tid");
    if let Some(until) = until {
        filter += &format!(" AND ctid < '({until},0)'::pg_catalog.tid");
    }
    format!("COPY (SELECT {} FROM ONLY {} WHERE {filter}) TO STDOUT", ColumnList(columns), Table(table))
}

/// The order in which pieces are read: largest first, so that no big one is left for last.
pub fn by_size(pieces: &[Piece]) -> Vec<usize> {
    let mut order: Vec<usize> = (0..pieces.len()).collect();
    order.sort_by_key(|index| std::cmp::Reverse(pieces[*index].estimate));
    order
}

#[cfg(test)]
mod tests {
    use super::*;

    fn table() -> TableName {
        TableName { schema: Some("s".into()), name: "t".into() }
    }

    fn extent(mib: u64) -> Extent {
        let columns = vec![Column { name: "a".into(), type_name: "integer".into() }];
        Extent {
            columns,
            bytes: mib << 20,
            pages: (mib << 20) / 8192,
            source: CopySource::Heap,
            condition: None,
        }
    }

    #[test]
    fn ranges_cover_every_page_once_and_the_last_is_open() {
        let pieces = cut(3, &table(), &extent(100), 150_000);
        assert_eq!(pieces.len(), 3);
        let step = (100u64 << 20).div_ceil(8192 * 3);
        assert!(pieces[0].sql.contains(&format!("ctid >= '(0,0)'::pg_catalog.tid AND ctid < '({step},0)'")));
        assert!(pieces[1].sql.contains(&format!("ctid >= '({step},0)'")));
        assert!(pieces[2].sql.ends_with(&format!("ctid >= '({},0)'::pg_catalog.tid) TO STDOUT", step * 2)));
        assert_eq!(pieces[2].stream, "t/3/2");
    }

    #[test]
    fn small_tables_and_old_servers_are_read_whole() {
        assert_eq!(cut(0, &table(), &extent(100), 130_000).len(), 1);
        assert_eq!(cut(0, &table(), &extent(40), 150_000)[0].sql, "COPY \"s\".\"t\" (\"a\") TO STDOUT");
        assert!(cut(0, &table(), &Extent { bytes: 0, pages: 0, ..extent(1) }, 150_000).is_empty());
    }
}
