//! Locks on files by the operating system: they die with their holder, and nothing is written into the files.

use std::fs::{File, OpenOptions, TryLockError};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;

use super::aside;
use super::folder::make_private;
use crate::storage::{Attempt, Lock, LockKind, LockName, LockRequest};
use crate::{Result, VaultError};

/// A lock file that was replaced between its opening and its locking is opened again; more than once is an attack.
const REPLACED: usize = 8;

/// On a blocking thread.
pub(super) fn attempt(root: &Path, wanted: &LockRequest) -> Result<Attempt> {
    let folder = root.join("locks");
    let path = folder.join(wanted.name.as_str());
    for _ in 0..REPLACED {
        let file = match open(&folder, &path) {
            // Storage nobody can write to, so nobody can sweep it.
            Err(VaultError::StorageReadOnly { .. }) if wanted.kind == LockKind::Shared => {
                return Ok(Attempt::Held(Box::new(Unneeded)));
            }
            file => file?,
        };
        let locked = match wanted.kind {
            LockKind::Shared => file.try_lock_shared(),
            LockKind::Exclusive => file.try_lock(),
        };
        match locked {
            Ok(()) if is_at(&file, &path)? => {
                return Ok(Attempt::Held(Box::new(FileLock {
                    file: Arc::new(file),
                    path,
                    name: wanted.name,
                })));
            }
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => return Ok(Attempt::Refused { by: None }),
            Err(TryLockError::Error(error)) => return Err(VaultError::io(&error)),
        }
    }
    Err(VaultError::damaged(path.display().to_string(), "it does not stay in its place"))
}

#[derive(Debug)]
struct FileLock {
    file: Arc<File>,
    path: PathBuf,
    name: LockName,
}

#[async_trait]
impl Lock for FileLock {
    fn term(&self) -> Option<Duration> {
        None
    }

    /// Somebody may have removed the lock files: a new one can be locked by another then.
    async fn refresh(&self) -> Result<()> {
        let (file, path) = (Arc::clone(&self.file), self.path.clone());
        if aside(move || is_at(&file, &path)).await? {
            Ok(())
        } else {
            Err(VaultError::LockLost { lock: self.name.as_str() })
        }
    }

    async fn release(&self) -> Result<()> {
        self.file.unlock().map_err(|error| VaultError::io(&error))
    }
}

#[derive(Debug)]
struct Unneeded;

#[async_trait]
impl Lock for Unneeded {
    fn term(&self) -> Option<Duration> {
        None
    }

    async fn refresh(&self) -> Result<()> {
        Ok(())
    }

    async fn release(&self) -> Result<()> {
        Ok(())
    }
}

fn open(folder: &Path, path: &Path) -> Result<File> {
    for place in [folder, path] {
        if place.symlink_metadata().is_ok_and(|meta| meta.is_symlink()) {
            return Err(VaultError::damaged(place.display().to_string(), "it is a link"));
        }
    }
    let mut options = OpenOptions::new();
    options.read(true).write(true).create(true).truncate(false);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    match options.open(path) {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
            make_private(folder)?;
            options.open(path).map_err(|error| VaultError::io(&error))
        }
        // A lock can be held on a file that was opened for reading.
        Err(error) => File::open(path).map_err(|_| VaultError::io(&error)),
        Ok(file) => Ok(file),
    }
}

/// Whether the file that lies at `path` is this one.
#[cfg(unix)]
fn is_at(file: &File, path: &Path) -> Result<bool> {
    use std::os::unix::fs::MetadataExt;
    let ours = file.metadata().map_err(|error| VaultError::io(&error))?;
    match path.symlink_metadata() {
        Ok(theirs) => Ok((ours.dev(), ours.ino()) == (theirs.dev(), theirs.ino())),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(false),
        Err(error) => Err(VaultError::io(&error)),
    }
}

/// There a file that is open keeps its name.
#[cfg(not(unix))]
fn is_at(_: &File, _: &Path) -> Result<bool> {
    Ok(true)
}
