//! Records: sealed notes about a backup that come after it (proofs of restore).

use futures::{StreamExt, TryStreamExt};
use holdfast_contract::BackupId;

use crate::history::lock;
use crate::object::{self, FIRST, Part, RECORD, Sealed};
use crate::store::Folder;
use crate::vault::Inner;
use crate::{Record, Result, Vault, VaultError, hex};

impl Vault {
    pub async fn put_record(
        &self,
        kind: &str,
        backup: &BackupId,
        value: &serde_json::Value,
        now_ms: i64,
    ) -> Result<()> {
        let inner = &self.inner;
        let _guard = inner.store.locks().shared().await?;
        let id: [u8; 16] = hex::decode(backup.as_str())
            .ok_or_else(|| VaultError::BackupMissing { backup: backup.clone() })?;
        let record =
            Record { kind: kind.to_owned(), backup: backup.clone(), at_ms: now_ms, value: value.clone() };
        let payload = serde_json::to_vec(&record).map_err(VaultError::internal)?;
        let bytes = object::encode(&inner.keys, RECORD, &id, &[Part { role: FIRST, payload }])?;
        let name = inner.store.put(Folder::Records, backup.as_str(), bytes).await?;
        inner.read_record(&name).await.map(drop)
    }

    /// Newest first. A record that cannot be read proves nothing and is left out; a check reports it.
    pub async fn records(&self, kind: &str, backup: Option<&BackupId>) -> Result<Vec<Record>> {
        let mut records = self.inner.records_of(backup).await?;
        records.retain(|record| record.kind == kind);
        Ok(records)
    }

    /// Like `records`, of all kinds and backups, with one look at the storage.
    pub async fn all_records(&self) -> Result<Vec<Record>> {
        self.inner.records_of(None).await
    }
}

impl Inner {
    async fn records_of(&self, backup: Option<&BackupId>) -> Result<Vec<Record>> {
        let listed = self.store.list(Folder::Records).await?;
        let names = listed.into_iter().map(|record| record.name);
        let wanted: Vec<String> =
            names.filter(|name| backup.is_none_or(|backup| name.starts_with(backup.as_str()))).collect();
        let read = futures::stream::iter(wanted)
            .map(|name| async move {
                match self.known_record(name).await {
                    Ok(record) => Ok(Some(record)),
                    Err(VaultError::Damaged { .. }) => Ok(None),
                    Err(error) => Err(error),
                }
            })
            .buffered(8)
            .try_collect::<Vec<_>>()
            .await?;
        let mut records: Vec<Record> = read.into_iter().flatten().collect();
        records.sort_by_key(|record| std::cmp::Reverse(record.at_ms));
        Ok(records)
    }

    async fn known_record(&self, name: String) -> Result<Record> {
        if let Some(record) = lock(&self.seen.records).get(&name) {
            return Ok(record.clone());
        }
        let record = self.read_record(&name).await?;
        lock(&self.seen.records).insert(name, record.clone());
        Ok(record)
    }

    pub async fn read_record(&self, name: &str) -> Result<Record> {
        let damaged = |what: String| VaultError::damaged(Folder::Records.object(name), what);
        let id = name
            .get(..32)
            .and_then(hex::decode)
            .ok_or_else(|| damaged("its name makes no sense".to_owned()))?;
        let bytes = self.store.get(Folder::Records, name).await?;
        let sealed = Sealed::parse(&self.keys, RECORD, &id, &bytes).map_err(damaged)?;
        sealed.complete().map_err(damaged)?;
        let payload = sealed.payload(FIRST).map_err(damaged)?;
        let record: Record = serde_json::from_slice(&payload).map_err(|error| damaged(error.to_string()))?;
        if record.backup.as_str() != hex::encode(&id) {
            return Err(damaged("its name and its content do not agree".to_owned()));
        }
        Ok(record)
    }
}
