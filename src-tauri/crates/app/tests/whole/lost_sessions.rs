//! Sessions that stay open, on a server that goes away: what died unused is replaced and nobody notices, what cannot be is said,
//! and limits of a connection's own hold.

use holdfast_testkit::mariadb;
use serde_json::{Value, json};

use crate::stage::Stage;

async fn pool(stage: &Stage) -> Value {
    stage.call("pool.status", json!({ "connection": "Server" })).await["pools"][0].clone()
}

async fn health(stage: &Stage) -> Value {
    stage.call("health.check", json!({ "connection": "Server" })).await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_restarted_server_is_found_again() {
    let stage = Stage::new().await;
    let server = mariadb::Server::start(&[]);
    let spec = json!({ "engine": "mysql", "host": server.socket(), "port": 3306, "database": "mysql",
        "user": mariadb::SUPERUSER });
    let request = json!({ "name": "Server", "spec": spec, "environment": "development" });
    let added = stage.call("connection.add", request).await;
    for _ in 0..2 {
        assert_eq!(health(&stage).await["state"], "healthy");
    }
    let open = pool(&stage).await;
    assert_eq!(
        (&open["opened"], &open["reused"], &open["idle"]),
        (&json!(1), &json!(1), &json!(1)),
        "{open}"
    );

    server.kill();
    // Long enough that the next use looks first.
    tokio::time::sleep(std::time::Duration::from_millis(600)).await;
    let down = health(&stage).await;
    assert_eq!(down["state"], "down", "{down}");
    assert!(down["error"]["hint"].is_string(), "{down}");
    server.start_again();
    assert_eq!(health(&stage).await["state"], "healthy");
    let again = pool(&stage).await;
    assert_eq!((&again["opened"], &again["idle"]), (&json!(2), &json!(1)), "{again}");

    // Limits of its own, and the settings' again.
    let mut limits = again["settings"].clone();
    limits["size"] = json!(0);
    let id = added["id"].clone();
    stage.call("connection.update", json!({ "id": id, "pool": limits })).await;
    health(&stage).await;
    let own = pool(&stage).await;
    assert_eq!(
        (&own["settings"]["size"], &own["idle"], &own["opened"]),
        (&json!(0), &json!(0), &json!(1)),
        "{own}"
    );
    limits["wait_seconds"] = json!(0);
    let refused = stage.refused("connection.update", json!({ "id": id, "pool": limits })).await;
    assert_eq!(refused, holdfast_contract::ErrorCode::BadRequest);
    stage.call("connection.update", json!({ "id": id, "default_pool": true })).await;
    assert_eq!(pool(&stage).await["settings"], stage.call("settings.get", json!({})).await["pool"]);
}
