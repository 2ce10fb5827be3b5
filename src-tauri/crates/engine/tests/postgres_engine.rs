//! The PostgreSQL driver against a real throw-away server, with memory as its other end.
#![allow(clippy::unwrap_used)]

#[path = "support/memory.rs"]
mod memory;
#[path = "support/postgres.rs"]
mod server;

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use holdfast_contract::ErrorCode;
use holdfast_contract::connection::{ConnectionSpec, TlsMode, TlsSettings};
use holdfast_contract::snapshot::{Scope, Snapshot, TableName, TableSnapshot};
use holdfast_engine::{Access, Engine, EngineError, NamePurpose, SwapState, engine};
use memory::{Memory, Stored, work};
use secrecy::SecretString;
use server::Server;
use sqlx::{AssertSqlSafe, Row};

fn access_as(server: &Server, database: &str, user: &str) -> Access {
    let spec = ConnectionSpec::Postgres {
        host: server.socket_dir().to_str().unwrap().into(),
        port: server.port(),
        database: database.into(),
        user: user.into(),
        tls: TlsSettings::default(),
    };
    Access { spec, password: None, read_only: false }
}

fn open(server: &Server, database: &str) -> Box<dyn Engine> {
    engine(access_as(server, database, server::SUPERUSER)).unwrap()
}

async fn backed_up(engine: &dyn Engine, parallel: usize) -> Stored {
    let memory = Memory::default();
    let snapshot = engine.dump().unwrap().dump(&Scope::default(), &memory, &work(parallel)).await.unwrap();
    memory.stored(snapshot)
}

fn names(snapshot: &Snapshot) -> Vec<TableName> {
    snapshot.tables.iter().filter(|table| table.has_rows).map(|table| table.table.clone()).collect()
}

fn table<'a>(snapshot: &'a Snapshot, name: &str) -> &'a TableSnapshot {
    snapshot.tables.iter().find(|table| table.table.name == name).unwrap()
}

async fn assert_same(engine: &dyn Engine, target: &str, stored: &Stored) {
    let load = engine.load().unwrap();
    let found = load.fingerprint(target, &names(&stored.snapshot), &work(2)).await.unwrap();
    let travelled = stored.snapshot.tables.iter().filter(|table| table.has_rows);
    assert_eq!(found.len(), travelled.clone().count());
    for (found, kept) in found.iter().zip(travelled) {
        assert_eq!((&found.table, found.rows), (&kept.table, kept.rows));
        assert_eq!(found.content_hash, kept.content_hash, "{}", kept.table);
    }
}

async fn value(server: &Server, database: &str, sql: &str) -> String {
    let mut conn = server.connect(database).await;
    sqlx::raw_sql(AssertSqlSafe(sql)).fetch_one(&mut conn).await.unwrap().try_get_raw_text()
}

trait Text {
    fn try_get_raw_text(&self) -> String;
}
impl Text for sqlx::postgres::PgRow {
    fn try_get_raw_text(&self) -> String {
        self.try_get_raw(0).unwrap().as_str().unwrap_or("NULL").to_owned()
    }
}

fn code<T>(outcome: Result<T, EngineError>) -> ErrorCode {
    match outcome {
        Ok(_) => panic!("this must fail"),
        Err(error) => error.code(),
    }
}

/// The reference tool's words about a database, without its random key of the day.
fn dumped(server: &Server, database: &str) -> String {
    let text = server.pg_dump(database, &[]);
    text.lines()
        .filter(|line| !line.starts_with("\\restrict") && !line.starts_with("\\unrestrict"))
        .collect::<Vec<_>>()
        .join("\n")
}

/// Shows the first lines that differ; the whole texts would fill screens.
fn assert_same_text(found: &str, wanted: &str) {
    let mut lines = found.lines().zip(wanted.lines()).enumerate();
    if let Some((number, (found, wanted))) = lines.find(|(_, (found, wanted))| found != wanted) {
        panic!("line {number}\nfound  {found:.300}\nwanted {wanted:.300}");
    }
    assert_eq!(found.len(), wanted.len());
}

const RICH: &str = include_str!("fixtures/rich.sql");

