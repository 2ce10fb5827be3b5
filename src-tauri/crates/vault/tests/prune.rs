//! Space is given back, and never anything that a backup needs: in any order, at any time, cut off anywhere.
#![allow(clippy::unwrap_used)]

mod kit;

use std::collections::HashMap;
use std::sync::Arc;

use bytes::Bytes;
use holdfast_contract::BackupId;
use holdfast_testkit::storage::{Faulty, Memory};
use holdfast_vault::storage::{Attempt, Holder, LockKind, LockName, LockRequest, Storage};
use holdfast_vault::*;
use kit::*;
use tokio_util::sync::CancellationToken;

const PAGE: usize = 32 << 10;

/// Pages by number, so that backups share what they have in common.
fn pages(numbers: impl IntoIterator<Item = u64>) -> Vec<u8> {
    numbers.into_iter().flat_map(|number| noise(PAGE, number)).collect()
}

async fn pages_backup(vault: &Vault, data: &[u8], now_ms: i64) -> Result<ManifestHead> {
    try_backup(vault, &[("pages", Unit::Fixed(4096), data)], now_ms).await
}

async fn packs(vault: &Vault) -> u64 {
    vault.status().await.unwrap().packs
}

#[tokio::test(flavor = "multi_thread")]
async fn after_the_grace_period_and_not_before() {
    let vault = vault(fresh()).await;
    let gone = pages_backup(&vault, &pages(0..10), 1).await.unwrap();
    let kept = pages_backup(&vault, &pages(20..30), 2).await.unwrap();
    vault.delete(&gone.id, 3).await.unwrap();
    let plan = vault.prune_plan(3 * DAY, DAY).await.unwrap();
    assert_eq!((plan.packs_total, plan.waiting.len(), plan.removable.len()), (2, 1, 0));
    let result = prune(&vault, 3 * DAY, DAY).await.unwrap();
    assert_eq!((result.packs_marked, result.packs_removed), (1, 0));
    assert_eq!(prune(&vault, 3 * DAY, 4 * DAY - 1).await.unwrap(), PruneResult::default());
    let plan = vault.prune_plan(3 * DAY, 4 * DAY).await.unwrap();
    assert_eq!(plan.removable.len(), 1);
    let before = vault.status().await.unwrap().stored_bytes;
    let result = vault.prune(&plan, 4 * DAY, &CancellationToken::new()).await.unwrap();
    assert_eq!((result.packs_removed, result.freed_bytes), (1, plan.frees_bytes));
    assert!(vault.status().await.unwrap().stored_bytes < before - 10 * PAGE as u64);
    assert_eq!(contents(&vault, &kept.id).await.unwrap(), vec![pages(20..30)]);
    assert_eq!(check(&vault, CheckLevel::Decoded).await.problems, vec![]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_clock_that_jumped_does_not_shorten_the_grace() {
    let vault = vault(fresh()).await;
    let gone = pages_backup(&vault, &pages(0..4), 1).await.unwrap();
    vault.delete(&gone.id, 2).await.unwrap();
    // Marked ten years ahead; then the clock is right again.
    prune(&vault, DAY, 3650 * DAY).await.unwrap();
    assert_eq!(prune(&vault, DAY, 10 * DAY).await.unwrap().packs_marked, 1, "marked anew");
    assert_eq!(prune(&vault, DAY, 11 * DAY - 1).await.unwrap().packs_removed, 0);
    assert_eq!(prune(&vault, DAY, 11 * DAY).await.unwrap().packs_removed, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn half_dead_packs_are_rewritten() {
    let vault = vault(fresh()).await;
    let whole = pages_backup(&vault, &pages(0..20), 1).await.unwrap();
    let part = pages_backup(&vault, &pages(3..6), 2).await.unwrap();
    assert_eq!(part.stored_bytes, 0);
    vault.delete(&whole.id, 3).await.unwrap();
    let plan = vault.prune_plan(0, 4).await.unwrap();
    assert_eq!((plan.removable.len(), plan.rewrite.len()), (0, 1));
    let result = vault.prune(&plan, 4, &CancellationToken::new()).await.unwrap();
    assert_eq!(result.packs_rewritten, 1);
    assert!(result.freed_bytes >= 16 * PAGE as u64, "{result:?}");
    assert!(vault.status().await.unwrap().stored_bytes < 5 * PAGE as u64);
    assert_eq!(contents(&vault, &part.id).await.unwrap(), vec![pages(3..6)]);
    assert_eq!(check(&vault, CheckLevel::Decoded).await.problems, vec![]);
    assert_eq!(prune(&vault, 0, 5).await.unwrap(), PruneResult::default());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_writer_at_work_keeps_what_it_may_refer_to() {
    let vault = vault(fresh()).await;
    let first = pages_backup(&vault, &pages(0..8), 1).await.unwrap();
    vault.delete(&first.id, 2).await.unwrap();
    // Begun before the mark: it refers to the dead pack's chunks.
    let writer = vault.begin(WriteOptions::default()).await.unwrap();
    let mut stream = writer.stream("pages", Unit::Fixed(4096)).await.unwrap();
    stream.write(Bytes::from(pages(0..8))).await.unwrap();
    let plan = vault.prune_plan(0, 3).await.unwrap();
    assert_eq!(plan.removable.len(), 1);
    let busy = vault.prune(&plan, 3, &CancellationToken::new()).await.unwrap_err();
    assert!(matches!(busy, VaultError::Busy { .. }) && busy.into_api().retry);
    stream.finish().await.unwrap();
    let head = writer.commit(serde_json::Value::Null, serde_json::Value::Null, 4).await.unwrap();
    assert_eq!(head.stored_bytes, 0);
    // The plan of before is worth nothing now.
    assert_eq!(vault.prune(&plan, 5, &CancellationToken::new()).await.unwrap().packs_removed, 0);
    assert_eq!(contents(&vault, &head.id).await.unwrap(), vec![pages(0..8)]);

    // Begun after the mark: it stores the chunks again, and the marked pack goes.
    vault.delete(&head.id, 6).await.unwrap();
    prune(&vault, DAY, 7).await.unwrap();
    let again = pages_backup(&vault, &pages(0..8), 8).await.unwrap();
    assert!(again.stored_bytes > 8 * PAGE as u64);
    assert_eq!(packs(&vault).await, 2);
    prune(&vault, 0, 9).await.unwrap();
    assert_eq!(packs(&vault).await, 1);
    assert_eq!(contents(&vault, &again.id).await.unwrap(), vec![pages(0..8)]);

    // A reader keeps the sweep away too.
    vault.delete(&again.id, 10).await.unwrap_or(());
    let kept = pages_backup(&vault, &pages(40..44), 11).await.unwrap();
    let entry = vault.manifest(&kept.id).await.unwrap().streams[0].clone();
    let mut reading = vault.read(&entry);
    futures::StreamExt::next(&mut reading).await.unwrap().unwrap();
    assert!(matches!(prune(&vault, 0, 12).await, Err(VaultError::Busy { .. })));
    drop(reading);
    prune(&vault, 0, 12).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn an_abandoned_backup_leaves_only_what_a_prune_removes() {
    let memory = Memory::default();
    let vault = vault(over(&memory)).await;
    let writer = vault.begin(WriteOptions { workers: 1, ..WriteOptions::default() }).await.unwrap();
    let mut stream = writer.stream("noise", Unit::Fixed(4096)).await.unwrap();
    stream.write(Bytes::from(noise(40 << 20, 1))).await.unwrap();
    stream.finish().await.unwrap();
    drop(writer);
    // Packs on their way hold the lock until they have arrived.
    let holder = Holder { token: "0".repeat(32), name: "the test".to_owned(), since_ms: 0 };
    let alone = LockRequest { name: LockName::Store, kind: LockKind::Exclusive, holder };
    loop {
        match memory.lock(&alone).await.unwrap() {
            Attempt::Held(lock) => break lock.release().await.unwrap(),
            Attempt::Refused { .. } => tokio::task::yield_now().await,
        }
    }
    let cleared = prune(&vault, 0, 10).await.unwrap();
    assert!(cleared.packs_removed >= 1, "{cleared:?}");
    assert_eq!(packs(&vault).await, 0);
}

/// Every sequence of steps ends with all backups whole. The steps come from a seed, so a failure can be repeated.
#[tokio::test(flavor = "multi_thread")]
async fn backups_deletions_and_prunes_in_any_order_lose_nothing() {
    for seed in 1..=6u64 {
        let shared = fresh();
        let one = vault(shared.clone()).await;
        let two = reopen(shared).await;
        let mut live: HashMap<BackupId, Vec<u8>> = HashMap::new();
        let mut state = seed;
        let mut now = 10 * DAY;
        let mut random = move |below: u64| {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            (state >> 33) % below
        };
        for step in 0..30 {
            let vault = if random(2) == 0 { &one } else { &two };
            match random(10) {
                0..=3 => {
                    let from = random(24);
                    let data = pages(from..from + 1 + random(12));
                    live.insert(pages_backup(vault, &data, now).await.unwrap().id, data);
                }
                4..=5 => {
                    if let Some(id) = live.keys().min().cloned() {
                        vault.delete(&id, now).await.unwrap();
                        live.remove(&id);
                    }
                }
                6 => now += (random(5) as i64 - 1) * DAY,
                _ => drop(prune(vault, random(3) as i64 * DAY, now).await.unwrap()),
            }
            let heads = if random(2) == 0 { &one } else { &two }.heads().await.unwrap();
            assert_eq!(heads.len(), live.len(), "seed {seed}, step {step}");
        }
        for (id, data) in &live {
            for vault in [&one, &two] {
                assert!(contents(vault, id).await.unwrap() == [data.clone()], "seed {seed}, backup {id}");
            }
        }
        assert_eq!(check(&one, CheckLevel::Decoded).await.problems, vec![], "seed {seed}");
    }
}

/// Two backups that share pages, one deleted, one prune that rewrites; then what is promised so far.
async fn story(store: Store, promised: &mut HashMap<BackupId, Vec<u8>>) -> Result<()> {
    let vault = Vault::create_at(store, &passphrase(), CHEAP, 1).await?;
    let first = pages_backup(&vault, &pages(0..9), 2).await?;
    promised.insert(first.id.clone(), pages(0..9));
    let second = pages_backup(&vault, &pages(7..12), 3).await?;
    promised.insert(second.id, pages(7..12));
    vault.put_record("proof", &first.id, &serde_json::json!(1), 4).await?;
    // From the moment the deletion begins, its outcome is open.
    promised.remove(&first.id);
    vault.delete(&first.id, 5).await?;
    prune(&vault, 0, 6).await?;
    let third = pages_backup(&vault, &pages(5..14), 7).await?;
    promised.insert(third.id, pages(5..14));
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn cut_off_at_any_change_every_listed_backup_is_whole_and_work_goes_on() {
    for answer_lost in [false, true] {
        for fuel in 0.. {
            let what = format!("cut off at change {fuel}, answer lost: {answer_lost}");
            let memory = Memory::default();
            let failing = Faulty::new(Arc::new(memory.clone()));
            failing.cut_after(fuel, answer_lost);
            let mut promised = HashMap::new();
            let outcome = story(bare(failing.clone()), &mut promised).await;
            let to_its_end = failing.changes() <= fuel;
            assert!(to_its_end == outcome.is_ok() || outcome.is_ok(), "{what}: {outcome:?}");

            let store = over(&memory);
            let vault = match Vault::open(store.clone(), &Secret::Passphrase(passphrase())).await {
                Ok(vault) => vault,
                Err(error) => {
                    assert!(promised.is_empty(), "{what}: {error:?}");
                    continue;
                }
            };
            let heads = vault.heads().await.unwrap();
            for head in &heads {
                assert_eq!(head.damage, None, "{what}");
                let read = contents(&vault, &head.id).await.unwrap();
                if let Some(data) = promised.get(&head.id) {
                    assert!(read == [data.clone()], "{what}");
                }
            }
            assert!(
                promised.keys().all(|id| heads.iter().any(|head| head.id == *id)),
                "{what}: a backup is gone"
            );
            assert_eq!(check(&vault, CheckLevel::Decoded).await.problems, vec![], "{what}");
            // And simply again.
            let after = pages_backup(&vault, &pages(2..10), 100).await.unwrap();
            prune(&vault, 0, 101).await.unwrap();
            assert!(contents(&vault, &after.id).await.unwrap() == [pages(2..10)], "{what}");
            for (id, data) in &promised {
                assert!(contents(&vault, id).await.unwrap() == [data.clone()], "{what}");
            }
            assert_eq!(check(&vault, CheckLevel::Decoded).await.problems, vec![], "{what}");
            if to_its_end {
                assert!(fuel > 15, "the story has become too short to prove anything");
                break;
            }
        }
    }
}
