//! Holding back: so many operations at once, and so many bytes a second in both directions together.
//!
//! Locks and stamps pass freely: they are small, and a lease that waits behind a large upload may lapse.

use std::num::NonZeroU64;
use std::ops::Range;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;
use tokio::sync::{Semaphore, SemaphorePermit};
use tokio::time::Instant;

use super::{Attempt, IsObject, Listed, LockRequest, ObjectPath, Put, Stamp, Storage};
use crate::{Result, VaultError};

#[derive(Clone, Copy, Debug)]
pub struct LimitPolicy {
    /// Operations at the same time, at least 1.
    pub operations: usize,
    /// None: as fast as it goes.
    pub bytes_per_second: Option<NonZeroU64>,
}

#[derive(Debug)]
pub struct Limit {
    inner: Arc<dyn Storage>,
    operations: Semaphore,
    pace: Option<Pace>,
}

impl Limit {
    pub fn new(inner: Arc<dyn Storage>, policy: LimitPolicy) -> Self {
        let pace = policy.bytes_per_second.map(|rate| Pace { rate, free_at: Mutex::new(Instant::now()) });
        Self { inner, operations: Semaphore::new(policy.operations.max(1)), pace }
    }

    async fn turn(&self) -> Result<SemaphorePermit<'_>> {
        self.operations.acquire().await.map_err(VaultError::internal)
    }

    async fn paced(&self, bytes: usize) {
        if let Some(pace) = &self.pace {
            tokio::time::sleep_until(pace.book(bytes as u64)).await;
        }
    }

    /// How much comes is known only when it has come: it is waited for afterwards.
    async fn received(&self, read: Result<Option<Bytes>>) -> Result<Option<Bytes>> {
        if let Ok(Some(bytes)) = &read {
            self.paced(bytes.len()).await;
        }
        read
    }
}

/// One line of bytes: whoever joins it waits for those before.
#[derive(Debug)]
struct Pace {
    rate: NonZeroU64,
    free_at: Mutex<Instant>,
}

impl Pace {
    /// When these bytes have had their time.
    fn book(&self, bytes: u64) -> Instant {
        let mut free_at = self.free_at.lock().unwrap_or_else(PoisonError::into_inner);
        let takes = Duration::from_secs_f64(bytes as f64 / self.rate.get() as f64);
        *free_at = (*free_at).max(Instant::now()) + takes;
        *free_at
    }
}

#[async_trait]
impl Storage for Limit {
    fn location(&self) -> String {
        self.inner.location()
    }

    fn free_bytes(&self) -> Option<u64> {
        self.inner.free_bytes()
    }

    async fn is_empty(&self) -> Result<bool> {
        let _turn = self.turn().await?;
        self.inner.is_empty().await
    }

    async fn put(&self, path: &ObjectPath, bytes: Bytes) -> Result<Put> {
        let _turn = self.turn().await?;
        self.paced(bytes.len()).await;
        self.inner.put(path, bytes).await
    }

    async fn get(&self, path: &ObjectPath) -> Result<Option<Bytes>> {
        let _turn = self.turn().await?;
        self.received(self.inner.get(path).await).await
    }

    async fn get_range(&self, path: &ObjectPath, range: Range<u64>) -> Result<Option<Bytes>> {
        let _turn = self.turn().await?;
        self.received(self.inner.get_range(path, range).await).await
    }

    async fn list(&self, folder: &ObjectPath) -> Result<Vec<Listed>> {
        let _turn = self.turn().await?;
        self.inner.list(folder).await
    }

    async fn delete(&self, path: &ObjectPath) -> Result<()> {
        let _turn = self.turn().await?;
        self.inner.delete(path).await
    }

    async fn sweep_unfinished(&self, is_object: IsObject) -> Result<u64> {
        let _turn = self.turn().await?;
        self.inner.sweep_unfinished(is_object).await
    }

    async fn stamp(&self, folder: &ObjectPath) -> Result<Option<Stamp>> {
        self.inner.stamp(folder).await
    }

    async fn lock(&self, wanted: &LockRequest) -> Result<Attempt> {
        self.inner.lock(wanted).await
    }
}
