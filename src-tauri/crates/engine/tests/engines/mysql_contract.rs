//! MySQL and MariaDB keep the contract of an engine.

use holdfast_contract::connection::{ConnectionSpec, TlsSettings};
use holdfast_engine::{Access, engine};
use holdfast_testkit::engine::{Subject, passes};
use holdfast_testkit::fixtures;
use holdfast_testkit::mariadb::{SUPERUSER, Server};

#[tokio::test(flavor = "multi_thread")]
async fn mariadb_keeps_the_contract_of_an_engine() {
    let server = Server::shared();
    server.create_database("contract").await;
    server.script("contract", fixtures::MARIADB_VALUES);
    let spec = ConnectionSpec::Mysql {
        host: "127.0.0.1".into(),
        port: server.port(),
        database: "contract".into(),
        user: SUPERUSER.into(),
        tls: TlsSettings::default(),
    };
    passes(&Subject {
        engine: engine(Access::new(spec)).unwrap(),
        own: "contract".into(),
        beside: Box::new(str::to_owned),
        scratch: tempfile::tempdir().unwrap(),
    })
    .await;
}
