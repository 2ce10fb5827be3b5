//! Who may hold which lock beside whom, and what becomes of it when its holder dies or loses it.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use futures::future::join_all;
use holdfast_vault::VaultError;
use holdfast_vault::storage::{Attempt, Holder, Lock, LockKind, LockName, LockRequest, Storage};
use tokio::time::Instant;

use super::Place;

use LockKind::{Exclusive, Shared};

async fn attempt(storage: &dyn Storage, name: LockName, kind: LockKind) -> Attempt {
    static COUNT: AtomicU64 = AtomicU64::new(0);
    let number = COUNT.fetch_add(1, Ordering::Relaxed);
    let holder = Holder { token: format!("{number:032x}"), name: format!("holder {number}"), since_ms: 1 };
    storage.lock(&LockRequest { name, kind, holder }).await.expect("an attempt at a lock")
}

async fn held(storage: &dyn Storage, name: LockName, kind: LockKind) -> Box<dyn Lock> {
    match attempt(storage, name, kind).await {
        Attempt::Held(lock) => lock,
        Attempt::Refused { by } => panic!("{name:?} {kind:?} is refused; held by {by:?}"),
    }
}

async fn refused(storage: &dyn Storage, name: LockName, kind: LockKind) -> Option<Holder> {
    match attempt(storage, name, kind).await {
        Attempt::Held(_) => panic!("{name:?} {kind:?} is given beside a lock that excludes it"),
        Attempt::Refused { by } => by,
    }
}

pub async fn shared_go_together_and_exclusive_alone(place: &Place) {
    let (one, other) = (&*place.one, &*place.other);
    let store = LockName::Store;
    let first = held(one, store, Shared).await;
    let second = held(other, store, Shared).await;
    let third = held(one, store, Shared).await;
    for storage in [one, other] {
        refused(storage, store, Exclusive).await;
    }
    first.release().await.expect("a release");
    third.release().await.expect("a release");
    let by = refused(one, store, Exclusive).await;
    if let Some(by) = by {
        assert!(
            by.name.starts_with("holder ") && by.since_ms == 1,
            "who holds it is told as it was said: {by:?}"
        );
    }
    second.release().await.expect("a release");
    second.release().await.expect("a second release does nothing");

    let alone = held(other, store, Exclusive).await;
    for storage in [one, other] {
        refused(storage, store, Shared).await;
        refused(storage, store, Exclusive).await;
    }
    let commit = held(one, LockName::Commit, Exclusive).await;
    alone.refresh().await.expect("it is still held");
    alone.release().await.expect("a release");
    let again = held(one, store, Exclusive).await;
    commit.refresh().await.expect("another lock is not touched");
    drop((commit, again));
}

pub async fn one_of_many_gets_it(place: &Place) {
    let askers = (0..16).map(|number| {
        let storage = Arc::clone(if number % 2 == 0 { &place.one } else { &place.other });
        tokio::spawn(async move { attempt(&*storage, LockName::Commit, Exclusive).await })
    });
    let attempts: Vec<Attempt> =
        join_all(askers).await.into_iter().map(|attempt| attempt.expect("an asker")).collect();
    let held = attempts.iter().filter(|attempt| matches!(attempt, Attempt::Held(_))).count();
    assert_eq!(held, 1, "an exclusive lock has one holder: {attempts:?}");
}

pub async fn a_dead_holder_does_not_hold_for_ever(place: &Place) {
    for kind in [Shared, Exclusive] {
        let lock = held(&*place.one, LockName::Store, kind).await;
        let term = lock.term().unwrap_or_default();
        // What the death of its process is.
        drop(lock);
        let given_up = Instant::now() + term + Duration::from_secs(2);
        let next = loop {
            match attempt(&*place.other, LockName::Store, Exclusive).await {
                Attempt::Held(lock) => break lock,
                Attempt::Refused { .. } if Instant::now() < given_up => {
                    tokio::time::sleep(Duration::from_millis(5)).await;
                }
                Attempt::Refused { by } => panic!("a dead holder keeps its lock: {by:?}"),
            }
        };
        next.release().await.expect("a release");
    }
}

pub async fn a_lost_lock_is_noticed_and_never_comes_back(place: &Place) {
    let lock = held(&*place.one, LockName::Store, Exclusive).await;
    lock.refresh().await.expect("it is held");
    (place.lose_locks)();
    let next = held(&*place.other, LockName::Store, Exclusive).await;
    for _ in 0..2 {
        let lost = lock.refresh().await;
        assert!(matches!(lost, Err(VaultError::LockLost { .. })), "{lost:?}");
    }
    // Giving up what is lost takes nothing from whoever has it now.
    lock.release().await.expect("a release of what is lost");
    drop(lock);
    next.refresh().await.expect("the next holder still has it");
    refused(&*place.one, LockName::Store, Shared).await;
}

pub async fn a_refreshed_lock_outlives_its_term(place: &Place) {
    let lock = held(&*place.one, LockName::Store, Exclusive).await;
    let Some(term) = lock.term() else { return };
    let end = Instant::now() + term * 2;
    while Instant::now() < end {
        tokio::time::sleep(term / 8).await;
        lock.refresh().await.expect("a lease that is refreshed in time");
        refused(&*place.other, LockName::Store, Shared).await;
    }
}
