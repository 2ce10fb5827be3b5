//! The test server is what the other tests take it for: it outlives a kill with everything it had committed.
#![allow(clippy::unwrap_used)]

use holdfast_testkit::mariadb as server;
use sqlx::Row;

#[tokio::test]
async fn a_killed_server_comes_back_with_what_was_committed() {
    let server = server::Server::start(&["--max-allowed-packet=32M"]);
    server.create_database("a `quoted` name").await;
    server.run("a `quoted` name", "CREATE TABLE t (i INT PRIMARY KEY); INSERT INTO t VALUES (7)").await;
    let before = server.dump("a `quoted` name");
    assert!(before.contains("INSERT INTO `t` VALUES (7);"), "{before}");
    let mut uncommitted = server.connect("a `quoted` name").await;
    sqlx::raw_sql("START TRANSACTION; INSERT INTO t VALUES (8)").execute(&mut uncommitted).await.unwrap();
    server.kill();
    sqlx::raw_sql("COMMIT").execute(&mut uncommitted).await.expect_err("the server is gone");
    server.start_again();
    assert_eq!(server.dump("a `quoted` name"), before, "the committed row, and no other");
    let mut conn = server.connect("").await;
    let packet: u64 = sqlx::query("SELECT @@max_allowed_packet").fetch_one(&mut conn).await.unwrap().get(0);
    assert_eq!(packet, 32 << 20, "started again with the same options");
    assert_eq!(server.script("a `quoted` name", "DELIMITER //\nSELECT i FROM t//\n"), "7\n");
}
