//! A storage that counts what it is asked and fails on demand, in front of a real one.

use std::collections::{HashMap, VecDeque};
use std::ops::Range;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use async_trait::async_trait;
use bytes::Bytes;
use holdfast_vault::storage::{Attempt, IsObject, Listed, LockRequest, ObjectPath, Put, Stamp, Storage};
use holdfast_vault::{Result, VaultError};

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Call {
    IsEmpty,
    Put,
    Get,
    GetRange,
    List,
    Delete,
    Sweep,
    Stamp,
    Lock,
}

/// What happens to one call.
#[derive(Clone, Debug)]
pub enum Fault {
    /// It fails and has done nothing.
    Fails(VaultError),
    /// It is done, and the caller is told that it failed.
    AnswerLost(VaultError),
}

#[derive(Debug)]
pub struct Faulty {
    inner: Arc<dyn Storage>,
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    calls: HashMap<Call, u64>,
    script: HashMap<Call, VecDeque<Fault>>,
    /// Changes that still succeed before the one that fails, and whether that one happens all the same.
    fuel: Option<(u64, bool)>,
    changes: u64,
    frozen: bool,
}

impl Faulty {
    pub fn new(inner: Arc<dyn Storage>) -> Arc<Self> {
        Arc::new(Self { inner, state: Mutex::default() })
    }

    /// The next calls of this kind, one fault each.
    pub fn fail(&self, call: Call, faults: impl IntoIterator<Item = Fault>) {
        self.state().script.entry(call).or_default().extend(faults);
    }

    /// From now on so many changes succeed; then every change fails for want of room, as after a crash. With
    /// `answer_lost` the first that fails happens all the same.
    pub fn cut_after(&self, changes: u64, answer_lost: bool) {
        self.state().fuel = Some((changes, answer_lost));
    }

    /// How often it was asked since the start or the last `count_anew`.
    pub fn calls(&self, call: Call) -> u64 {
        self.state().calls.get(&call).copied().unwrap_or_default()
    }

    /// Puts and deletions, also those that failed.
    pub fn changes(&self) -> u64 {
        self.state().changes
    }

    /// From now on every folder says that it has not changed, as on a file system that does not keep its times.
    pub fn freeze_stamps(&self) {
        self.state().frozen = true;
    }

    pub fn count_anew(&self) {
        self.state().calls.clear();
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn next(&self, call: Call) -> Option<Fault> {
        let mut state = self.state();
        *state.calls.entry(call).or_default() += 1;
        if let Some(fault) = state.script.get_mut(&call).and_then(VecDeque::pop_front) {
            return Some(fault);
        }
        if !matches!(call, Call::Put | Call::Delete) {
            return None;
        }
        state.changes += 1;
        let full = VaultError::StorageFull { native: "no room".to_owned() };
        match &mut state.fuel {
            None => None,
            Some((0, answer_lost)) => {
                Some(if std::mem::take(answer_lost) { Fault::AnswerLost(full) } else { Fault::Fails(full) })
            }
            Some((left, _)) => {
                *left -= 1;
                None
            }
        }
    }

    async fn through<T>(&self, call: Call, work: impl Future<Output = Result<T>> + Send) -> Result<T> {
        match self.next(call) {
            None => work.await,
            Some(Fault::Fails(error)) => Err(error),
            Some(Fault::AnswerLost(error)) => {
                work.await?;
                Err(error)
            }
        }
    }
}

#[async_trait]
impl Storage for Faulty {
    fn location(&self) -> String {
        self.inner.location()
    }

    fn free_bytes(&self) -> Option<u64> {
        self.inner.free_bytes()
    }

    async fn is_empty(&self) -> Result<bool> {
        self.through(Call::IsEmpty, self.inner.is_empty()).await
    }

    async fn put(&self, path: &ObjectPath, bytes: Bytes) -> Result<Put> {
        self.through(Call::Put, self.inner.put(path, bytes)).await
    }

    async fn get(&self, path: &ObjectPath) -> Result<Option<Bytes>> {
        self.through(Call::Get, self.inner.get(path)).await
    }

    async fn get_range(&self, path: &ObjectPath, range: Range<u64>) -> Result<Option<Bytes>> {
        self.through(Call::GetRange, self.inner.get_range(path, range)).await
    }

    async fn list(&self, folder: &ObjectPath) -> Result<Vec<Listed>> {
        self.through(Call::List, self.inner.list(folder)).await
    }

    async fn delete(&self, path: &ObjectPath) -> Result<()> {
        self.through(Call::Delete, self.inner.delete(path)).await
    }

    async fn sweep_unfinished(&self, is_object: IsObject) -> Result<u64> {
        self.through(Call::Sweep, self.inner.sweep_unfinished(is_object)).await
    }

    async fn stamp(&self, folder: &ObjectPath) -> Result<Option<Stamp>> {
        if self.state().frozen {
            return Ok(Some(Stamp(Vec::new())));
        }
        self.through(Call::Stamp, self.inner.stamp(folder)).await
    }

    async fn lock(&self, wanted: &LockRequest) -> Result<Attempt> {
        self.through(Call::Lock, self.inner.lock(wanted)).await
    }
}
