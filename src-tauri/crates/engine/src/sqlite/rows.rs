//! A new file from objects and rows: for snapshots of chosen tables, of rows only and of the schema only.
//!
//! Made like the source: same encoding, page size and header numbers. Nothing of the schema runs meanwhile: triggers and
//! indexes come after the rows, foreign keys are off, and a virtual table is entered into the schema beside its shadow tables.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use bytes::Bytes;
use futures::StreamExt;
use holdfast_contract::snapshot::{Phase, SchemaObject, Snapshot, TableSnapshot};
use holdfast_contract::{ApiError, ErrorCode};
use rusqlite::config::DbConfig;
use rusqlite::types::{ToSqlOutput, ValueRef};
use rusqlite::{Connection, params_from_iter};
use tokio::sync::mpsc;

use super::choice::owner;
use super::connect::{self, Mode, Patience};
use super::dump::ROW_FORM;
use super::error::Explain;
use super::introspect::quote;
use super::load::{close, fact};
use super::text::{self, Cell};
use super::{blocking, remarks};
use crate::{EngineError, Result, SnapshotSource, Work};

const BUILDING: &str = "building it from rows";

enum Message {
    Table(Box<TableSnapshot>),
    Data(Bytes),
    End,
}

pub(super) async fn build(
    path: &Path,
    source: &dyn SnapshotSource,
    work: &Work,
    patience: &Patience,
) -> Result<()> {
    let snapshot = source.snapshot().clone();
    if fact(&snapshot, "row_form") != Some(ROW_FORM) {
        return Err(ApiError::new(
            ErrorCode::Unsupported,
            "The rows in this backup have a form that this version does not read.",
        )
        .hint("Use the version of Holdfast that made the backup, or a newer one.")
        .into());
    }
    let objects = source.objects().await?;
    let mut with_rows: Vec<TableSnapshot> =
        snapshot.tables.iter().filter(|table| table.has_rows).cloned().collect();
    // SQLite keeps `sqlite_sequence` itself while rows come in: the counters as they were have the last word.
    with_rows.sort_by_key(|table| table.table.name.starts_with("sqlite_"));
    work.progress.total_bytes(with_rows.iter().map(|table| table.bytes).sum());
    let (send, receive) = mpsc::channel(8);
    let (path, patience): (PathBuf, Patience) = (path.to_path_buf(), patience.clone());
    let building = blocking(move || Builder::open(path, &patience, snapshot, objects)?.run(receive));
    let feeding = async move {
        for table in with_rows {
            work.progress.phase(&format!("Loading {}", table.table));
            let streams = table.streams.clone();
            // A builder that has gone away reports its own error.
            if send.send(Message::Table(Box::new(table))).await.is_err() {
                return Ok(());
            }
            for name in streams {
                let mut stream = source.open(&name).await?;
                while let Some(piece) = stream.next().await {
                    work.checkpoint()?;
                    let piece = piece?;
                    work.progress.advance(piece.len() as u64, 0);
                    if send.send(Message::Data(piece)).await.is_err() {
                        return Ok(());
                    }
                }
            }
        }
        send.send(Message::End).await.ok();
        Ok(())
    };
    tokio::try_join!(building, feeding).map(|_| ())
}

struct Builder {
    path: PathBuf,
    connection: Connection,
    snapshot: Snapshot,
    objects: Vec<SchemaObject>,
    wide: bool,
}

impl Builder {
    fn open(
        path: PathBuf,
        patience: &Patience,
        snapshot: Snapshot,
        objects: Vec<SchemaObject>,
    ) -> Result<Self> {
        let connection = connect::open(&path, Mode::Create, patience)?;
        // A file of our own, made anew: the schema has to be entered as it was, and a crash throws it away.
        connection.set_db_config(DbConfig::SQLITE_DBCONFIG_DEFENSIVE, false).explain(&path, BUILDING)?;
        connection
            .execute_batch(
                "PRAGMA journal_mode=OFF; PRAGMA synchronous=OFF; PRAGMA ignore_check_constraints=ON;",
            )
            .explain(&path, BUILDING)?;
        let encoding = fact(&snapshot, "encoding").unwrap_or("UTF-8");
        let wide = match encoding {
            "UTF-8" => false,
            "UTF-16le" | "UTF-16be" => true,
            _ => {
                return Err(EngineError::backup_damaged("The backup names an unknown text encoding."));
            }
        };
        connection.pragma_update(None, "encoding", encoding).explain(&path, BUILDING)?;
        for name in ["page_size", "auto_vacuum", "user_version", "application_id"] {
            let value = fact(&snapshot, name).and_then(|value| value.parse::<i64>().ok());
            if let Some(value) = value {
                connection.pragma_update(None, name, value).explain(&path, BUILDING)?;
            }
        }
        connection.execute_batch("BEGIN").explain(&path, BUILDING)?;
        Ok(Self { path, connection, snapshot, objects, wide })
    }

