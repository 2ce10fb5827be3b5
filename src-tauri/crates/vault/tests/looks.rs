//! What a look at the backups asks of the storage, and who is never told what is merely remembered.
#![allow(clippy::unwrap_used, clippy::print_stdout)]

mod kit;

use std::sync::Arc;
use std::time::Duration;

use holdfast_testkit::storage::{Call, Faulty, Memory};
use holdfast_vault::storage::{CachePolicy, Wrapping, compose};
use holdfast_vault::*;
use kit::*;

const SETTLE: Duration = Duration::from_millis(60);
const BACKUPS: u64 = 5;

/// As a folder is wrapped, with less to wait.
fn wrapped(storage: Arc<Faulty>) -> Store {
    let cache = Wrapping::FOLDER.cache.map(|cache| CachePolicy { settle: SETTLE, ..cache });
    Store::new(compose(storage, Wrapping { cache, ..Wrapping::FOLDER }), writer())
        .patient_for(Duration::from_millis(200))
}

/// What the application's list of backups reads.
async fn look(vault: &Vault) -> (usize, usize) {
    (vault.heads().await.unwrap().len(), vault.all_records().await.unwrap().len())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_list_of_backups_asks_little_and_sees_everything() {
    let memory = Memory::default();
    let elsewhere = vault(over(&memory)).await;
    for number in 0..BACKUPS {
        let head = backup(&elsewhere, &rows(10, number + 1), 1).await;
        elsewhere.put_record("proof", &head.id, &serde_json::json!(1), 2).await.unwrap();
    }
    let storage = Faulty::new(Arc::new(memory.clone()));
    let vault = reopen(wrapped(storage.clone())).await;
    // Header, slots and the one slot, each once.
    assert_eq!((storage.calls(Call::List), storage.calls(Call::Get)), (1, 2));

    let asked = async |what: &str, expected: (usize, usize)| {
        storage.count_anew();
        assert_eq!(look(&vault).await, expected, "{what}");
        let calls = [Call::Stamp, Call::List, Call::Get, Call::GetRange].map(|call| storage.calls(call));
        println!("{what}: {} stamps, {} lists, {} objects, {} heads", calls[0], calls[1], calls[2], calls[3]);
        calls
    };
    let all = BACKUPS as usize;
    assert_eq!(asked("first", (all, all)).await, [3, 3, BACKUPS, BACKUPS]);
    assert_eq!(asked("again at once", (all, all)).await, [3, 3, 0, 0], "nothing is read twice");
    tokio::time::sleep(SETTLE).await;
    assert_eq!(asked("settled", (all, all)).await, [3, 3, 0, 0]);
    assert_eq!(
        asked("later", (all, all)).await,
        [3, 0, 0, 0],
        "folders that have not changed are not listed"
    );

    // Another machine makes a backup: seen at once, and only its folder is listed.
    let head = backup(&elsewhere, b"new\n", 3).await;
    assert_eq!(asked("after a backup", (all + 1, all)).await, [3, 1, 0, 1]);
    elsewhere.delete(&head.id, 4).await.unwrap();
    assert_eq!(asked("after a deletion", (all, all)).await, [3, 2, 1, 0]);
}

#[tokio::test(flavor = "multi_thread")]
async fn writers_checks_and_prunes_look_past_what_is_remembered() {
    let memory = Memory::default();
    let elsewhere = vault(over(&memory)).await;
    let first = backup(&elsewhere, &rows(3000, 1), 1).await;
    let storage = Faulty::new(Arc::new(memory.clone()));
    storage.freeze_stamps();
    let vault = reopen(wrapped(storage.clone())).await;
    vault.heads().await.unwrap();
    tokio::time::sleep(SETTLE).await;
    assert_eq!(vault.heads().await.unwrap().len(), 1);

    // The worst case: a file system whose folders say that nothing has changed. A list is old then, and no harm is done.
    let second = backup(&elsewhere, &rows(3000, 2), 2).await;
    assert_eq!(vault.heads().await.unwrap().len(), 1, "this storage does hide it");
    assert_eq!(vault.tip().await.unwrap().unwrap().sequence, 2);
    let third = backup(&vault, &rows(3000, 3), 3).await;
    assert_eq!(third.sequence, 3, "a number is never taken twice");
    assert_eq!(
        prune(&vault, 0, 4).await.unwrap(),
        PruneResult::default(),
        "nothing of the second is removed"
    );
    for head in [&first, &second, &third] {
        contents(&elsewhere, &head.id).await.unwrap();
    }
    vault.delete(&second.id, 5).await.unwrap();
    let manifest = memory.objects().into_iter().find(|(path, _)| path.starts_with("manifests")).unwrap().0;
    memory.lose(&manifest);
    let problems = check(&vault, CheckLevel::Stored).await.problems;
    assert_eq!(problems[0].object, "manifests/0000000000000001", "a check sees what is there now");
    assert!(matches!(prune(&vault, 0, 6).await, Err(VaultError::Damaged { .. })));
}
