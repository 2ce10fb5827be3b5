//! Dumps while others write, alter, and forbid.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use holdfast_contract::snapshot::Scope;
use sqlx::AssertSqlSafe;

use super::memory::{Memory, work};
use super::server::{self, Server};
use super::{Text as _, assert_same, backed_up, table, value};

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
    let engine = server.engine("moving");
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
    let engine = server.engine("altered");
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
    let engine = server.engine_as("partly", "half_blind");
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
