//! Many at once, and cut off in the middle: everybody sees a whole object or none.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use futures::future::join_all;
use holdfast_vault::storage::{Put, Storage};

use super::{get, list, noise, path, put};

const WRITERS: u64 = 12;

pub async fn one_of_many_writers_wins(one: &Arc<dyn Storage>, other: &Arc<dyn Storage>) {
    for round in 0..6u64 {
        let name = format!("sequences/{round}");
        let writers = (0..WRITERS).map(|writer| {
            let storage = Arc::clone(if writer % 2 == 0 { one } else { other });
            let name = path(&name);
            tokio::spawn(async move { storage.put(&name, noise(30_000, writer)).await.expect("a put") })
        });
        let outcomes: Vec<Put> =
            join_all(writers).await.into_iter().map(|outcome| outcome.expect("a writer")).collect();
        let winners: Vec<u64> = outcomes
            .iter()
            .zip(0..)
            .filter(|(outcome, _)| **outcome == Put::Created)
            .map(|(_, writer)| writer)
            .collect();
        assert_eq!(winners.len(), 1, "exactly one creates the object: {outcomes:?}");
        assert!(
            get(&**other, &name).await == Some(noise(30_000, winners[0])),
            "and it is the one that stays"
        );
    }
}

pub async fn many_writers_of_many_objects(one: &Arc<dyn Storage>, other: &Arc<dyn Storage>) {
    let writers = (0..WRITERS).map(|writer| {
        let storage = Arc::clone(if writer % 2 == 0 { one } else { other });
        tokio::spawn(async move {
            for number in 0..10 {
                put(&*storage, &format!("index/{writer:02}-{number:02}"), noise(5_000, writer * 10 + number))
                    .await;
            }
        })
    });
    for writer in join_all(writers).await {
        writer.expect("a writer");
    }
    let listed = list(&**one, "index").await;
    assert_eq!(listed.len(), 10 * WRITERS as usize);
    assert!(listed.iter().all(|(_, size)| *size == 5_000));
    for writer in 0..WRITERS {
        let name = format!("index/{writer:02}-03");
        assert!(get(&**other, &name).await == Some(noise(5_000, writer * 10 + 3)), "{name}");
    }
}

pub async fn interrupted_puts_leave_a_whole_or_nothing(one: &Arc<dyn Storage>, other: &Arc<dyn Storage>) {
    let bytes = noise(6 << 20, 4);
    for number in 0..16u64 {
        let name = format!("packs/ee/{number:02}");
        let (storage, at, content) = (Arc::clone(one), path(&name), bytes.clone());
        let writing = tokio::spawn(async move { storage.put(&at, content).await });
        // At other moments each time: before it has begun, while it writes, after.
        let deadline = tokio::time::Instant::now() + Duration::from_micros(700 * number);
        while tokio::time::Instant::now() < deadline {
            whole_or_nothing(&**other, &name, &bytes).await;
        }
        writing.abort();
        drop(writing.await);
        for _ in 0..3 {
            whole_or_nothing(&**other, &name, &bytes).await;
        }
        // Whether it arrived or not, the same put settles it.
        put(&**one, &name, bytes.clone()).await;
        assert!(get(&**other, &name).await.as_ref() == Some(&bytes), "{name} is whole in the end");
        one.delete(&path(&name)).await.expect("a deletion");
    }
}

async fn whole_or_nothing(storage: &dyn Storage, name: &str, bytes: &Bytes) {
    for (listed, size) in list(storage, "packs/ee").await {
        assert_eq!(size, bytes.len() as u64, "{listed} is listed with a part of it");
    }
    let end = bytes.len() as u64;
    let tail = storage.get_range(&path(name), end - 8..end).await.expect("a range");
    assert!(tail.is_none_or(|tail| tail == bytes[bytes.len() - 8..]), "{name} is there with a part of it");
}

pub async fn sweeping_removes_no_object(storage: &dyn Storage) {
    put(storage, "swept/kept", "x").await;
    storage.sweep_unfinished(|_| true).await.expect("a sweep");
    assert_eq!(get(storage, "swept/kept").await.as_deref(), Some(&b"x"[..]));
}
