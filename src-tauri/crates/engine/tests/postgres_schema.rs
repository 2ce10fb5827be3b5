//! trial
#[path = "support/postgres.rs"]
mod server;
#[tokio::test]
async fn starts() {
    let s = server::Server::shared();
    s.create_database("x\"y").await;
    assert!(s.pg_dump("x\"y", &["--schema-only"]).contains("dump"));
}
