//! A stored snapshot as a plain SQL file for the server's own client: definitions, rows as COPY blocks, then
//! the rest, in load order.
//!
//! The file is text that a program with commands of its own will read, and what it holds came from a server
//! that need not be trusted: names never reach a comment unfiltered, and no row may end its block.

use bytes::Bytes;
use futures::TryStreamExt;
use futures::stream::BoxStream;
use holdfast_contract::snapshot::{Phase, SchemaObject, TableSnapshot};
use tokio::io::AsyncWriteExt;

use super::large_objects::{self, Slices};
use super::schema::{self, DATABASE, for_database};
use super::sql::{Ident, Literal, Table};
use super::{connect, piece};
use crate::export::{Out, comment, failed, head, text};
use crate::{EngineError, Result, SnapshotSource, Work};

const SETTINGS: &str = "SET statement_timeout = 0;
SET lock_timeout = 0;
SET idle_in_transaction_session_timeout = 0;
SET client_encoding = 'UTF8';
SET standard_conforming_strings = on;
SELECT pg_catalog.set_config('search_path', '', false);
SET check_function_bodies = off;
SET xmloption = content;
SET client_min_messages = warning;
SET row_security = off;
SET DateStyle = 'ISO, MDY';
SET IntervalStyle = 'postgres';
SET TimeZone = 'UTC';
SET lc_monetary = 'C';
SET array_nulls = on;
SET transform_null_equals = off;
SET default_tablespace = '';
";

pub async fn write_sql(source: &dyn SnapshotSource, out: Out<'_>, work: &Work) -> Result<()> {
    let snapshot = source.snapshot();
    let objects = schema::objects(source).await?;
    work.progress.total_bytes(snapshot.tables.iter().map(|table| table.bytes).sum());
    let load = "psql -X -v ON_ERROR_STOP=1 -d NAME -f FILE";
    text(out, &head(snapshot, "PostgreSQL database", load)).await?;
    text(out, SETTINGS).await?;
    let (before, after): (Vec<_>, Vec<_>) =
        objects.into_iter().partition(|object| object.phase == Phase::Before);
    write_objects(&before, out, work).await?;
    for table in &snapshot.tables {
        work.checkpoint()?;
        work.progress.phase(&format!("Writing {}", table.table));
        if large_objects::is_table(&table.table) {
            write_large_objects(table, source, out, work).await?;
        } else if table.has_rows {
            write_rows(table, source, out, work).await?;
        }
    }
    write_objects(&after, out, work).await?;
    out.flush().await.map_err(failed)
}

async fn write_objects(objects: &[SchemaObject], out: Out<'_>, work: &Work) -> Result<()> {
    for object in objects {
        work.checkpoint()?;
        let schema = object.schema.as_deref().map_or(String::new(), |schema| format!("{}.", comment(schema)));
        let mut block = format!("\n-- {} {schema}{}\n", comment(&object.kind), comment(&object.name));
        for statement in statements(object) {
            connect::refuse_nul(&statement)?;
            block += &statement;
            block += ";\n";
        }
        text(out, &block).await?;
    }
    Ok(())
}

/// What names the database itself works on whichever database the file is loaded into.
fn statements(object: &SchemaObject) -> Vec<String> {
    // Filled in with a name, only statements about the database change.
    let filled = for_database(object, &Ident("").to_string());
    let place = format!("DATABASE {DATABASE}");
    object
        .sql
        .iter()
        .zip(filled)
        .map(|(stored, filled)| match stored.split_once(&place) {
            Some((before, after)) if *stored != filled => format!(
                "DO {}",
                Literal(&format!(
                    "BEGIN EXECUTE {} || pg_catalog.quote_ident(pg_catalog.current_database()) || {}; END",
                    Literal(&format!("{before}DATABASE ")),
                    Literal(after)
                ))
            ),
            _ => filled,
        })
        .collect()
}

async fn write_rows(
    table: &TableSnapshot,
    source: &dyn SnapshotSource,
    out: Out<'_>,
    work: &Work,
) -> Result<()> {
    if table.streams.is_empty() {
        return Ok(());
    }
    let copy = piece::copy_in(&table.table, &table.columns).replace("FROM STDIN", "FROM stdin");
    text(out, &format!("\n{copy};\n")).await?;
    for stream in &table.streams {
        let mut guard = EndOfBlock::default();
        let mut data = source.open(stream).await?;
        while let Some(bytes) = data.try_next().await? {
            work.checkpoint()?;
            if !guard.lets_through(&bytes) {
                return Err(EngineError::unsupported(format!(
                    "A row of {} would end its block in a SQL file; it is not written.",
                    Table(&table.table)
                )));
            }
            out.write_all(&bytes).await.map_err(failed)?;
            work.progress.advance(bytes.len() as u64, 0);
        }
    }
    work.progress.advance(0, table.rows);
    text(out, "\\.\n").await
}

/// Watches for a line `\.`, which no honest server sends: it writes a backslash as two.
#[derive(Default)]
struct EndOfBlock {
    line: Vec<u8>,
}

impl EndOfBlock {
    fn lets_through(&mut self, data: &[u8]) -> bool {
        for part in data.split_inclusive(|byte| *byte == b'\n') {
            // Three bytes and the line end tell; longer lines are none of interest.
            let room = 4usize.saturating_sub(self.line.len());
            let content = part.strip_suffix(b"\n").unwrap_or(part);
            self.line.extend_from_slice(&content[..content.len().min(room)]);
            if part.ends_with(b"\n") {
                if matches!(self.line.as_slice(), b"\\." | b"\\.\r") {
                    return false;
                }
                self.line.clear();
            }
        }
        true
    }
}

async fn write_large_objects(
    table: &TableSnapshot,
    source: &dyn SnapshotSource,
    out: Out<'_>,
    work: &Work,
) -> Result<()> {
    text(out, "\n-- large objects\n").await?;
    for stream in &table.streams {
        let data: BoxStream<'static, Result<Bytes>> = source.open(stream).await?;
        let mut slices = Slices::new(data);
        while let Some(slice) = slices.next().await? {
            work.checkpoint()?;
            text(out, &slice.sql()).await?;
            work.progress.advance(slice.hex.len() as u64, 1);
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_row_that_ends_the_block_is_noticed_however_it_arrives() {
        for parts in [&["\\.\n"][..], &["a\n\\", ".", "\n"], &["a\n\\.\r\n"]] {
            let mut guard = EndOfBlock::default();
            assert!(!parts.iter().all(|part| guard.lets_through(part.as_bytes())), "{parts:?}");
        }
        for parts in [&["\\\\.\n"][..], &["\\.x\n", "x\\.\n"], &["\\N\n", "\n"]] {
            let mut guard = EndOfBlock::default();
            assert!(parts.iter().all(|part| guard.lets_through(part.as_bytes())), "{parts:?}");
        }
    }
}
