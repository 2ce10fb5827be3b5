//! The row of backups: which there are, which were deleted, and whether one was lost.

use std::collections::{HashMap, HashSet};
use std::sync::PoisonError;

use futures::{StreamExt, TryStreamExt};
use holdfast_contract::BackupId;
use serde::{Deserialize, Serialize};

use crate::manifest::{self, ManifestName};
use crate::object::{self, FIRST, Part, Sealed, TOMBSTONE};
use crate::store::{Folder, missing};
use crate::vault::Inner;
use crate::{Manifest, ManifestHead, Result, Tip, TipVerdict, Vault, VaultError};

/// Most heads fit into this much of a manifest.
const HEAD_GUESS: u64 = 16 << 10;

#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Tombstone {
    pub id: BackupId,
    pub sequence: u64,
    /// SHA-256 of the deleted manifest.
    pub manifest: String,
    pub at_ms: i64,
}

pub(crate) struct History {
    pub manifests: Vec<ManifestName>,
    pub tombstones: Vec<Tombstone>,
    /// Tombstones that cannot be read.
    pub damaged: Vec<VaultError>,
}

impl History {
    /// Manifests that were not deleted.
    pub fn live(&self) -> impl Iterator<Item = &ManifestName> {
        let deleted: HashSet<&str> =
            self.tombstones.iter().map(|tombstone| tombstone.manifest.as_str()).collect();
        self.manifests.iter().filter(move |manifest| !deleted.contains(manifest.sha.as_str()))
    }

    /// Deleted, but the file is still there.
    pub fn half_deleted(&self) -> Vec<&ManifestName> {
        let live: HashSet<&str> = self.live().map(|manifest| manifest.name.as_str()).collect();
        self.manifests.iter().filter(|manifest| !live.contains(manifest.name.as_str())).collect()
    }

    pub fn tip(&self) -> Option<Tip> {
        let manifests = self.manifests.iter().map(|manifest| (manifest.sequence, &manifest.sha));
        let tombstones = self.tombstones.iter().map(|tombstone| (tombstone.sequence, &tombstone.manifest));
        let newest = manifests.chain(tombstones).max()?;
        Some(Tip { sequence: newest.0, manifest: newest.1.clone() })
    }

    /// Sequences that are neither there nor deleted: lost, or taken away from outside.
    pub fn lost(&self) -> Vec<u64> {
        let mut known: Vec<u64> = self
            .manifests
            .iter()
            .map(|manifest| manifest.sequence)
            .chain(self.tombstones.iter().map(|tombstone| tombstone.sequence))
            .collect();
        known.sort_unstable();
        known.dedup();
        let mut lost = Vec::new();
        let mut next = 1;
        for sequence in known {
            // A forged name may hold any number; the list stays short.
            lost.extend((next..sequence).take(1000 - lost.len().min(1000)));
            next = sequence.saturating_add(1);
        }
        lost
    }
}

impl Vault {
    /// Newest first. What cannot be read is in the list too, with its damage.
    pub async fn heads(&self) -> Result<Vec<ManifestHead>> {
        let inner = &self.inner;
        let history = inner.history().await?;
        // Owned names: a borrowed one makes a future that callers cannot send to another thread.
        let names: Vec<ManifestName> = history.live().cloned().collect();
        let mut heads: Vec<ManifestHead> = futures::stream::iter(names)
            .map(|name| async move { inner.head(&name).await })
            .buffer_unordered(8)
            .try_collect()
            .await?;
        heads.sort_by(|a, b| (b.sequence, &b.id).cmp(&(a.sequence, &a.id)));
        Ok(heads)
    }

    pub async fn manifest(&self, id: &BackupId) -> Result<Manifest> {
        let name = self.inner.find(id).await?;
        self.inner.manifest(&name).await
    }

    /// Leaves a sealed tombstone, so that "deleted" differs from "lost". Space is freed by `prune`.
    pub async fn delete(&self, id: &BackupId, now_ms: i64) -> Result<()> {
        let inner = self.inner.past_the_cache();
        let _guard = inner.store.locks().shared().await?;
        let commit = inner.store.locks().commit().await?;
        let name = inner.find(id).await?;
        let tombstone =
            Tombstone { id: id.clone(), sequence: name.sequence, manifest: name.sha.clone(), at_ms: now_ms };
        let payload = serde_json::to_vec(&tombstone).map_err(VaultError::internal)?;
        let bytes = object::encode(&inner.keys, TOMBSTONE, &name.id, &[Part { role: FIRST, payload }])?;
        let prefix = ManifestName::prefix(name.sequence, &name.id);
        commit.confirm().await?;
        inner.store.put(Folder::Tombstones, &prefix, bytes).await?;
        inner.store.remove(Folder::Manifests, &name.name).await
    }

    /// Remember it outside the vault.
    pub async fn tip(&self) -> Result<Option<Tip>> {
        Ok(self.inner.past_the_cache().history().await?.tip())
    }

