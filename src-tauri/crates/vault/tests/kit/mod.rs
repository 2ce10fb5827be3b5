//! What the vault's tests share: cheap vaults, deterministic data, a store that fails on demand.
#![allow(clippy::unwrap_used, dead_code)]

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use futures::TryStreamExt;
use holdfast_contract::BackupId;
use holdfast_testkit::storage::Memory;
use holdfast_vault::storage::{LocalFolder, Storage, Wrapping, compose};
use holdfast_vault::*;
use secrecy::SecretString;
use tokio_util::sync::CancellationToken;

pub const CHEAP: Argon2Cost = Argon2Cost::FLOOR;
pub const DAY: i64 = 86_400_000;

pub fn passphrase() -> SecretString {
    SecretString::from("correct horse battery staple")
}

pub fn writer() -> Writer {
    Writer { name: "a test".to_owned(), clock: Arc::new(|| 1_000) }
}

/// In memory, for a vault that nobody else looks at.
pub fn fresh() -> Store {
    over(&Memory::default())
}

pub fn over(memory: &Memory) -> Store {
    bare(Arc::new(memory.clone()))
}

/// Waits a little for locks, so that a test of "busy" does not take long.
pub fn bare(storage: Arc<dyn Storage>) -> Store {
    Store::new(compose(storage, Wrapping::BARE), writer()).patient_for(Duration::from_millis(200))
}

/// As the application opens it.
pub fn in_folder(path: &Path) -> Store {
    Store::new(compose(Arc::new(LocalFolder::new(path).unwrap()), Wrapping::FOLDER), writer())
}

pub async fn vault(store: Store) -> Vault {
    Vault::create_at(store, &passphrase(), CHEAP, 1_000).await.unwrap()
}

pub async fn reopen(store: Store) -> Vault {
    Vault::open(store, &Secret::Passphrase(passphrase())).await.unwrap()
}

/// Rows that look like a table and compress like one.
pub fn rows(count: usize, seed: u64) -> Vec<u8> {
    let mut out = String::new();
    let mut state = seed | 1;
    for n in 0..count {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        out += &format!("{n}\tcustomer {}\t{:016x}\t\\N\tsome words that repeat\n", n % 97, state);
    }
    out.into_bytes()
}

pub fn noise(bytes: usize, seed: u64) -> Vec<u8> {
    let mut out = vec![0; bytes];
    blake3::Hasher::new().update(&seed.to_le_bytes()).finalize_xof().fill(&mut out);
    out
}

pub async fn try_backup(vault: &Vault, streams: &[(&str, Unit, &[u8])], now_ms: i64) -> Result<ManifestHead> {
    // One worker, so that the number of packs is certain.
    let writer = vault.begin(WriteOptions { compression: 1, workers: 1 }).await?;
    for (name, unit, data) in streams {
        let mut stream = writer.stream(name, *unit).await?;
        for part in data.chunks(60_000) {
            stream.write(Bytes::copy_from_slice(part)).await?;
        }
        stream.finish().await?;
    }
    writer
        .commit(serde_json::json!({"name": "test"}), serde_json::json!({"tables": streams.len()}), now_ms)
        .await
}

pub async fn backup(vault: &Vault, data: &[u8], now_ms: i64) -> ManifestHead {
    try_backup(vault, &[("rows", Unit::Line, data)], now_ms).await.unwrap()
}

pub async fn read(vault: &Vault, stream: &StreamEntry) -> Result<Vec<u8>> {
    let all: BytesMut = vault.read(stream).try_collect().await?;
    Ok(all.to_vec())
}

pub async fn contents(vault: &Vault, id: &BackupId) -> Result<Vec<Vec<u8>>> {
    let manifest = vault.manifest(id).await?;
    let mut all = Vec::new();
    for stream in &manifest.streams {
        all.push(read(vault, stream).await?);
    }
    Ok(all)
}

pub async fn check(vault: &Vault, level: CheckLevel) -> CheckReport {
    vault.check(level, None, &(), &CancellationToken::new()).await.unwrap()
}

pub async fn prune(vault: &Vault, grace_ms: i64, now_ms: i64) -> Result<PruneResult> {
    let plan = vault.prune_plan(grace_ms, now_ms).await?;
    vault.prune(&plan, now_ms, &CancellationToken::new()).await
}
