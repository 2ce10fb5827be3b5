//! The contract of [`holdfast_engine::Session`], on every engine: what is streamed, ended, refused and rolled back.

use std::time::{Duration, Instant};

use async_trait::async_trait;
use holdfast_contract::connection::ConnectionSpec;
use holdfast_contract::{ApiError, ErrorCode};
use holdfast_engine::session::{
    Collected, Cut, Limits, Query, QueryColumn, QueryEnd, Row, RowSink, Standing, TransactionAccess,
};
use holdfast_engine::{Access, Engine, EngineError, Result, Session, engine};
use holdfast_testkit::{mariadb, postgres};
use tokio_util::sync::CancellationToken;

/// What differs between databases.
struct Case {
    spec: ConnectionSpec,
    /// A million rows of a number and a text.
    million: &'static str,
    /// Runs for minutes.
    slow: &'static str,
    /// One row whose values are as odd as they get, and what they are shown as.
    odd: (&'static str, &'static [Option<&'static str>]),
    /// Counts what runs on the server beside the session that asks.
    running: Option<&'static str>,
    /// The session's own number, and what another session runs to end it.
    kill: Option<(&'static str, &'static str)>,
}

impl Case {
    fn engine(&self, read_only: bool) -> Box<dyn Engine> {
        engine(Access::new(self.spec.clone()).read_only(read_only)).unwrap()
    }

    async fn open(&self) -> Box<dyn Session> {
        self.engine(false).connect().await.unwrap()
    }

    async fn holds(&self) {
        // Memory is that of the process: one at a time.
        static ALONE: tokio::sync::Mutex<()> = tokio::sync::Mutex::const_new(());
        let _alone = ALONE.lock().await;
        self.streams().await;
        self.cancels().await;
        self.keeps_limits().await;
        self.holds_transactions().await;
        self.refuses_writes().await;
        self.is_dropped_in_the_middle().await;
        self.is_killed().await;
        self.shows_odd_values().await;
    }

    async fn streams(&self) {
        let mut session = self.open().await;
        let mut counting = Counting::default();
        let before = resident_bytes();
        let end = run(session.as_mut(), self.million, Limits::default(), &mut counting).await.unwrap();
        let grown = counting.peak.saturating_sub(before);
        assert_eq!((end.rows, counting.rows, end.cut), (1_000_000, 1_000_000, None));
        assert_eq!(
            counting.columns.iter().map(|column| column.name.as_str()).collect::<Vec<_>>(),
            ["n", "text"]
        );
        assert!(grown < 48 << 20, "memory grew by {grown} bytes");
        assert_eq!(session.standing(), Standing::Ready);
        session.close().await;
    }

    async fn cancels(&self) {
        let mut session = self.open().await;
        let cancel = CancellationToken::new();
        let query = Query { sql: self.slow, limits: Limits::default(), cancel: cancel.clone() };
        let mut rows = Collected::default();
        let asked = tokio::spawn(async move {
            tokio::time::sleep(Duration::from_millis(300)).await;
            cancel.cancel();
            Instant::now()
        });
        let refused = session.run(&query, &mut rows).await.unwrap_err();
        let took = asked.await.unwrap().elapsed();
        assert!(matches!(refused, EngineError::Cancelled), "{refused:?}");
        // A second where nothing else works; this machine may be busy.
        assert!(took < Duration::from_secs(4), "{took:?}");
        assert_eq!(one(session.as_mut(), "SELECT 1").await, "1", "it goes on");
        if let Some(running) = self.running {
            let mut other = self.open().await;
            assert_eq!(one(other.as_mut(), running).await, "0", "the server is idle");
            other.close().await;
        }
        session.close().await;
    }

    async fn keeps_limits(&self) {
        let mut session = self.open().await;
        let mut rows = Collected::default();
        let limits = Limits { rows: Some(1200), ..Limits::default() };
        let end = run(session.as_mut(), self.million, limits, &mut rows).await.unwrap();
        assert_eq!((end.rows, rows.rows.len(), end.cut), (1200, 1200, Some(Cut::Rows)));
        assert_eq!(one(session.as_mut(), "SELECT 1").await, "1");
        let limits = Limits { bytes: Some(10_000), ..Limits::default() };
        let end = run(session.as_mut(), self.million, limits, &mut Collected::default()).await.unwrap();
        assert!(end.cut == Some(Cut::Bytes) && (10_000..20_000).contains(&end.bytes), "{end:?}");
        // What has just so many rows is not cut.
        let limits = Limits { rows: Some(1), ..Limits::default() };
        let end = run(session.as_mut(), "SELECT 1", limits, &mut Collected::default()).await.unwrap();
        assert_eq!((end.rows, end.cut), (1, None));
        let limits = Limits { time: Some(Duration::from_millis(300)), ..Limits::default() };
        let refused = run(session.as_mut(), self.slow, limits, &mut Collected::default()).await.unwrap_err();
        assert_eq!(refused.code(), ErrorCode::ConnectionTimedOut);
        assert_eq!(one(session.as_mut(), "SELECT 1").await, "1");
        // Inside a transaction a limit ends the reading, not the transaction.
        session.begin(TransactionAccess::ReadOnly).await.unwrap();
        let limits = Limits { rows: Some(10), ..Limits::default() };
        let end = run(session.as_mut(), self.million, limits, &mut Collected::default()).await.unwrap();
        assert_eq!((end.cut, session.standing()), (Some(Cut::Rows), Standing::InTransaction));
        assert_eq!(one(session.as_mut(), "SELECT 1").await, "1");
        session.rollback().await.unwrap();
        // A sink that fails is told, and the session goes on.
        let refused = run(session.as_mut(), self.million, Limits::default(), &mut Full).await.unwrap_err();
        assert_eq!(refused.code(), ErrorCode::StorageFull);
        assert_eq!(one(session.as_mut(), "SELECT 1").await, "1");
        session.close().await;
    }

    async fn holds_transactions(&self) {
        let (mut session, mut other) = (self.open().await, self.open().await);
        let count = "SELECT count(*) FROM kept";
        did(session.as_mut(), "CREATE TABLE kept (id int primary key, v varchar(20))").await;
        session.begin(TransactionAccess::Write).await.unwrap();
        assert_eq!(did(session.as_mut(), "INSERT INTO kept VALUES (1, 'a'), (2, 'b')").await.affected, 2);
        assert!(session.begin(TransactionAccess::Write).await.is_err());
        assert_eq!(one(other.as_mut(), count).await, "0", "not committed yet");
        session.commit().await.unwrap();
        assert_eq!((session.standing(), one(other.as_mut(), count).await.as_str()), (Standing::Ready, "2"));
        session.begin(TransactionAccess::Write).await.unwrap();
        did(session.as_mut(), "DELETE FROM kept").await;
        session.rollback().await.unwrap();
        assert_eq!(one(other.as_mut(), count).await, "2");
        session.begin(TransactionAccess::Write).await.unwrap();
        did(session.as_mut(), "DELETE FROM kept").await;
        drop(session);
        assert_eq!(one(other.as_mut(), count).await, "2", "rolled back with the session");
        let sample = "SELECT id, v FROM kept ORDER BY id";
        let first = other.sample("sampling", sample).await.unwrap();
        did(other.as_mut(), "INSERT INTO kept VALUES (3, NULL)").await;
        let second = other.sample("sampling", sample).await.unwrap();
        assert_eq!((first.len(), &second[..2], second[2][1].clone()), (2, &first[..], None));
        assert_eq!(first[0], [Some("1".to_owned()), Some("a".to_owned())]);
        other.close().await;
    }

    async fn refuses_writes(&self) {
        let mut session = self.open().await;
        session.begin(TransactionAccess::ReadOnly).await.unwrap();
        for write in ["INSERT INTO kept VALUES (9, 'x')", "DROP TABLE kept", "PRAGMA query_only=0"] {
            let refused = run(session.as_mut(), write, Limits::default(), &mut Collected::default()).await;
            let refused = refused.expect_err(write);
            let pragma = write.starts_with("PRAGMA");
            assert!(pragma || refused.code() == ErrorCode::ReadOnly, "{write}: {refused:?}");
            session.rollback().await.unwrap();
            session.begin(TransactionAccess::ReadOnly).await.unwrap();
        }
        let two = "SELECT 1; DELETE FROM kept";
        run(session.as_mut(), two, Limits::default(), &mut Collected::default()).await.unwrap_err();
        session.rollback().await.unwrap();
        let mut marked = self.engine(true).connect().await.unwrap();
        for access in [None, Some(TransactionAccess::Write)] {
            // The first write is refused, or already the wish for one.
            if let Some(access) = access
                && let Err(refused) = marked.begin(access).await
            {
                assert_eq!(refused.code(), ErrorCode::ReadOnly, "{refused:?}");
                continue;
            }
            let write = "INSERT INTO kept VALUES (9, 'x')";
            let refused = run(marked.as_mut(), write, Limits::default(), &mut Collected::default()).await;
            assert_eq!(refused.unwrap_err().code(), ErrorCode::ReadOnly);
        }
        assert_eq!(one(session.as_mut(), "SELECT count(*) FROM kept").await, "3");
        // What a transaction forbade, the session may do after it.
        did(session.as_mut(), "DELETE FROM kept WHERE id = 3").await;
        marked.close().await;
        session.close().await;
    }

    async fn is_dropped_in_the_middle(&self) {
        let mut session = self.open().await;
        let query = Query { sql: self.slow, limits: Limits::default(), cancel: CancellationToken::new() };
        let mut rows = Collected::default();
        let given_up = tokio::time::timeout(Duration::from_millis(300), session.run(&query, &mut rows)).await;
        assert!(given_up.is_err());
        assert_eq!(session.standing(), Standing::Unusable);
        assert!(!session.is_alive().await);
        let refused = session.rows("asking", "SELECT 1").await.unwrap_err();
        assert_eq!(refused.code(), ErrorCode::ConnectionLost);
        assert!(refused.into_api().retry);
    }

    async fn is_killed(&self) {
        let Some((id, kill)) = self.kill else { return };
        let (mut session, mut other) = (self.open().await, self.open().await);
        assert!(session.is_alive().await);
        let id = one(session.as_mut(), id).await;
        other.rows("ending it", &kill.replace("$ID", &id)).await.unwrap();
        tokio::time::sleep(Duration::from_millis(200)).await;
        let refused = run(session.as_mut(), "SELECT 1", Limits::default(), &mut Collected::default()).await;
        let refused = refused.unwrap_err().into_api();
        assert!(refused.code == ErrorCode::ConnectionLost && refused.retry, "{refused:?}");
        assert_eq!(session.standing(), Standing::Unusable);
        assert!(!session.is_alive().await && other.is_alive().await);
        other.close().await;
    }

    async fn shows_odd_values(&self) {
        let mut session = self.open().await;
        let mut rows = Collected::default();
        run(session.as_mut(), self.odd.0, Limits::default(), &mut rows).await.unwrap();
        let shown: Vec<Option<&str>> = rows.rows[0].iter().map(Option::as_deref).collect();
        assert_eq!(shown, self.odd.1);
        assert_eq!(rows.columns[0].name, "a \"b\" `c`; --");
        session.close().await;
    }
}

async fn run(
    session: &mut dyn Session,
    sql: &str,
    limits: Limits,
    sink: &mut dyn RowSink,
) -> Result<QueryEnd> {
    session.run(&Query { sql, limits, cancel: CancellationToken::new() }, sink).await
}

async fn did(session: &mut dyn Session, sql: &str) -> QueryEnd {
    run(session, sql, Limits::default(), &mut Collected::default()).await.unwrap()
}

async fn one(session: &mut dyn Session, sql: &str) -> String {
    let mut rows = Collected::default();
    run(session, sql, Limits::default(), &mut rows).await.unwrap();
    rows.rows[0][0].clone().unwrap()
}

#[derive(Default)]
struct Counting {
    columns: Vec<QueryColumn>,
    rows: u64,
    peak: u64,
}

#[async_trait]
impl RowSink for Counting {
    async fn columns(&mut self, columns: &[QueryColumn]) -> Result<()> {
        self.columns = columns.to_vec();
        Ok(())
    }
    async fn rows(&mut self, rows: Vec<Row>) -> Result<()> {
        assert!(rows.len() <= 500);
        self.rows += rows.len() as u64;
        self.peak = self.peak.max(resident_bytes());
        Ok(())
    }
}

struct Full;

#[async_trait]
impl RowSink for Full {
    async fn columns(&mut self, _: &[QueryColumn]) -> Result<()> {
        Ok(())
    }
    async fn rows(&mut self, _: Vec<Row>) -> Result<()> {
        Err(ApiError::new(ErrorCode::StorageFull, "No room.").into())
    }
}

fn resident_bytes() -> u64 {
    let pages = std::fs::read_to_string("/proc/self/statm").unwrap();
    pages.split(' ').nth(1).unwrap().parse::<u64>().unwrap() * 4096
}

#[tokio::test(flavor = "multi_thread")]
async fn on_postgres() {
    let server = postgres::Server::shared();
    server.create_database("sessions").await;
    let case = Case {
        spec: ConnectionSpec::Postgres {
            host: server.socket_dir().to_str().unwrap().into(),
            port: server.port(),
            database: "sessions".into(),
            user: postgres::SUPERUSER.into(),
            tls: Default::default(),
        },
        million: "SELECT n, md5(n::text) AS text FROM generate_series(1, 1000000) n",
        slow: "SELECT pg_sleep(600) AS holdfast_slow",
        odd: (
            "SELECT E'\\'\"\\\\\\t\\n\\u20ac😀' AS \"a \"\"b\"\" `c`; --\", '' AS e, NULL AS n, '\\x00ff'::bytea AS b, \
             123456789012345678901234567890.5 AS d, 'NaN'::float8 AS f, '{1,NULL,\"a b\"}'::text[] AS l",
            &[
                Some("'\"\\\t\n€😀"),
                Some(""),
                None,
                Some("\\x00ff"),
                Some("123456789012345678901234567890.5"),
                Some("NaN"),
                Some("{1,NULL,\"a b\"}"),
            ],
        ),
        running: Some(
            "SELECT count(*) FROM pg_stat_activity WHERE state = 'active' AND query LIKE '%holdfast_slow%' AND pid <> pg_backend_pid()",
        ),
        kill: Some(("SELECT pg_backend_pid()", "SELECT pg_terminate_backend($ID)")),
    };
    case.holds().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn on_mariadb() {
    let server = mariadb::Server::shared();
    server.create_database("sessions").await;
    let case = Case {
        spec: ConnectionSpec::Mysql {
            host: server.socket().to_str().unwrap().into(),
            port: 3306,
            database: "sessions".into(),
            user: mariadb::SUPERUSER.into(),
            tls: Default::default(),
        },
        million: "SELECT seq AS n, md5(seq) AS text FROM seq_1_to_1000000",
        slow: "SELECT count(*) AS holdfast_slow FROM seq_1_to_1000000 a, seq_1_to_1000000 b WHERE a.seq + b.seq < 0",
        odd: (
            "SELECT '\\'\"\\\\\\t\\n€😀' AS `a \"b\" ``c``; --`, '' AS e, NULL AS n, 0x00ff AS b, \
             123456789012345678901234567890.5 AS d, CAST('2026-01-02' AS date) AS day",
            &[
                Some("'\"\\\t\n€😀"),
                Some(""),
                None,
                Some("0x00ff"),
                Some("123456789012345678901234567890.5"),
                Some("2026-01-02"),
            ],
        ),
        running: Some(
            "SELECT count(*) FROM information_schema.processlist WHERE info LIKE '%holdfast_slow%' AND id <> connection_id()",
        ),
        kill: Some(("SELECT connection_id()", "KILL $ID")),
    };
    case.holds().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn on_sqlite() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("sessions.sqlite");
    rusqlite::Connection::open(&path)
        .unwrap()
        .execute_batch("PRAGMA journal_mode=WAL; CREATE TABLE t(x)")
        .unwrap();
    let case = Case {
        spec: ConnectionSpec::Sqlite { path: path.to_str().unwrap().into() },
        million: "WITH RECURSIVE c(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM c WHERE n < 1000000) \
                  SELECT n, hex(n) || 'aaaaaaaaaaaaaaaaaaaaaaaa' AS text FROM c",
        slow: "WITH RECURSIVE c(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM c) SELECT max(n) FROM c",
        odd: (
            "SELECT '''\"\\' || char(9, 10) || '€😀' AS \"a \"\"b\"\" `c`; --\", '' AS e, NULL AS n, x'00ff' AS b, 1e300 AS f",
            &[Some("'\"\\\t\n€😀"), Some(""), None, Some("0x00ff"), Some("1e300")],
        ),
        running: None,
        kill: None,
    };
    case.holds().await;
}
