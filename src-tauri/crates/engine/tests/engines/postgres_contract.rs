//! PostgreSQL keeps the contract of an engine.

use holdfast_testkit::engine::{Subject, passes};
use holdfast_testkit::fixtures;
use holdfast_testkit::postgres::Server;

#[tokio::test(flavor = "multi_thread")]
async fn postgres_keeps_the_contract_of_an_engine() {
    let server = Server::shared();
    server.create_database("contract").await;
    server.run("contract", fixtures::RICH).await;
    passes(&Subject {
        engine: server.engine("contract"),
        own: "contract".into(),
        beside: Box::new(str::to_owned),
        scratch: tempfile::tempdir().unwrap(),
    })
    .await;
}
