//! What is wrapped around a storage keeps the contract of storages itself, and does what it is there for.
#![allow(clippy::unwrap_used)]

use std::num::NonZeroU64;
use std::sync::Arc;
use std::time::{Duration, Instant};

use bytes::Bytes;
use holdfast_testkit::storage::{Call, Fault, Faulty, Memory, Place, suite};
use holdfast_vault::VaultError;
use holdfast_vault::storage::*;
use sha2::{Digest, Sha256};

const RETRY: RetryPolicy = RetryPolicy {
    attempts: 3,
    first_pause: Duration::from_millis(1),
    longest_pause: Duration::from_millis(2),
};
const LIMIT: LimitPolicy = LimitPolicy { operations: 3, bytes_per_second: NonZeroU64::new(4 << 30) };
const CACHE: CachePolicy = CachePolicy {
    objects: &["index", "manifests", "records"],
    bytes: 64 << 10,
    lists: &["manifests", "records", "tombstones"],
    settle: Duration::ZERO,
};

fn place(wrap: impl Fn(Arc<dyn Storage>) -> Arc<dyn Storage>) -> Place {
    let memory = Memory::with_term(Duration::from_millis(300));
    let lapsing = memory.clone();
    Place {
        one: wrap(Arc::new(memory.clone())),
        other: wrap(Arc::new(memory)),
        lose_locks: Box::new(move || lapsing.lapse()),
        alive: Box::new(()),
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn each_wrapper_keeps_the_contract() {
    suite(|| place(|inner| Arc::new(Retry::new(inner, RETRY)))).await;
    suite(|| place(|inner| Arc::new(Limit::new(inner, LIMIT)))).await;
    suite(|| place(|inner| Arc::new(Cache::new(inner, CACHE)))).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_wrappers_together_keep_it_before_a_storage_that_fails_now_and_then() {
    let retry = RetryPolicy { attempts: 8, ..RETRY };
    let wrapping = Wrapping { limit: Some(LIMIT), retry: Some(retry), cache: Some(CACHE) };
    suite(|| {
        place(|inner| {
            let faulty = Faulty::new(inner);
            for call in [Call::Put, Call::Get, Call::GetRange, Call::List, Call::Delete] {
                faulty.fail(call, [Fault::Fails(away()), Fault::AnswerLost(away())]);
            }
            compose(faulty, wrapping).cached()
        })
    })
    .await;
}

fn away() -> VaultError {
    VaultError::StorageUnavailable { native: "away for a moment".to_owned(), transient: true }
}

fn broken() -> VaultError {
    VaultError::StorageUnavailable { native: "broken".to_owned(), transient: false }
}

fn path(name: &str) -> ObjectPath {
    ObjectPath::new(name).unwrap()
}

fn faulty() -> (Memory, Arc<Faulty>) {
    let memory = Memory::default();
    let faulty = Faulty::new(Arc::new(memory.clone()));
    (memory, faulty)
}

/// An object whose name is what it holds.
fn named(folder: &str, bytes: &[u8]) -> ObjectPath {
    let sha: String = Sha256::digest(bytes).iter().map(|byte| format!("{byte:02x}")).collect();
    path(&format!("{folder}/{sha}"))
}

#[tokio::test]
async fn only_what_passes_is_tried_again_and_not_for_ever() {
    let (memory, faulty) = faulty();
    memory.tamper("a/b", "content");
    let retry = Retry::new(faulty.clone(), RETRY);
    faulty.fail(Call::Get, [Fault::Fails(away()), Fault::AnswerLost(away())]);
    assert_eq!(retry.get(&path("a/b")).await.unwrap().as_deref(), Some(&b"content"[..]));
    assert_eq!(faulty.calls(Call::Get), 3);

    faulty.fail(Call::List, vec![Fault::Fails(away()); 5]);
    let error = retry.list(&path("a")).await.unwrap_err();
    assert!(error.is_transient(), "the last error is told: {error:?}");
    assert_eq!(faulty.calls(Call::List), u64::from(RETRY.attempts));

    for error in [broken(), VaultError::StorageFull { native: String::new() }] {
        faulty.count_anew();
        faulty.fail(Call::Delete, [Fault::Fails(error)]);
        retry.delete(&path("a/b")).await.unwrap_err();
        assert_eq!(faulty.calls(Call::Delete), 1, "it would fail again");
    }
    let holder = Holder { token: "0".repeat(32), name: "me".to_owned(), since_ms: 0 };
    let wanted = LockRequest { name: LockName::Commit, kind: LockKind::Exclusive, holder };
    faulty.fail(Call::Lock, [Fault::AnswerLost(away())]);
    retry.lock(&wanted).await.unwrap_err();
    assert_eq!(faulty.calls(Call::Lock), 1, "whether a lock was taken is not known");
}

#[tokio::test]
async fn a_put_whose_answer_was_lost_is_settled_by_looking() {
    let name = path("slots/one");
    // What the first attempt does, what was there before, what is put: what must come of it, after how many puts.
    let cases = [
        (Fault::AnswerLost(away()), None, Put::Created, 1),
        (Fault::Fails(away()), None, Put::Created, 2),
        (Fault::Fails(away()), Some("theirs"), Put::Exists, 1),
        (Fault::AnswerLost(away()), Some("theirs"), Put::Exists, 1),
        // Nobody can tell whose it is, and it is what was wanted.
        (Fault::AnswerLost(away()), Some("ours"), Put::Created, 1),
    ];
    for (fault, before, expected, puts) in cases {
        let (memory, faulty) = faulty();
        if let Some(before) = before {
            memory.tamper("slots/one", before);
        }
        faulty.fail(Call::Put, [fault.clone()]);
        let put = Retry::new(faulty.clone(), RETRY).put(&name, Bytes::from_static(b"ours")).await.unwrap();
        assert_eq!((put, faulty.calls(Call::Put)), (expected, puts), "{fault:?} over {before:?}");
        let there = memory.objects().remove(0).1;
        assert_eq!(there, before.unwrap_or("ours"), "nothing is written over");
    }
    // The look fails too: it counts as an attempt, and nothing is made up.
    let (memory, faulty) = faulty();
    faulty.fail(Call::Put, [Fault::Fails(away())]);
    faulty.fail(Call::Get, vec![Fault::Fails(away()); 5]);
    let error = Retry::new(faulty.clone(), RETRY).put(&name, Bytes::from_static(b"ours")).await.unwrap_err();
    assert!(error.is_transient() && memory.objects().is_empty());
    assert_eq!((faulty.calls(Call::Put), faulty.calls(Call::Get)), (1, 2));
}

#[tokio::test]
async fn a_retry_that_is_dropped_stops() {
    let (_, faulty) = faulty();
    faulty.fail(Call::Get, vec![Fault::Fails(away()); 100]);
    let patient = RetryPolicy { attempts: 100, first_pause: Duration::from_millis(5), ..RETRY };
    let retry = Retry::new(faulty.clone(), patient);
    let (name, given_up) = (path("a/b"), Duration::from_millis(12));
    assert!(tokio::time::timeout(given_up, retry.get(&name)).await.is_err());
    let calls = faulty.calls(Call::Get);
    tokio::time::sleep(Duration::from_millis(20)).await;
    assert_eq!(faulty.calls(Call::Get), calls, "nobody asks any more");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_limit_holds_back_bytes_and_operations() {
    let memory = Memory::default();
    let rate = NonZeroU64::new(1_000_000);
    let limit =
        Arc::new(Limit::new(Arc::new(memory.clone()), LimitPolicy { operations: 8, bytes_per_second: rate }));
    let start = Instant::now();
    let writers = (0..4).map(|number| {
        let limit = limit.clone();
        let name = path(&format!("packs/{number}"));
        tokio::spawn(async move { limit.put(&name, vec![0; 30_000].into()).await.unwrap() })
    });
    for writer in writers.collect::<Vec<_>>() {
        writer.await.unwrap();
    }
    assert!(start.elapsed() >= Duration::from_millis(118), "120 kB at 1 MB/s: {:?}", start.elapsed());
    let start = Instant::now();
    limit.get(&path("packs/0")).await.unwrap();
    limit.get_range(&path("packs/1"), 0..30_000).await.unwrap();
    assert!(start.elapsed() >= Duration::from_millis(58), "reading counts too: {:?}", start.elapsed());

    // One at a time: while a large put waits for its bytes, nothing else is begun, but locks are.
    let one = LimitPolicy { operations: 1, bytes_per_second: rate };
    let faulty = Faulty::new(Arc::new(memory));
    let limit = Arc::new(Limit::new(faulty.clone(), one));
    let (slow, name) = (limit.clone(), path("packs/slow"));
    let putting = tokio::spawn(async move { slow.put(&name, vec![0; 300_000].into()).await });
    tokio::time::sleep(Duration::from_millis(30)).await;
    let waited = tokio::time::timeout(Duration::from_millis(50), limit.get(&path("packs/0"))).await;
    assert!(waited.is_err() && faulty.calls(Call::Get) == 0, "an operation more than allowed");
    limit.stamp(&path("packs")).await.unwrap();
    putting.abort();
    drop(putting.await);
    limit.get(&path("packs/0")).await.unwrap().unwrap();
}

#[tokio::test]
async fn a_cache_reads_once_keeps_only_what_is_right_and_stays_within_its_bounds() {
    let (memory, faulty) = faulty();
    let cache = Cache::new(faulty.clone(), CACHE);
    let bytes = Bytes::from_static(b"an immutable object");
    let name = named("manifests", &bytes);
    cache.put(&name, bytes.clone()).await.unwrap();
    for _ in 0..3 {
        assert_eq!(cache.get(&name).await.unwrap().as_ref(), Some(&bytes));
        assert_eq!(cache.get_range(&name, 3..12).await.unwrap().as_deref(), Some(&b"immutable"[..]));
        assert_eq!(cache.get_range(&name, 30..40).await.unwrap().as_deref(), Some(&b""[..]));
    }
    // What was put is read back once before it is relied on.
    assert_eq!((faulty.calls(Call::Get), faulty.calls(Call::GetRange)), (1, 0));
    cache.delete(&name).await.unwrap();
    assert_eq!(cache.get(&name).await.unwrap(), None, "deleted is deleted");

    // Damaged: handed on for the vault to judge, never kept.
    memory.tamper(name.as_str(), "something else");
    assert_eq!(cache.get(&name).await.unwrap().as_deref(), Some(&b"something else"[..]));
    memory.tamper(name.as_str(), bytes.clone());
    assert_eq!(cache.get(&name).await.unwrap(), Some(bytes.clone()), "repaired");

    for folder in ["slots", "packs/ab"] {
        let name = named(folder, &bytes);
        memory.tamper(name.as_str(), bytes.clone());
        cache.get(&name).await.unwrap();
        memory.lose(name.as_str());
        assert_eq!(cache.get(&name).await.unwrap(), None, "{folder} is not cached");
    }

    // A quarter of the room is 16 KiB: five do not fit, and the one that was not used goes.
    let objects: Vec<Bytes> = (0..5u8).map(|number| vec![number; 16 << 10].into()).collect();
    for object in &objects[..4] {
        memory.tamper(named("index", object).as_str(), object.clone());
        cache.get(&named("index", object)).await.unwrap();
    }
    cache.get(&named("index", &objects[0])).await.unwrap();
    memory.tamper(named("index", &objects[4]).as_str(), objects[4].clone());
    cache.get(&named("index", &objects[4])).await.unwrap();
    faulty.count_anew();
    for at in [0, 2, 3, 4] {
        cache.get(&named("index", &objects[at])).await.unwrap();
    }
    assert_eq!(faulty.calls(Call::Get), 0, "those used last are kept");
    cache.get(&named("index", &objects[1])).await.unwrap();
    assert_eq!(faulty.calls(Call::Get), 1);
    let large: Bytes = vec![9; (16 << 10) + 1].into();
    memory.tamper(named("index", &large).as_str(), large.clone());
    for _ in 0..2 {
        cache.get(&named("index", &large)).await.unwrap();
    }
    assert_eq!(faulty.calls(Call::Get), 3, "one large object does not push out the others");
}

#[tokio::test]
async fn a_list_is_kept_while_its_folder_says_that_it_has_not_changed() {
    let (memory, faulty) = faulty();
    let settle = Duration::from_millis(40);
    let cache = Cache::new(faulty.clone(), CachePolicy { settle, ..CACHE });
    let records = path("records");
    memory.tamper("records/1", "x");
    let names = async || {
        let listed = cache.list(&records).await.unwrap();
        listed.iter().map(|listed| listed.path.to_string()).collect::<Vec<_>>()
    };
    // A stamp that was just seen may hide a change of the same moment.
    for _ in 0..2 {
        assert_eq!(names().await, ["records/1"]);
    }
    assert_eq!(faulty.calls(Call::List), 2);
    tokio::time::sleep(settle).await;
    for _ in 0..5 {
        assert_eq!(names().await, ["records/1"]);
    }
    assert_eq!(faulty.calls(Call::List), 3, "the first list after it has settled is the last");
    // Changed by somebody else.
    memory.tamper("records/2", "x");
    assert_eq!(names().await, ["records/1", "records/2"]);
    memory.lose("records/1");
    assert_eq!(names().await, ["records/2"]);
    assert_eq!(faulty.calls(Call::List), 5);
    // A folder with folders in it has no such stamp.
    memory.tamper("packs/ab/1", "x");
    for _ in 0..2 {
        cache.list(&path("packs")).await.unwrap();
    }
    assert_eq!(faulty.calls(Call::List), 7);
}
