//! Running a script: into a database of its own, or into the live one in one transaction.
//!
//! Statements go in batches, rows as COPY data. Before the live commit the transaction's number is told, so that after a
//! crash the server itself can say what became of it.

use std::collections::BTreeMap;

use async_trait::async_trait;
use futures::TryStreamExt;
use holdfast_contract::import::{ScriptReport, SqlDialect};
use holdfast_contract::{ApiError, ErrorCode};
use sqlx::postgres::PgErrorPosition;
use sqlx::{AssertSqlSafe, Either};

use super::connect::{Purpose, Session};
use super::copy_out::Backends;
use super::sql::literals;
use super::{Postgres, database, error, inspect};
use crate::error::{Position, Refused};
use crate::script::{
    Committing, Fate, Parcel, Parcels, RunScript, Script, ScriptDone, Told, or_dropped, parcels,
};
use crate::{EngineError, Preflight, Result, Work};

#[async_trait]
impl RunScript for Postgres {
    fn dialect(&self) -> SqlDialect {
        SqlDialect::Postgres
    }

    async fn preflight(&self, report: &ScriptReport) -> Result<Preflight> {
        let mut session = Session::open(&self.access, Purpose::Read).await?;
        let mut found = Preflight::default();
        let roles = missing(&mut session, "rolname", "pg_catalog.pg_roles", &report.roles).await?;
        if !roles.is_empty() {
            found.blockers.push(format!(
                "The server has no role {}: make it first, or pass over ownership and grants.",
                roles.join(", ")
            ));
        }
        let extensions =
            missing(&mut session, "name", "pg_catalog.pg_available_extensions", &report.extensions).await?;
        if !extensions.is_empty() {
            found.blockers.push(format!("The server does not have the extension {}.", extensions.join(", ")));
        }
        session.close().await;
        Ok(found)
    }

    async fn run_new(&self, target: &str, script: &Script, work: &Work) -> Result<ScriptDone> {
        let mut session = database::room_for(&self.access, target, work).await?;
        let facts = BTreeMap::from([("encoding".to_owned(), "UTF8".to_owned())]);
        database::create(&mut session, target, &facts).await?;
        session.close().await;
        let outcome = work.unless_cancelled(self.fill(target, script, work)).await;
        or_dropped(outcome, database::drop(&self.access, target)).await
    }

    async fn run_live(
        &self,
        script: &Script,
        committing: &dyn Committing,
        work: &Work,
    ) -> Result<ScriptDone> {
        let mut session = Session::open(&self.access, Purpose::Script).await?;
        let backends = Backends::default();
        backends.note(&session);
        let mark = begin(&mut session).await?;
        let done = tokio::select! {
            biased;
            () = work.cancel.cancelled() => {
                // A long statement would go on there, and hold its locks on the live database.
                backends.end(&self.access, inspect::live(&self.access)).await;
                return Err(EngineError::Cancelled);
            }
            done = carry_out(&mut session, script, work) => done?,
        };
        work.progress.phase("Committing");
        committing.committing(&mark).await?;
        commit(&mut session, &mark).await?;
        session.close().await;
        Ok(done)
    }

    async fn fate(&self, mark: &str) -> Result<Fate> {
        if mark.is_empty() || !mark.bytes().all(|byte| byte.is_ascii_digit()) {
            return Ok(Fate::Unknown);
        }
        let mut session = Session::open(&self.access, Purpose::Read).await?;
        let sql = format!("SELECT pg_catalog.pg_xact_status('{mark}'::pg_catalog.xid8)");
        let status = session.value("Asking what became of the import", &sql).await?;
        session.close().await;
        Ok(match status.as_deref() {
            Some("committed") => Fate::Committed,
            Some("aborted") => Fate::RolledBack,
            // Its session has not noticed yet that its client is gone.
            Some("in progress") => {
                return Err(ApiError::new(
                    ErrorCode::DatabaseBusy,
                    "The transaction of the interrupted import is still open.",
                )
                .retry()
                .into());
            }
            _ => Fate::Unknown,
        })
    }
}

impl Postgres {
    async fn fill(&self, target: &str, script: &Script, work: &Work) -> Result<ScriptDone> {
        let mut session = Session::open_database(&self.access, target, Purpose::Script).await?;
        session.execute("Preparing the session", "SET synchronous_commit = off").await?;
        let mark = match script.one_transaction {
            true => Some(begin(&mut session).await?),
            false => None,
        };
        let done = carry_out(&mut session, script, work).await?;
        if let Some(mark) = mark {
            commit(&mut session, &mark).await?;
        }
        session.close().await;
        let mut session = Session::open_database(&self.access, target, Purpose::Load).await?;
        work.progress.phase("Gathering statistics");
        session.execute("Gathering statistics", "ANALYZE").await?;
        session.close().await;
        Ok(done)
    }
}

async fn begin(session: &mut Session) -> Result<String> {
    session.execute("Beginning the import", "BEGIN").await?;
    let mark = session.value("Beginning the import", "SELECT pg_catalog.pg_current_xact_id()").await?;
    mark.ok_or_else(|| EngineError::unexpected("The server began no transaction."))
}

/// Only the transaction that was begun is committed: had the script ended it, part of it would be in already.
async fn commit(session: &mut Session, mark: &str) -> Result<()> {
    let now =
        session.value("Committing the import", "SELECT pg_catalog.pg_current_xact_id_if_assigned()").await?;
    if now.as_deref() != Some(mark) {
        return Err(EngineError::unsupported(
            "The script ended the transaction it ran in; what came after it was not kept.",
        ));
    }
    session.execute("Committing the import", "COMMIT").await.map(drop)
}

