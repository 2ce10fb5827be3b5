//! Dumps and loads that end before their time leave nothing.

use std::sync::Arc;

use holdfast_contract::ErrorCode;
use holdfast_contract::snapshot::{Scope, Snapshot};
use holdfast_engine::EngineError;

use super::memory::{Memory, Stored, work};
use super::server::{self, Server};
use super::{backed_up, code, table, value};

#[tokio::test]
async fn a_connection_killed_midway_fails_the_dump_and_leaves_no_session() {
    let server = Server::shared();
    server.create_database("killed").await;
    server
        .run("killed", "CREATE TABLE t AS SELECT repeat('x', 1000) AS v FROM generate_series(1, 40000)")
        .await;
    let options = server.options("postgres", server::SUPERUSER);
    let memory = Memory::with_hook(move |_| {
        let options = options.clone();
        let kill = async move {
            let mut conn = sqlx::ConnectOptions::connect(&options).await.unwrap();
            let sql = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = 'killed'";
            sqlx::raw_sql(sql).execute(&mut conn).await.unwrap();
        };
        std::thread::spawn(|| {
            tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(kill)
        })
        .join()
        .unwrap();
    });
    let engine = server.engine("killed");
    let error =
        engine.dump().unwrap().dump(&Scope::default(), &memory, &work(2)).await.unwrap_err().into_api();
    assert_eq!(error.code, ErrorCode::ConnectionLost);
    assert!(error.retry);
    // What is written before the rows (the globals) may be whole.
    let rows = |name: &String| name.starts_with("t/");
    assert!(!memory.streams.lock().unwrap().keys().any(rows), "a cut stream is not finished");
    let stored = backed_up(&*engine, 2).await;
    assert_eq!(table(&stored.snapshot, "t").rows, 40_000);
}

#[tokio::test]
async fn cancelling_is_prompt_and_leaves_nothing_running() {
    let server = Server::shared();
    server.create_database("stopped").await;
    server
        .run("stopped", "CREATE TABLE t AS SELECT repeat('x', 1000) AS v FROM generate_series(1, 40000)")
        .await;
    let engine = server.engine("stopped");
    let running = work(2);
    let cancel = running.cancel.clone();
    let memory = Memory::with_hook(move |_| cancel.cancel());
    let outcome = engine.dump().unwrap().dump(&Scope::default(), &memory, &running).await;
    assert!(matches!(outcome, Err(EngineError::Cancelled)));
    assert_eq!(sessions_of(server, "stopped").await, 0);

    // A load: the database is gone again.
    let stored = backed_up(&*engine, 2).await;
    let running = work(2);
    let stopping = Stopping { stored, cancel: running.cancel.clone() };
    let outcome = engine.load().unwrap().load("stopped_copy", &stopping, &running).await;
    assert!(matches!(outcome, Err(EngineError::Cancelled)));
    assert!(!engine.load().unwrap().exists("stopped_copy").await.unwrap());
}

/// Waits until the server has noticed.
async fn sessions_of(server: &Server, database: &str) -> u64 {
    for _ in 0..500 {
        let sql = format!(
            "SELECT count(*)::text FROM pg_stat_activity WHERE datname = '{database}' AND application_name = 'holdfast'"
        );
        let count: u64 = value(server, "postgres", &sql).await.parse().unwrap();
        if count == 0 {
            return 0;
        }
    }
    1
}

/// A source that has the work cancelled when rows are asked for.
struct Stopping {
    stored: Stored,
    cancel: tokio_util::sync::CancellationToken,
}

#[async_trait::async_trait]
impl holdfast_engine::SnapshotSource for Stopping {
    fn snapshot(&self) -> &Snapshot {
        &self.stored.snapshot
    }
    async fn objects(&self) -> holdfast_engine::Result<Vec<holdfast_contract::snapshot::SchemaObject>> {
        self.stored.objects().await
    }
    async fn open(
        &self,
        stream: &str,
    ) -> holdfast_engine::Result<futures::stream::BoxStream<'static, holdfast_engine::Result<bytes::Bytes>>>
    {
        self.cancel.cancel();
        self.stored.open(stream).await
    }
}

#[tokio::test]
async fn a_load_that_fails_names_the_object_and_leaves_no_database() {
    let server = Server::shared();
    server.create_database("doubtful").await;
    server.run("doubtful", "CREATE TABLE t (v int); INSERT INTO t VALUES (1), (1)").await;
    let engine = server.engine("doubtful");
    let load = engine.load().unwrap();
    let stored = backed_up(&*engine, 1).await;

    let mut wrong = stored.clone();
    let last = wrong.objects.last().unwrap().clone();
    wrong.objects.push(holdfast_contract::snapshot::SchemaObject {
        kind: "index".into(),
        schema: Some("public".into()),
        name: "only_once".into(),
        phase: holdfast_contract::snapshot::Phase::After,
        sql: vec!["CREATE UNIQUE INDEX only_once ON public.t (v)".into()],
        ..last
    });
    let error = load.load("doubtful_copy", &wrong, &work(2)).await.unwrap_err().into_api();
    assert!(error.message.contains("public.only_once"), "{}", error.message);
    assert_eq!(error.native.as_deref(), Some("23505"));
    assert!(!load.exists("doubtful_copy").await.unwrap());

    // A stream that lost a row.
    let short = stored.clone();
    let name = table(&short.snapshot, "t").streams[0].clone();
    let short = Stored {
        streams: Arc::new(
            [(name, b"1\n".to_vec())].into_iter().collect::<std::collections::BTreeMap<_, _>>().into(),
        ),
        ..short
    };
    assert_eq!(code(load.load("doubtful_copy", &short, &work(2)).await), ErrorCode::Incomplete);
    assert!(!load.exists("doubtful_copy").await.unwrap());

    assert_eq!(code(load.load("postgres", &stored, &work(2)).await), ErrorCode::TargetExists);
    assert_eq!(code(load.load("doubtful", &stored, &work(2)).await), ErrorCode::TargetExists);
}
