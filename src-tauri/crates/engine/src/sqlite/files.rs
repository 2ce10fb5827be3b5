//! A SQLite database on disk is a file and the files beside it: naming, syncing, moving and removing them as one.
//!
//! Nothing here opens a live database (see `connect`).

use std::ffi::OsString;
use std::fs;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use holdfast_contract::{ApiError, ErrorCode};
use tempfile::TempPath;

use crate::{EngineError, Result};

/// After the target's own name, before a random part.
const PARTIAL: &str = ".holdfast-partial-";

const SUFFIXES: [&str; 3] = ["-journal", "-wal", "-shm"];

pub(super) fn beside(path: &Path, suffix: &str) -> PathBuf {
    let mut name = OsString::from(path);
    name.push(suffix);
    PathBuf::from(name)
}

pub(super) fn absolute(target: &str) -> Result<&Path> {
    let path = Path::new(target);
    if path.is_absolute() && path.file_name().is_some() && !target.contains('\0') {
        return Ok(path);
    }
    Err(ApiError::new(
        ErrorCode::BadRequest,
        format!("“{}” is not the absolute path of a file.", target.escape_debug()),
    )
    .hint("Give the whole path, such as /home/me/shop-restored.sqlite.")
    .into())
}

/// Also true for a dangling link: nothing may be written through it.
pub(super) fn taken(path: &Path) -> bool {
    fs::symlink_metadata(path).is_ok()
}

/// A new database may be made here: neither the file nor a journal that SQLite would apply to it exists.
pub(super) fn must_be_free(path: &Path) -> Result<()> {
    let clash = std::iter::once(path.to_path_buf())
        .chain(SUFFIXES.iter().map(|suffix| beside(path, suffix)))
        .find(|candidate| taken(candidate));
    match clash {
        None => Ok(()),
        Some(file) => Err(EngineError::FileTaken { path: file.to_path_buf() }),
    }
}

pub(super) fn folder(path: &Path) -> Result<&Path> {
    let folder = path.parent().unwrap_or(Path::new("/"));
    if folder.is_dir() {
        return Ok(folder);
    }
    Err(ApiError::new(ErrorCode::NotFound, format!("There is no folder {}.", folder.display()))
        .hint("Make the folder first, or choose another path.")
        .into())
}

/// True when both paths lead to the same file, also through links.
pub(super) fn same(one: &Path, other: &Path) -> bool {
    let real = |path: &Path| {
        fs::canonicalize(path).ok().or_else(|| {
            let folder = fs::canonicalize(path.parent()?).ok()?;
            Some(folder.join(path.file_name()?))
        })
    };
    if one == other || real(one).is_some_and(|path| Some(path) == real(other)) {
        return true;
    }
    identity(one).zip(identity(other)).is_some_and(|(one, other)| one == other)
}

/// Which file bears this name, if the system can tell; another value later means that it was replaced.
pub(super) fn identity(path: &Path) -> Option<(u64, u64)> {
    #[cfg(unix)]
    {
        use std::os::unix::fs::MetadataExt;
        fs::metadata(path).ok().map(|facts| (facts.dev(), facts.ino()))
    }
    // Windows does not let an open database be replaced.
    #[cfg(not(unix))]
    {
        let _ = path;
        None
    }
}

/// Size on disk with what still waits in the write-ahead log.
pub(super) fn size(path: &Path) -> u64 {
    length(path) + length(&log(path))
}

/// The write-ahead log; it lies beside the file itself, also for one that is reached through a link.
pub(super) fn log(path: &Path) -> PathBuf {
    beside(&fs::canonicalize(path).unwrap_or_else(|_| path.to_path_buf()), "-wal")
}

/// Bytes; 0 for what is not there.
pub(super) fn length(path: &Path) -> u64 {
    fs::metadata(path).map_or(0, |facts| facts.len())
}

