//! Deleting rows of PostgreSQL tables. Conditions are the person's own and run with the server's settings; row security would
//! hide rows, so it is off: where it applies, the server refuses.

mod deletion;
mod shape;

use async_trait::async_trait;
use holdfast_contract::clearing::{CleanupCandidate, OnDelete, Referring};
use holdfast_contract::snapshot::TableName;
use sqlx::{AssertSqlSafe, Executor as _, SqlSafeStr as _};

use super::connect::{self, Purpose, Session};
use super::copy_out::Backends;
use super::sql::{Ident, Literal, Table};
use super::{Postgres, advice, error};
use crate::clear::{Batches, bad_condition, counted, counting, or_ended, sets_off, wrapped};
use crate::maintain::no_such_table;
use crate::{Access, Clear, Deletion, EngineError, Result, RowCount, Rows, Work};

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
             WHERE k.contype = 'f' AND k.conrelid <> k.confrelid AND k.conparentid = 0 AND k.confrelid IN \
               (WITH RECURSIVE tree(oid) AS (SELECT {0}::regclass::oid UNION SELECT i.inhrelid FROM pg_inherits i JOIN tree t ON t.oid = i.inhparent) \
                SELECT oid FROM tree UNION SELECT pg_partition_ancestors({0}::regclass)) ORDER BY 1, 2, 3",
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

    async fn beyond(&self, table: &TableName) -> Result<Vec<String>> {
        let mut session = open(&self.access).await?;
        let table = resolve(&mut session, table).await?;
        let sql = format!(
            "SELECT 'trigger', t.tgname FROM pg_catalog.pg_trigger t WHERE t.tgrelid = {0}::regclass AND NOT t.tgisinternal \
               AND t.tgenabled <> 'D' AND t.tgtype::int & 8 <> 0 \
             UNION ALL SELECT 'rule', r.rulename FROM pg_catalog.pg_rewrite r WHERE r.ev_class = {0}::regclass AND r.ev_type = '4' \
               AND r.ev_enabled <> 'D' ORDER BY 1, 2",
            Literal(&Table(&table).to_string())
        );
        let found = session.rows("Looking for triggers", &sql).await?;
        session.close().await;
        let named = found.into_iter().filter_map(|row| match <[Option<String>; 2]>::try_from(row) {
            Ok([Some(kind), Some(name)]) => Some(sets_off(&table, &kind, &name)),
            _ => None,
        });
        Ok(named.collect())
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
        let backends = Backends::default();
        ended(&self.access, &backends, work, async {
            let mut session = open(&self.access).await?;
            backends.note(&session);
            let table = resolve(&mut session, table).await?;
            let (name, which) = (Table(&table).to_string(), condition(rows)?);
            let doing = format!("Deleting rows of {table}");
            work.progress.phase(&doing);
            let mut batches = Batches::new(work, batch, most);
            while let Some(limit) = batches.next()? {
                // A row that was changed meanwhile has another ctid, and stays.
                batches.took(session.execute(&doing, &some(&name, &which, limit)).await?);
            }
            session.close().await;
            Ok(batches.deleted)
        })
        .await
    }

    async fn candidates(&self) -> Result<Vec<CleanupCandidate>> {
        advice::candidates(&self.access).await
    }
}

/// Leaves nothing of it running on the server.
async fn ended<T>(
    access: &Access,
    backends: &Backends,
    work: &Work,
    deleting: impl Future<Output = Result<T>>,
) -> Result<T> {
    or_ended(work, deleting, async || {
        backends.end(access, super::inspect::live(access)).await;
    })
    .await
}

/// Deletes some of the rows for which `which` holds.
fn some(name: &str, which: &str, limit: u64) -> String {
    format!(
        "DELETE FROM {name} WHERE (tableoid, ctid) IN (SELECT tableoid, ctid FROM {name} WHERE {which} LIMIT {limit}) AND {which}"
    )
}

fn gone() -> EngineError {
    crate::clear::changed("The table, or one that hangs on it, is not there any more.")
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
            connect::refuse_nul(column)?;
            Ok(format!("({} < pg_catalog.to_timestamp({}.0))", Ident(column), at_ms.div_euclid(1000)))
        }
        Rows::Matching(condition) => wrapped(condition),
    }
}
