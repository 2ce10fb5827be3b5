//! Who gets in, who does not, and what they are told.
#![allow(clippy::unwrap_used)]

mod kit;

use std::sync::Arc;

use holdfast_contract::ErrorCode;
use holdfast_contract::vault::SlotKind;
use holdfast_testkit::storage::{Faulty, Memory};
use holdfast_vault::*;
use kit::*;
use secrecy::SecretString;
use sha2::{Digest, Sha256};
use zeroize::Zeroizing;

async fn refusal(store: &Store, secret: Secret) -> VaultError {
    Vault::open(store.clone(), &secret).await.err().unwrap()
}

#[tokio::test]
async fn every_slot_opens_the_same_vault_and_nothing_else_does() {
    let store = fresh();
    let vault = vault(store.clone()).await;
    let head = backup(&vault, b"a row\n", 1).await;
    let (slot, key) = vault.add_keychain_slot(2_000).await.unwrap();
    let old_kit = vault.issue_recovery_kit(3_000).await.unwrap();
    let kit = vault.issue_recovery_kit(4_000).await.unwrap();
    assert_eq!(kit.words.len(), 24);
    let words = |words: &[String]| Secret::RecoveryWords(SecretString::from(words.join("  ").to_uppercase()));
    for secret in [Secret::Passphrase(passphrase()), Secret::Keychain(key.clone()), words(&kit.words)] {
        let opened = Vault::open(store.clone(), &secret).await.unwrap();
        assert_eq!(opened.id(), vault.id());
        assert_eq!(contents(&opened, &head.id).await.unwrap(), vec![b"a row\n".to_vec()]);
    }
    let kinds: Vec<SlotKind> = vault.slots().await.unwrap().into_iter().map(|slot| slot.kind).collect();
    assert_eq!(kinds, [SlotKind::Passphrase, SlotKind::Keychain, SlotKind::RecoveryKit]);

    let wrong = Secret::Passphrase(SecretString::from("correct horse battery stable"));
    assert!(matches!(refusal(&store, wrong).await, VaultError::PassphraseWrong));
    let wrong = Secret::Keychain(Zeroizing::new([9; 32]));
    assert!(matches!(refusal(&store, wrong).await, VaultError::KeychainKeyWrong));
    assert!(matches!(refusal(&store, words(&old_kit.words)).await, VaultError::RecoveryWordsWrong));

    vault.remove_slot(&slot.id).await.unwrap();
    assert!(matches!(refusal(&store, Secret::Keychain(key)).await, VaultError::KeychainKeyWrong));
    assert!(matches!(vault.remove_slot(&slot.id).await, Err(VaultError::SlotMissing { .. })));
}

#[tokio::test]
async fn a_mistyped_recovery_word_is_named() {
    let store = fresh();
    let mut words = vault(store.clone()).await.issue_recovery_kit(1).await.unwrap().words;
    let open = async |words: &[String]| {
        refusal(&store, Secret::RecoveryWords(SecretString::from(words.join(" ")))).await.into_api()
    };
    let error = open(&words[..23]).await;
    assert!(error.message.contains("these are 23"), "{error:?}");
    let right = std::mem::replace(&mut words[4], "abandn".to_owned());
    let error = open(&words).await;
    assert!(error.message.contains("Word 5"), "{error:?}");
    assert_eq!(error.code, ErrorCode::PassphraseWrong);
    words[4] = right;
    // Neighbours that differ: their exchange breaks the checksum (but for one time in 256).
    let at = (0..23).find(|at| words[*at] != words[at + 1]).unwrap();
    words.swap(at, at + 1);
    let error = open(&words).await;
    assert!(error.message.contains("out of order") || error.message.contains("do not open"), "{error:?}");
}

#[tokio::test]
async fn a_changed_passphrase_replaces_the_old_one() {
    let store = fresh();
    let vault = vault(store.clone()).await;
    let new = SecretString::from("e\u{301}tude");
    vault.change_passphrase_at(&new, CHEAP, 5).await.unwrap();
    assert!(matches!(refusal(&store, Secret::Passphrase(passphrase())).await, VaultError::PassphraseWrong));
    // The same text as another system composes it.
    Vault::open(store.clone(), &Secret::Passphrase(SecretString::from("\u{e9}tude"))).await.unwrap();
    let slots = vault.slots().await.unwrap();
    assert_eq!(slots.len(), 1);
    assert!(matches!(vault.remove_slot(&slots[0].id).await, Err(VaultError::LastSlot)));
    assert!(matches!(
        vault.change_passphrase(&SecretString::from(""), 6).await,
        Err(VaultError::PassphraseEmpty)
    ));
}