    fn run(self, mut receive: mpsc::Receiver<Message>) -> Result<()> {
        self.create_tables()?;
        let mut message = receive.blocking_recv();
        while let Some(Message::Table(table)) = message {
            message = self.fill(&table, &mut receive)?;
        }
        if !matches!(message, Some(Message::End)) {
            // The feeder stopped early: it failed or was cancelled, and says so itself.
            return Err(EngineError::Cancelled);
        }
        self.enter_virtual_tables()?;
        for object in self.objects.iter().filter(|object| object.phase == Phase::After) {
            self.create(object)?;
        }
        self.batch("COMMIT")?;
        close(self.connection, &self.path)
    }

    fn batch(&self, sql: &str) -> Result<()> {
        self.connection.execute_batch(sql).explain(&self.path, BUILDING)
    }

    fn create(&self, object: &SchemaObject) -> Result<()> {
        for sql in &object.sql {
            let doing = format!("making the {} “{}”", object.kind, object.name.escape_debug());
            if !sql.trim_start().get(..6).is_some_and(|word| word.eq_ignore_ascii_case("create")) {
                return Err(EngineError::backup_damaged(format!("A statement for {doing} is not CREATE.")));
            }
            match self.connection.execute(sql, []) {
                Err(rusqlite::Error::SqliteFailure(failure, text))
                    if failure.extended_code == rusqlite::ffi::SQLITE_ERROR_MISSING_COLLSEQ =>
                {
                    return Err(ApiError::new(
                        ErrorCode::Unsupported,
                        format!("The {} “{}” needs a collation that only its own program has.", object.kind, object.name.escape_debug()),
                    )
                    .hint("Restore it from a full backup: that keeps the database's pages and needs no collation.")
                    .native(text.unwrap_or_default())
                    .into());
                }
                other => other.explain(&self.path, &doing)?,
            };
        }
        Ok(())
    }

    fn is_virtual(object: &SchemaObject) -> bool {
        object.kind == "virtual table"
    }

    /// Virtual tables whose shadow tables travel with their rows, and those to be made empty.
    fn carried(&self, object: &SchemaObject) -> bool {
        let prefix = format!("{}_", object.name);
        let mut shadows = self.snapshot.tables.iter().filter(|table| {
            table.table.name.starts_with(&prefix)
                && self
                    .objects
                    .iter()
                    .any(|shadow| shadow.kind == "shadow table" && shadow.name == table.table.name)
        });
        shadows.any(|table| table.has_rows) || !known_module(&self.connection, object)
    }

    fn create_tables(&self) -> Result<()> {
        let virtuals: Vec<&SchemaObject> =
            self.objects.iter().filter(|object| Self::is_virtual(object)).collect();
        let made_empty: Vec<&str> = virtuals
            .iter()
            .filter(|object| !self.carried(object))
            .map(|object| object.name.as_str())
            .collect();
        for object in self.objects.iter().filter(|object| object.phase == Phase::Before) {
            let by_its_owner = object.kind == "shadow table" && owner(&object.name, &made_empty).is_some();
            let later = Self::is_virtual(object) && !made_empty.contains(&object.name.as_str());
            if !by_its_owner && !later {
                self.create(object)?;
            }
        }
        self.create_statistics()
    }

    /// ANALYZE would make only those tables that this build of SQLite keeps itself; the names are reserved, so the schema has
    /// to be writable meanwhile. Those whose rows were not chosen come empty, as other tables do.
    fn create_statistics(&self) -> Result<()> {
        for table in self.snapshot.tables.iter().filter(|table| table.table.name.starts_with("sqlite_stat")) {
            let named = table.columns.iter().filter(|column| column.name != "rowid");
            let columns: Vec<String> = named.map(|column| bare(&column.name)).collect();
            let sql = format!("CREATE TABLE {}({})", bare(&table.table.name), columns.join(","));
            self.batch("PRAGMA writable_schema=ON")?;
            self.batch(&sql)?;
            self.batch("PRAGMA writable_schema=RESET")?;
        }
        Ok(())
    }

    fn enter_virtual_tables(&self) -> Result<()> {
        let entered: Vec<&SchemaObject> =
            self.objects.iter().filter(|object| Self::is_virtual(object) && self.carried(object)).collect();
        if entered.is_empty() {
            return Ok(());
        }
        self.batch("PRAGMA writable_schema=ON")?;
        for object in entered {
            let sql = object.sql.first().map(String::as_str).unwrap_or_default();
            self.connection
                .execute(
                    "INSERT INTO sqlite_schema(type, name, tbl_name, rootpage, sql) VALUES ('table', ?1, ?1, 0, ?2)",
                    [&object.name, sql],
                )
                .explain(&self.path, BUILDING)?;
        }
        // RESET also makes this connection read the schema again, for triggers and views that name them.
        self.batch("PRAGMA writable_schema=RESET")
    }

