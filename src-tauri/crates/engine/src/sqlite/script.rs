//! Running a script: into a file of its own, or into the live one, always in one transaction.
//!
//! Whatever a statement's words are, SQLite asks before it attaches a file, loads code, or changes a setting that is not
//! on the list: the wall stands behind the splitter, not in it.

use std::path::Path;

use async_trait::async_trait;
use holdfast_contract::import::{ScriptReport, SqlDialect};
use holdfast_contract::{ApiError, ErrorCode};
use rusqlite::Connection;
use rusqlite::config::DbConfig;
use rusqlite::hooks::{AuthAction, AuthContext, Authorization};

use super::connect::{self, Mode, Patience};
use super::error::Explain;
use super::files::{self, Partial};
use super::load::close;
use super::{Sqlite, blocking, check, introspect};
use crate::error::{Position, Refusal, Refused};
use crate::script::{
    Committing, Fate, KEPT_SETTINGS, RunScript, Script, ScriptDone, Step, Steps, Told, virtual_table,
};
use crate::{EngineError, Preflight, Result, Work, staging};

#[async_trait]
impl RunScript for Sqlite {
    fn dialect(&self) -> SqlDialect {
        SqlDialect::Sqlite
    }

    async fn preflight(&self, _: &ScriptReport) -> Result<Preflight> {
        Ok(Preflight::default())
    }

    async fn run_new(&self, target: &str, script: &Script, work: &Work) -> Result<ScriptDone> {
        let path = files::absolute(target)?.to_path_buf();
        if self.is_live(&path) {
            return Err(staging::is_live());
        }
        let (script, work, patience) = (script.clone(), work.clone(), self.patience(&work.cancel));
        blocking(move || into_file(&path, &script, &work, &patience)).await
    }

    async fn run_live(
        &self,
        script: &Script,
        committing: &dyn Committing,
        work: &Work,
    ) -> Result<ScriptDone> {
        let (path, patience) = (self.path.clone(), self.patience(&work.cancel));
        let (script, running) = (script.clone(), work.clone());
        let (connection, path, done) = blocking(move || {
            let mut connection = connect::open(&path, Mode::Write, &patience)?;
            guard(&mut connection, &path, false)?;
            connection.execute_batch("BEGIN IMMEDIATE").explain(&path, "waiting to write to it")?;
            let mut run = Run { connection: &connection, path: &path, new: false, began: true };
            let done = run.all(&script, &running)?;
            Ok((connection, path, done))
        })
        .await?;
        work.progress.phase("Committing");
        // Dropping the connection takes everything back.
        committing.committing("").await?;
        blocking(move || {
            commit(&connection, &path)?;
            close(connection, &path)
        })
        .await?;
        Ok(done)
    }

    /// SQLite keeps no record of transactions that are over.
    async fn fate(&self, _: &str) -> Result<Fate> {
        Ok(Fate::Unknown)
    }
}

fn into_file(target: &Path, script: &Script, work: &Work, patience: &Patience) -> Result<ScriptDone> {
    files::folder(target)?;
    files::must_be_free(target)?;
    let (partial, file) = Partial::beside(target)?;
    drop(file);
    let path = partial.path().to_path_buf();
    let mut connection = connect::open(&path, Mode::Create, patience)?;
    // Nobody reads it before it is whole, and a crash throws it away.
    connection
        .execute_batch("PRAGMA journal_mode=MEMORY; PRAGMA synchronous=OFF;")
        .explain(&path, "preparing the new file")?;
    guard(&mut connection, &path, true)?;
    let mut run = Run { connection: &connection, path: &path, new: true, began: false };
    let mut done = run.all(script, work)?;
    if run.began {
        commit(&connection, &path)?;
    }
    close(connection, &path)?;
    work.checkpoint()?;
    work.progress.phase("Checking the new file");
    let connection = connect::open(&path, Mode::Write, patience)?;
    let tables = introspect::tables(&connection, &path)?;
    check::integrity(&connection, &path, &tables)?;
    let orphans: i64 = connection
        .query_row("SELECT count(*) FROM pragma_foreign_key_check", [], |row| row.get(0))
        .explain(&path, "checking its foreign keys")?;
    if orphans > 0 {
        done.remarks.push(format!("{orphans} rows point to parents that do not exist."));
    }
    close(connection, &path)?;
    partial.publish(target)?;
    Ok(done)
}

/// Code and files stay out whatever the text says. `new`: a file of our own, whose schema may take virtual tables.
fn guard(connection: &mut Connection, path: &Path, new: bool) -> Result<()> {
    const PREPARING: &str = "preparing the import";
    connection
        .set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_TRIGGER, true)
        .and_then(|_| connection.set_db_config(DbConfig::SQLITE_DBCONFIG_DEFENSIVE, !new))
        .explain(path, PREPARING)?;
    connection
        .authorizer(Some(|context: AuthContext<'_>| match context.action {
            AuthAction::Attach { .. } | AuthAction::Detach { .. } => Authorization::Deny,
            AuthAction::Function { function_name }
                if function_name.eq_ignore_ascii_case("load_extension") =>
            {
                Authorization::Deny
            }
            AuthAction::Pragma { pragma_name, .. } => {
                let name = pragma_name.to_ascii_lowercase();
                // Virtual tables ask for these themselves.
                let own = [
                    "table_info",
                    "table_xinfo",
                    "data_version",
                    "page_count",
                    "writable_schema",
                    "quick_check",
                ];
                if KEPT_SETTINGS.contains(&name.as_str()) || own.contains(&name.as_str()) {
                    Authorization::Allow
                } else {
                    Authorization::Deny
                }
            }
            _ => Authorization::Allow,
        }))
        .explain(path, PREPARING)
}

