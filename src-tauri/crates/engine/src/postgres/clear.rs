//! Deleting rows of PostgreSQL tables. Conditions are the person's own and run with the server's settings; row security would
//! hide rows, so it is off: where it applies, the server refuses.

use async_trait::async_trait;
use holdfast_contract::clearing::{CleanupCandidate, OnDelete, Referring};
use holdfast_contract::snapshot::TableName;
use sqlx::{AssertSqlSafe, Executor as _, SqlSafeStr as _};

use super::connect::{Purpose, Session};
use super::copy_out::Backends;
use super::sql::{Ident, Literal, Table};
use super::{Postgres, advice, error};
use crate::clear::{Batches, bad_condition, changed, counted, counting, wrapped};
use crate::maintain::no_such_table;
use crate::{Access, Clear, Result, RowCount, Rows, Work};

#[async_trait]
impl Clear for Postgres {
    async fn count(&self, table: &TableName, rows: &Rows) -> Result<RowCount> {
        let mut session = open(&self.access).await?;
        let table = resolve(&mut session, table).await?;
        let sql = counting(&Table(&table).to_string(), &condition(rows)?);
        let doing = format!("Counting the rows of {table}");
        // Preparing refuses a second statement, which could write.
        let text = AssertSqlSafe(sql.as_str()).into_sql_str();
        let prepared = session.raw().prepare(text).await.map_err(|refusal| error::during(&doing, refusal));
        prepared.map_err(bad_condition)?;
        session.execute(&doing, "BEGIN READ ONLY").await?;
        let found = session.rows(&doing, &sql).await.map_err(bad_condition)?;
        let (total, matching) = counted(found.first())?;
        session.close().await;
        Ok(RowCount { table, total, matching })
    }

    async fn referring(&self, table: &TableName) -> Result<Vec<Referring>> {
        let mut session = open(&self.access).await?;
        let table = resolve(&mut session, table).await?;
        let sql = format!(
            "SELECT n.nspname, c.relname, k.conname, k.confdeltype, \
               (SELECT string_agg(quote_ident(a.attname), ',') FROM pg_attribute a WHERE a.attrelid = k.conrelid AND a.attnum = ANY (k.conkey)) \
             FROM pg_constraint k JOIN pg_class c ON c.oid = k.conrelid JOIN pg_namespace n ON n.oid = c.relnamespace \
             WHERE k.contype = 'f' AND k.confrelid = {}::regclass AND k.conrelid <> k.confrelid AND k.conparentid = 0 ORDER BY 1, 2, 3",
            Literal(&Table(&table).to_string())
        );
        let mut found = Vec::new();
        for row in session.rows("Looking for foreign keys", &sql).await? {
            let Ok([Some(schema), Some(name), Some(constraint), Some(action), Some(columns)]) =
                <[Option<String>; 5]>::try_from(row)
            else {
                continue;
            };
            let other = TableName { schema: Some(schema), name };
            let sql = format!("SELECT count(*) FROM {} WHERE num_nonnulls({columns}) > 0", Table(&other));
            let rows = session.value(&format!("Counting the rows of {other}"), &sql).await?;
            found.push(Referring {
                table: other,
                constraint,
                on_delete: match action.as_str() {
                    "c" => OnDelete::Cascade,
                    "n" | "d" => OnDelete::Unset,
                    _ => OnDelete::Refuse,
                },
                rows: rows.and_then(|rows| rows.parse().ok()).unwrap_or(0),
            });
        }
        session.close().await;
        Ok(found)
    }

    async fn delete_all(&self, table: &TableName, expected: u64, work: &Work) -> Result<u64> {
        let mut session = open(&self.access).await?;
        let table = resolve(&mut session, table).await?;
        let name = Table(&table);
        let doing = format!("Clearing {table}");
        work.progress.phase(&doing);
        // Nobody writes between the count and the end.
        session.execute(&doing, "SET lock_timeout = '60s'; BEGIN").await?;
        session.execute(&doing, &format!("LOCK TABLE {name} IN SHARE ROW EXCLUSIVE MODE")).await?;
        let count = format!("SELECT count(*) FROM {name}");
        let found = session.value(&doing, &count).await?.and_then(|rows| rows.parse().ok()).unwrap_or(0);
        if found != expected {
            return Err(changed(&table, expected, found));
        }
        let sql = format!("DELETE FROM {name}");
        let backends = Backends::default();
        backends.note(&session);
        let deleting = session.execute(&doing, &sql);
        let deleted = tokio::select! {
            deleted = deleting => deleted?,
            () = work.cancel.cancelled() => {
                // A long statement would go on there, and hold its lock.
                backends.end(&self.access, super::inspect::live(&self.access)).await;
                return Err(crate::EngineError::Cancelled);
            }
        };
        session.execute(&doing, "COMMIT").await?;
        work.progress.advance(0, deleted);
        session.close().await;
        Ok(deleted)
    }

    async fn delete_rows(
        &self,
        table: &TableName,
        rows: &Rows,
        batch: u64,
        most: u64,
        work: &Work,
    ) -> Result<u64> {
        let mut session = open(&self.access).await?;
        let table = resolve(&mut session, table).await?;
        let (name, which) = (Table(&table), condition(rows)?);
        let doing = format!("Deleting rows of {table}");
        work.progress.phase(&doing);
        let mut batches = Batches::new(work, batch, most);
        while let Some(limit) = batches.next()? {
            // A row that was changed meanwhile has another ctid, and stays.
            let sql = format!(
                "DELETE FROM {name} WHERE (tableoid, ctid) IN (SELECT tableoid, ctid FROM {name} WHERE {which} LIMIT {limit}) AND {which}"
            );
            batches.took(session.execute(&doing, &sql).await?);
        }
        session.close().await;
        Ok(batches.deleted)
    }

    async fn candidates(&self) -> Result<Vec<CleanupCandidate>> {
        advice::candidates(&self.access).await
    }
}

async fn open(access: &Access) -> Result<Session> {
    let mut session = Session::open(access, Purpose::Script).await?;
    session.execute("Preparing the session", "SET row_security = off").await?;
    Ok(session)
}

async fn resolve(session: &mut Session, table: &TableName) -> Result<TableName> {
    let schema = match &table.schema {
        Some(schema) => format!("n.nspname = {}", Literal(schema)),
        None => "pg_catalog.pg_table_is_visible(c.oid)".to_owned(),
    };
    let sql = format!(
        "SELECT n.nspname FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace \
         WHERE c.relname = {} AND {schema} AND c.relkind IN ('r', 'p') AND n.nspname !~ '^pg_' AND n.nspname <> 'information_schema'",
        Literal(&table.name)
    );
    let found = session.value("Looking for the table", &sql).await?;
    let schema = found.ok_or_else(|| no_such_table(table))?;
    Ok(TableName { schema: Some(schema), name: table.name.clone() })
}

fn condition(rows: &Rows) -> Result<String> {
    match rows {
        Rows::All => Ok("(true)".to_owned()),
        Rows::Before { column, at_ms } => {
            super::connect::refuse_nul(column)?;
            Ok(format!("({} < pg_catalog.to_timestamp({}.0))", Ident(column), at_ms.div_euclid(1000)))
        }
        Rows::Matching(condition) => wrapped(condition),
    }
}
