//! A storage in memory: real atomicity, real leases, and doors for tests that tamper with what is stored.

use std::collections::{BTreeMap, HashMap};
use std::ops::Range;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;
use holdfast_vault::storage::{
    Attempt, Holder, IsObject, Listed, Lock, LockKind, LockName, LockRequest, ObjectPath, Put, Stamp, Storage,
};
use holdfast_vault::{Result, VaultError};
use tokio::time::Instant;

/// Clones share what is in it, as two machines share a bucket. Its locks are leases, so that what must hold for an object
/// store to come holds here already.
#[derive(Clone, Debug)]
pub struct Memory {
    place: Arc<Mutex<Place>>,
    term: Duration,
}

#[derive(Debug, Default)]
struct Place {
    objects: BTreeMap<ObjectPath, Bytes>,
    /// How often the entries of a folder have changed.
    changes: HashMap<String, i128>,
    leases: HashMap<LockName, Vec<Held>>,
}

#[derive(Clone, Debug)]
struct Held {
    holder: Holder,
    kind: LockKind,
    until: Instant,
}

impl Default for Memory {
    fn default() -> Self {
        Self::with_term(Duration::from_secs(30))
    }
}

impl Memory {
    /// Whose leases lapse this long after they were last refreshed.
    pub fn with_term(term: Duration) -> Self {
        Self { place: Arc::default(), term }
    }

    /// Another place with the same objects and no locks.
    pub fn copy(&self) -> Self {
        let copy = Self::with_term(self.term);
        copy.place().objects = self.place().objects.clone();
        copy
    }

    /// All objects, in the order of their names.
    pub fn objects(&self) -> Vec<(String, Bytes)> {
        self.place().objects.iter().map(|(path, bytes)| (path.as_str().to_owned(), bytes.clone())).collect()
    }

    /// Changes or adds an object as only somebody from outside would.
    ///
    /// # Panics
    /// If it is not the name of an object.
    pub fn tamper(&self, path: &str, bytes: impl Into<Bytes>) {
        self.place().insert(&proper(path), bytes.into());
    }

    /// Removes an object as only somebody from outside would.
    ///
    /// # Panics
    /// If it is not the name of an object.
    pub fn lose(&self, path: &str) {
        self.place().remove(&proper(path));
    }

    /// Lets every lease lapse now, as if its holder had not been heard of for long.
    pub fn lapse(&self) {
        self.place().leases.clear();
    }

    fn place(&self) -> MutexGuard<'_, Place> {
        self.place.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn proper(path: &str) -> ObjectPath {
    ObjectPath::new(path).unwrap_or_else(|error| panic!("{error}"))
}

impl Place {
    fn insert(&mut self, path: &ObjectPath, bytes: Bytes) {
        self.objects.insert(path.clone(), bytes);
        self.changed(path);
    }

    fn remove(&mut self, path: &ObjectPath) {
        if self.objects.remove(path).is_some() {
            self.changed(path);
        }
    }

    fn changed(&mut self, path: &ObjectPath) {
        let folder = path.as_str().rsplit_once('/').map_or("", |(folder, _)| folder);
        *self.changes.entry(folder.to_owned()).or_default() += 1;
    }

    fn live(&mut self, name: LockName) -> &mut Vec<Held> {
        let held = self.leases.entry(name).or_default();
        held.retain(|held| held.until > Instant::now());
        held
    }
}

#[async_trait]
impl Storage for Memory {
    fn location(&self) -> String {
        "memory".to_owned()
    }

    fn free_bytes(&self) -> Option<u64> {
        None
    }

    async fn is_empty(&self) -> Result<bool> {
        Ok(self.place().objects.is_empty())
    }

    async fn put(&self, path: &ObjectPath, bytes: Bytes) -> Result<Put> {
        let mut place = self.place();
        if place.objects.contains_key(path) {
            return Ok(Put::Exists);
        }
        place.insert(path, bytes);
        Ok(Put::Created)
    }

    async fn get(&self, path: &ObjectPath) -> Result<Option<Bytes>> {
        Ok(self.place().objects.get(path).cloned())
    }

    async fn get_range(&self, path: &ObjectPath, range: Range<u64>) -> Result<Option<Bytes>> {
        let Some(bytes) = self.get(path).await? else { return Ok(None) };
        let at = |end: u64| usize::try_from(end).unwrap_or(usize::MAX).min(bytes.len());
        let start = at(range.start);
        Ok(Some(bytes.slice(start..at(range.end).max(start))))
    }

    async fn list(&self, folder: &ObjectPath) -> Result<Vec<Listed>> {
        let place = self.place();
        let below = place.objects.iter().filter(|(path, _)| path.is_below(folder));
        Ok(below.map(|(path, bytes)| Listed { path: path.clone(), size: bytes.len() as u64 }).collect())
    }

    async fn delete(&self, path: &ObjectPath) -> Result<()> {
        self.place().remove(path);
        Ok(())
    }

    async fn sweep_unfinished(&self, _: IsObject) -> Result<u64> {
        Ok(0)
    }

    async fn stamp(&self, folder: &ObjectPath) -> Result<Option<Stamp>> {
        let changes = self.place().changes.get(folder.as_str()).copied().unwrap_or_default();
        Ok(Some(Stamp(vec![changes])))
    }

    async fn lock(&self, wanted: &LockRequest) -> Result<Attempt> {
        let mut place = self.place();
        let live = place.live(wanted.name);
        let in_the_way =
            live.iter().find(|held| held.kind == LockKind::Exclusive || wanted.kind == LockKind::Exclusive);
        if let Some(held) = in_the_way {
            return Ok(Attempt::Refused { by: Some(held.holder.clone()) });
        }
        let until = Instant::now() + self.term;
        live.push(Held { holder: wanted.holder.clone(), kind: wanted.kind, until });
        let (memory, name, token) = (self.clone(), wanted.name, wanted.holder.token.clone());
        Ok(Attempt::Held(Box::new(MemoryLock { memory, name, token })))
    }
}

#[derive(Debug)]
struct MemoryLock {
    memory: Memory,
    name: LockName,
    token: String,
}

#[async_trait]
impl Lock for MemoryLock {
    fn term(&self) -> Option<Duration> {
        Some(self.memory.term)
    }

    async fn refresh(&self) -> Result<()> {
        let mut place = self.memory.place();
        let ours = place.live(self.name).iter_mut().find(|held| held.holder.token == self.token);
        let ours = ours.ok_or(VaultError::LockLost { lock: self.name.as_str() })?;
        ours.until = Instant::now() + self.memory.term;
        Ok(())
    }

    async fn release(&self) -> Result<()> {
        self.memory.place().live(self.name).retain(|held| held.holder.token != self.token);
        Ok(())
    }
}
