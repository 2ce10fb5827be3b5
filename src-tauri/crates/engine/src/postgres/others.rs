//! Sessions of others on this database, and questions.

use async_trait::async_trait;
use holdfast_contract::session::ServerSession;
use sqlx::{AssertSqlSafe, Executor as _, SqlSafeStr as _};

use super::connect::{APPLICATION, Purpose, Session};
use super::error;
use super::sql::Literal;
use super::{Postgres, database, inspect};
use crate::sessions::{patiently, still_idle};
use crate::{Ask, Result, Sessions};

#[async_trait]
impl Sessions for Postgres {
    async fn sessions(&self) -> Result<Vec<ServerSession>> {
        // Also when the database itself lets nobody in.
        let mut session = database::elsewhere(&self.access, &[]).await?;
        let found = list(&mut session, inspect::live(&self.access)).await?;
        session.close().await;
        Ok(found)
    }

    async fn close_sessions(&self, wanted: &[ServerSession], idle_ms: u64) -> Result<Vec<i64>> {
        let mut session = Session::open(&self.access, Purpose::Read).await?;
        let now = list(&mut session, inspect::live(&self.access)).await?;
        let mut closed = Vec::new();
        for id in still_idle(&now, wanted, idle_ms) {
            let Some(one) = now.iter().find(|one| one.id == id) else { continue };
            let sql = format!(
                "SELECT pg_catalog.pg_terminate_backend(pid) FROM pg_catalog.pg_stat_activity \
                 WHERE pid = {id} AND backend_start::text = {} AND state LIKE 'idle%'",
                Literal(&one.started)
            );
            if session.value("Closing a session", &sql).await?.as_deref() == Some("t") {
                closed.push(id);
            }
        }
        session.close().await;
        Ok(closed)
    }
}

async fn list(session: &mut Session, database: &str) -> Result<Vec<ServerSession>> {
    let sql = format!(
        "SELECT pid, backend_start::text, usename, nullif(application_name, ''), \
           coalesce(client_hostname, host(client_addr), 'local'), state, \
           CASE WHEN state LIKE 'idle%' THEN (extract(epoch FROM now() - state_change) * 1000)::int8 END, \
           state LIKE 'idle in transaction%', application_name = {} \
         FROM pg_catalog.pg_stat_activity WHERE datname = {} AND pid <> pg_catalog.pg_backend_pid() \
         AND backend_type IN ('client backend', 'walsender') ORDER BY 7 DESC NULLS LAST, 1",
        Literal(APPLICATION),
        Literal(database)
    );
    let rows = session.rows("Listing the sessions", &sql).await?;
    Ok(rows
        .into_iter()
        .filter_map(|row| match <[Option<String>; 9]>::try_from(row) {
            Ok([Some(id), Some(started), user, application, client, state, idle, holding, ours]) => {
                Some(ServerSession {
                    id: id.parse().ok()?,
                    started,
                    user,
                    application,
                    client,
                    state,
                    idle_ms: idle.and_then(|ms| ms.parse::<i64>().ok()).map(|ms| ms.max(0) as u64),
                    in_transaction: holding.as_deref() == Some("t"),
                    ours: ours.as_deref() == Some("t"),
                })
            }
            _ => None,
        })
        .collect())
}

#[async_trait]
impl Ask for Postgres {
    async fn ask(&self, sql: &str) -> Result<Option<String>> {
        let doing = "Asking the database";
        patiently(async {
            let mut session = Session::open(&self.access, Purpose::Script).await?;
            // Preparing refuses a second statement, which could end the transaction and write.
            let text = AssertSqlSafe(sql).into_sql_str();
            session.raw().prepare(text).await.map_err(|refusal| error::during(doing, refusal))?;
            session.execute(doing, "BEGIN READ ONLY").await?;
            let value = session.value(doing, sql).await?;
            session.close().await;
            Ok(value)
        })
        .await
    }
}
