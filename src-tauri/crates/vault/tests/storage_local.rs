//! The folder of a machine keeps the contract of storages.
#![allow(clippy::unwrap_used)]

use std::sync::Arc;

use holdfast_testkit::storage::{Place, suite};
use holdfast_vault::storage::{ANCHOR, LocalFolder, ObjectPath, Storage};

/// In a folder that is not there yet.
fn place() -> Place {
    let outside = tempfile::tempdir().unwrap();
    let path = outside.path().join("deep/vault");
    let locks = path.join("locks");
    Place {
        one: Arc::new(LocalFolder::new(&path).unwrap()),
        other: Arc::new(LocalFolder::new(&path).unwrap()),
        lose_locks: Box::new(move || std::fs::remove_dir_all(&locks).unwrap()),
        alive: Box::new(outside),
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_local_folder_keeps_the_contract() {
    suite(place).await;
}

#[tokio::test]
async fn looking_makes_no_folder_and_unfinished_uploads_are_swept() {
    let outside = tempfile::tempdir().unwrap();
    let path = outside.path().join("vault");
    let storage = LocalFolder::new(&path).unwrap();
    let name = |name: &str| ObjectPath::new(name).unwrap();
    assert!(storage.is_empty().await.unwrap() && storage.get(&name(ANCHOR)).await.unwrap().is_none());
    storage.delete(&name("marks/x")).await.unwrap();
    assert!(!path.exists());
    storage.put(&name(ANCHOR), "{}".into()).await.unwrap();
    storage.put(&name("marks/x"), "whole".into()).await.unwrap();

    for unfinished in ["marks/x#1", "marks/y#27", "marks/z#", "marks/z#a", "marks/Z#1"] {
        std::fs::write(path.join(unfinished), "part").unwrap();
    }
    assert_eq!(storage.list(&name("marks")).await.unwrap().len(), 1, "what never finished is not seen");
    assert_eq!(storage.sweep_unfinished(|path| path.as_str() != "marks/y").await.unwrap(), 1);
    assert!(
        !path.join("marks/x#1").exists() && path.join("marks/y#27").exists() && path.join("marks/x").exists()
    );

    // The disk is gone: never an empty list.
    std::fs::rename(&path, outside.path().join("elsewhere")).unwrap();
    assert!(storage.list(&name("marks")).await.is_err());
}
