//! The storage of the tests keeps the contract of storages, with leases as an object store would have them.

use std::sync::Arc;
use std::time::Duration;

use holdfast_testkit::storage::{Memory, Place, suite};

fn place() -> Place {
    let memory = Memory::with_term(Duration::from_millis(400));
    let lapsing = memory.clone();
    Place {
        one: Arc::new(memory.clone()),
        other: Arc::new(memory),
        lose_locks: Box::new(move || lapsing.lapse()),
        alive: Box::new(()),
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn memory_keeps_the_contract() {
    suite(place).await;
}