fn commit(connection: &Connection, path: &Path) -> Result<()> {
    if connection.is_autocommit() {
        return Err(EngineError::unsupported(
            "The script ended the transaction it ran in; what came after it was not kept.",
        ));
    }
    connection.execute_batch("COMMIT").explain(path, "committing the import")
}

struct Run<'a> {
    connection: &'a Connection,
    path: &'a Path,
    new: bool,
    /// Page size and encoding must be set before anything is written.
    began: bool,
}

impl Run<'_> {
    fn all(&mut self, script: &Script, work: &Work) -> Result<ScriptDone> {
        let mut steps = Steps::open(script)?;
        work.progress.total_bytes(steps.file_bytes());
        let mut done = ScriptDone::default();
        let mut wrote_schema = false;
        while let Some(step) = steps.next()? {
            work.checkpoint()?;
            let Step::Statement(told) = step else {
                return Err(EngineError::internal("SQLite has no COPY data."));
            };
            done.statements += 1;
            if done.statements % 500 == 1 {
                work.progress
                    .phase(&format!("Statement {}, line {}: {}", done.statements, told.line, told.what));
            }
            work.progress.advance(steps.progress(), u64::from(told.kind == "INSERT"));
            if !self.began && told.kind != "PRAGMA" {
                self.batch("BEGIN", "beginning the import")?;
                self.began = true;
            }
            if told.kind == "CREATE VIRTUAL TABLE" && virtual_table(&told.sql).is_some() {
                self.write_schema(&told)?;
                wrote_schema = true;
            } else {
                self.one(&told)?;
            }
            done.rows += u64::from(told.kind == "INSERT");
        }
        work.progress.advance(steps.progress(), 0);
        if wrote_schema {
            self.batch("PRAGMA writable_schema=RESET", "reading the schema again")?;
        }
        work.checkpoint()?;
        Ok(done)
    }

    /// What `sqlite3 .dump` writes for a virtual table, whose own tables follow as plain ones.
    fn write_schema(&self, told: &Told) -> Result<()> {
        if !self.new {
            let message = format!(
                "Line {}: {} can only be made in a new file, not in a live database.",
                told.line, told.what
            );
            return Err(ApiError::new(ErrorCode::Unsupported, message)
                .hint("Import into a new file, or replace the live database.")
                .into());
        }
        self.batch("PRAGMA writable_schema=ON", "adding a virtual table")?;
        let outcome = self.one(told);
        self.batch("PRAGMA writable_schema=OFF", "adding a virtual table")?;
        outcome
    }

    fn batch(&self, sql: &str, doing: &str) -> Result<()> {
        self.connection.execute_batch(sql).explain(self.path, doing)
    }

    fn one(&self, told: &Told) -> Result<()> {
        let run = || {
            let mut statement = self.connection.prepare(&told.sql)?;
            let mut rows = statement.query([])?;
            while rows.next()?.is_some() {}
            Ok(())
        };
        run().map_err(|error| self.failed(told, error))
    }

    fn failed(&self, told: &Told, error: rusqlite::Error) -> EngineError {
        let (code, said, offset) = match &error {
            rusqlite::Error::SqliteFailure(failure, text) => {
                (Some(*failure), text.clone().unwrap_or_else(|| failure.to_string()), None)
            }
            rusqlite::Error::SqlInputError { error, msg, offset, .. } => {
                (Some(*error), msg.clone(), usize::try_from(*offset).ok())
            }
            other => (None, other.to_string(), None),
        };
        if let Some(failure) = code
            && matches!(
                failure.code,
                rusqlite::ErrorCode::OperationInterrupted
                    | rusqlite::ErrorCode::DiskFull
                    | rusqlite::ErrorCode::DatabaseBusy
                    | rusqlite::ErrorCode::SystemIoFailure
            )
        {
            let outcome: rusqlite::Result<()> = Err(error);
            return match outcome.explain(self.path, "running the script") {
                Err(error) => error,
                Ok(()) => EngineError::Cancelled,
            };
        }
        let line = told.line
            + offset.map_or(0, |offset| {
                told.sql.as_bytes()[..offset.min(told.sql.len())]
                    .iter()
                    .filter(|byte| **byte == b'\n')
                    .count() as u64
            });
        Refused {
            doing: told.what.clone(),
            kind: Refusal::Statement,
            code: code.map(|failure| format!("SQLITE {}", failure.extended_code)),
            said,
            file: Some(self.path.to_owned()),
            position: Some(Position { line, character: None }),
            hint: Some(told.hint(SqlDialect::Sqlite, None)),
        }
        .into()
    }
}
