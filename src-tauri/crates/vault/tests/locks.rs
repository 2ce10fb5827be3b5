//! Locks over a whole vault: kept alive as long as the work takes, noticed when they are lost, free when a process dies.
#![allow(clippy::unwrap_used, clippy::print_stdout)]

mod kit;

use std::io::{BufRead, BufReader};
use std::process::{Command, Stdio};
use std::time::Duration;

use holdfast_testkit::storage::Memory;
use holdfast_vault::*;
use kit::*;

const TERM: Duration = Duration::from_millis(300);
const FOLDER: &str = "HOLDFAST_TEST_LOCKED_FOLDER";

async fn begun(vault: &Vault) -> BackupWriter {
    let writer = vault.begin(WriteOptions::default()).await.unwrap();
    let mut stream = writer.stream("s", Unit::Line).await.unwrap();
    stream.write(rows(2000, 1).into()).await.unwrap();
    stream.finish().await.unwrap();
    writer
}

async fn commit(writer: BackupWriter) -> Result<ManifestHead> {
    writer.commit(serde_json::Value::Null, serde_json::Value::Null, 2).await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_lease_is_kept_as_long_as_the_work_takes_and_given_up_after_it() {
    let memory = Memory::with_term(TERM);
    let vault = vault(over(&memory)).await;
    let writer = begun(&vault).await;
    // Longer than the term, so only a lease that is refreshed keeps the sweep away.
    tokio::time::sleep(TERM * 2).await;
    let busy = prune(&vault, 0, 1).await.unwrap_err();
    assert!(matches!(&busy, VaultError::Busy { by: Some(by), .. } if by == "a test"), "{busy:?}");
    assert!(busy.to_string().ends_with("is running by a test."), "{busy}");
    let head = commit(writer).await.unwrap();
    prune(&vault, 0, 3).await.unwrap();
    assert_eq!(contents(&vault, &head.id).await.unwrap(), [rows(2000, 1)]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_backup_whose_lock_was_lost_is_not_completed() {
    let memory = Memory::with_term(TERM);
    let vault = vault(over(&memory)).await;
    let writer = begun(&vault).await;
    memory.lapse();
    // Long enough to be noticed, or no longer counted on.
    tokio::time::sleep(TERM).await;
    let lost = commit(writer).await.unwrap_err();
    assert!(matches!(lost, VaultError::LockLost { lock: "store" }), "{lost:?}");
    assert!(lost.into_api().retry);
    assert_eq!(vault.heads().await.unwrap(), []);
    assert_eq!(commit(begun(&vault).await).await.unwrap().sequence, 1, "and simply again");
}

#[cfg(unix)]
#[tokio::test(flavor = "multi_thread")]
async fn a_backup_beside_removed_lock_files_is_not_completed() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("vault");
    let vault = vault(in_folder(&path)).await;
    let writer = begun(&vault).await;
    std::fs::remove_dir_all(path.join("locks")).unwrap();
    // Somebody else can sweep now.
    prune(&vault, 0, 1).await.unwrap();
    let lost = commit(writer).await.unwrap_err();
    assert!(matches!(lost, VaultError::LockLost { .. }), "{lost:?}");
    assert_eq!(vault.heads().await.unwrap(), []);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_lock_of_a_killed_process_is_free() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("vault");
    let vault = vault(in_folder(&path).patient_for(Duration::from_millis(200))).await;
    let mut holder = Command::new(std::env::current_exe().unwrap())
        .args(["--ignored", "--exact", "hold_a_lock_for_ever", "--nocapture"])
        .env(FOLDER, &path)
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let said =
        BufReader::new(holder.stdout.take().unwrap()).lines().find(|line| line.as_ref().unwrap() == "held");
    assert!(said.is_some());
    assert!(matches!(prune(&vault, 0, 1).await, Err(VaultError::Busy { .. })));
    holder.kill().unwrap();
    holder.wait().unwrap();
    prune(&vault, 0, 2).await.unwrap();
}

/// What the test above starts and kills.
#[tokio::test]
#[ignore = "holds a lock until it is killed"]
async fn hold_a_lock_for_ever() {
    let path = std::path::PathBuf::from(std::env::var(FOLDER).unwrap());
    let vault = reopen(in_folder(&path)).await;
    let _writer = vault.begin(WriteOptions::default()).await.unwrap();
    println!("\nheld");
    std::future::pending::<()>().await;
}
