//! Running a script in a database of its own. Definitions end a transaction here, so nothing less could be taken back: the
//! live database only ever changes by the exchange of whole databases.
//!
//! The session is as the `mysql` client's would be: the server's own settings, in utf8mb4. Rows in a run go in few messages;
//! everything else goes by itself, and after it the session must still stand in the target.

use async_trait::async_trait;
use futures::TryStreamExt;
use holdfast_contract::import::{ScriptReport, SqlDialect};
use holdfast_contract::{ApiError, ErrorCode};
use sqlx::{AssertSqlSafe, Either, Row as _};

use super::connect::{Purpose, Session};
use super::{Mysql, database, definer, error, exchange, preflight};
use crate::error::Position;
use crate::script::{Committing, Fate, RunScript, Script, ScriptDone, Told, or_dropped, parcels};
use crate::{EngineError, Preflight, Result, Work};

#[async_trait]
impl RunScript for Mysql {
    fn dialect(&self) -> SqlDialect {
        SqlDialect::Mysql
    }

    async fn preflight(&self, report: &ScriptReport) -> Result<Preflight> {
        let mut session = database::elsewhere(&self.access).await?;
        let found = preflight::of_script(&mut session, &report.roles).await?;
        session.close().await;
        Ok(found)
    }

    async fn run_new(&self, target: &str, script: &Script, work: &Work) -> Result<ScriptDone> {
        let mut session = database::room_for(&self.access, target, work).await?;
        // Unless the file says otherwise, as the connection's own.
        let facts = database::facts(&mut session, database::live(&self.access)).await?;
        database::create(&mut session, target, &facts).await?;
        session.close().await;
        let outcome = work.unless_cancelled(self.fill(target, script, work)).await;
        or_dropped(outcome, database::drop(&self.access, target)).await
    }

    async fn run_live(&self, _: &Script, _: &dyn Committing, _: &Work) -> Result<ScriptDone> {
        Err(ApiError::new(
            ErrorCode::Unsupported,
            "MySQL and MariaDB end a transaction at every definition, so a file cannot be run in the live database and taken back.",
        )
        .hint("Import it into a new database, or replace the live one.")
        .into())
    }

    async fn fate(&self, _: &str) -> Result<Fate> {
        Ok(Fate::Unknown)
    }
}

impl Mysql {
    async fn fill(&self, target: &str, script: &Script, work: &Work) -> Result<ScriptDone> {
        let mut session = Session::open_database(&self.access, Some(target), Purpose::Load).await?;
        let defaults =
            ["sql_mode", "foreign_key_checks", "unique_checks", "time_zone", "group_concat_max_len"]
                .map(|name| format!("SESSION {name} = DEFAULT"));
        session.execute("Preparing the session", &format!("SET {}", defaults.join(", "))).await?;
        let mut run =
            Run { session, target, script, plain: true, changed: None, done: ScriptDone::default() };
        run.all(work).await?;
        let Run { mut session, mut done, changed, .. } = run;
        if let Some((line, statements)) = changed {
            done.remarks.push(format!(
                "The server stored rows otherwise than the file has them, or left some out, in {statements} statements, first in line {line}: \
                 the file's SQL mode lets it."
            ));
        }
        if session.server.is_mariadb()
            && session.value("Ending the import", "SELECT @@in_transaction").await?.as_deref() == Some("1")
        {
            done.remarks.push("The file left a transaction open at its end; it was committed.".into());
        }
        session.execute("Ending the import", "COMMIT").await?;
        session.close().await;
        exchange::make_own(&self.access, target).await?;
        Ok(done)
    }
}

struct Run<'a> {
    session: Session,
    target: &'a str,
    script: &'a Script,
    /// The file has begun no transaction of its own: its rows may be committed together.
    plain: bool,
    /// The first line of rows about which the server warned, and how many statements there were.
    changed: Option<(u64, u64)>,
    done: ScriptDone,
}

