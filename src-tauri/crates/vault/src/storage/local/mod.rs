//! A folder on this machine as storage: `object_store` writes (complete, synced with its folder, only if absent), the
//! files are read as files, and the operating system locks.
//!
//! What does not belong here: what the objects are; that a folder is gone because its disk is (see [`folder`]).

mod fault;
mod folder;
mod lock;
mod stamp;

use std::fs;
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::sync::{Arc, OnceLock};

use async_trait::async_trait;
use bytes::Bytes;
use object_store::local::LocalFileSystem;
use object_store::{ObjectStore, ObjectStoreExt, PutMode, PutOptions, PutPayload};

use super::{Attempt, IsObject, Listed, LockRequest, ObjectPath, Put, Stamp, Storage};
use crate::{Result, VaultError};
use folder::Folder;

/// A folder (absolute), private (mode 0700). It is made by the first put, never by looking.
#[derive(Clone, Debug)]
pub struct LocalFolder {
    path: PathBuf,
    /// Since it was found or made: where it really lies.
    opened: Arc<OnceLock<Opened>>,
}

#[derive(Clone, Debug)]
struct Opened {
    folder: Folder,
    objects: Arc<LocalFileSystem>,
}

impl LocalFolder {
    /// `NotAVault` if something else than a folder lies there.
    pub fn new(path: &Path) -> Result<Self> {
        if !path.is_absolute() {
            return Err(VaultError::Misuse { what: "The path of a vault must be absolute.".to_owned() });
        }
        match fs::metadata(path) {
            Ok(found) if !found.is_dir() => {
                return Err(VaultError::NotAVault { location: path.display().to_string() });
            }
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => return Err(VaultError::io(&error)),
            _ => {}
        }
        let folder = Self { path: path.to_owned(), opened: Arc::default() };
        folder.open()?;
        Ok(folder)
    }

    /// None: there is no folder yet.
    fn open(&self) -> Result<Option<&Opened>> {
        if let Some(opened) = self.opened.get() {
            return Ok(Some(opened));
        }
        let root = match fs::canonicalize(&self.path) {
            Ok(root) => root,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(VaultError::io(&error)),
        };
        let objects =
            LocalFileSystem::new_with_prefix(&root).map_err(|error| fault::sort(&error))?.with_fsync(true);
        let opened = Opened { folder: Folder(root), objects: Arc::new(objects) };
        Ok(Some(self.opened.get_or_init(|| opened)))
    }

    fn make(&self) -> Result<&Opened> {
        if let Some(opened) = self.open()? {
            return Ok(opened);
        }
        folder::make_private(&self.path)?;
        self.open()?.ok_or_else(|| VaultError::io(&std::io::ErrorKind::NotFound.into()))
    }

    /// Off the async threads; `absent` is the answer while there is no folder.
    async fn look<T: Send + 'static>(
        &self,
        absent: T,
        work: impl FnOnce(&Folder) -> Result<T> + Send + 'static,
    ) -> Result<T> {
        let this = self.clone();
        aside(move || match this.open()? {
            Some(opened) => work(&opened.folder),
            None => Ok(absent),
        })
        .await
    }
}

#[async_trait]
impl Storage for LocalFolder {
    fn location(&self) -> String {
        self.opened.get().map_or(&self.path, |opened| &opened.folder.0).display().to_string()
    }

    fn free_bytes(&self) -> Option<u64> {
        free_bytes(&self.path)
    }

    async fn is_empty(&self) -> Result<bool> {
        self.look(true, Folder::is_empty).await
    }

    async fn put(&self, path: &ObjectPath, bytes: Bytes) -> Result<Put> {
        let (this, name) = (self.clone(), path.clone());
        let opened = aside(move || {
            let opened = this.make()?;
            opened.folder.prepare(&name)?;
            Ok(opened.clone())
        })
        .await?;
        let put = write(&opened.objects, path, bytes).await?;
        if put == Put::Created {
            let name = path.clone();
            aside(move || opened.folder.close_to_others(&name)).await?;
        }
        Ok(put)
    }

    async fn get(&self, path: &ObjectPath) -> Result<Option<Bytes>> {
        let path = path.clone();
        self.look(None, move |folder| folder.read(&path, None)).await
    }

    async fn get_range(&self, path: &ObjectPath, range: Range<u64>) -> Result<Option<Bytes>> {
        let path = path.clone();
        self.look(None, move |folder| folder.read(&path, Some(range))).await
    }

    async fn list(&self, folder: &ObjectPath) -> Result<Vec<Listed>> {
        let below = folder.clone();
        self.look(Vec::new(), move |folder| folder.list(&below)).await
    }

    async fn delete(&self, path: &ObjectPath) -> Result<()> {
        let this = self.clone();
        let Some(opened) = aside(move || Ok(this.open()?.cloned())).await? else { return Ok(()) };
        match opened.objects.delete(&path.as_str().into()).await {
            Ok(()) | Err(object_store::Error::NotFound { .. }) => Ok(()),
            Err(error) => Err(fault::sort(&error)),
        }
    }

    async fn sweep_unfinished(&self, is_object: IsObject) -> Result<u64> {
        self.look(0, move |folder| folder.sweep_unfinished(is_object)).await
    }

    async fn stamp(&self, folder: &ObjectPath) -> Result<Option<Stamp>> {
        let below = folder.clone();
        self.look(None, move |folder| stamp::of(&folder.0.join(below.as_str()))).await
    }

    async fn lock(&self, wanted: &LockRequest) -> Result<Attempt> {
        let (this, wanted) = (self.clone(), wanted.clone());
        aside(move || {
            let root = this.open()?.map_or(&this.path, |opened| &opened.folder.0);
            lock::attempt(root, &wanted)
        })
        .await
    }
}

async fn write(objects: &LocalFileSystem, path: &ObjectPath, bytes: Bytes) -> Result<Put> {
    let path = object_store::path::Path::from(path.as_str());
    let options = |mode| PutOptions { mode, ..Default::default() };
    let payload = PutPayload::from_bytes(bytes);
    match objects.put_opts(&path, payload.clone(), options(PutMode::Create)).await {
        Ok(_) => Ok(Put::Created),
        Err(object_store::Error::AlreadyExists { .. }) => Ok(Put::Exists),
        // File systems without hard links (exFAT) cannot create exclusively; what is there already is left alone at least.
        Err(error) if fault::lacks_hard_links(&error) => {
            if objects.head(&path).await.is_ok() {
                return Ok(Put::Exists);
            }
            let put = objects.put_opts(&path, payload, options(PutMode::Overwrite)).await;
            put.map(|_| Put::Created).map_err(|error| fault::sort(&error))
        }
        Err(error) => Err(fault::sort(&error)),
    }
}

/// What can still be written into a folder, or into the nearest one above it that is there. None: not known.
#[cfg(unix)]
pub fn free_bytes(folder: &Path) -> Option<u64> {
    let there = folder.ancestors().find(|folder| folder.is_dir())?;
    let found = rustix::fs::statvfs(there).ok()?;
    Some(found.f_bavail.saturating_mul(found.f_frsize))
}

#[cfg(not(unix))]
pub fn free_bytes(_: &Path) -> Option<u64> {
    None
}

async fn aside<T: Send + 'static>(work: impl FnOnce() -> Result<T> + Send + 'static) -> Result<T> {
    tokio::task::spawn_blocking(work).await.map_err(VaultError::internal)?
}
