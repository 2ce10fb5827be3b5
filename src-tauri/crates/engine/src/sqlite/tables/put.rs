//! The one transaction of the live file, and the one that takes it back.

use std::path::Path;

use holdfast_contract::snapshot::{SchemaObject, Snapshot, TableSnapshot};
use holdfast_contract::{ApiError, ErrorCode};
use rusqlite::{Connection, OptionalExtension};

use super::arrange::same;
use super::{Staged, orphans, scratch};
use crate::sqlite::Sqlite;
use crate::sqlite::connect::{self, Mode};
use crate::sqlite::error::Explain;
use crate::sqlite::introspect::{self, Table, quote};
use crate::sqlite::rows::Inserter;
use crate::sqlite::scan::{self, Encoding};
use crate::tables::{TableOrder, TableStep, Way};
use crate::{EngineError, Progress, Result, Work};

pub(super) const DOING: &str = "putting the tables in place";

pub(super) fn put(
    this: &Sqlite,
    order: &TableOrder,
    snapshot: &Snapshot,
    objects: &[SchemaObject],
    work: &Work,
) -> Result<Vec<String>> {
    let staged = Staged(scratch(order, work));
    let patience = this.patience(&work.cancel);
    let source = connect::open(&staged.0, Mode::ReadOwn, &patience)?;
    let target = Target::open(this, work)?;
    let before = orphans::count(&target.connection, &this.path)?;
    let held = introspect::tables(&source, &staged.0)?;
    let from = Encoding::of(&source, &staged.0)?;
    for step in &order.tables {
        let (Some(table), Some(wanted)) = (
            held.iter().find(|table| table.name == step.from.name),
            snapshot.tables.iter().find(|table| table.table == step.from),
        ) else {
            return Err(changed(step));
        };
        let defined = Defined::of(step, objects);
        work.progress.phase(&format!("Putting “{}” in place", step.to));
        target.make_room(step, &defined, &wanted.columns)?;
        let into = TableSnapshot { columns: table.line_columns(), ..wanted.clone() };
        let mut inserter = Inserter::new(
            &target.connection,
            &this.path,
            target.encoding != Encoding::Utf8,
            &into,
            &step.to.name,
        );
        scan::rows(&source, &staged.0, table, from, &mut |line| inserter.line(&line[..line.len() - 1]))?;
        target.finish(step, &defined)?;
        target.prove(step, wanted, work.progress.as_ref())?;
    }
    let left = orphans::more(&target.connection, &this.path, &before)?;
    if !left.is_empty() && !order.allows_dangling() {
        return Err(ApiError::new(ErrorCode::VerificationFailed, left.join(" "))
            .hint("Nothing was changed. Restore the other table with it, or ask to allow dangling rows.")
            .into());
    }
    target.commit()?;
    Ok(left)
}

pub(super) fn put_back(this: &Sqlite, order: &TableOrder, work: &Work) -> Result<Vec<String>> {
    let target = Target::open(this, work)?;
    for step in &order.tables {
        work.progress.phase(&format!("Putting “{}” back", step.to));
        let live = target.table(&step.to.name)?.ok_or_else(|| changed(step))?;
        target.keep(&live, &step.staging.name)?;
        match (step.way, &step.kept) {
            (Way::Contents, Some(kept)) => {
                target.run(&format!("DELETE FROM main.{}", quote(&live.name)))?;
                target.bring(&kept.name, &live)?;
            }
            (Way::Structure, Some(kept)) => {
                let counter = target.counter(&live.name)?;
                target.run(&format!("DROP TABLE main.{}", quote(&live.name)))?;
                let (table, rest): (Vec<&String>, Vec<&String>) =
                    step.back.iter().partition(|sql| is_table(sql));
                table.into_iter().try_for_each(|sql| target.run(sql))?;
                let old = target.table(&step.to.name)?.ok_or_else(|| changed(step))?;
                target.bring(&kept.name, &old)?;
                rest.into_iter().try_for_each(|sql| target.run(sql))?;
                target.count_on(&old.name, counter)?;
            }
            _ => target.run(&format!("DROP TABLE main.{}", quote(&live.name)))?,
        }
    }
    target.commit()?;
    Ok(vec![])
}

fn is_table(sql: &str) -> bool {
    let words: Vec<String> = sql.split_whitespace().take(2).map(str::to_ascii_uppercase).collect();
    words.get(1).is_some_and(|word| word.starts_with("TABLE"))
}

fn changed(step: &TableStep) -> EngineError {
    ApiError::new(
        ErrorCode::SourceChanged,
        format!("“{}” is not as it was when the restore was planned.", step.to),
    )
    .hint("Nothing was changed. Plan the restore again.")
    .retry()
    .into()
}

