//! Backups as their callers see them: what goes in comes out, twice is stored once, nothing half is listed.
#![allow(clippy::unwrap_used)]

mod kit;

use std::sync::Arc;

use bytes::Bytes;
use holdfast_testkit::storage::Memory;
use holdfast_vault::*;
use kit::*;
use secrecy::SecretString;
use tokio_util::sync::CancellationToken;

#[tokio::test(flavor = "multi_thread")]
async fn what_goes_in_comes_out_from_a_folder() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("vault");
    let created = vault(in_folder(&path)).await;
    let (table, pages, empty) = (rows(60_000, 1), noise(4096 * 300, 2), Vec::new());
    let streams: [(&str, Unit, &[u8]); 3] = [
        ("a table", Unit::Line, &table),
        ("pages", Unit::Fixed(4096), &pages),
        ("empty", Unit::Line, &empty),
    ];
    let head = try_backup(&created, &streams, 5_000).await.unwrap();
    assert_eq!((head.sequence, head.created_at_ms), (1, 5_000));
    drop(created);

    let vault = reopen(in_folder(&path)).await;
    assert_eq!(vault.heads().await.unwrap(), vec![head.clone()]);
    let manifest = vault.manifest(&head.id).await.unwrap();
    assert_eq!(manifest.detail, serde_json::json!({"tables": 3}));
    assert_eq!(manifest.stream("a table").unwrap().units, 60_000);
    assert_eq!(manifest.stream("pages").unwrap().units, 300);
    assert_eq!(contents(&vault, &head.id).await.unwrap(), vec![table, pages, empty]);
    let report = check(&vault, CheckLevel::Decoded).await;
    assert_eq!(report.problems, vec![]);
    let status = vault.status().await.unwrap();
    assert_eq!(status.backups, 1);
    assert!(status.stored_bytes > head.stored_bytes && vault.status().await.unwrap().packs >= 1);
    assert!(in_folder(&path).free_bytes().is_some() || !cfg!(unix));

    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        let mut places = vec![path.clone()];
        while let Some(place) = places.pop() {
            let meta = place.metadata().unwrap();
            let expected = if meta.is_dir() { 0o700 } else { 0o600 };
            assert_eq!(meta.permissions().mode() & 0o777, expected, "{}", place.display());
            if meta.is_dir() {
                places.extend(place.read_dir().unwrap().map(|entry| entry.unwrap().path()));
            }
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_same_again_costs_almost_nothing_and_a_change_little() {
    let vault = vault(fresh()).await;
    let data = rows(100_000, 7);
    let first = backup(&vault, &data, 1).await;
    let second = backup(&vault, &data, 2).await;
    assert_eq!(second.stored_bytes, 0);
    let mut changed = data.clone();
    changed.splice(3_000_000..3_000_000, *b"\nsomething new\n");
    let third = backup(&vault, &changed, 3).await;
    assert!(
        third.stored_bytes > 0 && third.stored_bytes * 5 < first.stored_bytes,
        "{third:?} after {first:?}"
    );
    assert_eq!(contents(&vault, &third.id).await.unwrap(), vec![changed]);
    assert_eq!(vault.heads().await.unwrap().iter().map(|head| head.sequence).collect::<Vec<_>>(), [3, 2, 1]);
}

#[tokio::test(flavor = "multi_thread")]
async fn streams_written_together_share_chunks_and_keep_their_order() {
    let vault = vault(fresh()).await;
    let data = rows(80_000, 9);
    let alone = backup(&vault, &data, 1).await.stored_bytes;
    let fresh = kit::vault(fresh()).await;
    let writer = Arc::new(fresh.begin(WriteOptions { workers: 4, ..WriteOptions::default() }).await.unwrap());
    let tasks = (0..4).map(|n| {
        let (writer, data) = (writer.clone(), data.clone());
        tokio::spawn(async move {
            let mut stream = writer.stream(&format!("{n}"), Unit::Line).await.unwrap();
            for part in data.chunks(10_000 + n) {
                stream.write(Bytes::copy_from_slice(part)).await.unwrap();
            }
            stream.finish().await.unwrap();
        })
    });
    for task in tasks.collect::<Vec<_>>() {
        task.await.unwrap();
    }
    let writer = Arc::into_inner(writer).unwrap();
    let together = writer.stored_bytes();
    // Cut by another key, so not equal to the byte.
    assert!(together * 10 < alone * 13, "{together} against {alone}");
    let head = writer.commit(serde_json::Value::Null, serde_json::Value::Null, 2).await.unwrap();
    assert_eq!(contents(&fresh, &head.id).await.unwrap(), vec![data; 4]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_dropped_or_unfinished_backup_is_never_listed() {
    let vault = vault(fresh()).await;
    let writer = vault.begin(WriteOptions::default()).await.unwrap();
    let mut stream = writer.stream("s", Unit::Line).await.unwrap();
    stream.write(rows(50_000, 1).into()).await.unwrap();
    drop(stream);
    let refused = writer.commit(serde_json::Value::Null, serde_json::Value::Null, 1).await.unwrap_err();
    assert!(matches!(refused, VaultError::Misuse { .. }), "{refused:?}");
    let writer = vault.begin(WriteOptions::default()).await.unwrap();
    let mut stream = writer.stream("s", Unit::Line).await.unwrap();
    stream.write(rows(50_000, 1).into()).await.unwrap();
    stream.finish().await.unwrap();
    drop(writer);
    assert_eq!(vault.heads().await.unwrap(), vec![]);
    assert_eq!(vault.tip().await.unwrap(), None);
}

#[tokio::test(flavor = "multi_thread")]
async fn two_writers_both_succeed() {
    let store = Memory::default();
    // One `Store`, so one set of locks, opened twice: two writers that know nothing of each other's chunks.
    let shared = over(&store);
    let one = vault(shared.clone()).await;
    let two = reopen(shared).await;
    let (a, b) = (rows(50_000, 1), rows(50_000, 2));
    let (first, second) = tokio::join!(backup(&one, &a, 1), backup(&two, &b, 2));
    let mut sequences = [first.sequence, second.sequence];
    sequences.sort_unstable();
    assert_eq!(sequences, [1, 2]);
    assert_eq!(contents(&one, &second.id).await.unwrap(), vec![b]);
    assert_eq!(contents(&two, &first.id).await.unwrap(), vec![a]);
    assert_eq!(check(&one, CheckLevel::Decoded).await.problems, vec![]);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_index_that_is_gone_or_damaged_is_rebuilt_from_the_packs() {
    let memory = Memory::default();
    let data = rows(60_000, 4);
    let head = backup(&vault(over(&memory)).await, &data, 1).await;
    let index = memory.objects().into_iter().find(|(path, _)| path.starts_with("index")).unwrap();
    for damage in [true, false] {
        memory.lose(&index.0);
        if damage {
            memory.tamper(&index.0, Bytes::from_static(b"nonsense"));
        }
        let vault = reopen(over(&memory)).await;
        let again = backup(&vault, &data, 2).await;
        assert_eq!(again.stored_bytes, 0, "chunks of packs without an index are used again");
        assert_eq!(contents(&vault, &head.id).await.unwrap(), vec![data.clone()]);
        assert_eq!(contents(&vault, &again.id).await.unwrap(), vec![data.clone()]);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_lost_pack_is_stored_again_by_the_next_backup() {
    let memory = Memory::default();
    let data = rows(60_000, 4);
    let first = backup(&vault(over(&memory)).await, &data, 1).await;
    for (path, _) in memory.objects() {
        if path.starts_with("packs") {
            memory.lose(&path);
        }
    }
    let vault = reopen(over(&memory)).await;
    let report = check(&vault, CheckLevel::Stored).await;
    assert_eq!(report.problems[0].backups, vec![first.id.clone()]);
    assert!(matches!(contents(&vault, &first.id).await, Err(VaultError::Damaged { .. })));
    let second = backup(&vault, &data, 2).await;
    assert_eq!(second.stored_bytes, first.stored_bytes);
    assert_eq!(contents(&vault, &first.id).await.unwrap(), vec![data]);
    assert_eq!(check(&vault, CheckLevel::Decoded).await.problems, vec![]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_backup_deleted_on_purpose_differs_from_a_lost_one_and_a_vault_put_back_shows() {
    let memory = Memory::default();
    let vault = vault(over(&memory)).await;
    let first = backup(&vault, b"one\n", 1).await;
    let early = memory.copy();
    let seen_early = vault.tip().await.unwrap().unwrap();
    let second = backup(&vault, b"two\n", 2).await;
    let seen = vault.tip().await.unwrap().unwrap();
    assert_eq!(seen.sequence, 2);
    assert_eq!(vault.compare_tip(&seen).await.unwrap(), TipVerdict::Unchanged);
    assert_eq!(vault.compare_tip(&seen_early).await.unwrap(), TipVerdict::Advanced);

    let put_back = reopen(over(&early)).await;
    assert_eq!(put_back.compare_tip(&seen).await.unwrap(), TipVerdict::RolledBack { newest: Some(1) });

    vault.delete(&first.id, 3).await.unwrap();
    assert_eq!(vault.heads().await.unwrap().len(), 1);
    assert!(matches!(vault.manifest(&first.id).await, Err(VaultError::BackupMissing { .. })));
    assert_eq!(vault.compare_tip(&seen_early).await.unwrap(), TipVerdict::Advanced);
    vault.delete(&second.id, 4).await.unwrap();
    assert_eq!(vault.compare_tip(&seen).await.unwrap(), TipVerdict::Unchanged);
    assert_eq!(check(&vault, CheckLevel::Stored).await.problems, vec![]);
    let third = backup(&vault, b"three\n", 5).await;
    assert_eq!(third.sequence, 3, "numbers are never used again");

    let name = memory.objects().into_iter().find(|(path, _)| path.starts_with("manifests")).unwrap().0;
    backup(&vault, b"four\n", 6).await;
    let seen_third = Tip { sequence: 3, manifest: name[name.len() - 64..].to_owned() };
    memory.lose(&name);
    assert_eq!(vault.compare_tip(&seen_third).await.unwrap(), TipVerdict::Lost);
    assert_eq!(check(&vault, CheckLevel::Stored).await.problems[0].object, "manifests/0000000000000003");
    assert!(matches!(prune(&vault, 0, 7).await, Err(VaultError::Damaged { .. })));
}

#[tokio::test(flavor = "multi_thread")]
async fn records_stay_with_their_backup() {
    let vault = vault(fresh()).await;
    let one = backup(&vault, b"one\n", 1).await;
    let two = backup(&vault, b"two\n", 2).await;
    vault.put_record("proof", &one.id, &serde_json::json!(1), 10).await.unwrap();
    vault.put_record("proof", &two.id, &serde_json::json!(2), 20).await.unwrap();
    vault.put_record("other", &one.id, &serde_json::json!(3), 30).await.unwrap();
    let values = |records: Vec<Record>| records.into_iter().map(|record| record.value).collect::<Vec<_>>();
    assert_eq!(values(vault.records("proof", None).await.unwrap()), [2, 1]);
    assert_eq!(values(vault.records("proof", Some(&one.id)).await.unwrap()), [1]);
    vault.delete(&one.id, 40).await.unwrap();
    prune(&vault, 0, 50).await.unwrap();
    assert_eq!(values(vault.records("proof", None).await.unwrap()), [2]);
    assert_eq!(vault.records("other", None).await.unwrap(), vec![]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_check_can_be_cancelled() {
    let vault = vault(fresh()).await;
    backup(&vault, &rows(30_000, 1), 1).await;
    let cancel = CancellationToken::new();
    cancel.cancel();
    let result = vault.check(CheckLevel::Decoded, None, &(), &cancel).await;
    assert!(matches!(result, Err(VaultError::Cancelled)));
}

#[test]
fn a_sealed_file_opens_only_as_it_was_sealed() {
    let (right, wrong) = (passphrase(), SecretString::from("another"));
    let bytes = sealed::seal_at(&right, "secrets", b"password=1", CHEAP, 1).unwrap();
    assert_eq!(&sealed::open(&right, "secrets", &bytes).unwrap()[..], b"password=1");
    assert!(matches!(sealed::open(&wrong, "secrets", &bytes), Err(VaultError::PassphraseWrong)));
    assert!(sealed::open(&right, "something else", &bytes).is_err());
    for at in (0..bytes.len()).step_by(if cfg!(debug_assertions) { 7 } else { 1 }) {
        let mut changed = bytes.clone();
        changed[at] ^= 1;
        assert!(sealed::open(&right, "secrets", &changed).is_err(), "byte {at}");
    }
    assert!(sealed::open(&right, "secrets", &bytes[..bytes.len() - 1]).is_err());
    let low = Argon2Cost { memory_kib: 8 << 10, ..CHEAP };
    let weak = sealed::seal_at(&right, "secrets", b"x", low, 1).unwrap();
    assert!(matches!(sealed::open(&right, "secrets", &weak), Err(VaultError::UnsafeDerivation { .. })));
}