    pub async fn compare_tip(&self, seen: &Tip) -> Result<TipVerdict> {
        let history = self.inner.past_the_cache().history().await?;
        let tip = history.tip();
        if tip.as_ref() == Some(seen) {
            return Ok(TipVerdict::Unchanged);
        }
        if tip.as_ref().is_none_or(|tip| tip.sequence < seen.sequence) {
            return Ok(TipVerdict::RolledBack { newest: tip.map(|tip| tip.sequence) });
        }
        let there = history.manifests.iter().any(|manifest| manifest.sha == seen.manifest);
        let deleted = history.tombstones.iter().any(|tombstone| tombstone.manifest == seen.manifest);
        Ok(if there || deleted { TipVerdict::Advanced } else { TipVerdict::Lost })
    }
}

impl Inner {
    pub async fn history(&self) -> Result<History> {
        // Manifests first: one that is deleted meanwhile is then in both lists rather than in none.
        let manifests = self.store.list(Folder::Manifests).await?;
        let manifests = manifests.iter().filter_map(|listed| ManifestName::parse(&listed.name)).collect();
        let mut history = History { manifests, tombstones: Vec::new(), damaged: Vec::new() };
        for listed in self.store.list(Folder::Tombstones).await? {
            let known = lock(&self.seen.tombstones).get(&listed.name).cloned();
            let read = match known {
                Some(tombstone) => Ok(tombstone),
                None => self.read_tombstone(&listed.name).await,
            };
            match read {
                Ok(tombstone) => {
                    lock(&self.seen.tombstones).insert(listed.name, tombstone.clone());
                    history.tombstones.push(tombstone);
                }
                Err(error @ VaultError::Damaged { .. }) => history.damaged.push(error),
                Err(error) => return Err(error),
            }
        }
        Ok(history)
    }

    async fn read_tombstone(&self, listed: &str) -> Result<Tombstone> {
        let damaged = |what: String| VaultError::damaged(Folder::Tombstones.object(listed), what);
        let name =
            ManifestName::parse(listed).ok_or_else(|| damaged("its name makes no sense".to_owned()))?;
        let bytes = self.store.get(Folder::Tombstones, listed).await?;
        let sealed = Sealed::parse(&self.keys, TOMBSTONE, &name.id, &bytes).map_err(damaged)?;
        sealed.complete().map_err(damaged)?;
        let payload = sealed.payload(FIRST).map_err(damaged)?;
        let tombstone: Tombstone =
            serde_json::from_slice(&payload).map_err(|error| damaged(error.to_string()))?;
        if tombstone.id != name.backup() || tombstone.sequence != name.sequence {
            return Err(damaged("its name and its content do not agree".to_owned()));
        }
        Ok(tombstone)
    }

    pub async fn find(&self, id: &BackupId) -> Result<ManifestName> {
        let history = self.history().await?;
        let found = history.live().find(|name| name.backup() == *id).cloned();
        found.ok_or_else(|| VaultError::BackupMissing { backup: id.clone() })
    }

    pub async fn manifest(&self, name: &ManifestName) -> Result<Manifest> {
        let bytes = self.store.get(Folder::Manifests, &name.name).await?;
        manifest::decode(&self.keys, name, &bytes).map_err(|what| VaultError::damaged(name.object(), what))
    }

    async fn head(&self, name: &ManifestName) -> Result<ManifestHead> {
        if let Some(head) = lock(&self.seen.heads).get(&name.name) {
            return Ok(head.clone());
        }
        match self.read_head(name).await {
            Ok(head) => {
                lock(&self.seen.heads).insert(name.name.clone(), head.clone());
                Ok(head)
            }
            Err(VaultError::Damaged { what, .. }) => Ok(ManifestHead {
                id: name.backup(),
                sequence: name.sequence,
                created_at_ms: 0,
                stored_bytes: 0,
                summary: serde_json::Value::Null,
                damage: Some(what),
            }),
            Err(error) => Err(error),
        }
    }

    async fn read_head(&self, name: &ManifestName) -> Result<ManifestHead> {
        let part = async |length| {
            let bytes = self.store.get_range(Folder::Manifests, &name.name, 0..length).await?;
            bytes.ok_or_else(|| missing(&name.object()))
        };
        let mut bytes = part(HEAD_GUESS).await?;
        let needed = object::needed_for_first(&bytes).unwrap_or_default() as u64;
        if needed > bytes.len() as u64 {
            // What the file says of its lengths is not trusted with memory.
            bytes = part(needed.min(64 << 20)).await?;
        }
        manifest::decode_head(&self.keys, name, &bytes)
            .map_err(|what| VaultError::damaged(name.object(), what))
    }
}

pub(crate) fn lock<T>(
    mutex: &std::sync::Mutex<HashMap<String, T>>,
) -> std::sync::MutexGuard<'_, HashMap<String, T>> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
