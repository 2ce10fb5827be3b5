//! What is wrapped around a storage, decided in one place.

use std::sync::Arc;
use std::time::Duration;

use super::{Cache, CachePolicy, Limit, LimitPolicy, Retry, RetryPolicy, Storage};

/// Each part only where it brings something.
#[derive(Clone, Copy, Debug)]
pub struct Wrapping {
    pub limit: Option<LimitPolicy>,
    pub retry: Option<RetryPolicy>,
    pub cache: Option<CachePolicy>,
}

impl Wrapping {
    /// For a folder of this machine or a network share:
    ///
    /// - *retry*, briefly: a share that answers late or is mounted anew; a disk of this machine gives no such errors.
    /// - *no limit*: the vault bounds by itself what it does at once, and a disk has no price and no quota.
    /// - *cache* of the lists that every look at the backups needs, where the file system tells that a folder has not
    ///   changed. No objects: the operating system keeps the files' pages already, and would keep them twice.
    pub const FOLDER: Self = Self {
        limit: None,
        retry: Some(RetryPolicy {
            attempts: 4,
            first_pause: Duration::from_millis(100),
            longest_pause: Duration::from_secs(1),
        }),
        cache: Some(CachePolicy {
            objects: &[],
            bytes: 0,
            lists: &["manifests", "tombstones", "records"],
            settle: Duration::from_secs(3),
        }),
    };

    /// The storage alone.
    pub const BARE: Self = Self { limit: None, retry: None, cache: None };
}

/// A wrapped storage, with a way past the cache for whoever must see what is there now.
#[derive(Clone, Debug)]
pub struct Composed {
    pub(crate) known: Arc<dyn Storage>,
    pub(crate) fresh: Arc<dyn Storage>,
}

impl Composed {
    /// For whoever may be told what is remembered.
    pub fn cached(&self) -> Arc<dyn Storage> {
        Arc::clone(&self.known)
    }
}

/// From the inside out: limit, so that each attempt counts; retry; cache, so that what is known costs no attempt.
pub fn compose(storage: Arc<dyn Storage>, wrapping: Wrapping) -> Composed {
    let mut fresh = storage;
    if let Some(policy) = wrapping.limit {
        fresh = Arc::new(Limit::new(fresh, policy));
    }
    if let Some(policy) = wrapping.retry {
        fresh = Arc::new(Retry::new(fresh, policy));
    }
    let known: Arc<dyn Storage> = match wrapping.cache {
        Some(policy) => Arc::new(Cache::new(Arc::clone(&fresh), policy)),
        None => Arc::clone(&fresh),
    };
    Composed { known, fresh }
}