/// The statements of the backup that make a table.
struct Defined<'a> {
    table: Option<&'a String>,
    after: Vec<&'a String>,
}

impl<'a> Defined<'a> {
    fn of(step: &TableStep, objects: &'a [SchemaObject]) -> Self {
        let own = |object: &&SchemaObject| object.table.as_ref() == Some(&step.from);
        Self {
            table: objects
                .iter()
                .find(|object| object.kind == "table" && object.name == step.from.name)
                .and_then(|object| object.sql.first()),
            after: objects.iter().filter(own).flat_map(|object| &object.sql).collect(),
        }
    }
}

/// The live file inside the transaction; dropped without [`Target::commit`], nothing has happened.
struct Target<'a> {
    connection: Connection,
    path: &'a Path,
    encoding: Encoding,
}

impl<'a> Target<'a> {
    fn open(this: &'a Sqlite, work: &Work) -> Result<Self> {
        let path = this.path.as_path();
        let connection = connect::open(path, Mode::Write, &this.patience(&work.cancel))?;
        let encoding = Encoding::of(&connection, path)?;
        // Rows that a check has let in once come back, whatever the check says now.
        connection
            .execute_batch("PRAGMA synchronous=FULL; PRAGMA ignore_check_constraints=ON; BEGIN IMMEDIATE")
            .explain(path, DOING)?;
        Ok(Self { connection, path, encoding })
    }

    fn run(&self, sql: &str) -> Result<()> {
        self.connection.execute_batch(sql).explain(self.path, DOING)
    }

    fn commit(self) -> Result<()> {
        self.run("COMMIT")
    }

    fn table(&self, name: &str) -> Result<Option<Table>> {
        let tables = introspect::tables(&self.connection, self.path)?;
        Ok(tables.into_iter().find(|table| table.name.eq_ignore_ascii_case(name)))
    }

    /// Empties the place, or makes it.
    fn make_room(
        &self,
        step: &TableStep,
        defined: &Defined<'_>,
        columns: &[holdfast_contract::snapshot::Column],
    ) -> Result<()> {
        let live = self.table(&step.to.name)?;
        let create = || {
            defined.table.ok_or_else(|| {
                EngineError::backup_damaged(format!("The backup does not say how “{}” is made.", step.from))
            })
        };
        match (step.way, live, &step.kept) {
            (Way::Contents, Some(live), Some(kept)) => {
                if !same(&live.line_columns(), columns) {
                    return Err(changed(step));
                }
                self.keep(&live, &kept.name)?;
                self.run(&format!("DELETE FROM main.{}", quote(&live.name)))
            }
            (Way::Structure, Some(live), Some(kept)) => {
                let now = introspect::objects(&self.connection, self.path, &[])?;
                let own = |object: &SchemaObject| {
                    object.table.as_ref().is_some_and(|table| table.name.eq_ignore_ascii_case(&step.to.name))
                        || (object.kind == "table" && object.name.eq_ignore_ascii_case(&step.to.name))
                };
                let now: Vec<String> = now.into_iter().filter(own).flat_map(|object| object.sql).collect();
                if now != step.back {
                    return Err(changed(step));
                }
                self.keep(&live, &kept.name)?;
                let counter = self.counter(&live.name)?;
                self.run(&format!("DROP TABLE main.{}", quote(&live.name)))?;
                self.create(create()?)?;
                self.count_on(&step.to.name, counter)
            }
            (Way::Missing, None, _) => self.create(create()?),
            (Way::Beside, None, _) => {
                self.create(&renamed(create()?, &step.from.name, &step.to.name, self.path)?)
            }
            _ => Err(changed(step)),
        }
    }

    fn create(&self, sql: &str) -> Result<()> {
        if !sql.trim_start().get(..6).is_some_and(|word| word.eq_ignore_ascii_case("create")) {
            return Err(EngineError::backup_damaged("A statement that makes a table is not CREATE."));
        }
        self.connection.execute(sql, []).map(drop).explain(self.path, DOING)
    }

    /// Its rows into a table without types, where every value keeps its storage class.
    fn keep(&self, live: &Table, name: &str) -> Result<()> {
        let count = live.line_columns().len();
        let columns: Vec<String> = (0..count).map(|index| format!("c{index}")).collect();
        self.run(&format!("CREATE TABLE main.{} ({})", quote(name), columns.join(", ")))?;
        self.run(&format!(
            "INSERT INTO main.{} SELECT {} FROM main.{} NOT INDEXED",
            quote(name),
            selected(live).join(", "),
            quote(&live.name)
        ))
    }