#[tokio::test]
async fn a_rich_database_comes_back_the_same_by_the_reference_tool_and_by_its_export() {
    let server = Server::shared();
    server.create_database("rich").await;
    server.run("rich", RICH).await;
    let engine = open(server, "rich");
    let stored = backed_up(&*engine, 2).await;
    assert_eq!(stored.snapshot.omissions, []);
    assert!(stored.snapshot.position.is_some());

    let load = engine.load().unwrap();
    let preflight = load.preflight(&stored.snapshot, &stored.objects).await.unwrap();
    assert_eq!((preflight.blockers, preflight.warnings), (vec![], vec![]));
    let report = load.load("rich copy", &stored, &work(2)).await.unwrap();
    assert_eq!(report.remarks, Vec::<String>::new());
    assert_same(&*engine, "rich copy", &stored).await;
    assert_same_text(&dumped(server, "rich copy"), &dumped(server, "rich"));

    let mut file = tempfile::NamedTempFile::new().unwrap();
    let mut out = tokio::fs::File::from_std(file.reopen().unwrap());
    holdfast_engine::export::write_sql(&stored, &mut out, &work(1)).await.unwrap();
    server.create_database("rich \"export").await;
    let mut psql = server.program("psql");
    psql.args(["-XqAt", "-v", "ON_ERROR_STOP=1", "-d", "rich \"export"]);
    psql.stdin(file.as_file_mut().try_clone().unwrap());
    let output = psql.output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    assert_same_text(&dumped(server, "rich \"export"), &dumped(server, "rich"));
}

const EVERY_KIND: &str = concat!(include_str!("fixtures/everything.sql"), include_str!("fixtures/kinds.sql"));

#[tokio::test]
async fn every_kind_of_object_comes_back_with_its_rows() {
    let server = Server::shared();
    let roles = r#"CREATE ROLE app; CREATE ROLE reader; CREATE ROLE auditor; CREATE ROLE "group"; CREATE ROLE "Ünï ""role""""#;
    server.run("postgres", roles).await;
    server.create_database("kinds").await;
    let version = server.connect("kinds").await.server_version_num().unwrap() / 10_000;
    let suits = |line: &&str| {
        let since = line.rsplit_once("-- since ").and_then(|(_, since)| since.parse::<u32>().ok());
        since.is_none_or(|since| version >= since)
    };
    server.run("kinds", &EVERY_KIND.lines().filter(suits).collect::<Vec<_>>().join("\n")).await;
    let engine = open(server, "kinds");
    let stored = backed_up(&*engine, 2).await;
    assert_eq!(stored.snapshot.omissions, []);
    let report = engine.load().unwrap().load("kinds copy", &stored, &work(2)).await.unwrap();
    assert_eq!(report.remarks, Vec::<String>::new());
    assert_same(&*engine, "kinds copy", &stored).await;
    assert_same_text(&dumped(server, "kinds copy"), &dumped(server, "kinds"));
    // The reference tool passes over members that users gave to families of the server and of extensions.
    let members = "SELECT (SELECT count(*) FROM pg_amop WHERE oid >= 16384) || ' ' || count(*) FROM pg_amproc WHERE oid >= 16384";
    assert_eq!(value(server, "kinds copy", members).await, value(server, "kinds", members).await);
}

#[tokio::test]
async fn what_was_made_is_asked_for_by_every_kind_of_name() {
    let server = Server::shared();
    let name = "Ünï \"q' \\ %s\n😀 ;drop";
    server.create_database(name).await;
    server
        .run(
            name,
            "CREATE SCHEMA \"a.b\"\"c\"; CREATE TABLE \"a.b\"\"c\".\"sel\necté😀'\\\" (\"x\\y\"\"\" int, \"\t\" text); \
             INSERT INTO \"a.b\"\"c\".\"sel\necté😀'\\\" VALUES (1, 'one'), (2, NULL)",
        )
        .await;
    let engine = open(server, name);
    let stored = backed_up(&*engine, 2).await;
    let load = engine.load().unwrap();
    let target = load.made_up_name(name, NamePurpose::Scratch, "7c1d");
    load.load(&target, &stored, &work(2)).await.unwrap();
    assert_same(&*engine, &target, &stored).await;
    assert_eq!(table(&stored.snapshot, "sel\necté😀'\\").rows, 2);
    assert!(load.exists(&target).await.unwrap());
    load.drop_database(&target).await.unwrap();
    load.drop_database(&target).await.unwrap();
    assert!(!load.exists(&target).await.unwrap());
    assert_eq!(code(load.drop_database(name).await), ErrorCode::NotAllowed);
}

