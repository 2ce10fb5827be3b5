//! Writing a backup: streams are cut ([`stream`]), chunks sealed by a few workers and packs published as they fill
//! ([`work`]), and what is whole is committed here.
//!
//! Memory is bounded by the workers (one open pack each), two packs on their way to the storage, and a few chunks
//! waiting. Nothing is listed before `commit`; dropping the writer leaves only packs that a prune removes.

mod stream;
mod work;

use std::sync::Arc;
use std::sync::atomic::Ordering;

use holdfast_contract::BackupId;

pub use self::stream::StreamWriter;
use self::work::Work;
use crate::keys::random;
use crate::manifest::{self, Head, ManifestName};
use crate::store::Folder;
use crate::{ManifestHead, Result, Unit, Vault, VaultError, WriteOptions, hex};

pub struct BackupWriter {
    id: BackupId,
    raw_id: [u8; 16],
    work: Arc<Work>,
}

impl Vault {
    /// Holds a shared lock until the writer is gone.
    pub async fn begin(&self, options: WriteOptions) -> Result<BackupWriter> {
        let inner = self.inner.past_the_cache();
        let guard = inner.store.locks().shared().await?;
        inner.refresh().await?;
        let marked = inner.marked().await?;
        let raw_id: [u8; 16] = random()?;
        let work = Arc::new(Work::new(inner, guard, marked, &options));
        Ok(BackupWriter { id: BackupId(hex::encode(&raw_id)), raw_id, work })
    }
}

impl BackupWriter {
    pub fn id(&self) -> &BackupId {
        &self.id
    }

    /// Several may be written at the same time.
    pub async fn stream(&self, name: &str, unit: Unit) -> Result<StreamWriter> {
        let mut shared = self.work.shared();
        if name.len() > usize::from(u16::MAX) || shared.names.iter().any(|known| known == name) {
            return Err(VaultError::Misuse {
                what: "The name of a stream is too long or used twice.".to_owned(),
            });
        }
        let number = shared.names.len();
        shared.names.push(name.to_owned());
        Ok(StreamWriter::new(Arc::clone(&self.work), number, name.to_owned(), unit))
    }

    /// Bytes this backup adds to the vault so far.
    pub fn stored_bytes(&self) -> u64 {
        self.work.stored.load(Ordering::Relaxed)
    }

    /// Index, then manifest, then everything is looked at once more. An error means that there is no such backup,
    /// unless storage failed while the manifest was read back; then `heads` tells.
    pub async fn commit(
        self,
        summary: serde_json::Value,
        detail: serde_json::Value,
        now_ms: i64,
    ) -> Result<ManifestHead> {
        let inner = &self.work.inner;
        let streams = self.work.take_streams()?;
        self.work.publish().await?;
        let commit = inner.store.locks().commit().await?;
        let history = inner.history().await?;
        let previous = history.tip();
        let last = previous.as_ref().map_or(0, |tip| tip.sequence);
        let sequence = last.checked_add(1).ok_or_else(|| {
            VaultError::damaged("manifests", "a manifest has an impossible sequence number")
        })?;
        let head = Head {
            id: self.id.clone(),
            sequence,
            previous,
            created_at_ms: now_ms,
            stored_bytes: self.stored_bytes(),
            summary,
        };
        let bytes = manifest::encode(&inner.keys, &self.raw_id, &head, &detail, &streams)?;
        // Before the commit point, not after: every chunk has a place in a pack that is there.
        self.work.all_there(&streams).await?;
        self.work.guard.confirm().await?;
        commit.confirm().await?;
        let prefix = ManifestName::prefix(head.sequence, &self.raw_id);
        let name = inner.store.put(Folder::Manifests, &prefix, bytes).await?;
        let name =
            ManifestName::parse(&name).ok_or_else(|| VaultError::internal("the name of a manifest"))?;
        let manifest = inner.manifest(&name).await?;
        if manifest.streams != streams {
            return Err(VaultError::damaged(name.object(), "it did not read back as it was written"));
        }
        Ok(manifest.head)
    }
}