/// Removes the file, those beside it and attempts at it that a crash left behind. Missing ones are fine. Journals go first: a
/// database that has lost its journal is to be dropped anyway, while a journal without its database would be applied to a new one.
pub(super) fn remove(path: &Path) -> Result<()> {
    remove_partials(path)?;
    SUFFIXES
        .iter()
        .map(|suffix| beside(path, suffix))
        .chain([path.to_path_buf()])
        .try_for_each(|file| remove_one(&file))
}

fn remove_one(file: &Path) -> Result<()> {
    match fs::remove_file(file) {
        Err(error) if error.kind() != ErrorKind::NotFound => {
            Err(EngineError::io(format!("removing {}", file.display()), error))
        }
        _ => Ok(()),
    }
}

/// Files that [`Partial`] had begun for `target` when the program was killed.
pub(super) fn remove_partials(target: &Path) -> Result<()> {
    let (Some(folder), Some(name)) = (target.parent(), target.file_name()) else { return Ok(()) };
    let mut prefix = name.to_os_string();
    prefix.push(PARTIAL);
    let Ok(entries) = fs::read_dir(folder) else { return Ok(()) };
    for entry in entries.flatten() {
        if entry.file_name().as_encoded_bytes().starts_with(prefix.as_encoded_bytes()) {
            remove_one(&entry.path())?;
        }
    }
    Ok(())
}

/// Makes names in a folder survive a power cut.
pub(super) fn sync_folder(path: &Path) -> Result<()> {
    #[cfg(unix)]
    {
        let folder = folder(path)?;
        fs::File::open(folder)
            .and_then(|handle| handle.sync_all())
            .map_err(|error| EngineError::io(format!("syncing {}", folder.display()), error))?;
    }
    #[cfg(not(unix))]
    let _ = path;
    Ok(())
}

/// Moves a closed database without replacing anything.
pub(super) fn rename(from: &Path, to: &Path) -> Result<()> {
    must_be_free(to)?;
    let moving = |error| EngineError::io(format!("moving {} to {}", from.display(), to.display()), error);
    let held = TempPath::try_from_path(from).map_err(moving)?;
    if let Err(error) = held.persist_noclobber(to) {
        // Dropping the path would delete the database.
        error.path.keep().map_err(|error| moving(error.error))?;
        if error.error.kind() == ErrorKind::AlreadyExists {
            must_be_free(to)?;
        }
        return Err(moving(error.error));
    }
    sync_folder(to)?;
    sync_folder(from)
}

/// A database that is being made under a name of its own; gone again unless it is given its name.
pub(super) struct Partial {
    path: Option<TempPath>,
}

impl Partial {
    pub(super) fn beside(target: &Path) -> Result<(Self, fs::File)> {
        let mut prefix = target.file_name().unwrap_or_default().to_os_string();
        prefix.push(PARTIAL);
        let file = tempfile::Builder::new()
            .prefix(&prefix)
            .tempfile_in(folder(target)?)
            .map_err(|error| EngineError::io(format!("making a file beside {}", target.display()), error))?;
        let (file, path) = file.into_parts();
        Ok((Self { path: Some(path) }, file))
    }

    pub(super) fn path(&self) -> &Path {
        self.path.as_deref().expect("present until published")
    }

    /// Every connection to it must be closed. Synced, never replaces.
    pub(super) fn publish(mut self, target: &Path) -> Result<()> {
        let writing = |error| EngineError::io(format!("writing {}", target.display()), error);
        fs::OpenOptions::new()
            .write(true)
            .open(self.path())
            .and_then(|file| file.sync_all())
            .map_err(writing)?;
        must_be_free(target)?;
        let path = self.path.take().expect("present until published");
        path.persist_noclobber(target).map_err(|error| match error.error.kind() {
            ErrorKind::AlreadyExists => EngineError::FileTaken { path: target.to_path_buf() },
            _ => writing(error.error),
        })?;
        sync_folder(target)
    }
}

impl Drop for Partial {
    fn drop(&mut self) {
        // Best effort: the error that led here is the one to report.
        if let Some(path) = &self.path {
            for suffix in SUFFIXES {
                fs::remove_file(beside(path, suffix)).ok();
            }
        }
    }
}