/// An enum's hash differs between databases: such rows go through the root of the tree.
#[tokio::test]
async fn rows_spread_by_a_hash_of_an_enum_find_their_partitions() {
    let server = Server::shared();
    server.create_database("spread").await;
    server
        .run(
            "spread",
            "CREATE TYPE mood AS ENUM ('a', 'b', 'c', 'd'); CREATE TABLE tree (m mood, v int) PARTITION BY HASH (m); \
             CREATE TABLE tree_0 PARTITION OF tree FOR VALUES WITH (MODULUS 2, REMAINDER 0); \
             CREATE TABLE tree_1 PARTITION OF tree FOR VALUES WITH (MODULUS 2, REMAINDER 1); \
             INSERT INTO tree SELECT m, 1 FROM unnest(enum_range(NULL::mood)) m, generate_series(1, 100)",
        )
        .await;
    let engine = open(server, "spread");
    let stored = backed_up(&*engine, 2).await;
    assert_eq!(table(&stored.snapshot, "tree").rows, 400);
    engine.load().unwrap().load("spread_copy", &stored, &work(2)).await.unwrap();
    assert_same(&*engine, "spread_copy", &stored).await;
    assert_eq!(value(server, "spread_copy", "SELECT sum(v)::text FROM tree WHERE m = 'c'").await, "100");
}

#[tokio::test]
async fn cutting_a_big_table_changes_neither_its_rows_nor_its_hash() {
    let server = Server::shared();
    server.create_database("big").await;
    server
        .run(
            "big",
            "CREATE TABLE big (id int PRIMARY KEY, words text); \
             INSERT INTO big SELECT n, repeat(md5(n::text), 12) FROM generate_series(1, 200000) n; \
             DELETE FROM big WHERE id % 7 = 0; CREATE TABLE small AS SELECT * FROM big WHERE id < 100",
        )
        .await;
    let engine = open(server, "big");
    let stored = backed_up(&*engine, 2).await;
    let big = table(&stored.snapshot, "big");
    assert!(big.streams.len() > 1, "cut into pieces");
    assert_eq!(big.rows, 200_000 - 200_000 / 7);

    // The witness: one COPY of everything, hashed here.
    let mut conn = server.connect("big").await;
    let mut whole = holdfast_engine::content::ContentHasher::new();
    let mut rows = conn.copy_out_raw("COPY big TO STDOUT").await.unwrap();
    while let Some(row) = futures::StreamExt::next(&mut rows).await {
        whole.write(&row.unwrap());
    }
    assert_eq!((big.content_hash.clone(), big.bytes), (whole.hex(), whole.bytes()));

    engine.load().unwrap().load("big_copy", &stored, &work(2)).await.unwrap();
    assert_same(&*engine, "big_copy", &stored).await;
    server.run("big_copy", "UPDATE big SET words = words || 'x' WHERE id = 1").await;
    let changed =
        engine.load().unwrap().fingerprint("big_copy", &names(&stored.snapshot), &work(2)).await.unwrap();
    assert!(changed.iter().any(|found| found.table.name == "big" && found.content_hash != big.content_hash));
}

