//! A PostgreSQL session of the engine's face, over [`connect::Session`] with the server's own settings.

use std::time::Duration;

use async_trait::async_trait;
use futures::StreamExt as _;
use holdfast_contract::snapshot::ServerInfo;
use sqlx::postgres::PgRow;
use sqlx::{
    AssertSqlSafe, Column as _, Connection as _, Either, Executor as _, SqlSafeStr as _, Statement as _,
    TypeInfo as _,
};

use super::connect::{self, Backend, Purpose, in_text};
use super::{error, inspect};
use crate::session::reading::{self, Part, lost};
use crate::session::{
    Peer, Query, QueryColumn, QueryEnd, Row, RowSink, Session, Standing, TransactionAccess, in_transaction,
    unusable,
};
use crate::{Access, Result};

const PATIENCE: Duration = Duration::from_secs(2);
/// Statements of [`Session::sample`] that stay prepared; whoever asks more is no sampler.
const SAMPLES: usize = 64;

pub struct PgSession {
    inner: connect::Session,
    access: Access,
    peer: Peer,
    standing: Standing,
    /// The nth is prepared as `holdfast_n`.
    samples: Vec<String>,
}

impl PgSession {
    pub async fn open(access: &Access) -> Result<Self> {
        Ok(Self::over(connect::Session::open(access, Purpose::Script).await?, access))
    }

    /// Takes one over that was opened elsewhere on the server.
    pub fn over(inner: connect::Session, access: &Access) -> Self {
        let peer = Peer { version_number: inner.version, transport: inner.transport.clone() };
        Self { inner, access: access.clone(), peer, standing: Standing::Ready, samples: Vec::new() }
    }

    /// Unusable until [`PgSession::after`] hears how a call ended: a future that is dropped never tells.
    fn before(&mut self) -> Result<Standing> {
        match std::mem::replace(&mut self.standing, Standing::Unusable) {
            Standing::Unusable => Err(unusable()),
            standing => Ok(standing),
        }
    }

    fn after<T>(&mut self, standing: Standing, outcome: Result<T>) -> Result<T> {
        if !outcome.as_ref().is_err_and(lost) {
            self.standing = standing;
        }
        outcome
    }

    async fn order(&mut self, doing: &str, sql: &str, then: Standing) -> Result<()> {
        let before = self.before()?;
        let outcome = self.inner.execute(doing, sql).await;
        let standing = if outcome.is_ok() { then } else { before };
        self.after(standing, outcome.map(drop))
    }

    async fn query(
        &mut self,
        query: &Query<'_>,
        keeps: bool,
        sink: &mut dyn RowSink,
    ) -> Result<(Result<QueryEnd>, bool)> {
        const DOING: &str = "Running the statement";
        connect::refuse_nul(query.sql)?;
        // Preparing refuses a second statement, which could end the transaction.
        let text = AssertSqlSafe(query.sql).into_sql_str();
        let prepared =
            self.inner.raw().prepare(text).await.map_err(|refusal| error::during(DOING, refusal))?;
        let column = |column: &sqlx::postgres::PgColumn| QueryColumn {
            name: column.name().to_owned(),
            type_name: column.type_info().name().to_lowercase(),
        };
        let columns: Vec<QueryColumn> = prepared.columns().iter().map(column).collect();
        sink.columns(&columns).await?;
        let (access, backend) = (self.access.clone(), self.inner.backend.clone());
        let parts = sqlx::raw_sql(AssertSqlSafe(query.sql)).fetch_many(self.inner.raw());
        let parts = parts.map(|part| match part {
            Ok(Either::Right(row)) => in_text(DOING, &row as &PgRow).map(Part::Row),
            Ok(Either::Left(done)) => Ok(Part::Done(done.rows_affected())),
            Err(refusal) => Err(error::during(DOING, refusal)),
        });
        let read = reading::read(parts, query, keeps, async || end(&access, &backend).await, sink).await;
        if read.late {
            // Meets the order instead of the next statement; which of the two it was is of no interest.
            drop(self.inner.execute(DOING, "SELECT 1").await);
        }
        Ok((read.outcome, read.in_step))
    }
}

