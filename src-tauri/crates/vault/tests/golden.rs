//! Vaults of released formats open for ever. The folders under `golden/` are never changed.
#![allow(clippy::unwrap_used)]

mod kit;

use std::path::{Path, PathBuf};

use holdfast_vault::*;
use kit::*;
use secrecy::SecretString;

const WORDS: &str = "golden/format-1.words";

fn here(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests").join(name)
}

fn copy_folder(from: &Path, to: &Path) {
    std::fs::create_dir_all(to).unwrap();
    for entry in std::fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        if entry.path().is_dir() {
            copy_folder(&entry.path(), &to.join(entry.file_name()));
        } else {
            std::fs::copy(entry.path(), to.join(entry.file_name())).unwrap();
        }
    }
}

fn streams() -> [Vec<u8>; 2] {
    [rows(1500, 42), noise(5 * 512, 43)]
}

#[tokio::test(flavor = "multi_thread")]
async fn format_1_opens_for_ever() {
    let folder = tempfile::tempdir().unwrap();
    copy_folder(&here("golden/format-1"), folder.path());
    let store = in_folder(folder.path());
    let words = SecretString::from(std::fs::read_to_string(here(WORDS)).unwrap());
    for secret in [Secret::Passphrase(passphrase()), Secret::RecoveryWords(words)] {
        let vault = Vault::open(store.clone(), &secret).await.unwrap();
        assert_eq!(check(&vault, CheckLevel::Decoded).await.problems, vec![]);
        let heads = vault.heads().await.unwrap();
        assert_eq!(heads.iter().map(|head| head.sequence).collect::<Vec<_>>(), [3, 1]);
        assert_eq!(heads[0].summary, serde_json::json!({"name": "test"}));
        let head = &heads[1];
        assert_eq!(contents(&vault, &head.id).await.unwrap(), streams());
        let manifest = vault.manifest(&head.id).await.unwrap();
        assert_eq!((manifest.streams[0].units, manifest.streams[1].units), (1500, 5));
        assert_eq!(
            vault.records("proof", Some(&head.id)).await.unwrap()[0].value,
            serde_json::json!({"ok": true})
        );
        // Writing goes on where it was left.
        assert_eq!(backup(&vault, &streams()[0], 9_000).await.stored_bytes, 0);
        vault.delete(&vault.heads().await.unwrap()[0].id, 9_001).await.unwrap();
        prune(&vault, 0, 9_002).await.unwrap();
        if matches!(secret, Secret::Passphrase(_)) {
            std::fs::remove_dir_all(folder.path()).unwrap();
            copy_folder(&here("golden/format-1"), folder.path());
        }
    }
}

/// Run by hand, once for each new format: `cargo test -p holdfast-vault --test golden -- --ignored`.
#[tokio::test(flavor = "multi_thread")]
#[ignore = "makes the folder that the test above reads"]
async fn make_format_1() {
    let place = here("golden/format-1");
    assert!(!place.exists(), "a golden vault is never made anew");
    let vault = vault(in_folder(&place)).await;
    let kit = vault.issue_recovery_kit(2_000).await.unwrap();
    std::fs::write(here(WORDS), kit.words.join(" ")).unwrap();
    let [table, pages] = streams();
    let all: [(&str, Unit, &[u8]); 2] = [("table", Unit::Line, &table), ("pages", Unit::Fixed(512), &pages)];
    let first = try_backup(&vault, &all, 3_000).await.unwrap();
    let gone = backup(&vault, b"deleted\n", 4_000).await;
    backup(&vault, &rows(1000, 42), 5_000).await;
    vault.put_record("proof", &first.id, &serde_json::json!({"ok": true}), 6_000).await.unwrap();
    vault.delete(&gone.id, 7_000).await.unwrap();
    prune(&vault, DAY, 8_000).await.unwrap();
}
