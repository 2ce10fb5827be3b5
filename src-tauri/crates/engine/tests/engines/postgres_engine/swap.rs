//! Databases change places.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use holdfast_contract::ErrorCode;
use holdfast_engine::SwapState;

use super::memory::work;
use super::server::{self, Server};
use super::{code, value};

#[tokio::test]
async fn databases_change_places_and_back_while_people_are_connected() {
    let server = Server::shared();
    for (name, content) in [("live \"db", "old"), ("staged", "new")] {
        server.create_database(name).await;
        server.run(name, &format!("CREATE TABLE t AS SELECT '{content}' AS v")).await;
    }
    let engine = server.engine("live \"db");
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
        seen = engine.sessions().unwrap().sessions_from_elsewhere().await.unwrap();
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
