//! The seam below the vault: what a place that keeps objects must do, whatever it is made of.
//!
//! Everything above asks this trait alone. A place is one implementation ([`LocalFolder`] today) and passes
//! `holdfast_testkit::storage::suite`; what all places need beside it (trying again, holding back, remembering) is
//! wrapped around it by [`compose`]. The contract between machines is in `docs/FORMAT.md`, "Storage".
//! What does not belong here: keys, the meaning of names, waiting for a lock (see `store`).

mod cache;
mod compose;
mod limit;
mod local;
mod lock;
mod path;
mod retry;

use std::fmt;
use std::ops::Range;

use async_trait::async_trait;
use bytes::Bytes;

use crate::Result;
pub use cache::{Cache, CachePolicy};
pub use compose::{Composed, Wrapping, compose};
pub use limit::{Limit, LimitPolicy};
pub use local::{LocalFolder, free_bytes};
pub use lock::{Attempt, Holder, Lock, LockKind, LockName, LockRequest};
pub use path::ObjectPath;
pub use retry::{Retry, RetryPolicy};

/// The object that makes a place a vault. Where it is not, `list` need not tell an empty folder from a missing place.
pub const ANCHOR: &str = "vault.json";

/// Objects by name, written once and never changed, and locks.
///
/// Every method may be called by many tasks at once, and dropping its future is allowed at any point: what was being
/// written is then there whole or not at all. Errors are `StorageUnavailable` (`transient` when trying again may help),
/// `StorageFull`, `StorageReadOnly`, or `Damaged` for something in an object's place that is none.
#[async_trait]
pub trait Storage: Send + Sync + fmt::Debug {
    /// For people: a path or an address, never with a secret in it.
    fn location(&self) -> String;

    /// Bytes that can still be written. None: not known.
    fn free_bytes(&self) -> Option<u64>;

    /// True if nothing at all lies here, objects or not. A place that does not exist is empty.
    async fn is_empty(&self) -> Result<bool>;

    /// Creates an object, whole and durable when this returns, or leaves what is there. Nobody sees a part of it at any
    /// time. After an error the outcome is open: the object is there whole, or not.
    async fn put(&self, path: &ObjectPath, bytes: Bytes) -> Result<Put>;

    /// None: it is not there.
    async fn get(&self, path: &ObjectPath) -> Result<Option<Bytes>>;

    /// Shorter than asked, or empty, if the object ends before. None: it is not there.
    async fn get_range(&self, path: &ObjectPath, range: Range<u64>) -> Result<Option<Bytes>>;

    /// Every object below `folder`, in any order: all that were there before the call and were not deleted during it. An
    /// error is an error, never a shorter list. What has no proper name is left out.
    async fn list(&self, folder: &ObjectPath) -> Result<Vec<Listed>>;

    /// Idempotent: deleting what is not there is done already.
    async fn delete(&self, path: &ObjectPath) -> Result<()>;

    /// Removes what interrupted puts of objects left behind, and says how much. Only while nobody writes.
    async fn sweep_unfinished(&self, is_object: IsObject) -> Result<u64>;

    /// Something that differs once the entries of `folder` itself (not of folders below it) have changed, save for
    /// changes within the same few seconds. Cheaper than a list; None: this place cannot tell.
    async fn stamp(&self, folder: &ObjectPath) -> Result<Option<Stamp>>;

    /// One attempt, without waiting.
    async fn lock(&self, wanted: &LockRequest) -> Result<Attempt>;
}

/// Tells the names of objects from others.
pub type IsObject = fn(&ObjectPath) -> bool;

/// What a put has found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Put {
    Created,
    /// An object of this name was there and stays as it was; whether its content is the same was not looked at.
    Exists,
}

/// One object of a list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Listed {
    pub path: ObjectPath,
    /// Bytes; 0 for something in an object's place that is none.
    pub size: u64,
}

/// Two that are equal mean: nothing was added and nothing removed in between. Its content is the storage's own affair.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stamp(pub Vec<i128>);
