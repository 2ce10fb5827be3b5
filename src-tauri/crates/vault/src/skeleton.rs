//! Signatures only, replaced within the hour.
#![allow(unused_variables, dead_code)]

use std::path::Path;

use bytes::Bytes;
use futures::StreamExt;
use futures::stream::BoxStream;
use holdfast_contract::vault::{RecoveryKit, SlotInfo};
use holdfast_contract::{BackupId, VaultId};
use secrecy::SecretString;
use tokio_util::sync::CancellationToken;
use zeroize::Zeroizing;

use crate::*;

fn none<T>() -> Result<T> {
    Err(VaultError::internal("not built yet"))
}

#[derive(Clone)]
pub struct Store;

impl Store {
    pub fn local(path: &Path) -> Result<Store> {
        none()
    }
    pub fn memory() -> Store {
        Store
    }
    pub fn location(&self) -> String {
        String::new()
    }
    pub fn free_bytes(&self) -> Option<u64> {
        None
    }
}

#[derive(Clone)]
pub struct Vault {
    id: VaultId,
    header: Header,
}

impl Vault {
    pub async fn create(store: Store, passphrase: &SecretString, now_ms: i64) -> Result<Vault> {
        none()
    }
    pub async fn probe(store: &Store) -> Result<Header> {
        none()
    }
    pub async fn open(store: Store, secret: &Secret) -> Result<Vault> {
        none()
    }
    pub fn id(&self) -> VaultId {
        self.id.clone()
    }
    pub fn header(&self) -> &Header {
        &self.header
    }
    pub async fn slots(&self) -> Result<Vec<SlotInfo>> {
        none()
    }
    pub async fn add_keychain_slot(&self, now_ms: i64) -> Result<(SlotInfo, Zeroizing<[u8; 32]>)> {
        none()
    }
    pub async fn issue_recovery_kit(&self, now_ms: i64) -> Result<RecoveryKit> {
        none()
    }
    pub async fn change_passphrase(&self, new: &SecretString, now_ms: i64) -> Result<()> {
        none()
    }
    pub async fn remove_slot(&self, id: &str) -> Result<()> {
        none()
    }
    pub async fn begin(&self, options: WriteOptions) -> Result<BackupWriter> {
        none()
    }
    pub async fn heads(&self) -> Result<Vec<ManifestHead>> {
        none()
    }
    pub async fn manifest(&self, id: &BackupId) -> Result<Manifest> {
        none()
    }
    pub fn read(&self, stream: &StreamEntry) -> BoxStream<'static, Result<Bytes>> {
        futures::stream::empty().boxed()
    }
    pub async fn check(
        &self,
        level: CheckLevel,
        only: Option<&BackupId>,
        progress: &dyn CheckProgress,
        cancel: &CancellationToken,
    ) -> Result<CheckReport> {
        none()
    }
    pub async fn delete(&self, id: &BackupId, now_ms: i64) -> Result<()> {
        none()
    }
    pub async fn prune_plan(&self, grace_ms: i64, now_ms: i64) -> Result<PrunePlan> {
        none()
    }
    pub async fn prune(
        &self,
        plan: &PrunePlan,
        now_ms: i64,
        cancel: &CancellationToken,
    ) -> Result<PruneResult> {
        none()
    }
    pub async fn put_record(
        &self,
        kind: &str,
        backup: &BackupId,
        value: &serde_json::Value,
        now_ms: i64,
    ) -> Result<()> {
        none()
    }
    pub async fn records(&self, kind: &str, backup: Option<&BackupId>) -> Result<Vec<Record>> {
        none()
    }
    pub async fn status(&self) -> Result<StoreStatus> {
        none()
    }
    pub async fn tip(&self) -> Result<Option<Tip>> {
        none()
    }
    pub async fn compare_tip(&self, seen: &Tip) -> Result<TipVerdict> {
        none()
    }
}

pub struct BackupWriter {
    id: BackupId,
}

impl BackupWriter {
    pub fn id(&self) -> &BackupId {
        &self.id
    }
    pub async fn stream(&self, name: &str, unit: Unit) -> Result<StreamWriter> {
        none()
    }
    pub fn stored_bytes(&self) -> u64 {
        0
    }
    pub async fn commit(
        self,
        summary: serde_json::Value,
        detail: serde_json::Value,
        now_ms: i64,
    ) -> Result<ManifestHead> {
        none()
    }
}

pub struct StreamWriter;

impl StreamWriter {
    pub async fn write(&mut self, data: Bytes) -> Result<()> {
        none()
    }
    pub async fn finish(self) -> Result<()> {
        none()
    }
}