#[tokio::test]
async fn one_moment_is_seen_while_others_write() {
    let server = Server::shared();
    server.create_database("moving").await;
    server
        .run(
            "moving",
            "CREATE TABLE a (id int, v bigint, pad text); CREATE TABLE b (id int, v bigint, pad text); \
             INSERT INTO a SELECT n, 100, repeat('x', 500) FROM generate_series(1, 20000) n; INSERT INTO b SELECT * FROM a",
        )
        .await;
    let stop = Arc::new(AtomicBool::new(false));
    let writer = {
        let (stop, mut conn) = (stop.clone(), server.connect("moving").await);
        tokio::spawn(async move {
            let mut turns = 0;
            while !stop.load(Ordering::Relaxed) {
                turns += 1;
                let sql = "BEGIN; UPDATE a SET v = v - 7 WHERE id = (random() * 19999)::int + 1; \
                           UPDATE b SET v = v + 7 WHERE id = 1 AND (SELECT true); COMMIT";
                // The sum stays: one row each, by the same amount.
                let sql = sql.replace("(random() * 19999)::int + 1", &(turns % 20000 + 1).to_string());
                sqlx::raw_sql(AssertSqlSafe(sql)).execute(&mut conn).await.unwrap();
            }
            turns
        })
    };
    let engine = open(server, "moving");
    let stored = backed_up(&*engine, 2).await;
    stop.store(true, Ordering::Relaxed);
    assert!(writer.await.unwrap() > 0);
    engine.load().unwrap().load("moved", &stored, &work(2)).await.unwrap();
    let sum = value(server, "moved", "SELECT (SELECT sum(v) FROM a) + (SELECT sum(v) FROM b)").await;
    assert_eq!(sum, "4000000");
    assert_same(&*engine, "moved", &stored).await;
}

#[tokio::test]
async fn a_waiting_alter_table_neither_stops_nor_changes_the_dump() {
    let server = Server::shared();
    server.create_database("altered").await;
    server
        .run("altered", "CREATE TABLE first (v text); INSERT INTO first SELECT repeat('x', 300) FROM generate_series(1, 9000); \
              CREATE TABLE second (v int); INSERT INTO second VALUES (1)")
        .await;
    let options = server.options("altered", server::SUPERUSER);
    let (begun, wait) = std::sync::mpsc::channel::<()>();
    let alter = std::thread::spawn(move || {
        wait.recv().unwrap();
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async move {
            let mut conn = sqlx::ConnectOptions::connect(&options).await.unwrap();
            sqlx::raw_sql("ALTER TABLE second ADD COLUMN late int").execute(&mut conn).await.unwrap();
        });
    });
    let monitor = std::sync::Mutex::new(server.options("postgres", server::SUPERUSER));
    let told = AtomicBool::new(false);
    // The first row of the bigger table is out: let the ALTER queue up before the smaller one is begun.
    let memory = Memory::with_hook(move |_| {
        if told.swap(true, Ordering::Relaxed) {
            return;
        }
        begun.send(()).unwrap();
        let options = monitor.lock().unwrap().clone();
        let waiting = std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
            runtime.block_on(async move {
                let mut conn = sqlx::ConnectOptions::connect(&options).await.unwrap();
                let sql =
                    "SELECT count(*)::text FROM pg_locks WHERE NOT granted AND mode = 'AccessExclusiveLock'";
                while sqlx::raw_sql(sql).fetch_one(&mut conn).await.unwrap().try_get_raw_text() == "0" {}
            });
        });
        waiting.join().unwrap();
    });
    let engine = open(server, "altered");
    let snapshot = engine.dump().unwrap().dump(&Scope::default(), &memory, &work(1)).await.unwrap();
    assert_eq!(table(&snapshot, "second").rows, 1);
    assert_eq!(table(&snapshot, "second").columns.len(), 1);
    alter.join().unwrap();
}

#[tokio::test]
async fn what_a_login_may_not_read_is_named_and_the_rest_is_kept() {
    let server = Server::shared();
    server.create_database("partly").await;
    server
        .run(
            "partly",
            "CREATE ROLE half_blind LOGIN; CREATE TABLE open (v int); INSERT INTO open VALUES (1); CREATE TABLE closed (v int); \
             INSERT INTO closed VALUES (2); CREATE TABLE filtered (v int); INSERT INTO filtered VALUES (1), (2); \
             ALTER TABLE filtered ENABLE ROW LEVEL SECURITY; CREATE POLICY few ON filtered USING (v = 1); \
             GRANT SELECT ON open, filtered TO half_blind",
        )
        .await;
    let engine = engine(access_as(server, "partly", "half_blind")).unwrap();
    let plan = engine.dump().unwrap().plan(&Scope::default()).await.unwrap();
    let memory = Memory::default();
    let snapshot = engine.dump().unwrap().dump(&Scope::default(), &memory, &work(2)).await.unwrap();
    for omissions in [&plan.omissions, &snapshot.omissions] {
        for name in ["closed", "filtered"] {
            assert!(
                omissions.iter().any(|omission| omission.name.ends_with(name) && !omission.by_request),
                "{omissions:?}"
            );
        }
    }
    assert_eq!(table(&snapshot, "open").rows, 1);
    assert!(!snapshot.tables.iter().any(|table| table.has_rows && table.table.name != "open"));
    assert_eq!(memory.text(&table(&snapshot, "open").streams[0]), "1\n");
}

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
    let engine = open(server, "killed");
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
    let engine = open(server, "stopped");
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
    let engine = open(server, "doubtful");
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