impl Run<'_> {
    async fn all(&mut self, work: &Work) -> Result<()> {
        let mut parcels = parcels(self.script, work)?;
        while let Some(batch) = parcels.statements(&mut self.done, work).await? {
            let rows = self.batch(&batch).await?;
            self.done.rows += rows;
            work.progress.advance(0, rows);
        }
        Ok(())
    }

    async fn batch(&mut self, batch: &[Told]) -> Result<u64> {
        if let [told] = batch
            && told.kind != "INSERT"
        {
            self.alone(told).await?;
            return Ok(0);
        }
        let together = self.plain && batch.len() > 1;
        if together {
            self.session.execute("Running the script", "START TRANSACTION").await?;
        }
        let rows = self.rows(batch).await?;
        if together {
            self.session.execute("Running the script", "COMMIT").await?;
        }
        Ok(rows)
    }

    /// Rows that went in. Behind each statement the server is asked whether it had to change a value to store it.
    async fn rows(&mut self, batch: &[Told]) -> Result<u64> {
        // A comment at the end of a statement must not swallow the next one.
        let each = batch.iter().map(|told| format!("{}\n;\nSELECT @@warning_count", told.sql));
        let sql = each.collect::<Vec<_>>().join("\n;\n");
        let (mut completed, mut rows) = (0, 0);
        let failure = {
            let mut answers = sqlx::raw_sql(AssertSqlSafe(sql.as_str())).fetch_many(self.session.raw());
            loop {
                match answers.try_next().await {
                    Ok(Some(Either::Left(done))) => {
                        completed += 1;
                        rows += done.rows_affected();
                    }
                    Ok(Some(Either::Right(row))) => {
                        let count: Option<&[u8]> = row.try_get_unchecked(0).ok();
                        if completed % 2 == 1
                            && count.is_some_and(|count| count != b"0")
                            && let Some(told) = batch.get(completed / 2).filter(|told| told.kind == "INSERT")
                        {
                            self.changed.get_or_insert((told.line, 0)).1 += 1;
                        }
                    }
                    Ok(None) => return Ok(rows),
                    Err(error) => break error,
                }
            }
        };
        match batch.get(completed / 2).or(batch.last()) {
            Some(told) => Err(failed(told, failure)),
            None => Err(error::during("Running the script", failure)),
        }
    }

    async fn alone(&mut self, told: &Told) -> Result<()> {
        if matches!(told.kind.as_str(), "BEGIN" | "START")
            || (told.kind == "SET" && told.sql.to_ascii_lowercase().contains("autocommit"))
        {
            self.plain = false;
        }
        let mut told = told.clone();
        if matches!(
            told.kind.as_str(),
            "CREATE DATABASE" | "ALTER DATABASE" | "CREATE SCHEMA" | "ALTER SCHEMA"
        ) {
            let Some(sql) = own_defaults(&told.sql) else { return Ok(()) };
            told.sql = sql;
        }
        if self.script.without_owners {
            definer::drop_from_head(&mut told.sql);
        }
        let sent = sqlx::raw_sql(AssertSqlSafe(told.sql.as_str())).execute(self.session.raw()).await;
        sent.map_err(|error| failed(&told, error))?;
        // Whatever the words were: the server says where the session stands.
        let now = self.session.value("Running the script", "SELECT DATABASE()").await?;
        if now.as_deref() == Some(self.target) {
            return Ok(());
        }
        Err(EngineError::unsupported(format!(
            "Line {}: {} leaves the target database, so the import was stopped.",
            told.line, told.what
        )))
    }
}

/// `CREATE DATABASE x CHARACTER SET …` as a change of the database that the session stands in; None when it sets nothing.
fn own_defaults(sql: &str) -> Option<String> {
    let lower = sql.to_ascii_lowercase();
    let words = ["default", "character", "charset", "collate", "comment", "encryption", "upgrade"];
    let behind_name = behind_name(sql)?;
    let options = sql[behind_name..].replace("*/", " ").replace("/*!40100", " ").replace("/*!80016", " ");
    let options = options.trim();
    let known = words.iter().any(|word| options.to_ascii_lowercase().starts_with(word));
    (known && !lower.contains("upgrade data directory")).then(|| format!("ALTER DATABASE {options}"))
}

/// Where the name of the database ends.
fn behind_name(sql: &str) -> Option<usize> {
    if let Some(open) = sql.find('`') {
        let mut at = open + 1;
        loop {
            at += sql[at..].find('`')? + 1;
            if !sql[at..].starts_with('`') {
                return Some(at);
            }
            at += 1;
        }
    }
    let lower = sql.to_ascii_lowercase();
    let kind = lower.find("database").map(|at| at + 8).or_else(|| lower.find("schema").map(|at| at + 6))?;
    let from = lower[kind..].find("exists").map_or(kind, |at| kind + at + 6);
    let rest = sql[from..].trim_start_matches(|c: char| c.is_whitespace() || "*/".contains(c));
    let name = rest.find(|c: char| c.is_whitespace()).unwrap_or(rest.len());
    Some(sql.len() - rest.len() + name)
}

/// What the server says of it quotes the text at that place, values and all.
const SYNTAX_ERROR: &str = "1064";

/// The failing statement with its line and its beginning, and what the server said about it.
fn failed(told: &Told, error: sqlx::Error) -> EngineError {
    let said = error.as_database_error().map(|said| said.message().to_owned()).unwrap_or_default();
    let mut line = told.line;
    // It counts from the beginning of the statement, and quotes what stands there, values and all.
    if let Some(within) = said.rsplit_once(" at line ").and_then(|(_, number)| number.parse::<u64>().ok()) {
        line += within.saturating_sub(1);
    }
    let Some(mut refused) = error::refused(&told.what, &error) else {
        return error::during(&format!("Line {line}: {}", told.what), error);
    };
    if refused.code.as_deref() == Some(SYNTAX_ERROR) {
        refused.said = "there is an error in the syntax".to_owned();
    }
    refused.position = Some(Position { line, character: None });
    refused.hint = Some(told.hint(SqlDialect::Mysql, refused.hint.as_deref()));
    refused.into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_file_says_about_its_database_is_said_about_the_target() {
        for (sql, wanted) in [
            (
                "CREATE DATABASE /*!32312 IF NOT EXISTS*/ `a``b` /*!40100 DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin */",
                Some("ALTER DATABASE DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin"),
            ),
            (
                "ALTER DATABASE `shop` CHARACTER SET latin1 COLLATE latin1_bin",
                Some("ALTER DATABASE CHARACTER SET latin1 COLLATE latin1_bin"),
            ),
            ("create schema if not exists shop charset utf8mb3", Some("ALTER DATABASE charset utf8mb3")),
            ("CREATE DATABASE shop", None),
            ("CREATE DATABASE IF NOT EXISTS shop", None),
        ] {
            assert_eq!(own_defaults(sql).as_deref(), wanted, "{sql}");
        }
    }
}
