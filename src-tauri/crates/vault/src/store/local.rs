//! A folder on this machine: private modes, no links followed, listing that cannot mistake an error for emptiness.

use std::fs::{self, DirBuilder, Metadata};
use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use object_store::ObjectStore;
use object_store::local::LocalFileSystem;

use super::name::{Folder, Listed};
use crate::{Result, VaultError, header};

pub(super) struct LocalFolder {
    root: PathBuf,
    objects: Arc<LocalFileSystem>,
    /// The folder was not there before.
    made: bool,
}

impl LocalFolder {
    pub fn new(path: &Path) -> Result<Self> {
        if !path.is_absolute() {
            return Err(VaultError::Misuse { what: "The path of a vault must be absolute.".to_owned() });
        }
        let mut made = false;
        match fs::metadata(path) {
            Ok(found) if !found.is_dir() => {
                return Err(VaultError::NotAVault { location: path.display().to_string() });
            }
            Ok(_) => {}
            Err(error) if error.kind() == ErrorKind::NotFound => {
                make_private(path)?;
                made = true;
            }
            Err(error) => return Err(VaultError::io(&error)),
        }
        let root = fs::canonicalize(path).map_err(|error| VaultError::io(&error))?;
        let objects = LocalFileSystem::new_with_prefix(&root)
            .map_err(|error| super::fault::sort(&error))?
            .with_fsync(true);
        Ok(Self { root, objects: Arc::new(objects), made })
    }

    pub fn root(&self) -> &Path {
        &self.root
    }

    pub fn objects(&self) -> Arc<dyn ObjectStore> {
        self.objects.clone()
    }

    #[cfg(unix)]
    pub fn free_bytes(&self) -> Option<u64> {
        let found = rustix::fs::statvfs(&self.root).ok()?;
        Some(found.f_bavail.saturating_mul(found.f_frsize))
    }

    #[cfg(not(unix))]
    pub fn free_bytes(&self) -> Option<u64> {
        None
    }

    pub async fn is_empty(self: Arc<Self>) -> Result<bool> {
        aside(move || {
            let mut entries = match fs::read_dir(&self.root) {
                Err(error) if error.kind() == ErrorKind::NotFound => return Ok(true),
                entries => entries.map_err(|error| VaultError::io(&error))?,
            };
            match entries.next() {
                None => Ok(true),
                Some(Ok(_)) => Ok(false),
                Some(Err(error)) => Err(VaultError::io(&error)),
            }
        })
        .await
    }

    /// After looking for a vault in vain: a mistyped path must not leave a folder behind.
    pub async fn unmake(self: Arc<Self>) -> Result<()> {
        aside(move || {
            if self.made {
                // Only an empty folder goes; if somebody filled it meanwhile, it stays.
                drop(fs::remove_dir(&self.root));
            }
            Ok(())
        })
        .await
    }

    pub async fn list(self: Arc<Self>, folder: Folder) -> Result<Vec<Listed>> {
        aside(move || {
            let mut found = Vec::new();
            let path = self.root.join(folder.path());
            // A folder that is gone is empty only if the vault itself is still there (not an unplugged disk).
            let Some(entries) = self.entries(&path)? else { return Ok(found) };
            for (name, meta) in entries {
                if folder == Folder::Packs {
                    if meta.is_dir() && name.len() == 2 {
                        for (name, meta) in self.entries(&path.join(&name))?.unwrap_or_default() {
                            keep(folder, name, &meta, &mut found);
                        }
                    }
                } else {
                    keep(folder, name, &meta, &mut found);
                }
            }
            Ok(found)
        })
        .await
    }

    fn entries(&self, path: &Path) -> Result<Option<Vec<(String, Metadata)>>> {
        let io = |error| VaultError::io(&error);
        let listing = match fs::symlink_metadata(path) {
            Ok(meta) if meta.is_dir() => fs::read_dir(path).map_err(io)?,
            Ok(_) => return Err(VaultError::damaged(path.display().to_string(), "it is not a folder")),
            Err(error) if error.kind() == ErrorKind::NotFound && self.root.join(header::NAME).exists() => {
                return Ok(None);
            }
            Err(error) => return Err(io(error)),
        };
        let mut entries = Vec::new();
        for entry in listing {
            let entry = entry.map_err(io)?;
            let Ok(name) = entry.file_name().into_string() else { continue };
            match entry.path().symlink_metadata() {
                Ok(meta) => entries.push((name, meta)),
                // Removed while we looked.
                Err(error) if error.kind() == ErrorKind::NotFound => {}
                Err(error) => return Err(io(error)),
            }
        }
        Ok(Some(entries))
    }