#[tokio::test]
async fn weakened_or_exhausting_derivation_is_refused_before_the_passphrase_is_used() {
    for (at, value) in [(48, 1024u32), (48, u32::MAX), (52, 1), (52, 1_000_000), (56, 0), (56, 4096)] {
        let memory = Memory::default();
        vault(over(&memory)).await;
        let (path, bytes) = memory.objects().into_iter().find(|(path, _)| path.starts_with("slots")).unwrap();
        let mut changed = bytes.to_vec();
        changed[at..at + 4].copy_from_slice(&value.to_le_bytes());
        // As somebody who can write to the storage would do it: with a name that fits.
        let sha = hex(&Sha256::digest(&changed));
        let name = format!("{}{sha}", &path[..path.len() - 64]);
        memory.lose(&path);
        memory.tamper(&name, changed);
        let error = refusal(&over(&memory), Secret::Passphrase(passphrase())).await;
        assert!(matches!(error, VaultError::UnsafeDerivation { .. }), "{at} {value}: {error:?}");
    }
}

#[tokio::test]
async fn places_that_are_no_vault_are_told_apart() {
    let folder = tempfile::tempdir().unwrap();
    let place = |name: &str| in_folder(&folder.path().join(name));
    let code = async |store: &Store| Vault::probe(store).await.unwrap_err().code();
    let nothing = place("nothing");
    assert_eq!(code(&nothing).await, ErrorCode::VaultMissing);
    assert!(!folder.path().join("nothing").exists(), "looking leaves nothing behind");
    // And the same place can still become a vault.
    vault(nothing).await;

    std::fs::create_dir(folder.path().join("other")).unwrap();
    std::fs::write(folder.path().join("other/photo.jpg"), b"x").unwrap();
    let other = place("other");
    assert_eq!(code(&other).await, ErrorCode::NotAVault);
    let refused = Vault::create_at(other, &passphrase(), CHEAP, 1).await.err().unwrap();
    assert!(matches!(refused, VaultError::NotEmpty { .. }));
    assert!(std::fs::read_dir(folder.path().join("other")).unwrap().count() == 1, "nothing was written");

    let store = place("vault");
    vault(store.clone()).await;
    let refused = Vault::create_at(store.clone(), &passphrase(), CHEAP, 1).await.err().unwrap();
    assert!(matches!(refused, VaultError::Exists { .. }));

    let text = hex(&Sha256::digest("holdfast vault\n2\n00\n5\n"));
    let newer = format!(
        "{{\"format\":\"holdfast vault\",\"version\":2,\"id\":\"00\",\"created_at_ms\":5,\"sha256\":\"{text}\",\"more\":[]}}"
    );
    std::fs::write(folder.path().join("vault/vault.json"), newer).unwrap();
    assert!(matches!(Vault::probe(&store).await, Err(VaultError::TooNew { found: 2, supported: 1 })));
    std::fs::write(folder.path().join("vault/vault.json"), "{\"format\":\"holdfast vault\"").unwrap();
    assert_eq!(code(&store).await, ErrorCode::VaultDamaged);
    std::fs::remove_dir_all(folder.path().join("vault")).unwrap();
    // The disk is gone: never mistaken for an empty vault.
    assert!(Vault::probe(&store).await.is_err());
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(unix)]
#[tokio::test]
async fn exploit_links_and_odd_names_in_the_folder_are_not_followed() {
    use std::os::unix::fs::symlink;
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("vault");
    let store = in_folder(&path);
    let vault = vault(store.clone()).await;
    let head = backup(&vault, &rows(3000, 1), 1).await;
    let outside = folder.path().join("outside");
    std::fs::create_dir(&outside).unwrap();

    for odd in ["..name", "CON", "README", "0123#1"] {
        std::fs::write(path.join("manifests").join(odd), b"odd").unwrap();
    }
    assert_eq!(vault.heads().await.unwrap().len(), 1);
    assert_eq!(check(&vault, CheckLevel::Decoded).await.problems, vec![]);

    // A pack that is a link to the very same bytes elsewhere.
    let pack = std::fs::read_dir(path.join("packs")).unwrap().next().unwrap().unwrap().path();
    let file = pack.read_dir().unwrap().next().unwrap().unwrap().path();
    let moved = outside.join("bytes");
    std::fs::rename(&file, &moved).unwrap();
    symlink(&moved, &file).unwrap();
    let fresh = reopen(store.clone()).await;
    assert!(matches!(contents(&fresh, &head.id).await, Err(VaultError::Damaged { .. })));
    assert!(!check(&fresh, CheckLevel::Stored).await.problems.is_empty());

    // A folder that is a link: nothing is written through it.
    std::fs::rename(path.join("records"), outside.join("was")).ok();
    symlink(&outside, path.join("records")).unwrap();
    let refused = fresh.put_record("proof", &head.id, &serde_json::json!(1), 2).await.unwrap_err();
    assert!(matches!(refused, VaultError::Damaged { .. }), "{refused:?}");
    assert_eq!(
        std::fs::read_dir(&outside).unwrap().filter(|e| e.as_ref().unwrap().path().is_file()).count(),
        1
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn full_storage_is_named_and_leaves_nothing_listed() {
    let failing = Faulty::new(Arc::new(Memory::default()));
    let vault = vault(bare(failing.clone())).await;
    failing.cut_after(0, false);
    let error = try_backup(&vault, &[("rows", Unit::Line, &rows(1000, 1))], 1).await.unwrap_err();
    assert_eq!(error.clone().into_api().code, ErrorCode::StorageFull);
    assert_eq!(vault.heads().await.unwrap(), vec![]);
}
