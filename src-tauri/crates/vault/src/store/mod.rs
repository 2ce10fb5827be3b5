//! Where objects lie: `object_store` below, the vault's names, error codes and locks above.
//!
//! Nothing here knows a key. Objects are written once and never changed.

mod fault;
mod local;
mod lock;
mod name;

use std::ops::Range;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use futures::{StreamExt, TryStreamExt};
use object_store::memory::InMemory;
use object_store::{GetOptions, GetRange, ObjectStore, ObjectStoreExt, PutMode, PutOptions, PutPayload};
use sha2::{Digest, Sha256};

use crate::{Result, VaultError, header, hex};
pub(crate) use lock::Guard;
use lock::Locks;
pub(crate) use name::{Folder, Listed};

/// How long to wait for a lock before saying "busy".
const PATIENCE: Duration = Duration::from_secs(15);

#[derive(Clone)]
pub struct Store {
    objects: Arc<dyn ObjectStore>,
    local: Option<Arc<local::LocalFolder>>,
    locks: Arc<Locks>,
}

impl Store {
    /// A folder (absolute). It is made (mode 0700) if it is not there; a vault is made by `Vault::create` only, and
    /// looking for one in vain takes the new folder away again.
    pub fn local(path: &Path) -> Result<Store> {
        let folder = Arc::new(local::LocalFolder::new(path)?);
        Ok(Self {
            objects: folder.objects(),
            locks: Arc::new(Locks::files(folder.root(), PATIENCE)),
            local: Some(folder),
        })
    }

    pub fn memory() -> Store {
        Self::over(Arc::new(InMemory::new()))
    }

    /// Any object store that only this process writes to; its locks live in this process.
    pub fn over(objects: Arc<dyn ObjectStore>) -> Store {
        Self { objects, local: None, locks: Arc::new(Locks::in_process(Duration::from_millis(200))) }
    }

    pub fn location(&self) -> String {
        self.local.as_ref().map_or_else(|| "memory".to_owned(), |folder| folder.root().display().to_string())
    }

    pub fn free_bytes(&self) -> Option<u64> {
        self.local.as_ref().and_then(|folder| folder.free_bytes())
    }

    pub(crate) fn locks(&self) -> &Arc<Locks> {
        &self.locks
    }

    /// The header's bytes; None: there is none.
    pub(crate) async fn header(&self) -> Result<Option<Bytes>> {
        self.read(header::NAME, None).await
    }

    pub(crate) async fn put_header(&self, text: String) -> Result<()> {
        self.write(header::NAME, text.into_bytes().into()).await
    }

    /// True if nothing at all lies here.
    pub(crate) async fn is_empty(&self) -> Result<bool> {
        match &self.local {
            Some(folder) => folder.clone().is_empty().await,
            None => Ok(self.objects.list(None).next().await.is_none()),
        }
    }

    /// Takes back what `local` made, when there is no vault.
    pub(crate) async fn unmake(&self) -> Result<()> {
        match &self.local {
            Some(folder) => folder.clone().unmake().await,
            None => Ok(()),
        }
    }

    /// Objects whose names are in order. An error is an error, never an empty list.
    pub(crate) async fn list(&self, folder: Folder) -> Result<Vec<Listed>> {
        let mut listed = match &self.local {
            Some(local) => local.clone().list(folder).await?,
            None => {
                let prefix = object_store::path::Path::from(folder.path());
                let all: Vec<_> = self
                    .objects
                    .list(Some(&prefix))
                    .try_collect()
                    .await
                    .map_err(|error| fault::sort(&error))?;
                all.into_iter()
                    .filter_map(|meta| {
                        folder.recognise(meta.location.as_ref()).map(|name| Listed { name, size: meta.size })
                    })
                    .collect()
            }
        };
        listed.sort_by(|a, b| a.name.cmp(&b.name));
        Ok(listed)
    }

