//! Trying again where that may help: a few times, with growing pauses, and never blindly where the outcome is open.
//!
//! Only errors that are `transient` are tried again. Reading, listing and deleting are idempotent; a put whose answer was
//! lost is settled by looking at what lies there now. Locks are not tried again: whether the first attempt has taken one
//! is not known, and a second would find it in its way; whoever waits for a lock asks anew anyway.

use std::ops::Range;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;
use futures::future::BoxFuture;

use super::{Attempt, IsObject, Listed, LockRequest, ObjectPath, Put, Stamp, Storage};
use crate::{Result, VaultError};

#[derive(Clone, Copy, Debug)]
pub struct RetryPolicy {
    /// Attempts in all; 1 tries nothing again.
    pub attempts: u32,
    /// Before the second attempt; doubled before each later one.
    pub first_pause: Duration,
    pub longest_pause: Duration,
}

/// Dropping a future of it stops the trying at once, also within a pause.
#[derive(Debug)]
pub struct Retry {
    inner: Arc<dyn Storage>,
    policy: RetryPolicy,
}

impl Retry {
    pub fn new(inner: Arc<dyn Storage>, policy: RetryPolicy) -> Self {
        Self { inner, policy }
    }

    async fn again<'a, T>(&self, attempt: impl Fn() -> BoxFuture<'a, Result<T>> + Send) -> Result<T> {
        let mut pauses = self.pauses();
        loop {
            match attempt().await {
                Err(error) if error.is_transient() => pauses.next_or(error).await?,
                outcome => return outcome,
            }
        }
    }

    /// One attempt at a put. `open`: an earlier one may have arrived, or may still arrive.
    async fn put_once(&self, path: &ObjectPath, bytes: &Bytes, open: bool) -> Result<Put> {
        if open && let Some(put) = self.settled(path, bytes).await? {
            return Ok(put);
        }
        match self.inner.put(path, bytes.clone()).await? {
            Put::Exists if open => Ok(self.settled(path, bytes).await?.unwrap_or(Put::Exists)),
            put => Ok(put),
        }
    }

    fn pauses(&self) -> Pauses {
        Pauses {
            left: self.policy.attempts,
            next: self.policy.first_pause,
            longest: self.policy.longest_pause,
        }
    }

    /// What an earlier attempt has left. None: nothing, so it can be made again.
    async fn settled(&self, path: &ObjectPath, bytes: &Bytes) -> Result<Option<Put>> {
        let there = self.inner.get(path).await?;
        Ok(there.map(|there| if there == *bytes { Put::Created } else { Put::Exists }))
    }
}

struct Pauses {
    left: u32,
    next: Duration,
    longest: Duration,
}

impl Pauses {
    /// Waits before the next attempt, or gives up with what the last one said.
    async fn next_or(&mut self, error: VaultError) -> Result<()> {
        self.left = self.left.saturating_sub(1);
        if self.left == 0 {
            return Err(error);
        }
        tokio::time::sleep(self.next.min(self.longest)).await;
        self.next = self.next.saturating_mul(2).min(self.longest);
        Ok(())
    }
}

#[async_trait]
impl Storage for Retry {
    fn location(&self) -> String {
        self.inner.location()
    }

    fn free_bytes(&self) -> Option<u64> {
        self.inner.free_bytes()
    }

    async fn is_empty(&self) -> Result<bool> {
        self.again(|| self.inner.is_empty()).await
    }

    /// `Created` also when the very same bytes lie there after an attempt whose answer was lost: they are ours, or as good.
    async fn put(&self, path: &ObjectPath, bytes: Bytes) -> Result<Put> {
        let mut pauses = self.pauses();
        let mut open = false;
        loop {
            match self.put_once(path, &bytes, open).await {
                Err(error) if error.is_transient() => pauses.next_or(error).await?,
                outcome => return outcome,
            }
            open = true;
        }
    }

    async fn get(&self, path: &ObjectPath) -> Result<Option<Bytes>> {
        self.again(|| self.inner.get(path)).await
    }

    async fn get_range(&self, path: &ObjectPath, range: Range<u64>) -> Result<Option<Bytes>> {
        self.again(|| self.inner.get_range(path, range.clone())).await
    }

    async fn list(&self, folder: &ObjectPath) -> Result<Vec<Listed>> {
        self.again(|| self.inner.list(folder)).await
    }

    async fn delete(&self, path: &ObjectPath) -> Result<()> {
        self.again(|| self.inner.delete(path)).await
    }

    async fn sweep_unfinished(&self, is_object: IsObject) -> Result<u64> {
        self.again(|| self.inner.sweep_unfinished(is_object)).await
    }

    async fn stamp(&self, folder: &ObjectPath) -> Result<Option<Stamp>> {
        self.again(|| self.inner.stamp(folder)).await
    }

    async fn lock(&self, wanted: &LockRequest) -> Result<Attempt> {
        self.inner.lock(wanted).await
    }
}
