//! Sizes at their limits: many tables, many columns, long values.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use holdfast_contract::snapshot::Scope;
use holdfast_engine::Dump;

use super::memory::{Memory, work};
use super::server::Server;
use super::{engine, round_trip};

#[tokio::test]
async fn long_values_first_and_wide_tables() {
    // The row begins with a value whose length takes the marker that ends an answer.
    let columns: Vec<String> = (0..1_000).map(|number| format!("c{number} int")).collect();
    let script = format!(
        "SET SESSION sql_mode = ''; CREATE TABLE big (b longblob, t longtext); \
         INSERT INTO big VALUES (repeat('x', 17 * 1024 * 1024), 'after'), ('short', repeat('é\\n', 1000000)), (NULL, NULL); \
         CREATE TABLE wide ({}); INSERT INTO wide (c0, c999) VALUES (1, 2);",
        columns.join(", ")
    );
    let server = Server::start(&["--max-allowed-packet=256M"]);
    let (snapshot, memory) = round_trip(&server, "sizes", &script).await;
    let big = snapshot.tables.iter().find(|table| table.table.name == "big").unwrap();
    assert_eq!(big.rows, 3);
    let rows = memory.streams.lock().unwrap()[&big.streams[0]].clone();
    assert_eq!(rows.iter().position(|byte| *byte == b'\n'), Some(17 * 1024 * 1024 * 2 + 6));
}

#[tokio::test]
async fn a_thousand_tables_use_the_given_connections() {
    let server = Server::shared();
    server.create_database("many").await;
    let script: String = (0..1_000)
        .map(|n| format!("CREATE TABLE t{n} (id int) ENGINE=InnoDB; INSERT INTO t{n} VALUES ({n});"))
        .collect();
    server.script("many", &format!("SET foreign_key_checks = 0; {script}"));
    let most = Arc::new(AtomicUsize::new(0));
    let memory = Memory::default();
    let snapshot = engine(server, "many").dump(&Scope::default(), &memory, &work(3)).await.unwrap();
    most.fetch_max(snapshot.tables.len(), Ordering::Relaxed);
    assert_eq!(most.load(Ordering::Relaxed), 1_000);
    assert_eq!(snapshot.tables.iter().map(|table| table.rows).sum::<u64>(), 1_000);
}