    /// The whole object, checked against its name. A missing or changed object is damage.
    pub(crate) async fn get(&self, folder: Folder, name: &str) -> Result<Bytes> {
        let object = folder.object(name);
        let bytes = self.read(&object, None).await?.ok_or_else(|| missing(&object))?;
        let sha = hex::encode(&Sha256::digest(&bytes));
        if !name.ends_with(&sha) {
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
        self.read(&folder.object(name), Some(range)).await
    }

    /// SHA-256 of an object without holding it; None: it is not there.
    pub(crate) async fn hash(
        &self,
        folder: Folder,
        name: &str,
        mut seen: impl FnMut(u64) -> Result<()>,
    ) -> Result<Option<String>> {
        let object = folder.object(name);
        self.look(&object).await?;
        let mut stream = match self.objects.get(&object.as_str().into()).await {
            Ok(found) => found.into_stream(),
            Err(object_store::Error::NotFound { .. }) => return Ok(None),
            Err(error) => return Err(fault::sort(&error)),
        };
        let mut hash = Sha256::new();
        while let Some(part) = stream.next().await {
            let part = part.map_err(|error| fault::sort(&error))?;
            hash.update(&part);
            seen(part.len() as u64)?;
        }
        Ok(Some(hex::encode(&hash.finalize())))
    }

    /// Creates an object named by what it holds, with `prefix` before the hash. Returns the name.
    pub(crate) async fn put(&self, folder: Folder, prefix: &str, bytes: impl Into<Bytes>) -> Result<String> {
        let bytes = bytes.into();
        let name = format!("{prefix}{}", hex::encode(&Sha256::digest(&bytes)));
        self.write(&folder.object(&name), bytes).await?;
        Ok(name)
    }

    /// Removing what is not there is done already.
    pub(crate) async fn remove(&self, folder: Folder, name: &str) -> Result<()> {
        match self.objects.delete(&folder.object(name).as_str().into()).await {
            Ok(()) | Err(object_store::Error::NotFound { .. }) => Ok(()),
            Err(error) => Err(fault::sort(&error)),
        }
    }

    /// Uploads that never finished. Only under the exclusive lock, when nobody writes.
    pub(crate) async fn sweep_unfinished(&self) -> Result<u64> {
        match &self.local {
            Some(folder) => folder.clone().sweep_unfinished().await,
            None => Ok(0),
        }
    }

    async fn read(&self, object: &str, range: Option<Range<u64>>) -> Result<Option<Bytes>> {
        self.look(object).await?;
        let options = GetOptions { range: range.map(GetRange::Bounded), ..Default::default() };
        let found = match self.objects.get_opts(&object.into(), options).await {
            Ok(found) => found.bytes().await,
            Err(error) => Err(error),
        };
        match found {
            Ok(bytes) => Ok(Some(bytes)),
            Err(object_store::Error::NotFound { .. }) => Ok(None),
            Err(error) if fault::is_out_of_range(&error) => Ok(Some(Bytes::new())),
            Err(error) => Err(fault::sort(&error)),
        }
    }

    async fn write(&self, object: &str, bytes: Bytes) -> Result<()> {
        if let Some(folder) = &self.local {
            folder.clone().prepare(object.to_owned()).await?;
        }
        let path = object_store::path::Path::from(object);
        let options = |mode| PutOptions { mode, ..Default::default() };
        let payload = PutPayload::from_bytes(bytes);
        match self.objects.put_opts(&path, payload.clone(), options(PutMode::Create)).await {
            Ok(_) => {}
            // Names are hashes of the content, so the same name is the same object.
            Err(object_store::Error::AlreadyExists { .. }) => {}
            // File systems without hard links (exFAT) cannot create exclusively; the name is ours alone anyway.
            Err(error) if fault::lacks_hard_links(&error) => {
                self.objects
                    .put_opts(&path, payload, options(PutMode::Overwrite))
                    .await
                    .map_err(|error| fault::sort(&error))?;
            }
            Err(error) => return Err(fault::sort(&error)),
        }
        match &self.local {
            Some(folder) => folder.clone().close_to_others(object.to_owned()).await,
            None => Ok(()),
        }
    }

    /// Refuses symbolic links and anything that is not a file before it is opened.
    async fn look(&self, object: &str) -> Result<()> {
        match &self.local {
            Some(folder) => folder.clone().look(object.to_owned()).await,
            None => Ok(()),
        }
    }
}

pub(crate) fn missing(object: &str) -> VaultError {
    VaultError::damaged(object, "it is missing")
}