#[tokio::test]
async fn databases_change_places_and_back_while_people_are_connected() {
    let server = Server::shared();
    for (name, content) in [("live \"db", "old"), ("staged", "new")] {
        server.create_database(name).await;
        server.run(name, &format!("CREATE TABLE t AS SELECT '{content}' AS v")).await;
    }
    let engine = open(server, "live \"db");
    let swap = engine.swap().unwrap();
    assert_eq!(swap.swap_state("staged", "kept").await.unwrap(), SwapState::NotSwapped);

    // A pool that comes back at once, as applications do.
    let stop = Arc::new(AtomicBool::new(false));
    let pool: Vec<_> = (0..4)
        .map(|_| {
            let (stop, options) =
                (stop.clone(), server.options("live \"db", server::SUPERUSER).application_name("shop"));
            tokio::spawn(async move {
                while !stop.load(Ordering::Relaxed) {
                    if let Ok(mut conn) = sqlx::ConnectOptions::connect(&options).await {
                        while sqlx::raw_sql("SELECT pg_sleep(0.01)").execute(&mut conn).await.is_ok()
                            && !stop.load(Ordering::Relaxed)
                        {}
                    }
                }
            })
        })
        .collect();
    let mut seen = Vec::new();
    while seen.is_empty() {
        seen = swap.sessions().await.unwrap();
    }
    assert!(seen.iter().all(|session| session.application.as_deref() == Some("shop")));

    swap.swap("staged", "kept", &work(1)).await.unwrap();
    assert_eq!(value(server, "live \"db", "SELECT v FROM t").await, "new");
    assert_eq!(value(server, "kept", "SELECT v FROM t").await, "old");
    assert_eq!(swap.swap_state("staged", "kept").await.unwrap(), SwapState::Swapped);

    swap.swap("kept", "undone", &work(1)).await.unwrap();
    assert_eq!(value(server, "live \"db", "SELECT v FROM t").await, "old");
    stop.store(true, Ordering::Relaxed);
    for task in pool {
        task.await.unwrap();
    }

    let load = engine.load().unwrap();
    assert_eq!(code(load.rename("undone", "postgres").await), ErrorCode::TargetExists);
    assert_eq!(code(load.rename("live \"db", "other").await), ErrorCode::NotAllowed);
    load.rename("undone", "staged").await.unwrap();
    assert_eq!(value(server, "staged", "SELECT v FROM t").await, "new");
    // One of the two names is wrong: nothing moves.
    assert_eq!(code(swap.swap("missing", "kept", &work(1)).await), ErrorCode::DatabaseMissing);
    assert_eq!(value(server, "live \"db", "SELECT v FROM t").await, "old");
}

#[tokio::test]
async fn a_read_only_connection_is_refused_by_the_server() {
    let server = Server::shared();
    server.create_database("guarded").await;
    let guarded =
        engine(Access { read_only: true, ..access_as(server, "guarded", server::SUPERUSER) }).unwrap();
    let stored = backed_up(&*guarded, 1).await;
    let load = guarded.load().unwrap();
    for error in
        [load.load("guarded_copy", &stored, &work(1)).await.map(drop), load.drop_database("postgres").await]
    {
        let error = error.unwrap_err().into_api();
        assert_eq!((error.code, error.native.as_deref()), (ErrorCode::ReadOnly, Some("25006")));
    }
    let preflight = load.preflight(&stored.snapshot, &stored.objects).await.unwrap();
    assert!(preflight.blockers.iter().any(|text| text.contains("read-only")));
}

