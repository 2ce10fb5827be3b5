//! A MySQL or MariaDB session of the engine's face, over [`connect::Session`].

use std::time::Duration;

use async_trait::async_trait;
use futures::StreamExt as _;
use holdfast_contract::snapshot::ServerInfo;
use sqlx::mysql::MySqlRow;
use sqlx::{
    AssertSqlSafe, Column as _, Connection as _, Either, Executor as _, SqlSafeStr as _, Statement as _,
    TypeInfo as _,
};

use super::connect::{self, Purpose, in_text};
use super::sql::Literal;
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

pub struct MysqlSession {
    inner: connect::Session,
    access: Access,
    peer: Peer,
    standing: Standing,
    /// The nth is prepared as `holdfast_n`.
    samples: Vec<String>,
    /// A person's statement ran: temporary tables, locks and variables cannot be put back on every version.
    touched: bool,
    /// The open transaction is one that only reads.
    only_reads: bool,
}

impl MysqlSession {
    pub async fn open(access: &Access) -> Result<Self> {
        Ok(Self::over(connect::Session::open(access, Purpose::Session).await?, access))
    }

    /// Takes one over that was opened elsewhere on the server.
    pub fn over(inner: connect::Session, access: &Access) -> Self {
        let peer = Peer { version_number: inner.server.number, transport: inner.transport.clone() };
        Self {
            inner,
            access: access.clone(),
            peer,
            standing: Standing::Ready,
            samples: Vec::new(),
            touched: false,
            only_reads: false,
        }
    }

    /// Unusable until [`MysqlSession::after`] hears how a call ended: a future that is dropped never tells.
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

    /// Ends the transaction, and with it what `begin` set for the session.
    async fn end_transaction(&mut self, doing: &str, sql: &str) -> Result<()> {
        let writes_again = self.only_reads && !self.access.read_only;
        self.order(doing, sql, Standing::Ready).await?;
        if writes_again {
            self.order(doing, "SET SESSION TRANSACTION READ WRITE", Standing::Ready).await?;
        }
        self.only_reads = false;
        Ok(())
    }

    async fn query(
        &mut self,
        query: &Query<'_>,
        keeps: bool,
        sink: &mut dyn RowSink,
    ) -> Result<(Result<QueryEnd>, bool)> {
        const DOING: &str = "Running the statement";
        // Preparing refuses a second statement, which could end the transaction.
        let text = AssertSqlSafe(query.sql).into_sql_str();
        let columns = match self.inner.raw().prepare(text).await {
            Ok(prepared) => {
                let column = |column: &sqlx::mysql::MySqlColumn| QueryColumn {
                    name: column.name().to_owned(),
                    type_name: column.type_info().name().to_lowercase(),
                };
                prepared.columns().iter().map(column).collect()
            }
            // One statement, of a kind that is never prepared, and such have no result.
            Err(refusal) if error::number(&refusal) == Some(1295) => Vec::new(),
            Err(refusal) => return Err(error::during(DOING, refusal)),
        };
        sink.columns(&columns).await?;
        let (access, id) = (self.access.clone(), self.inner.id);
        let parts = sqlx::raw_sql(AssertSqlSafe(query.sql)).fetch_many(self.inner.raw());
        let parts = parts.map(|part| match part {
            Ok(Either::Right(row)) => shown(DOING, &row as &MySqlRow).map(Part::Row),
            Ok(Either::Left(done)) => Ok(Part::Done(done.rows_affected())),
            Err(refusal) => Err(error::during(DOING, refusal)),
        });
        let read = reading::read(parts, query, keeps, async || end(&access, id).await, sink).await;
        if read.late {
            // Meets the order instead of the next statement; which of the two it was is of no interest.
            drop(self.inner.execute(DOING, "DO 0").await);
        }
        Ok((read.outcome, read.in_step))
    }
}

/// Bytes that are no text are shown as hex digits, as the server itself would write them.
fn shown(doing: &str, row: &MySqlRow) -> Result<Row> {
    in_text(doing, row, |bytes| {
        let mut text = b"0x".to_vec();
        super::form::hex(bytes, &mut text);
        String::from_utf8(text).ok()
    })
}

/// Ends what the session runs, not the session.
async fn end(access: &Access, id: u64) -> Result<()> {
    let mut other = connect::Session::open_database(access, None, Purpose::Read).await?;
    match other.execute("Ending the statement", &format!("KILL QUERY {id}")).await {
        // Gone already.
        Err(refusal) if error::native(&refusal) == Some(1094) => {}
        ended => drop(ended?),
    }
    other.close().await;
    Ok(())
}

#[async_trait]
impl Session for MysqlSession {
    fn peer(&self) -> &Peer {
        &self.peer
    }
    fn standing(&self) -> Standing {
        self.standing
    }
    async fn server_info(&mut self) -> Result<ServerInfo> {
        let rows = self.sample(inspect::ASKING, inspect::INFO).await?;
        inspect::info(rows, &self.inner.server.text, self.peer.version_number, self.peer.transport.clone())
    }
    async fn run(&mut self, query: &Query<'_>, sink: &mut dyn RowSink) -> Result<QueryEnd> {
        let before = self.before()?;
        self.touched = true;
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
            // A definition that is changed ends the transaction by itself: the session must refuse it too.
            TransactionAccess::ReadOnly => "SET SESSION TRANSACTION READ ONLY; START TRANSACTION READ ONLY",
            // A connection that is marked read-only stays so: the session's default decides.
            TransactionAccess::Write => "START TRANSACTION",
        };
        self.order("Beginning a transaction", sql, Standing::InTransaction).await?;
        self.only_reads = access == TransactionAccess::ReadOnly;
        Ok(())
    }
    async fn commit(&mut self) -> Result<()> {
        self.end_transaction("Committing", "COMMIT").await
    }
    async fn rollback(&mut self) -> Result<()> {
        match self.standing {
            Standing::InTransaction => self.end_transaction("Rolling back", "ROLLBACK").await,
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
                let prepare = format!("PREPARE holdfast_{} FROM {}", self.samples.len(), Literal(sql));
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
        !self.touched && self.rollback().await.is_ok() && self.standing == Standing::Ready
    }
    async fn close(self: Box<Self>) {
        self.inner.close().await;
    }
}
