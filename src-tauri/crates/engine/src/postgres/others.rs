//! Sessions of others on this database.

use async_trait::async_trait;
use holdfast_contract::session::ServerSession;

use super::connect::APPLICATION;
use super::session::PgSession;
use super::sql::Literal;
use super::{Postgres, database, inspect};
use crate::sessions::still_idle;
use crate::{Result, Session, Sessions};

#[async_trait]
impl Sessions for Postgres {
    async fn sessions(&self, session: &mut dyn Session) -> Result<Vec<ServerSession>> {
        list(session, inspect::live(&self.access)).await
    }

    async fn sessions_from_elsewhere(&self) -> Result<Vec<ServerSession>> {
        let inner = database::elsewhere(&self.access, &[]).await?;
        let mut session = PgSession::over(inner, &self.access);
        let found = list(&mut session, inspect::live(&self.access)).await?;
        Box::new(session).close().await;
        Ok(found)
    }

    async fn close_sessions(
        &self,
        session: &mut dyn Session,
        wanted: &[ServerSession],
        idle_ms: u64,
    ) -> Result<Vec<i64>> {
        let now = list(session, inspect::live(&self.access)).await?;
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
        Ok(closed)
    }
}

async fn list(session: &mut dyn Session, database: &str) -> Result<Vec<ServerSession>> {
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