#[tokio::test]
async fn every_step_of_connecting_fails_by_its_own_name() {
    let server = Server::start(&["listen_addresses='127.0.0.1'", "port=25439"]);
    server.create_database("closed").await;
    server
        .run(
            "postgres",
            "CREATE ROLE known LOGIN PASSWORD 'right'; CREATE ROLE barred; \
              REVOKE CONNECT ON DATABASE closed FROM PUBLIC; CREATE ROLE plain LOGIN",
        )
        .await;
    let hba = server.socket_dir().join("data/pg_hba.conf");
    std::fs::write(&hba, "local all all trust\nhost all known 127.0.0.1/32 scram-sha-256\nhost all barred 127.0.0.1/32 trust\n").unwrap();
    server.run("postgres", "SELECT pg_reload_conf()").await;

    let at =
        |host: &str, port: u16, database: &str, user: &str, password: Option<&str>, mode: TlsMode| Access {
            spec: ConnectionSpec::Postgres {
                host: host.into(),
                port,
                database: database.into(),
                user: user.into(),
                tls: TlsSettings { mode, ..TlsSettings::default() },
            },
            password: password.map(|text| SecretString::from(text.to_owned())),
            read_only: false,
        };
    let port = server.port();
    let socket = server.socket_dir().to_str().unwrap().to_owned();
    let prefer = TlsMode::Prefer;
    let free = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let cases = [
        (
            at("no-such-host.invalid", port, "postgres", "known", None, prefer),
            ErrorCode::ConnectionNameResolution,
            None,
        ),
        (at("127.0.0.1", free, "postgres", "known", None, prefer), ErrorCode::ConnectionRefused, None),
        (at("/nonexistent", port, "postgres", "known", None, prefer), ErrorCode::ConnectionRefused, None),
        (
            at("127.0.0.1", port, "postgres", "known", Some("canary-wrong"), prefer),
            ErrorCode::AuthenticationFailed,
            Some("28P01"),
        ),
        (
            at("127.0.0.1", port, "postgres", "known", None, prefer),
            ErrorCode::AuthenticationFailed,
            Some("28P01"),
        ),
        (
            at("127.0.0.1", port, "postgres", "barred", None, prefer),
            ErrorCode::AuthenticationFailed,
            Some("28000"),
        ),
        (
            at("127.0.0.1", port, "postgres", "stranger", None, prefer),
            ErrorCode::AuthenticationFailed,
            Some("28000"),
        ),
        (
            at("127.0.0.1", port, "postgres", "known", Some("right"), TlsMode::Require),
            ErrorCode::TlsFailed,
            None,
        ),
        (
            at("127.0.0.1", port, "missing", "known", Some("right"), prefer),
            ErrorCode::DatabaseMissing,
            Some("3D000"),
        ),
        (at(&socket, port, "closed", "plain", None, prefer), ErrorCode::PermissionDenied, Some("42501")),
    ];
    for (access, code, native) in cases {
        let place = format!("{:?}", access.spec);
        let error = engine(access).unwrap().ping().await.unwrap_err().into_api();
        assert_eq!(
            (error.code, error.native.as_deref().filter(|text| !text.starts_with("os error"))),
            (code, native),
            "{place}"
        );
        assert!(error.hint.is_some(), "{place}");
        assert!(!format!("{error:?}").contains("canary"), "no password in any error");
    }

    // Somebody who accepts and says nothing.
    let silent = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let access = at("127.0.0.1", silent.local_addr().unwrap().port(), "postgres", "known", None, prefer);
    assert_eq!(code(engine(access).unwrap().ping().await), ErrorCode::ConnectionTimedOut);

    let good = engine(at("127.0.0.1", port, "postgres", "known", Some("right"), prefer)).unwrap();
    let info = good.ping().await.unwrap();
    assert_eq!((info.transport.as_str(), info.database.as_str()), ("unencrypted", "postgres"));
    assert!(
        info.version_number >= 130_000
            && info.version.starts_with(&(info.version_number / 10_000).to_string())
    );
    assert!(good.databases().await.unwrap().contains(&"postgres".to_owned()));
    let superuser = engine(at(&socket, port, "postgres", server::SUPERUSER, None, prefer)).unwrap();
    assert!(superuser.advice().await.unwrap().iter().any(|text| text.contains("superuser")));
}
