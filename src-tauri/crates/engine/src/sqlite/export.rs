//! A stored snapshot as a file for other programs: SQL text that `sqlite3` reads, or a database file.
//!
//! Text is exact for integers, text, blobs and NULL; a REAL is written with the shortest digits that read back to the same
//! number. Nothing here connects to a live database.

use std::fmt::Write;
use std::path::Path;
use std::time::Duration;

use bytes::Bytes;
use holdfast_contract::snapshot::SchemaObject;
use rusqlite::Connection;
use rusqlite::types::Value;
use tokio::io::AsyncWriteExt;
use tokio::sync::mpsc;

use super::connect::{self, Mode, Patience};
use super::introspect::{self, Header, Table, TableKind, quote};
use super::scan::{self, Encoding};
use super::text::{self, Cell};
use super::{blocking, files, load};
use crate::export::{Out, failed};
use crate::{EngineError, Result, SnapshotSource, Work};

/// Characters handed over at a time.
const PIECE: usize = 256 * 1024;

/// Writes CREATE and INSERT statements in one transaction, as the `.dump` command of the SQLite shell does.
pub async fn write_sql(source: &dyn SnapshotSource, out: Out<'_>, work: &Work) -> Result<()> {
    let folder =
        tempfile::Builder::new().prefix("export-").tempdir_in(&work.scratch_dir).map_err(|error| {
            EngineError::io(format!("making a scratch folder in {}", work.scratch_dir.display()), error)
        })?;
    let path = folder.path().join("export.sqlite");
    let patience = patience(work);
    load::into_file(&path, source, work, &patience).await?;
    work.progress.phase("Writing SQL");
    let (send, mut receive) = mpsc::channel::<Bytes>(4);
    let progress = work.progress.clone();
    let telling = blocking(move || {
        let connection = connect::open(&path, Mode::ReadOwn, &patience)?;
        let mut script = Script { text: String::new(), send };
        script.all(&connection, &path)?;
        script.hand_over()
    });
    let writing = async {
        while let Some(piece) = receive.recv().await {
            work.checkpoint()?;
            out.write_all(&piece).await.map_err(failed)?;
            progress.advance(piece.len() as u64, 0);
        }
        out.flush().await.map_err(failed)
    };
    tokio::try_join!(telling, writing).map(|_| ())
}

/// Makes a database file at `path`, an absolute path where nothing is yet.
pub async fn write_file(source: &dyn SnapshotSource, path: &Path, work: &Work) -> Result<()> {
    let path = files::absolute(&path.to_string_lossy())?.to_path_buf();
    load::into_file(&path, source, work, &patience(work)).await.map(|_| ())
}

fn patience(work: &Work) -> Patience {
    // The file is ours alone: nobody to wait for.
    Patience { wait: Duration::ZERO, cancel: work.cancel.clone() }
}

struct Script {
    text: String,
    send: mpsc::Sender<Bytes>,
}

impl Script {
    fn hand_over(&mut self) -> Result<()> {
        let piece = std::mem::take(&mut self.text);
        // A receiver that has gone away failed or was cancelled, and says so itself.
        self.send.blocking_send(piece.into()).map_err(|_| EngineError::Cancelled)
    }

    fn statement(&mut self, sql: &str) -> Result<()> {
        self.text.push_str(sql);
        // A final comment would swallow the semicolon.
        self.text.push_str(if sql.contains("--") { "\n;\n" } else { ";\n" });
        if self.text.len() >= PIECE { self.hand_over() } else { Ok(()) }
    }

    fn all(&mut self, connection: &Connection, path: &Path) -> Result<()> {
        let header = Header::read(connection, path)?;
        let encoding = Encoding::of(connection, path)?;
        let tables = introspect::tables(connection, path)?;
        let objects = introspect::objects(connection, path, &tables)?;
        self.statement("PRAGMA foreign_keys=OFF")?;
        if encoding != Encoding::Utf8 {
            self.statement(&format!("PRAGMA encoding='{}'", header.encoding))?;
        }
        self.statement("BEGIN TRANSACTION")?;
        self.tables(connection, path, encoding, &tables, &objects)?;
        let (virtuals, rest): (Vec<_>, Vec<_>) = objects
            .iter()
            .filter(|object| !matches!(object.kind.as_str(), "table" | "shadow table"))
            .partition(|object| object.kind == "virtual table");
        self.virtual_tables(&virtuals)?;
        for sql in rest.iter().flat_map(|object| &object.sql) {
            self.statement(sql)?;
        }
        self.statement(&format!("PRAGMA user_version={}", header.user_version))?;
        self.statement(&format!("PRAGMA application_id={}", header.application_id))?;
        self.statement("COMMIT")
    }

