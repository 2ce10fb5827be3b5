//! Sessions of others on this database.

use async_trait::async_trait;
use holdfast_contract::session::ServerSession;

use super::session::MysqlSession;
use super::sql::Literal;
use super::{Mysql, database, error};
use crate::sessions::still_idle;
use crate::{Result, Session, Sessions};

#[async_trait]
impl Sessions for Mysql {
    async fn sessions(&self, session: &mut dyn Session) -> Result<Vec<ServerSession>> {
        list(session, database::live(&self.access)).await
    }

    async fn sessions_from_elsewhere(&self) -> Result<Vec<ServerSession>> {
        let inner = database::elsewhere(&self.access).await?;
        let mut session = MysqlSession::over(inner, &self.access);
        let found = list(&mut session, database::live(&self.access)).await?;
        Box::new(session).close().await;
        Ok(found)
    }

    async fn close_sessions(
        &self,
        session: &mut dyn Session,
        wanted: &[ServerSession],
        idle_ms: u64,
    ) -> Result<Vec<i64>> {
        let now = list(session, database::live(&self.access)).await?;
        let mut closed = Vec::new();
        for id in still_idle(&now, wanted, idle_ms) {
            match session.rows("Closing a session", &format!("KILL CONNECTION {id}")).await {
                Ok(_) => closed.push(id),
                // Gone by itself.
                Err(refusal) if error::native(&refusal) == Some(1094) => {}
                Err(refusal) => return Err(refusal),
            }
        }
        Ok(closed)
    }
}

/// Every session of ours holds a lock that bears its number, so that any process of ours knows it.
async fn list(session: &mut dyn Session, database: &str) -> Result<Vec<ServerSession>> {
    let sql = format!(
        "SELECT p.id, p.user, p.host, p.command, IF(p.command = 'Sleep', p.time * 1000, NULL), \
               (SELECT count(*) FROM information_schema.innodb_trx t WHERE t.trx_mysql_thread_id = p.id) > 0, \
               coalesce(IS_USED_LOCK(concat('holdfast/', p.id)) = p.id, 0) \
               FROM information_schema.processlist p WHERE p.db = {} AND p.id <> connection_id() \
               AND p.command <> 'Daemon' ORDER BY 5 DESC, 1",
        Literal(database)
    );
    let rows = match session.rows("Listing the sessions", &sql).await {
        // Without the right PROCESS nothing is said of transactions.
        Err(refusal) if error::native(&refusal) == Some(1227) => {
            let without = sql.replace(
                "(SELECT count(*) FROM information_schema.innodb_trx t WHERE t.trx_mysql_thread_id = p.id) > 0",
                "0",
            );
            session.rows("Listing the sessions", &without).await?
        }
        other => other?,
    };
    Ok(rows
        .into_iter()
        .filter_map(|row| match <[Option<String>; 7]>::try_from(row) {
            Ok([Some(id), user, client, state, idle, holding, ours]) => Some(ServerSession {
                // A server gives each number once between two starts.
                started: id.clone(),
                id: id.parse().ok()?,
                user,
                application: None,
                client,
                state,
                idle_ms: idle.and_then(|ms| ms.parse().ok()),
                in_transaction: holding.as_deref() == Some("1"),
                ours: ours.as_deref() == Some("1"),
            }),
            _ => None,
        })
        .collect())
}