    /// Refuses links and special files on the way to an object and at its place. Absence is fine.
    pub async fn look(self: Arc<Self>, object: String) -> Result<()> {
        aside(move || {
            let path = self.root.join(&object);
            refuse_links(&self.root, &path)?;
            match fs::symlink_metadata(&path) {
                Ok(meta) if !meta.is_file() => Err(VaultError::damaged(object, "it is not a file")),
                Ok(_) => Ok(()),
                Err(error) if error.kind() == ErrorKind::NotFound => Ok(()),
                Err(error) => Err(VaultError::io(&error)),
            }
        })
        .await
    }

    /// Makes the folders of an object, private.
    pub async fn prepare(self: Arc<Self>, object: String) -> Result<()> {
        aside(move || {
            let path = self.root.join(&object);
            refuse_links(&self.root, &path)?;
            match path.parent() {
                Some(parent) if !parent.is_dir() => make_private(parent),
                _ => Ok(()),
            }
        })
        .await
    }

    /// `object_store` leaves the mode to the umask; the folder is private already.
    pub async fn close_to_others(self: Arc<Self>, object: String) -> Result<()> {
        #[cfg(unix)]
        return aside(move || {
            use std::os::unix::fs::PermissionsExt;
            match fs::set_permissions(self.root.join(&object), fs::Permissions::from_mode(0o600)) {
                // File systems without modes (FAT) refuse; the folder's own access rules stand.
                Err(error) if error.kind() != ErrorKind::PermissionDenied => Err(VaultError::io(&error)),
                _ => Ok(()),
            }
        })
        .await;
        #[cfg(not(unix))]
        {
            drop((self, object));
            Ok(())
        }
    }

    pub async fn sweep_unfinished(self: Arc<Self>) -> Result<u64> {
        aside(move || {
            let mut removed = 0;
            for folder in Folder::ALL {
                let path = self.root.join(folder.path());
                let mut places = vec![path.clone()];
                if folder == Folder::Packs {
                    let below = self.entries(&path)?.unwrap_or_default();
                    places.extend(
                        below.into_iter().filter(|(_, meta)| meta.is_dir()).map(|(name, _)| path.join(name)),
                    );
                }
                for place in places {
                    for (name, meta) in self.entries(&place)?.unwrap_or_default() {
                        if meta.is_file() && is_unfinished(folder, &name) {
                            fs::remove_file(place.join(&name)).map_err(|error| VaultError::io(&error))?;
                            removed += 1;
                        }
                    }
                }
            }
            Ok(removed)
        })
        .await
    }
}

fn keep(folder: Folder, name: String, meta: &Metadata, found: &mut Vec<Listed>) {
    // A link or a device with an object's name is listed so that reading it reports the damage.
    if folder.is_name(&name) && !meta.is_dir() {
        found.push(Listed { name, size: if meta.is_file() { meta.len() } else { 0 } });
    }
}

/// The names `object_store` gives to files before it publishes them.
fn is_unfinished(folder: Folder, name: &str) -> bool {
    name.split_once('#').is_some_and(|(name, number)| {
        folder.is_name(name) && !number.is_empty() && number.bytes().all(|byte| byte.is_ascii_digit())
    })
}

/// Every folder between `root` and `path` must be a folder and not a link.
pub(super) fn refuse_links(root: &Path, path: &Path) -> Result<()> {
    for folder in path.ancestors().skip(1).take_while(|folder| *folder != root && folder.starts_with(root)) {
        if let Ok(meta) = fs::symlink_metadata(folder)
            && !meta.is_dir()
        {
            return Err(VaultError::damaged(folder.display().to_string(), "it is not a folder"));
        }
    }
    Ok(())
}

/// With its parents, all with mode 0700 where they are new.
pub(super) fn make_private(path: &Path) -> Result<()> {
    let mut builder = DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(path).map_err(|error| VaultError::io(&error))?;
    // The new entry must survive a power cut as the files in it will.
    #[cfg(unix)]
    if let Some(parent) = path.parent() {
        fs::File::open(parent)
            .and_then(|parent| parent.sync_all())
            .map_err(|error| VaultError::io(&error))?;
    }
    Ok(())
}

async fn aside<T: Send + 'static>(work: impl FnOnce() -> Result<T> + Send + 'static) -> Result<T> {
    tokio::task::spawn_blocking(work).await.map_err(VaultError::internal)?
}
