//! Records: sealed notes about a backup that come after it (proofs of restore).

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
        let inner = &self.inner;
        let mut records = Vec::new();
        for listed in inner.store.list(Folder::Records).await? {
            if backup.is_some_and(|backup| !listed.name.starts_with(backup.as_str())) {
                continue;
            }
            let known = lock(&inner.records).get(&listed.name).cloned();
            let record = match known {
                Some(record) => record,
                None => match inner.read_record(&listed.name).await {
                    Ok(record) => record,
                    Err(VaultError::Damaged { .. }) => continue,
                    Err(error) => return Err(error),
                },
            };
            lock(&inner.records).insert(listed.name, record.clone());
            if record.kind == kind && backup.is_none_or(|backup| record.backup == *backup) {
                records.push(record);
            }
        }
        records.sort_by_key(|record| std::cmp::Reverse(record.at_ms));
        Ok(records)
    }
}

impl Inner {
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
