//! SQLite keeps the contract of an engine.

use holdfast_contract::connection::ConnectionSpec;
use holdfast_engine::{Access, engine};
use holdfast_testkit::engine::{Subject, passes};

const SHOP: &str = "CREATE TABLE customers (id INTEGER PRIMARY KEY, name TEXT NOT NULL, note BLOB);
    CREATE TABLE orders (id INTEGER PRIMARY KEY, customer INTEGER REFERENCES customers, total REAL);
    WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 500)
    INSERT INTO customers SELECT i, 'customer ' || i, randomblob(1000) FROM n;
    INSERT INTO orders SELECT id, id, id / 7.0 FROM customers;";

#[tokio::test(flavor = "multi_thread")]
async fn sqlite_keeps_the_contract_of_an_engine() {
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| folder.path().join(name).to_str().unwrap().to_owned();
    let live = at("live.sqlite");
    rusqlite::Connection::open(&live).unwrap().execute_batch(SHOP).unwrap();
    let spec = ConnectionSpec::Sqlite { path: live.clone() };
    let place = folder.path().to_owned();
    passes(&Subject {
        engine: engine(Access::new(spec)).unwrap(),
        own: live.clone(),
        beside: Box::new(move |name| place.join(name).to_str().unwrap().to_owned()),
        scratch: tempfile::tempdir().unwrap(),
    })
    .await;
}