async fn missing(session: &mut Session, column: &str, table: &str, wanted: &[String]) -> Result<Vec<String>> {
    if wanted.is_empty() {
        return Ok(Vec::new());
    }
    let sql = format!(
        "SELECT {column} FROM {table} WHERE {column} IN ({})",
        literals(wanted.iter().map(String::as_str))
    );
    let there = session.rows("Looking for what the script needs", &sql).await?;
    let there: Vec<String> = there.into_iter().filter_map(|row| row.into_iter().next().flatten()).collect();
    Ok(wanted.iter().filter(|name| !there.contains(name)).cloned().collect())
}

async fn carry_out(session: &mut Session, script: &Script, work: &Work) -> Result<ScriptDone> {
    let mut done = ScriptDone::default();
    let mut parcels = parcels(script, work)?;
    while let Some(statements) = parcels.statements(&mut done, work).await? {
        match statements.as_slice() {
            [copy] if copy.kind == "COPY" => {
                done.rows += rows(session, copy, &mut parcels, work).await?;
            }
            batch => run(session, batch).await?,
        }
    }
    Ok(done)
}

async fn run(session: &mut Session, batch: &[Told]) -> Result<()> {
    // A comment at the end of a statement must not swallow the next one.
    let sql = batch.iter().map(|told| told.sql.as_str()).collect::<Vec<_>>().join("\n;\n");
    let mut completed = 0;
    let failure = {
        let mut answers = sqlx::raw_sql(AssertSqlSafe(sql.as_str())).fetch_many(session.raw());
        loop {
            match answers.try_next().await {
                Ok(Some(Either::Left(_))) => completed += 1,
                Ok(Some(Either::Right(_))) => {}
                Ok(None) => return Ok(()),
                Err(error) => break error,
            }
        }
    };
    let at = place(&failure);
    let (told, position) = match at {
        Some(position) => at_position(batch, position),
        None => (batch.get(completed).or(batch.last()), None),
    };
    match told {
        Some(told) => Err(failed(told, position, failure)),
        None => Err(error::during("Running the script", failure)),
    }
}

/// Characters before the place that the server points at, when it points at the text it was given.
fn place(error: &sqlx::Error) -> Option<usize> {
    match error::answer(error)?.position()? {
        PgErrorPosition::Original(position) => Some(position.saturating_sub(1)),
        PgErrorPosition::Internal { .. } => None,
    }
}

fn at_position(batch: &[Told], mut position: usize) -> (Option<&Told>, Option<usize>) {
    for told in batch {
        let length = told.sql.chars().count() + 3;
        if position < length {
            return (Some(told), Some(position));
        }
        position -= length;
    }
    (batch.last(), None)
}

async fn rows(session: &mut Session, copy: &Told, parcels: &mut Parcels, work: &Work) -> Result<u64> {
    let mut into =
        session.raw().copy_in_raw(&copy.sql).await.map_err(|error| failed(copy, place(&error), error))?;
    while let Some((parcel, bytes)) = parcels.next(work).await? {
        match parcel {
            Parcel::Rows(text, lines) => {
                into.send(text).await.map_err(|error| failed(copy, None, error))?;
                work.progress.advance(bytes, lines);
            }
            Parcel::RowsEnd => return into.finish().await.map_err(|error| failed(copy, None, error)),
            Parcel::Statements(_) => break,
        }
    }
    Err(EngineError::misuse(format!("Line {}: the rows of this COPY have no end.", copy.line)))
}

/// The failing statement with its line and its beginning, and what the server said about it.
fn failed(told: &Told, position: Option<usize>, error: sqlx::Error) -> EngineError {
    let Some(server) = error::answer(&error) else {
        return error::during(&format!("Line {}: {}", told.line, told.what), error);
    };
    let mut line = told.line;
    if let Some(position) = position {
        line += told.sql.chars().take(position).filter(|letter| *letter == '\n').count() as u64;
    }
    // "COPY orders, line 5, column a": rows begin on the line after the COPY.
    let row = server.r#where().filter(|_| told.kind == "COPY").and_then(row_number);
    if let Some(row) = row {
        line += told.sql.matches('\n').count() as u64 + row;
    }
    let said = match &server.code()[..2] {
        "P0" => "a function in the database raised an error".to_owned(),
        // Values are quoted in these; the line shows where to look.
        "22" => masked(server.message()),
        _ => server.message().to_owned(),
    };
    Refused {
        said,
        position: Some(Position { line, character: position.map(|position| position + 1) }),
        hint: Some(told.hint(SqlDialect::Postgres, server.hint())),
        ..error::said_by_server(&told.what, server)
    }
    .into()
}

fn row_number(context: &str) -> Option<u64> {
    let after = context.split(", line ").nth(1)?;
    after.split(|letter: char| !letter.is_ascii_digit()).next()?.parse().ok()
}

/// `invalid input syntax for type integer: "…"`
fn masked(message: &str) -> String {
    let mut quoted = false;
    let mut text = String::new();
    for letter in message.chars() {
        if letter == '"' {
            text.push_str(if quoted { "…\"" } else { "\"" });
            quoted = !quoted;
        } else if !quoted {
            text.push(letter);
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_the_server_says_is_told_without_values() {
        assert_eq!(
            masked("invalid input syntax for type integer: \"4111\""),
            "invalid input syntax for type integer: \"…\""
        );
        assert_eq!(row_number("COPY orders, line 5, column a: \"x\""), Some(5));
        assert_eq!(row_number("PL/pgSQL function f() line 3"), None);
    }
}
