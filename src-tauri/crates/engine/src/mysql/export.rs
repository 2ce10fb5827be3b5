//! A stored snapshot as a plain SQL file for the server's own client: definitions, rows as INSERT statements, then
//! the rest, in load order.
//!
//! The file is text that a program with commands of its own will read, and what it holds came from a server that need
//! not be trusted: names never reach a comment unfiltered, and no row's text begins a line.

use futures::TryStreamExt;
use holdfast_contract::snapshot::{Phase, SchemaObject, TableSnapshot};
use tokio::io::AsyncWriteExt;

use super::form;
use super::literal::{self, Writing};
use super::sql::Name;
use crate::export::{Out, failed, head, text};
use crate::{EngineError, Result, SnapshotSource, Work};

/// Not strict: a value that got into the source under its rules must get into the copy.
const SETTINGS: &str = "SET SESSION sql_mode = 'NO_AUTO_VALUE_ON_ZERO,ALLOW_INVALID_DATES';
SET SESSION character_set_client = utf8mb4, character_set_connection = utf8mb4;
SET SESSION time_zone = '+00:00';
SET SESSION foreign_key_checks = 0;
SET SESSION unique_checks = 0;
";
/// After a definition that came with settings of its own.
const DEFINING: &str = "SET SESSION sql_mode = '';
SET SESSION character_set_client = utf8mb4, character_set_connection = utf8mb4;
SET SESSION time_zone = '+00:00';
";
/// INSERT statements of about this size: under the smallest max_allowed_packet that servers come with.
const STATEMENT: usize = 1 << 20;

pub async fn write_sql(source: &dyn SnapshotSource, out: Out<'_>, work: &Work) -> Result<()> {
    let snapshot = source.snapshot();
    let objects = source.objects().await?;
    work.progress.total_bytes(snapshot.tables.iter().map(|table| table.bytes).sum());
    text(out, &head(snapshot, "database", "mariadb --binary-mode NAME < FILE")).await?;
    text(out, SETTINGS).await?;
    let (before, after): (Vec<_>, Vec<_>) =
        objects.into_iter().partition(|object| object.phase == Phase::Before);
    text(out, DEFINING).await?;
    write_objects(&before, out, work).await?;
    text(out, SETTINGS).await?;
    for table in &snapshot.tables {
        work.checkpoint()?;
        work.progress.phase(&format!("Writing {}", table.table));
        if table.has_rows {
            write_rows(table, source, out, work).await?;
        }
    }
    text(out, DEFINING).await?;
    write_objects(&after, out, work).await?;
    out.flush().await.map_err(failed)
}

async fn write_objects(objects: &[SchemaObject], out: Out<'_>, work: &Work) -> Result<()> {
    for object in objects {
        work.checkpoint()?;
        let delimiter = delimiter(&object.sql);
        let mut block = format!("\nDELIMITER {delimiter}\n");
        for statement in &object.sql {
            block += statement;
            // A line of its own: the statement may end in a comment.
            block += &format!("\n{delimiter}\n");
        }
        block += "DELIMITER ;\n";
        if object.sql.len() > 1 {
            block += DEFINING;
        }
        text(out, &block).await?;
    }
    Ok(())
}

/// What stands in none of them.
fn delimiter(statements: &[String]) -> String {
    let mut delimiter = ";;".to_owned();
    while statements.iter().any(|statement| statement.contains(&delimiter)) {
        delimiter.push(';');
    }
    delimiter
}

async fn write_rows(
    table: &TableSnapshot,
    source: &dyn SnapshotSource,
    out: Out<'_>,
    work: &Work,
) -> Result<()> {
    let names: Vec<String> = table.columns.iter().map(|column| Name(&column.name).to_string()).collect();
    let history = table.columns.iter().any(|column| form::period(column).is_some());
    if history {
        text(out, "SET SESSION system_versioning_insert_history = 1;\n").await?;
    }
    let mut inserts = Inserts {
        head: format!("INSERT INTO {} ({}) VALUES\n", Name(&table.table.name), names.join(", ")),
        writings: table.columns.iter().map(literal::writing).collect(),
        buffer: Vec::with_capacity(STATEMENT + (STATEMENT >> 2)),
    };
    for name in &table.streams {
        let mut stream = source.open(name).await?;
        let mut line = Vec::new();
        while let Some(part) = stream.try_next().await? {
            work.checkpoint()?;
            let mut rest = &part[..];
            while let Some(end) = rest.iter().position(|byte| *byte == b'\n') {
                line.extend_from_slice(&rest[..end]);
                inserts.row(&line);
                line.clear();
                rest = &rest[end + 1..];
                if inserts.buffer.len() >= STATEMENT {
                    inserts.end(out).await?;
                }
            }
            line.extend_from_slice(rest);
            work.progress.advance(part.len() as u64, 0);
        }
        if !line.is_empty() {
            return Err(EngineError::backup_damaged("The last row of a stream is cut off."));
        }
    }
    inserts.end(out).await?;
    if history {
        text(out, "SET SESSION system_versioning_insert_history = 0;\n").await?;
    }
    Ok(())
}

struct Inserts {
    head: String,
    writings: Vec<Writing>,
    buffer: Vec<u8>,
}

impl Inserts {
    fn row(&mut self, line: &[u8]) {
        let start: &[u8] = if self.buffer.is_empty() { self.head.as_bytes() } else { b",\n" };
        self.buffer.extend_from_slice(start);
        self.buffer.push(b'(');
        // A table may have no column that travels: its rows are empty lines.
        let values = line.split(|byte| *byte == b'\t');
        for (index, (value, writing)) in values.zip(&self.writings).enumerate() {
            if index > 0 {
                self.buffer.extend_from_slice(b", ");
            }
            literal::write(value, writing, &mut self.buffer);
        }
        self.buffer.push(b')');
    }

    async fn end(&mut self, out: Out<'_>) -> Result<()> {
        if self.buffer.is_empty() {
            return Ok(());
        }
        self.buffer.extend_from_slice(b";\n");
        out.write_all(&self.buffer).await.map_err(failed)?;
        self.buffer.clear();
        self.buffer.shrink_to(STATEMENT + (STATEMENT >> 2));
        Ok(())
    }
}
