//! Whatever happens to the stored bytes is noticed, named, and never read back as something else.
#![allow(clippy::unwrap_used)]

mod kit;

use bytes::Bytes;
use holdfast_contract::BackupId;
use holdfast_testkit::storage::Memory;
use holdfast_vault::*;
use kit::*;
use sha2::{Digest, Sha256};
use zeroize::Zeroizing;

struct Small {
    memory: Memory,
    key: Zeroizing<[u8; 32]>,
    backups: Vec<(BackupId, Vec<u8>)>,
}

/// One of everything: two backups with shared chunks, one deleted, a record, a mark, three slots.
async fn small() -> Small {
    let memory = Memory::default();
    let vault = vault(over(&memory)).await;
    let (_, key) = vault.add_keychain_slot(1).await.unwrap();
    vault.issue_recovery_kit(1).await.unwrap();
    let mut backups = Vec::new();
    for seed in [1, 2] {
        let data = [rows(900, 5), noise(40_000, seed), b"\n".to_vec()].concat();
        backups.push((backup(&vault, &data, 10).await.id, data));
    }
    let gone = backup(&vault, &noise(2000, 9), 20).await;
    vault.put_record("proof", &backups[0].0, &serde_json::json!({"level": "restored"}), 30).await.unwrap();
    vault.delete(&gone.id, 40).await.unwrap();
    prune(&vault, DAY, 50).await.unwrap();
    Small { memory, key, backups }
}

impl Small {
    async fn open(&self, memory: Memory) -> Result<Vault> {
        Vault::open(over(&memory), &Secret::Keychain(self.key.clone())).await
    }

    /// The change is noticed, and every backup reads back either right or not at all.
    async fn must_notice(&self, memory: Memory, what: &str) {
        let vault = match self.open(memory).await {
            Ok(vault) => vault,
            Err(error) => {
                let named = matches!(error, VaultError::Damaged { .. } | VaultError::NotAVault { .. });
                assert!(named, "{what}: {error:?}");
                return;
            }
        };
        for level in [CheckLevel::Stored, CheckLevel::Decoded] {
            let report = check(&vault, level).await;
            assert!(!report.problems.is_empty(), "{what}: a check ({level:?}) noticed nothing");
        }
        self.never_wrong(&vault, what).await;
    }