/// Ends what `backend` runs, not the session.
async fn end(access: &Access, backend: &Backend) -> Result<()> {
    let mut other = connect::Session::open(access, Purpose::Script).await?;
    let sql = format!(
        "SELECT pg_catalog.pg_cancel_backend(pid) FROM pg_catalog.pg_stat_activity WHERE pid = {} AND backend_start::text = {}",
        backend.pid,
        super::sql::Literal(&backend.started)
    );
    other.value("Ending the statement", &sql).await?;
    other.close().await;
    Ok(())
}

#[async_trait]
impl Session for PgSession {
    fn peer(&self) -> &Peer {
        &self.peer
    }
    fn standing(&self) -> Standing {
        self.standing
    }
    async fn server_info(&mut self) -> Result<ServerInfo> {
        let rows = self.sample(inspect::ASKING, inspect::INFO).await?;
        inspect::info(rows, self.peer.version_number, self.peer.transport.clone())
    }
    async fn run(&mut self, query: &Query<'_>, sink: &mut dyn RowSink) -> Result<QueryEnd> {
        let before = self.before()?;
        match self.query(query, before == Standing::InTransaction, sink).await {
            Ok((outcome, true)) => self.after(before, outcome),
            Ok((outcome, false)) => outcome,
            Err(refusal) => self.after(before, Err(refusal)),
        }
    }
    async fn begin(&mut self, access: TransactionAccess) -> Result<()> {
        if self.standing == Standing::InTransaction {
            return Err(in_transaction());
        }
        let sql = match access {
            TransactionAccess::ReadOnly => "BEGIN READ ONLY",
            // A connection that is marked read-only stays so: the session's default decides.
            TransactionAccess::Write => "BEGIN",
        };
        self.order("Beginning a transaction", sql, Standing::InTransaction).await
    }
    async fn commit(&mut self) -> Result<()> {
        self.order("Committing", "COMMIT", Standing::Ready).await
    }
    async fn rollback(&mut self) -> Result<()> {
        match self.standing {
            Standing::InTransaction => self.order("Rolling back", "ROLLBACK", Standing::Ready).await,
            _ => Ok(()),
        }
    }
    async fn rows(&mut self, doing: &str, sql: &str) -> Result<Vec<Row>> {
        let before = self.before()?;
        let outcome = self.inner.rows(doing, sql).await;
        self.after(before, outcome)
    }
    async fn sample(&mut self, doing: &str, sql: &str) -> Result<Vec<Row>> {
        let number = match self.samples.iter().position(|known| known == sql) {
            Some(number) => number,
            None if self.samples.len() == SAMPLES => return self.rows(doing, sql).await,
            None => {
                let prepare = format!("PREPARE holdfast_{} AS {sql}", self.samples.len());
                self.rows(doing, &prepare).await?;
                self.samples.push(sql.to_owned());
                self.samples.len() - 1
            }
        };
        self.rows(doing, &format!("EXECUTE holdfast_{number}")).await
    }
    async fn is_alive(&mut self) -> bool {
        let Ok(before) = self.before() else { return false };
        let alive = matches!(tokio::time::timeout(PATIENCE, self.inner.raw().ping()).await, Ok(Ok(())));
        if alive {
            self.standing = before;
        }
        alive
    }
    async fn reset(&mut self) -> bool {
        if self.rollback().await.is_err() {
            return false;
        }
        let Ok(before) = self.before() else { return false };
        self.samples.clear();
        let reset = async {
            // Not within one message: DISCARD ALL cannot run inside a transaction.
            self.inner.execute("Putting the session back", "DISCARD ALL").await?;
            self.inner
                .raw()
                .clear_cached_statements()
                .await
                .map_err(|refusal| error::during("Putting the session back", refusal))?;
            self.inner.pin(Purpose::Script).await
        };
        let reset = matches!(tokio::time::timeout(PATIENCE, reset).await, Ok(Ok(())));
        if reset {
            self.standing = before;
        }
        reset
    }
    async fn close(self: Box<Self>) {
        self.inner.close().await;
    }
}
