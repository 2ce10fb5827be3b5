//! Sessions of others on this database, and questions.

use async_trait::async_trait;
use holdfast_contract::session::ServerSession;
use sqlx::{AssertSqlSafe, Executor as _, SqlSafeStr as _};

use super::connect::{Purpose, Session};
use super::sql::Literal;
use super::{Mysql, database, error};
use crate::sessions::{patiently, still_idle};
use crate::{Ask, Result, Sessions};

#[async_trait]
impl Sessions for Mysql {
    async fn sessions(&self) -> Result<Vec<ServerSession>> {
        // Also when the database itself lets nobody in.
        let mut session = database::elsewhere(&self.access).await?;
        let found = list(&mut session, database::live(&self.access)).await?;
        session.close().await;
        Ok(found)
    }

    async fn close_sessions(&self, wanted: &[ServerSession], idle_ms: u64) -> Result<Vec<i64>> {
        let mut session = Session::open(&self.access, Purpose::Read).await?;
        let now = list(&mut session, database::live(&self.access)).await?;
        let mut closed = Vec::new();
        for id in still_idle(&now, wanted, idle_ms) {
            match session.execute("Closing a session", &format!("KILL CONNECTION {id}")).await {
                Ok(_) => closed.push(id),
                // Gone by itself.
                Err(refusal) if error::native(&refusal) == Some(1094) => {}
                Err(refusal) => return Err(refusal),
            }
        }
        session.close().await;
        Ok(closed)
    }
}

/// Every session of ours holds a lock that bears its number, so that any process of ours knows it.
async fn list(session: &mut Session, database: &str) -> Result<Vec<ServerSession>> {
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

#[async_trait]
impl Ask for Mysql {
    async fn ask(&self, sql: &str) -> Result<Option<String>> {
        let doing = "Asking the database";
        patiently(async {
            // A session for reading: the server refuses writes in each of its transactions.
            let mut session = Session::open(&self.access, Purpose::Read).await?;
            // Preparing refuses a second statement, which could allow writing again.
            let text = AssertSqlSafe(sql).into_sql_str();
            session.raw().prepare(text).await.map_err(|refusal| error::during(doing, refusal))?;
            session.execute(doing, "START TRANSACTION READ ONLY").await?;
            let value = session.value(doing, sql).await?;
            session.close().await;
            Ok(value)
        })
        .await
    }
}