    /// Reads messages up to the next that is not data, and returns that.
    fn fill(&self, table: &TableSnapshot, receive: &mut mpsc::Receiver<Message>) -> Result<Option<Message>> {
        let name = &table.table.name;
        let present: bool = self
            .connection
            .query_row(
                "SELECT count(*) FROM pragma_table_list WHERE schema = 'main' AND name = ?1",
                [name],
                |row| row.get(0),
            )
            .explain(&self.path, BUILDING)?;
        if !present && name == "sqlite_sequence" && table.rows == 0 {
            return Ok(receive.blocking_recv());
        }
        if name.starts_with("sqlite_") {
            self.batch(&format!("DELETE FROM main.{}", quote(name)))?;
        }
        let mut inserter = Inserter::new(&self.connection, &self.path, self.wide, table, &table.table.name);
        let mut rest: Vec<u8> = Vec::new();
        loop {
            match receive.blocking_recv() {
                Some(Message::Data(piece)) => {
                    rest.extend_from_slice(&piece);
                    let whole = rest.iter().rposition(|byte| *byte == b'\n').map_or(0, |end| end + 1);
                    for line in rest[..whole].split_inclusive(|byte| *byte == b'\n') {
                        inserter.line(&line[..line.len() - 1])?;
                    }
                    rest.drain(..whole);
                }
                other => {
                    if rest.is_empty() && (inserter.rows == table.rows || other.is_none()) {
                        return Ok(other);
                    }
                    return Err(EngineError::backup_damaged(format!(
                        "The backup holds {} rows of “{name}” where {} were taken.",
                        inserter.rows, table.rows
                    )));
                }
            }
        }
    }
}

/// As SQLite writes the statements of its own tables: quoted only if need be.
fn bare(name: &str) -> String {
    let plain = name.chars().all(|letter| letter.is_ascii_alphanumeric() || letter == '_');
    if plain { name.to_owned() } else { quote(name) }
}

fn known_module(connection: &Connection, object: &SchemaObject) -> bool {
    let Some(module) = object.sql.first().and_then(|sql| remarks::module(sql)) else { return false };
    connection
        .query_row("SELECT count(*) FROM pragma_module_list WHERE lower(name) = ?1", [module], |row| {
            row.get::<_, i64>(0)
        })
        .is_ok_and(|count| count > 0)
}

/// Rows in the form of lines into a table that is there.
pub(super) struct Inserter<'a> {
    connection: &'a Connection,
    path: &'a Path,
    /// The file keeps text as UTF-16.
    wide: bool,
    /// Whose columns the lines have.
    table: &'a TableSnapshot,
    into: &'a str,
    pub(super) rows: u64,
    /// Statements by which columns need a CAST (text that is not well-formed); nearly always one, empty.
    statements: BTreeMap<Vec<usize>, String>,
}

impl<'a> Inserter<'a> {
    pub(super) fn new(
        connection: &'a Connection,
        path: &'a Path,
        wide: bool,
        table: &'a TableSnapshot,
        into: &'a str,
    ) -> Self {
        Self { connection, path, wide, table, into, rows: 0, statements: BTreeMap::new() }
    }

    /// Without its end.
    pub(super) fn line(&mut self, line: &[u8]) -> Result<()> {
        let cells = text::decode_row(line)
            .filter(|cells| cells.len() == self.table.columns.len())
            .ok_or_else(|| {
                EngineError::backup_damaged(format!(
                    "A row of “{}” in the backup is not in its form.",
                    self.table.table.name
                ))
            })?;
        let (wide, path) = (self.wide, self.path);
        let cast: Vec<usize> =
            (0..cells.len()).filter(|index| matches!(&cells[*index], Cell::RawWide(_))).collect();
        let sql = self.statements.entry(cast.clone()).or_insert_with(|| insert(self.table, self.into, &cast));
        let mut statement = self.connection.prepare_cached(sql).explain(path, BUILDING)?;
        let values = cells.iter().map(|cell| match cell {
            Cell::Plain(value) => ToSqlOutput::Borrowed(value.into()),
            Cell::RawWide(bytes) if wide => ToSqlOutput::Borrowed(ValueRef::Blob(bytes)),
            Cell::RawText(bytes) | Cell::RawWide(bytes) => ToSqlOutput::Borrowed(ValueRef::Text(bytes)),
        });
        let doing = || format!("loading a row of “{}”", self.table.table.name.escape_debug());
        statement.execute(params_from_iter(values)).explain(path, &doing())?;
        self.rows += 1;
        Ok(())
    }
}

fn insert(table: &TableSnapshot, into: &str, cast: &[usize]) -> String {
    // The row id words are columns of ours only when no column of the table has that name, so quoting is safe on INSERT.
    let names: Vec<String> = table.columns.iter().map(|column| quote(&column.name)).collect();
    let values: Vec<String> = (0..names.len())
        .map(|index| {
            if cast.contains(&index) {
                format!("CAST(?{} AS TEXT)", index + 1)
            } else {
                format!("?{}", index + 1)
            }
        })
        .collect();
    format!("INSERT INTO main.{} ({}) VALUES ({})", quote(into), names.join(", "), values.join(", "))
}