    fn tables(
        &mut self,
        connection: &Connection,
        path: &Path,
        encoding: Encoding,
        tables: &[Table],
        objects: &[SchemaObject],
    ) -> Result<()> {
        for object in objects.iter().filter(|object| matches!(object.kind.as_str(), "table" | "shadow table"))
        {
            object.sql.iter().try_for_each(|sql| self.statement(sql))?;
            if let Some(table) = tables.iter().find(|table| table.name == object.name) {
                self.rows(connection, path, encoding, table)?;
            }
        }
        for table in tables.iter().filter(|table| table.kind == TableKind::Internal) {
            match table.name.as_str() {
                // Made by the first AUTOINCREMENT table.
                "sqlite_sequence" => {}
                "sqlite_stat1" => self.statement("ANALYZE sqlite_schema")?,
                // sqlite_stat4 exists only in some builds; ANALYZE makes it again where it does.
                _ => continue,
            }
            self.statement(&format!("DELETE FROM {}", quote(&table.name)))?;
            self.rows(connection, path, encoding, table)?;
        }
        Ok(())
    }

    fn virtual_tables(&mut self, objects: &[&SchemaObject]) -> Result<()> {
        if objects.is_empty() {
            return Ok(());
        }
        self.statement("PRAGMA writable_schema=ON")?;
        for object in objects {
            let name = literal(&object.name);
            let sql = literal(object.sql.first().map(String::as_str).unwrap_or_default());
            self.statement(&format!(
                "INSERT INTO sqlite_schema(type,name,tbl_name,rootpage,sql) VALUES('table',{name},{name},0,{sql})"
            ))?;
        }
        // RESET makes the shell read the schema again; OFF alone would leave these tables unknown to triggers below.
        self.statement("PRAGMA writable_schema=RESET")
    }

    fn rows(
        &mut self,
        connection: &Connection,
        path: &Path,
        encoding: Encoding,
        table: &Table,
    ) -> Result<()> {
        let columns: Vec<String> = table.line_columns().iter().map(|column| quote(&column.name)).collect();
        let into = format!("INSERT INTO {} ({}) VALUES(", quote(&table.name), columns.join(","));
        scan::rows(connection, path, table, encoding, &mut |line| {
            let cells = text::decode_row(&line[..line.len() - 1])
                .ok_or_else(|| EngineError::internal("A row was not written in its own form."))?;
            self.text.push_str(&into);
            for (index, cell) in cells.iter().enumerate() {
                if index > 0 {
                    self.text.push(',');
                }
                value(cell, encoding, &mut self.text);
            }
            self.text.push_str(");\n");
            if self.text.len() >= PIECE { self.hand_over() } else { Ok(()) }
        })
    }
}

fn literal(text: &str) -> String {
    format!("'{}'", text.replace('\'', "''"))
}

fn value(cell: &Cell, encoding: Encoding, out: &mut String) {
    match cell {
        Cell::Plain(Value::Null) => out.push_str("NULL"),
        Cell::Plain(Value::Integer(number)) => write!(out, "{number}").expect("writing to memory"),
        Cell::Plain(Value::Real(number)) if number.is_infinite() => {
            out.push_str(if *number > 0.0 { "1e999" } else { "-1e999" });
        }
        // Some versions read these digits a bit off; as many smallest steps they are exact: times 2^-1022, then by 2^52.
        Cell::Plain(Value::Real(number)) if number.is_subnormal() => {
            let (sign, steps) = (if *number < 0.0 { "-" } else { "" }, number.abs().to_bits());
            write!(out, "({sign}{steps}*2.2250738585072014e-308/4503599627370496.0)")
                .expect("writing to memory");
        }
        Cell::Plain(Value::Real(number)) => write!(out, "{number:?}").expect("writing to memory"),
        // The shell would take a NUL for the end of the line.
        Cell::Plain(Value::Text(text)) if text.contains('\0') => cast(&in_encoding(text, encoding), out),
        Cell::Plain(Value::Text(text)) => out.push_str(&literal(text)),
        Cell::Plain(Value::Blob(bytes)) => blob(bytes, out),
        Cell::RawText(bytes) | Cell::RawWide(bytes) => cast(bytes, out),
    }
}

fn in_encoding(text: &str, encoding: Encoding) -> Vec<u8> {
    match encoding {
        Encoding::Utf8 => text.as_bytes().to_vec(),
        Encoding::Utf16 { big_endian: true } => text.encode_utf16().flat_map(u16::to_be_bytes).collect(),
        Encoding::Utf16 { big_endian: false } => text.encode_utf16().flat_map(u16::to_le_bytes).collect(),
    }
}

fn cast(bytes: &[u8], out: &mut String) {
    out.push_str("CAST(");
    blob(bytes, out);
    out.push_str(" AS TEXT)");
}

fn blob(bytes: &[u8], out: &mut String) {
    let mut digits = Vec::new();
    text::hex(bytes, &mut digits);
    out.push_str("x'");
    out.extend(digits.into_iter().map(char::from));
    out.push('\'');
}
