//! Remembering: objects that never change, by name, and lists whose folder says that it has not changed.
//!
//! What is remembered is never better than what was read: an object is kept only if its content is what its name says,
//! and the vault verifies whatever it is given. Checks, prunes and writers look past the cache (`Composed`).
//! What does not belong here: packs (larger than any cache), slots (removing one must be felt at once).

use std::collections::{BTreeMap, HashMap};
use std::ops::Range;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;
use sha2::{Digest, Sha256};
use tokio::time::Instant;

use super::{Attempt, IsObject, Listed, LockRequest, ObjectPath, Put, Stamp, Storage};
use crate::{Result, hex};

#[derive(Clone, Copy, Debug)]
pub struct CachePolicy {
    /// Folders of objects whose names end in the SHA-256 of their content.
    pub objects: &'static [&'static str],
    /// Bytes of objects that are kept, those used last; 0 keeps none.
    pub bytes: usize,
    /// Folders without folders in them, of which lists are kept.
    pub lists: &'static [&'static str],
    /// How long a stamp must have stayed the same before a list is kept under it: longer than the coarsest clock of a
    /// file system takes to tick, so that a later change cannot have the same stamp.
    pub settle: Duration,
}

#[derive(Debug)]
pub struct Cache {
    inner: Arc<dyn Storage>,
    policy: CachePolicy,
    known: Mutex<Known>,
}

#[derive(Debug, Default)]
struct Known {
    objects: HashMap<ObjectPath, (u64, Bytes)>,
    /// By when they were used last.
    by_use: BTreeMap<u64, ObjectPath>,
    uses: u64,
    bytes: usize,
    lists: HashMap<ObjectPath, KnownList>,
}

#[derive(Debug)]
struct KnownList {
    stamp: Stamp,
    /// When this stamp was seen first.
    since: Instant,
    listed: Option<Arc<Vec<Listed>>>,
}

impl Cache {
    pub fn new(inner: Arc<dyn Storage>, policy: CachePolicy) -> Self {
        Self { inner, policy, known: Mutex::default() }
    }

    fn known(&self) -> MutexGuard<'_, Known> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn keeps(&self, path: &ObjectPath, bytes: &Bytes) -> bool {
        let folder = path.as_str().split('/').next().unwrap_or_default();
        self.policy.objects.contains(&folder)
            // One large object must not push out everything else.
            && bytes.len() <= self.policy.bytes / 4
            && path.as_str().ends_with(&hex::encode(&Sha256::digest(bytes)))
    }

    /// The list kept under this stamp, or whether the next one may be.
    fn list_under(&self, folder: &ObjectPath, stamp: &Stamp) -> Result<Arc<Vec<Listed>>, bool> {
        let now = Instant::now();
        let mut known = self.known();
        match known.lists.get(folder) {
            Some(list) if list.stamp == *stamp => match &list.listed {
                Some(listed) => Ok(Arc::clone(listed)),
                None => Err(now.duration_since(list.since) >= self.policy.settle),
            },
            _ => {
                let fresh = KnownList { stamp: stamp.clone(), since: now, listed: None };
                known.lists.insert(folder.clone(), fresh);
                Err(self.policy.settle.is_zero())
            }
        }
    }
}

impl Known {
    fn object(&mut self, path: &ObjectPath) -> Option<Bytes> {
        let (used, bytes) = self.objects.get_mut(path)?;
        self.by_use.remove(used);
        self.uses += 1;
        *used = self.uses;
        self.by_use.insert(self.uses, path.clone());
        Some(bytes.clone())
    }

    fn keep(&mut self, path: &ObjectPath, bytes: &Bytes, most: usize) {
        self.forget(path);
        self.uses += 1;
        self.bytes += bytes.len();
        self.objects.insert(path.clone(), (self.uses, bytes.clone()));
        self.by_use.insert(self.uses, path.clone());
        while self.bytes > most
            && let Some((_, oldest)) = self.by_use.pop_first()
        {
            self.forget(&oldest);
        }
    }

    fn forget(&mut self, path: &ObjectPath) {
        if let Some((used, bytes)) = self.objects.remove(path) {
            self.by_use.remove(&used);
            self.bytes -= bytes.len();
        }
    }
}

#[async_trait]
impl Storage for Cache {
    fn location(&self) -> String {
        self.inner.location()
    }

    fn free_bytes(&self) -> Option<u64> {
        self.inner.free_bytes()
    }

    async fn is_empty(&self) -> Result<bool> {
        self.inner.is_empty().await
    }

    /// Kept only once it was read back.
    async fn put(&self, path: &ObjectPath, bytes: Bytes) -> Result<Put> {
        self.inner.put(path, bytes).await
    }

    async fn get(&self, path: &ObjectPath) -> Result<Option<Bytes>> {
        if let Some(bytes) = self.known().object(path) {
            return Ok(Some(bytes));
        }
        let read = self.inner.get(path).await?;
        if let Some(bytes) = &read
            && self.keeps(path, bytes)
        {
            self.known().keep(path, bytes, self.policy.bytes);
        }
        Ok(read)
    }

    async fn get_range(&self, path: &ObjectPath, range: Range<u64>) -> Result<Option<Bytes>> {
        if let Some(bytes) = self.known().object(path) {
            let at = |end: u64| usize::try_from(end).unwrap_or(usize::MAX).min(bytes.len());
            let start = at(range.start);
            return Ok(Some(bytes.slice(start..at(range.end).max(start))));
        }
        self.inner.get_range(path, range).await
    }

    async fn list(&self, folder: &ObjectPath) -> Result<Vec<Listed>> {
        if !self.policy.lists.contains(&folder.as_str()) {
            return self.inner.list(folder).await;
        }
        // Before the list: what changes while it is made gives another stamp.
        let Some(stamp) = self.inner.stamp(folder).await? else { return self.inner.list(folder).await };
        let settled = match self.list_under(folder, &stamp) {
            Ok(listed) => return Ok(listed.to_vec()),
            Err(settled) => settled,
        };
        let listed = self.inner.list(folder).await?;
        if settled
            && let Some(list) = self.known().lists.get_mut(folder)
            && list.stamp == stamp
        {
            list.listed = Some(Arc::new(listed.clone()));
        }
        Ok(listed)
    }

    async fn delete(&self, path: &ObjectPath) -> Result<()> {
        self.known().forget(path);
        self.inner.delete(path).await
    }

    async fn sweep_unfinished(&self, is_object: IsObject) -> Result<u64> {
        self.inner.sweep_unfinished(is_object).await
    }

    async fn stamp(&self, folder: &ObjectPath) -> Result<Option<Stamp>> {
        self.inner.stamp(folder).await
    }

    async fn lock(&self, wanted: &LockRequest) -> Result<Attempt> {
        self.inner.lock(wanted).await
    }
}
