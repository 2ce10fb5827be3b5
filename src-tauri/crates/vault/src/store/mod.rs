//! What the vault asks of its storage, in the vault's own words: objects of a folder, named by what they hold; locks that
//! are waited for and kept alive.
//!
//! Nothing here knows a key, and nothing here knows what the storage is made of (see `storage`).

mod guard;
mod name;

use std::ops::Range;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use sha2::{Digest, Sha256};

use crate::storage::{ANCHOR, Composed, ObjectPath, Put, Storage};
use crate::{Result, VaultError, hex};
pub(crate) use guard::Guard;
use guard::Locks;
pub use guard::Writer;
pub(crate) use name::{Folder, Listed};

/// How long to wait for a lock before saying "busy".
const PATIENCE: Duration = Duration::from_secs(15);
/// What is hashed is read in pieces of this size.
const PIECE: u64 = 4 << 20;

/// A place where a vault is or can be made.
#[derive(Clone)]
pub struct Store {
    storage: Composed,
    locks: Arc<Locks>,
    writer: Writer,
}

impl Store {
    /// Nothing is looked at or made yet.
    pub fn new(storage: Composed, writer: Writer) -> Self {
        let locks = Arc::new(Locks::new(Arc::clone(&storage.fresh), writer.clone(), PATIENCE));
        Self { storage, locks, writer }
    }

    /// With another time to wait for locks than fifteen seconds.
    pub fn patient_for(self, patience: Duration) -> Self {
        let locks = Locks::new(Arc::clone(&self.storage.fresh), self.writer.clone(), patience);
        Self { locks: Arc::new(locks), ..self }
    }

    pub fn location(&self) -> String {
        self.storage.fresh.location()
    }

    pub fn free_bytes(&self) -> Option<u64> {
        self.storage.fresh.free_bytes()
    }

    /// The same without anything remembered: what it says was read from the storage just now.
    pub(crate) fn past_the_cache(&self) -> Self {
        let fresh = &self.storage.fresh;
        Self {
            storage: Composed { known: Arc::clone(fresh), fresh: Arc::clone(fresh) },
            locks: Arc::clone(&self.locks),
            writer: self.writer.clone(),
        }
    }

    pub(crate) fn locks(&self) -> &Locks {
        &self.locks
    }

    pub(crate) fn writer(&self) -> &Writer {
        &self.writer
    }

    fn storage(&self) -> &Arc<dyn Storage> {
        &self.storage.known
    }

    /// The header's bytes; None: there is none.
    pub(crate) async fn header(&self) -> Result<Option<Bytes>> {
        self.storage().get(&ObjectPath::new(ANCHOR)?).await
    }

    /// `Exists` if somebody else was quicker: it is the one object that is not named by its content.
    pub(crate) async fn put_header(&self, text: String) -> Result<()> {
        match self.storage().put(&ObjectPath::new(ANCHOR)?, text.into_bytes().into()).await? {
            Put::Created => Ok(()),
            Put::Exists => Err(VaultError::Exists { location: self.location() }),
        }
    }

    /// True if nothing at all lies here.
    pub(crate) async fn is_empty(&self) -> Result<bool> {
        self.storage().is_empty().await
    }

    /// Objects whose names are in order. An error is an error, never an empty list.
    pub(crate) async fn list(&self, folder: Folder) -> Result<Vec<Listed>> {
        let all = self.storage().list(&ObjectPath::new(folder.path())?).await?;
        let recognise = |listed: crate::storage::Listed| {
            folder.recognise(listed.path.as_str()).map(|name| Listed { name, size: listed.size })
        };
        let mut listed: Vec<Listed> = all.into_iter().filter_map(recognise).collect();
        listed.sort_by(|a, b| a.name.cmp(&b.name));
        Ok(listed)
    }

    /// The whole object, checked against its name. A missing or changed object is damage.
    pub(crate) async fn get(&self, folder: Folder, name: &str) -> Result<Bytes> {
        let object = folder.object(name);
        let bytes = self.storage().get(&ObjectPath::new(&object)?).await?.ok_or_else(|| missing(&object))?;
        if !name.ends_with(&hex::encode(&Sha256::digest(&bytes))) {
            return Err(VaultError::damaged(object, "its content does not match its name"));
        }
        Ok(bytes)
    }

    /// Part of an object; shorter than asked if the object ends before. None: it is not there.
    pub(crate) async fn get_range(
        &self,
        folder: Folder,
        name: &str,
        range: Range<u64>,
    ) -> Result<Option<Bytes>> {
        self.storage().get_range(&ObjectPath::new(&folder.object(name))?, range).await
    }

    /// SHA-256 of an object without holding it; None: it is not there.
    pub(crate) async fn hash(
        &self,
        folder: Folder,
        name: &str,
        mut seen: impl FnMut(u64) -> Result<()>,
    ) -> Result<Option<String>> {
        let object = ObjectPath::new(&folder.object(name))?;
        let mut hash = Sha256::new();
        let mut at = 0;
        loop {
            let Some(piece) = self.storage().get_range(&object, at..at + PIECE).await? else {
                return Ok(None);
            };
            hash.update(&piece);
            at += piece.len() as u64;
            seen(piece.len() as u64)?;
            if (piece.len() as u64) < PIECE {
                return Ok(Some(hex::encode(&hash.finalize())));
            }
        }
    }

    /// Creates an object named by what it holds, with `prefix` before the hash. Returns the name.
    pub(crate) async fn put(&self, folder: Folder, prefix: &str, bytes: impl Into<Bytes>) -> Result<String> {
        let bytes = bytes.into();
        let name = format!("{prefix}{}", hex::encode(&Sha256::digest(&bytes)));
        // Names are hashes of the content, so one that exists is the same object.
        self.storage().put(&ObjectPath::new(&folder.object(&name))?, bytes).await?;
        Ok(name)
    }

    /// Removing what is not there is done already.
    pub(crate) async fn remove(&self, folder: Folder, name: &str) -> Result<()> {
        self.storage().delete(&ObjectPath::new(&folder.object(name))?).await
    }

    /// Uploads that never finished. Only under the exclusive lock, when nobody writes.
    pub(crate) async fn sweep_unfinished(&self) -> Result<u64> {
        self.storage().sweep_unfinished(Folder::is_object).await
    }
}

pub(crate) fn missing(object: &str) -> VaultError {
    VaultError::damaged(object, "it is missing")
}
