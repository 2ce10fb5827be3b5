//! Deleting rows of MySQL and MariaDB tables. Foreign keys are checked: this is no load.

mod deletion;
mod lines;
mod list;
mod shape;

use async_trait::async_trait;
use holdfast_contract::clearing::{CandidateKind, CandidateStep, CleanupCandidate, Referring};
use holdfast_contract::snapshot::TableName;
use holdfast_contract::{ApiError, ErrorCode};
use sqlx::{AssertSqlSafe, Executor as _, SqlSafeStr as _};

use super::connect::{Purpose, Session};
use super::sessions::Sessions;
use super::sql::{Literal, Name};
use super::{Mysql, error};
use crate::clear::{Batches, bad_condition, counted, counting, on_delete, or_ended, sets_off, wrapped};
use crate::maintain::no_such_table;
use crate::{Access, Clear, Deletion, Result, RowCount, Rows, Work};

#[async_trait]
impl Clear for Mysql {
    async fn count(&self, table: &TableName, rows: &Rows) -> Result<RowCount> {
        let mut session = Session::open(&self.access, Purpose::Read).await?;
        let table = resolve(&mut session, table).await?;
        let which = condition(&mut session, &table, rows).await?;
        let sql = counting(&Name(&table.name).to_string(), &which);
        let doing = format!("Counting the rows of {table}");
        // Preparing refuses a second statement, which could write.
        let text = AssertSqlSafe(sql.as_str()).into_sql_str();
        let prepared = session.raw().prepare(text).await.map_err(|refusal| error::during(&doing, refusal));
        prepared.map_err(bad_condition)?;
        session.execute(&doing, "START TRANSACTION READ ONLY").await?;
        let found = session.rows(&doing, &sql).await.map_err(bad_condition)?;
        let (total, matching) = counted(found.first())?;
        session.close().await;
        Ok(RowCount { table, total, matching })
    }

    async fn referring(&self, table: &TableName) -> Result<Vec<Referring>> {
        let mut session = Session::open(&self.access, Purpose::Read).await?;
        if is_elsewhere(&mut session, table).await? {
            return Ok(Vec::new());
        }
        let table = resolve(&mut session, table).await?;
        let sql = format!(
            "SELECT r.constraint_schema, r.table_name, r.constraint_name, r.delete_rule, r.constraint_schema = database(), \
               (SELECT group_concat(concat('`', replace(k.column_name, '`', '``'), '`') SEPARATOR ' IS NOT NULL OR ') \
                FROM information_schema.key_column_usage k WHERE k.constraint_schema = r.constraint_schema \
                AND k.table_name = r.table_name AND k.constraint_name = r.constraint_name) \
             FROM information_schema.referential_constraints r \
             WHERE r.unique_constraint_schema = database() AND r.referenced_table_name = {name} \
             AND NOT (r.constraint_schema = database() AND r.table_name = {name}) ORDER BY 1, 2, 3",
            name = Literal(&table.name)
        );
        let mut found = Vec::new();
        for row in session.rows("Looking for foreign keys", &sql).await? {
            let Ok([Some(schema), Some(name), Some(constraint), Some(action), here, Some(columns)]) =
                <[Option<String>; 6]>::try_from(row)
            else {
                continue;
            };
            let sql =
                format!("SELECT count(*) FROM {}.{} WHERE {columns} IS NOT NULL", Name(&schema), Name(&name));
            let rows = session.value(&format!("Counting the rows of {name}"), &sql).await?;
            found.push(Referring {
                table: TableName { schema: (here.as_deref() != Some("1")).then_some(schema), name },
                constraint,
                on_delete: on_delete(&action),
                rows: rows.and_then(|rows| rows.parse().ok()).unwrap_or(0),
            });
        }
        session.close().await;
        Ok(found)
    }

    async fn beyond(&self, table: &TableName) -> Result<Vec<String>> {
        let mut session = Session::open(&self.access, Purpose::Read).await?;
        if is_elsewhere(&mut session, table).await? {
            return Ok(Vec::new());
        }
        let table = resolve(&mut session, table).await?;
        let sql = format!(
            "SELECT trigger_name FROM information_schema.triggers WHERE event_object_schema = database() \
             AND event_object_table = {} AND event_manipulation = 'DELETE' ORDER BY 1",
            Literal(&table.name)
        );
        let names = session.rows("Looking for triggers", &sql).await?;
        session.close().await;
        Ok(names.into_iter().flatten().flatten().map(|name| sets_off(&table, "trigger", &name)).collect())
    }

    async fn begin(&self, table: &TableName) -> Result<Box<dyn Deletion>> {
        Ok(Box::new(deletion::begin(&self.access, table).await?))
    }