    /// The reverse of [`Target::keep`], into an empty table of the same columns.
    fn bring(&self, name: &str, live: &Table) -> Result<()> {
        let columns: Vec<String> = live.line_columns().iter().map(|column| quote(&column.name)).collect();
        let kept: Vec<String> = (0..columns.len()).map(|index| format!("c{index}")).collect();
        self.run(&format!(
            "INSERT INTO main.{} ({}) SELECT {} FROM main.{}",
            quote(&live.name),
            columns.join(", "),
            kept.join(", "),
            quote(name)
        ))?;
        self.run(&format!("DROP TABLE main.{}", quote(name)))
    }

    fn finish(&self, step: &TableStep, defined: &Defined<'_>) -> Result<()> {
        if matches!(step.way, Way::Structure | Way::Missing) {
            for sql in &defined.after {
                self.create(sql)?;
            }
        }
        Ok(())
    }

    /// What stands in the place now is what the backup holds.
    fn prove(&self, step: &TableStep, wanted: &TableSnapshot, progress: &dyn Progress) -> Result<()> {
        let mut table = self.table(&step.to.name)?.ok_or_else(|| changed(step))?;
        // The hash is taken over the columns in the backup's order.
        table.columns.sort_by_key(|column| wanted.columns.iter().position(|other| other.name == column.name));
        progress.phase(&format!("Proving “{}” in its place", step.to));
        let hasher = scan::hash(&self.connection, self.path, &table, self.encoding, progress)?;
        if hasher.rows() == wanted.rows && hasher.hex() == wanted.content_hash {
            return Ok(());
        }
        Err(ApiError::new(
            ErrorCode::VerificationFailed,
            format!(
                "“{}” would not hold in this file what the backup holds, so nothing was changed.",
                step.to
            ),
        )
        .hint("Restore the table beside, or the whole database.")
        .into())
    }

    fn counter(&self, table: &str) -> Result<Option<i64>> {
        let counts: Option<i64> = self
            .connection
            .query_row("SELECT 1 FROM sqlite_schema WHERE name = 'sqlite_sequence'", [], |row| row.get(0))
            .optional()
            .explain(self.path, DOING)?;
        if counts.is_none() {
            return Ok(None);
        }
        self.connection
            .query_row("SELECT seq FROM sqlite_sequence WHERE name = ?1", [table], |row| row.get(0))
            .optional()
            .explain(self.path, DOING)
    }

    /// AUTOINCREMENT goes on from where it was; later rows only push it forward.
    fn count_on(&self, table: &str, counter: Option<i64>) -> Result<()> {
        let Some(counter) = counter else { return Ok(()) };
        let counts = self
            .connection
            .query_row(
                "SELECT count(*) FROM sqlite_schema WHERE type = 'table' AND name = ?1 COLLATE NOCASE AND upper(sql) LIKE '%AUTOINCREMENT%'",
                [table],
                |row| row.get::<_, i64>(0),
            )
            .explain(self.path, DOING)?;
        if counts == 0 {
            return Ok(());
        }
        let changed = self
            .connection
            .execute(
                "UPDATE sqlite_sequence SET seq = max(seq, ?2) WHERE name = ?1",
                rusqlite::params![table, counter],
            )
            .explain(self.path, DOING)?;
        if changed == 0 {
            self.connection
                .execute(
                    "INSERT INTO sqlite_sequence(name, seq) VALUES (?1, ?2)",
                    rusqlite::params![table, counter],
                )
                .explain(self.path, DOING)?;
        }
        Ok(())
    }
}

fn selected(table: &Table) -> Vec<String> {
    let columns = table.line_columns();
    let bare = usize::from(table.rowid.is_some());
    columns
        .iter()
        .enumerate()
        // The row id words must stay bare: quoted, they could be taken for a string.
        .map(|(index, column)| if index < bare { column.name.clone() } else { quote(&column.name) })
        .collect()
}

/// The statement under another name: SQLite itself renames the table, in a database that exists only for this.
fn renamed(sql: &str, from: &str, to: &str, path: &Path) -> Result<String> {
    let naming = "naming the copy";
    let empty = Connection::open_in_memory().explain(path, naming)?;
    empty.execute_batch("PRAGMA legacy_alter_table=ON").explain(path, naming)?;
    empty.execute(sql, []).explain(path, naming)?;
    empty
        .execute_batch(&format!("ALTER TABLE {} RENAME TO {}", quote(from), quote(to)))
        .explain(path, naming)?;
    empty
        .query_row("SELECT sql FROM sqlite_schema WHERE type = 'table' AND name = ?1", [to], |row| row.get(0))
        .explain(path, naming)
}
