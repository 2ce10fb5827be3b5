//! The folder itself: private modes, no links followed, listing that cannot mistake an error for emptiness.
//!
//! Everything here blocks.

use std::fs::{self, DirBuilder, File, Metadata, OpenOptions};
use std::io::{ErrorKind, Read, Seek, SeekFrom};
use std::ops::Range;
use std::path::{Path, PathBuf};

use bytes::Bytes;

use crate::storage::{ANCHOR, IsObject, Listed, ObjectPath};
use crate::{Result, VaultError};

/// Its path, without links.
#[derive(Clone, Debug)]
pub(super) struct Folder(pub PathBuf);

impl Folder {
    pub fn is_empty(&self) -> Result<bool> {
        let mut entries = match fs::read_dir(&self.0) {
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(true),
            entries => entries.map_err(|error| VaultError::io(&error))?,
        };
        match entries.next() {
            None => Ok(true),
            Some(Ok(_)) => Ok(false),
            Some(Err(error)) => Err(VaultError::io(&error)),
        }
    }

    /// None: it is not there. At most as much is allocated as the file has.
    pub fn read(&self, object: &ObjectPath, range: Option<Range<u64>>) -> Result<Option<Bytes>> {
        let path = self.look(object)?;
        let io = |error| VaultError::io(&error);
        let mut file = match open(&path) {
            Ok(file) => file,
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(io(error)),
        };
        let meta = file.metadata().map_err(io)?;
        if !meta.is_file() {
            return Err(VaultError::damaged(object.as_str(), "it is not a file"));
        }
        let range = range.unwrap_or(0..meta.len());
        let (start, end) = (range.start.min(meta.len()), range.end.min(meta.len()));
        let length = end.saturating_sub(start);
        if start > 0 {
            file.seek(SeekFrom::Start(start)).map_err(io)?;
        }
        let mut bytes = Vec::with_capacity(usize::try_from(length).map_err(VaultError::internal)?);
        file.take(length).read_to_end(&mut bytes).map_err(io)?;
        Ok(Some(bytes.into()))
    }

    pub fn list(&self, folder: &ObjectPath) -> Result<Vec<Listed>> {
        let mut found = Vec::new();
        self.gather(folder, &mut found)?;
        Ok(found)
    }

    fn gather(&self, folder: &ObjectPath, found: &mut Vec<Listed>) -> Result<()> {
        for (name, meta) in self.entries(folder)?.unwrap_or_default() {
            let Ok(path) = ObjectPath::new(&format!("{folder}/{name}")) else { continue };
            if meta.is_dir() {
                self.gather(&path, found)?;
            } else {
                // A link or a device with an object's name is listed so that reading it reports the damage.
                found.push(Listed { path, size: if meta.is_file() { meta.len() } else { 0 } });
            }
        }
        Ok(())
    }

    /// A folder that is gone is empty only if the vault itself is still there (not an unplugged disk).
    fn entries(&self, folder: &ObjectPath) -> Result<Option<Vec<(String, Metadata)>>> {
        let io = |error| VaultError::io(&error);
        let path = self.0.join(folder.as_str());
        let listing = match fs::symlink_metadata(&path) {
            Ok(meta) if meta.is_dir() => fs::read_dir(&path).map_err(io)?,
            Ok(_) => return Err(VaultError::damaged(path.display().to_string(), "it is not a folder")),
            Err(error) if error.kind() == ErrorKind::NotFound && self.0.join(ANCHOR).exists() => {
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

    /// Refuses links and special files on the way to an object and at its place, before anything is opened. Absence is fine.
    fn look(&self, object: &ObjectPath) -> Result<PathBuf> {
        let path = self.0.join(object.as_str());
        self.refuse_links(&path)?;
        match fs::symlink_metadata(&path) {
            Ok(meta) if !meta.is_file() => Err(VaultError::damaged(object.as_str(), "it is not a file")),
            Err(error) if error.kind() != ErrorKind::NotFound => Err(VaultError::io(&error)),
            _ => Ok(path),
        }
    }

    /// Makes the folders of an object, private.
    pub fn prepare(&self, object: &ObjectPath) -> Result<()> {
        let path = self.0.join(object.as_str());
        self.refuse_links(&path)?;
        match path.parent() {
            Some(parent) if !parent.is_dir() => make_private(parent),
            _ => Ok(()),
        }
    }

    /// `object_store` leaves the mode to the umask; the folder is private already.
    #[cfg(unix)]
    pub fn close_to_others(&self, object: &ObjectPath) -> Result<()> {
        use std::os::unix::fs::PermissionsExt;
        match fs::set_permissions(self.0.join(object.as_str()), fs::Permissions::from_mode(0o600)) {
            // File systems without modes (FAT) refuse; the folder's own access rules stand.
            Err(error) if error.kind() != ErrorKind::PermissionDenied => Err(VaultError::io(&error)),
            _ => Ok(()),
        }
    }

    #[cfg(not(unix))]
    pub fn close_to_others(&self, _: &ObjectPath) -> Result<()> {
        Ok(())
    }

    /// Files that `object_store` has begun and not published, with the names it gives them.
    pub fn sweep_unfinished(&self, is_object: IsObject) -> Result<u64> {
        let mut removed = 0;
        let io = |error| VaultError::io(&error);
        for entry in fs::read_dir(&self.0).map_err(io)? {
            let Ok(name) = entry.map_err(io)?.file_name().into_string() else { continue };
            let Ok(folder) = ObjectPath::new(&name) else { continue };
            if self.0.join(&name).symlink_metadata().is_ok_and(|meta| meta.is_dir()) {
                removed += self.sweep_folder(&folder, is_object)?;
            }
        }
        Ok(removed)
    }

    fn sweep_folder(&self, folder: &ObjectPath, is_object: IsObject) -> Result<u64> {
        let mut removed = 0;
        for (name, meta) in self.entries(folder)?.unwrap_or_default() {
            let path = format!("{folder}/{name}");
            if meta.is_dir() {
                if let Ok(folder) = ObjectPath::new(&path) {
                    removed += self.sweep_folder(&folder, is_object)?;
                }
            } else if meta.is_file() && is_unfinished(&path, is_object) {
                fs::remove_file(self.0.join(path)).map_err(|error| VaultError::io(&error))?;
                removed += 1;
            }
        }
        Ok(removed)
    }

    /// Every folder between the vault's and `path` must be a folder and not a link.
    fn refuse_links(&self, path: &Path) -> Result<()> {
        let root = &self.0;
        for folder in
            path.ancestors().skip(1).take_while(|folder| *folder != root && folder.starts_with(root))
        {
            if let Ok(meta) = fs::symlink_metadata(folder)
                && !meta.is_dir()
            {
                return Err(VaultError::damaged(folder.display().to_string(), "it is not a folder"));
            }
        }
        Ok(())
    }
}

fn is_unfinished(path: &str, is_object: IsObject) -> bool {
    path.split_once('#').is_some_and(|(name, number)| {
        let digits = !number.is_empty() && number.bytes().all(|byte| byte.is_ascii_digit());
        digits && ObjectPath::new(name).is_ok_and(|path| is_object(&path))
    })
}

/// Not through a link that was put there since it was looked at.
fn open(path: &Path) -> std::io::Result<File> {
    let mut options = OpenOptions::new();
    options.read(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::custom_flags(
        &mut options,
        (rustix::fs::OFlags::NOFOLLOW | rustix::fs::OFlags::NONBLOCK).bits().cast_signed(),
    );
    options.open(path)
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
        File::open(parent).and_then(|parent| parent.sync_all()).map_err(|error| VaultError::io(&error))?;
    }
    Ok(())
}