    async fn never_wrong(&self, vault: &Vault, what: &str) -> usize {
        let mut whole = 0;
        for (id, data) in &self.backups {
            if let Ok(read) = contents(vault, id).await {
                assert!(read == [data.clone()], "{what}: wrong data came out");
                whole += 1;
            }
        }
        whole
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn every_flipped_bit_is_noticed() {
    let small = small().await;
    assert_eq!(
        check(&small.open(small.memory.clone()).await.unwrap(), CheckLevel::Decoded).await.problems,
        vec![]
    );
    for (path, bytes) in small.memory.objects() {
        // The first and last bytes one by one, the rest in steps.
        let length = bytes.len();
        let step = (length / 24).max(1);
        let places = (0..length).filter(|at| *at < 12 || length - at < 14 || at % step == 0);
        for at in places {
            let mut changed = bytes.to_vec();
            changed[at] ^= 1 << (at % 8);
            let memory = small.memory.copy();
            memory.tamper(&path, changed);
            small.must_notice(memory, &format!("{path} byte {at}")).await;
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn exploit_changed_objects_under_fitting_names_are_noticed() {
    let small = small().await;
    for (path, bytes) in small.memory.objects() {
        let kind = path.split('/').next().unwrap().to_owned();
        // The header has no hash in its name; a slot that is not used to open cannot be judged without its secret.
        if kind == "vault.json" || kind == "slots" {
            continue;
        }
        let step = (bytes.len() / 16).max(1);
        for at in (0..bytes.len()).step_by(step).chain([bytes.len() - 1]) {
            let mut changed = bytes.to_vec();
            changed[at] ^= 0x10;
            let memory = small.memory.copy();
            memory.lose(&path);
            memory.tamper(&renamed(&path, &changed), changed);
            let vault = small.open(memory).await.unwrap();
            let what = format!("{path} byte {at}, renamed");
            let whole = small.never_wrong(&vault, &what).await;
            let noticed = !check(&vault, CheckLevel::Decoded).await.problems.is_empty();
            // Marks and indexes are conveniences, and one of the packs is of a deleted backup: losing them costs nothing.
            let harmless = ["marks", "index", "packs"].contains(&kind.as_str());
            assert!(noticed || (harmless && whole == 2), "{what}");
        }
    }
}

fn renamed(path: &str, bytes: &[u8]) -> String {
    let sha: String = Sha256::digest(bytes).iter().map(|byte| format!("{byte:02x}")).collect();
    if path.starts_with("packs") {
        return format!("packs/{}/{sha}", &sha[..2]);
    }
    format!("{}{sha}", &path[..path.len() - 64])
}

#[tokio::test(flavor = "multi_thread")]
async fn cut_lengthened_missing_and_swapped_objects_are_noticed() {
    let small = small().await;
    let all = small.memory.objects();
    for (path, bytes) in &all {
        for length in [0, 1, bytes.len() / 2, bytes.len() - 1] {
            let memory = small.memory.copy();
            memory.tamper(path, bytes.slice(..length));
            if length == 0 && path == "vault.json" {
                assert!(small.open(memory).await.is_err());
            } else {
                small.must_notice(memory, &format!("{path} cut to {length}")).await;
            }
        }
        let memory = small.memory.copy();
        memory.tamper(path, [&bytes[..], b"\0"].concat());
        small.must_notice(memory, &format!("{path} with a byte more")).await;
        if path.starts_with("packs") || path.starts_with("tombstones") {
            let memory = small.memory.copy();
            memory.lose(path);
            let vault = small.open(memory).await.unwrap();
            small.never_wrong(&vault, "missing").await;
            let problems = check(&vault, CheckLevel::Stored).await.problems;
            // A pack of the deleted backup alone is missed by nobody.
            let needed = small.never_wrong(&vault, "missing").await < 2;
            assert!(!problems.is_empty() || !needed, "{path} missing");
        }
    }
    for folder in ["packs", "manifests", "slots"] {
        let of_kind: Vec<&(String, Bytes)> =
            all.iter().filter(|(path, _)| path.starts_with(folder)).collect();
        let memory = small.memory.copy();
        memory.tamper(&of_kind[0].0, of_kind[1].1.clone());
        memory.tamper(&of_kind[1].0, of_kind[0].1.clone());
        small.must_notice(memory, &format!("two {folder} swapped")).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_damaged_manifest_is_listed_as_such_and_stops_a_prune() {
    let small = small().await;
    let (path, bytes) =
        small.memory.objects().into_iter().find(|(path, _)| path.starts_with("manifests")).unwrap();
    let mut changed = bytes.to_vec();
    changed[130] ^= 1;
    small.memory.tamper(&path, changed);
    let vault = small.open(small.memory.clone()).await.unwrap();
    let heads = vault.heads().await.unwrap();
    assert_eq!(
        heads.iter().filter(|head| head.damage.is_some()).map(|head| head.id.clone()).collect::<Vec<_>>(),
        [small.backups[0].0.clone()]
    );
    assert_eq!(heads.len(), 2);
    assert!(matches!(prune(&vault, 0, 100).await, Err(VaultError::Damaged { .. })));
    // Deleting the damaged backup on purpose is the way out.
    vault.delete(&small.backups[0].0, 110).await.unwrap();
    prune(&vault, 0, 120).await.unwrap();
    assert_eq!(contents(&vault, &small.backups[1].0).await.unwrap(), vec![small.backups[1].1.clone()]);
}
