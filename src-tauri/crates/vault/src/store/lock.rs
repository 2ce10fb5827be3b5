//! Locks that die with their holder: on files by the operating system, in memory within the process.

use std::fs::{File, OpenOptions, TryLockError};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::{OwnedRwLockReadGuard, OwnedRwLockWriteGuard, RwLock};
use tokio::time::Instant;

use crate::{Result, VaultError};

const PAUSE: Duration = Duration::from_millis(20);

pub(crate) struct Locks {
    place: Place,
    patience: Duration,
}

enum Place {
    Files(PathBuf),
    Process { store: Arc<RwLock<()>>, commit: Arc<RwLock<()>> },
}

/// Held until it is dropped.
pub(crate) struct Guard(#[allow(dead_code, reason = "held for its drop")] Held);

#[allow(dead_code, reason = "held for their drop")]
enum Held {
    File(File),
    Shared(OwnedRwLockReadGuard<()>),
    Exclusive(OwnedRwLockWriteGuard<()>),
    /// Storage nobody can write to, so nobody can sweep it.
    Nothing,
}

impl Locks {
    pub fn files(root: &Path, patience: Duration) -> Self {
        Self { place: Place::Files(root.join("locks")), patience }
    }

    pub fn in_process(patience: Duration) -> Self {
        Self { place: Place::Process { store: Arc::default(), commit: Arc::default() }, patience }
    }

    /// For everybody who reads or writes objects that must not vanish meanwhile.
    pub async fn shared(&self) -> Result<Guard> {
        let busy = "unused objects are being removed";
        match &self.place {
            Place::Files(folder) => match open(folder, "store") {
                Err(VaultError::StorageReadOnly { .. }) => Ok(Guard(Held::Nothing)),
                Err(error) => Err(error),
                Ok(file) => self.poll(file, File::try_lock_shared, busy).await,
            },
            Place::Process { store, .. } => {
                let waited = tokio::time::timeout(self.patience, Arc::clone(store).read_owned()).await;
                waited.map(|guard| Guard(Held::Shared(guard))).map_err(|_| VaultError::Busy { what: busy })
            }
        }
    }

    /// For the sweep: nobody else reads or writes.
    pub async fn exclusive(&self) -> Result<Guard> {
        self.alone("store", "a backup, restore or check is running").await
    }

    /// For the moment in which a sequence number is taken.
    pub async fn commit(&self) -> Result<Guard> {
        self.alone("commit", "another backup is being completed").await
    }

    async fn alone(&self, name: &str, busy: &'static str) -> Result<Guard> {
        match &self.place {
            Place::Files(folder) => self.poll(open(folder, name)?, File::try_lock, busy).await,
            Place::Process { store, commit } => {
                let lock = if name == "commit" { commit } else { store };
                let waited = tokio::time::timeout(self.patience, Arc::clone(lock).write_owned()).await;
                waited.map(|guard| Guard(Held::Exclusive(guard))).map_err(|_| VaultError::Busy { what: busy })
            }
        }
    }

    /// Polls, because a blocking wait could not be given up.
    async fn poll(
        &self,
        file: File,
        attempt: fn(&File) -> Result<(), TryLockError>,
        busy: &'static str,
    ) -> Result<Guard> {
        let deadline = Instant::now() + self.patience;
        loop {
            match attempt(&file) {
                Ok(()) => return Ok(Guard(Held::File(file))),
                Err(TryLockError::Error(error)) => return Err(VaultError::io(&error)),
                Err(TryLockError::WouldBlock) if Instant::now() >= deadline => {
                    return Err(VaultError::Busy { what: busy });
                }
                Err(TryLockError::WouldBlock) => tokio::time::sleep(PAUSE).await,
            }
        }
    }
}

fn open(folder: &Path, name: &str) -> Result<File> {
    let path = folder.join(name);
    for place in [folder, &path] {
        if place.symlink_metadata().is_ok_and(|meta| meta.is_symlink()) {
            return Err(VaultError::damaged(place.display().to_string(), "it is a link"));
        }
    }
    let mut options = OpenOptions::new();
    options.read(true).write(true).create(true).truncate(false);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    match options.open(&path) {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
            super::local::make_private(folder)?;
            options.open(&path).map_err(|error| VaultError::io(&error))
        }
        // A lock can be held on a file that was opened for reading.
        Err(error) => File::open(&path).map_err(|_| VaultError::io(&error)),
        Ok(file) => Ok(file),
    }
}
