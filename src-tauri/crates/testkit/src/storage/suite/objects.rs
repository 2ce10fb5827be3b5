//! One object, one reader, one writer.

use std::time::Duration;

use bytes::Bytes;
use holdfast_vault::storage::{Put, Storage};

use super::{get, list, noise, path, put};

pub async fn what_was_put_is_there_for_everybody(one: &dyn Storage, other: &dyn Storage) {
    for (name, length) in [("marks/empty", 0), ("marks/byte", 1), ("marks/some", 70_000)] {
        let bytes = noise(length, 1);
        assert_eq!(put(one, name, bytes.clone()).await, Put::Created, "{name}");
        for storage in [one, other] {
            assert_eq!(get(storage, name).await.as_ref(), Some(&bytes), "{name} reads back");
        }
    }
}

pub async fn what_is_not_there_is_none(storage: &dyn Storage) {
    for name in ["index/nothing", "nowhere/at/all", "marks/byt", "marks/bytes"] {
        assert_eq!(get(storage, name).await, None, "{name}");
        assert_eq!(storage.get_range(&path(name), 0..10).await.expect("a get"), None, "{name}");
    }
}

pub async fn what_is_there_stays_as_it_is(one: &dyn Storage, other: &dyn Storage) {
    assert_eq!(put(one, "slots/first", "first").await, Put::Created);
    for storage in [one, other] {
        for late in ["second, and longer", "", "first"] {
            assert_eq!(put(storage, "slots/first", late).await, Put::Exists, "{late:?}");
            assert_eq!(get(storage, "slots/first").await.as_deref(), Some(&b"first"[..]));
        }
    }
    assert_eq!(list(one, "slots").await, [("slots/first".to_owned(), 5)]);
}

pub async fn ranges_at_their_edges(storage: &dyn Storage) {
    let bytes = noise(10_000, 2);
    put(storage, "packs/ab/ranges", bytes.clone()).await;
    let length = 10_000;
    for range in [
        0..0,
        0..1,
        0..length,
        1..length,
        5_000..5_001,
        length - 1..length,
        0..length + 1,
        length - 1..length + 1,
        length..length,
        length..length + 1,
        length + 5..length + 9,
        0..u64::MAX,
        u64::MAX - 1..u64::MAX,
    ] {
        let read = storage.get_range(&path("packs/ab/ranges"), range.clone()).await.expect("a range");
        let (start, end) = (range.start.min(length) as usize, range.end.min(length) as usize);
        assert_eq!(read, Some(bytes.slice(start..end)), "{range:?}");
    }
    put(storage, "packs/ab/nothing", Bytes::new()).await;
    let read = storage.get_range(&path("packs/ab/nothing"), 0..5).await.expect("a range");
    assert_eq!(read, Some(Bytes::new()), "a range of an empty object");
}

pub async fn deleting_is_idempotent(one: &dyn Storage, other: &dyn Storage) {
    let name = path("tombstones/gone");
    one.delete(&name).await.expect("deleting what never was");
    put(one, "tombstones/gone", "before").await;
    other.delete(&name).await.expect("a deletion");
    one.delete(&name).await.expect("deleting what is gone");
    for storage in [one, other] {
        assert_eq!(get(storage, "tombstones/gone").await, None);
        assert_eq!(list(storage, "tombstones").await, []);
    }
    assert_eq!(put(one, "tombstones/gone", "after").await, Put::Created, "the name is free again");
    assert_eq!(get(other, "tombstones/gone").await.as_deref(), Some(&b"after"[..]));
}

pub async fn lists_are_complete(one: &dyn Storage, other: &dyn Storage) {
    assert_eq!(list(one, "manifests").await, [], "a folder that nothing was put into");
    let mut expected = Vec::new();
    for number in 0..300u64 {
        let name = format!("manifests/{number:04}");
        put(if number % 2 == 0 { one } else { other }, &name, noise(number as usize, number)).await;
        expected.push((name, number));
    }
    // Begins alike, and is not below.
    put(one, "manifests-2/other", "x").await;
    put(one, "manifest", "x").await;
    for storage in [one, other] {
        assert_eq!(list(storage, "manifests").await, expected);
    }
    for number in (0..300).step_by(3) {
        one.delete(&path(&format!("manifests/{number:04}"))).await.expect("a deletion");
    }
    expected.retain(|(_, number)| number % 3 != 0);
    assert_eq!(list(other, "manifests").await, expected);
    put(one, "packs/00/deep", "1").await;
    put(one, "packs/ff/deep", "22").await;
    let packs = list(one, "packs").await;
    assert!(
        packs.contains(&("packs/00/deep".to_owned(), 1)) && packs.contains(&("packs/ff/deep".to_owned(), 2))
    );
    assert_eq!(list(one, "packs/ff").await, [("packs/ff/deep".to_owned(), 2)]);
}

pub async fn odd_names_are_names(storage: &dyn Storage) {
    let long = "0".repeat(200);
    let names = ["odd/a..b", "odd/a.", "odd/-", "odd/_", "odd/0", "odd/x.json.tmp", "odd/a/b/c"];
    let names = names.map(str::to_owned).into_iter().chain([format!("odd/{long}")]);
    let mut expected: Vec<(String, u64)> = Vec::new();
    for name in names {
        assert_eq!(put(storage, &name, name.clone()).await, Put::Created, "{name}");
        assert_eq!(get(storage, &name).await.as_deref(), Some(name.as_bytes()), "{name}");
        expected.push((name.clone(), name.len() as u64));
    }
    expected.sort();
    assert_eq!(list(storage, "odd").await, expected);
}

/// The largest pack of the format.
pub async fn large_objects(storage: &dyn Storage) {
    let bytes = noise(64 << 20, 3);
    assert_eq!(put(storage, "packs/cd/large", bytes.clone()).await, Put::Created);
    assert!(get(storage, "packs/cd/large").await.as_ref() == Some(&bytes), "a large object reads back");
    let middle = (40 << 20)..(40 << 20) + 4097;
    let read = storage.get_range(&path("packs/cd/large"), middle.clone()).await.expect("a range");
    assert!(
        read == Some(bytes.slice(middle.start as usize..middle.end as usize)),
        "a range of a large object"
    );
    assert_eq!(list(storage, "packs/cd").await, [("packs/cd/large".to_owned(), 64 << 20)]);
    storage.delete(&path("packs/cd/large")).await.expect("a deletion");
}

pub async fn stamps_tell_changes(one: &dyn Storage, other: &dyn Storage) {
    // Longer than a file system's clock takes to tick.
    let tick = || tokio::time::sleep(Duration::from_millis(50));
    put(one, "records/first", "1").await;
    tick().await;
    let records = path("records");
    let stamp = async || one.stamp(&records).await.expect("a stamp");
    let before = stamp().await;
    if before.is_none() {
        return;
    }
    list(one, "records").await;
    get(one, "records/first").await;
    put(one, "records/first", "already there").await;
    put(one, "marks/elsewhere", "1").await;
    tick().await;
    let same = stamp().await;
    // Trying to create what exists may count as a change, but looking may not.
    put(other, "records/second", "2").await;
    tick().await;
    let added = stamp().await;
    assert_ne!(same, added, "an object was added");
    assert_eq!(added, stamp().await, "looking changes nothing");
    other.delete(&path("records/second")).await.expect("a deletion");
    assert_ne!(added, stamp().await, "an object was removed");
}