    async fn delete_rows(
        &self,
        table: &TableName,
        rows: &Rows,
        batch: u64,
        most: u64,
        work: &Work,
    ) -> Result<u64> {
        let sessions = Sessions::default();
        ended(&self.access, &sessions, work, async {
            let mut session = for_deleting(&self.access, &sessions).await?;
            let table = resolve(&mut session, table).await?;
            let which = condition(&mut session, &table, rows).await?;
            let doing = format!("Deleting rows of {table}");
            work.progress.phase(&doing);
            let mut batches = Batches::new(work, batch, most);
            while let Some(limit) = batches.next()? {
                let sql = format!("DELETE FROM {} WHERE {which} LIMIT {limit}", Name(&table.name));
                batches.took(session.execute(&doing, &sql).await?);
            }
            session.close().await;
            Ok(batches.deleted)
        })
        .await
    }

    async fn candidates(&self) -> Result<Vec<CleanupCandidate>> {
        let mut session = Session::open(&self.access, Purpose::Read).await?;
        let found = doubled(&mut session).await?;
        session.close().await;
        Ok(found)
    }
}

async fn for_deleting(access: &Access, sessions: &Sessions) -> Result<Session> {
    let mut session = Session::open(access, Purpose::Load).await?;
    sessions.note(&session);
    session.execute("Preparing the session", "SET SESSION foreign_key_checks = 1, unique_checks = 1").await?;
    Ok(session)
}

/// Leaves nothing of it running on the server.
async fn ended<T>(
    access: &Access,
    sessions: &Sessions,
    work: &Work,
    deleting: impl Future<Output = Result<T>>,
) -> Result<T> {
    or_ended(work, deleting, async || {
        sessions.end(access).await;
    })
    .await
}

/// A foreign key may come from another database of the server, which is not looked into.
async fn is_elsewhere(session: &mut Session, table: &TableName) -> Result<bool> {
    let Some(schema) = table.schema.as_deref() else { return Ok(false) };
    Ok(session.value("Looking for the table", "SELECT database()").await?.as_deref() != Some(schema))
}

async fn resolve(session: &mut Session, table: &TableName) -> Result<TableName> {
    let sql = format!(
        "SELECT table_name FROM information_schema.tables WHERE table_schema = database() AND table_name = {} \
         AND table_type = 'BASE TABLE'",
        Literal(&table.name)
    );
    let found = session.value("Looking for the table", &sql).await?;
    if is_elsewhere(session, table).await? {
        return Err(no_such_table(table));
    }
    found.map(|name| TableName { schema: None, name }).ok_or_else(|| no_such_table(table))
}

async fn condition(session: &mut Session, table: &TableName, rows: &Rows) -> Result<String> {
    match rows {
        Rows::All => Ok("(TRUE)".to_owned()),
        Rows::Matching(condition) => wrapped(condition),
        Rows::Before { column, at_ms } => {
            // Anything else would be compared as a number, and mean something else.
            let sql = format!(
                "SELECT data_type FROM information_schema.columns WHERE table_schema = database() AND table_name = {} AND column_name = {}",
                Literal(&table.name),
                Literal(column)
            );
            let kind = session.value("Looking at the column", &sql).await?;
            if !matches!(kind.as_deref(), Some("date" | "datetime" | "timestamp")) {
                let what = kind.map_or("is not there".to_owned(), |kind| format!("is of type {kind}"));
                let text = format!("The column {column} {what}; a date, datetime or timestamp is needed.");
                return Err(ApiError::new(ErrorCode::BadRequest, text).into());
            }
            Ok(format!("({} < FROM_UNIXTIME({}))", Name(column), at_ms.div_euclid(1000)))
        }
    }
}

/// The same columns in the same order under another name.
async fn doubled(session: &mut Session) -> Result<Vec<CleanupCandidate>> {
    let columns = "group_concat(concat(s.column_name, '/', coalesce(s.sub_part, ''), '/', s.index_type) ORDER BY s.seq_in_index)";
    let one = format!(
        "SELECT s.table_name, s.index_name, s.non_unique, {columns} AS columns FROM information_schema.statistics s \
         WHERE s.table_schema = database() GROUP BY s.table_name, s.index_name, s.non_unique"
    );
    let sql = format!(
        "SELECT b.table_name, b.index_name, a.index_name FROM ({one}) a JOIN ({one}) b \
         ON a.table_name = b.table_name AND a.columns = b.columns AND a.index_name <> b.index_name \
         WHERE b.non_unique = 1 AND (a.non_unique = 0 OR a.index_name < b.index_name) ORDER BY 1, 2"
    );
    let rows = session.rows("Looking for indexes that exist twice", &sql).await?;
    let mut found: Vec<CleanupCandidate> = rows
        .into_iter()
        .filter_map(|row| match <[Option<String>; 3]>::try_from(row) {
            Ok([Some(table), Some(index), Some(other)]) => Some(CleanupCandidate {
                kind: CandidateKind::DuplicateIndex,
                name: format!("{table}.{index}"),
                why: format!("{other} covers the very same columns in the same way."),
                bytes: None,
                next: Some(CandidateStep::Statement {
                    sql: format!("DROP INDEX {} ON {};", Name(&index), Name(&table)),
                }),
            }),
            _ => None,
        })
        .collect();
    found.dedup_by(|next, kept| next.name == kept.name);
    Ok(found)
}
