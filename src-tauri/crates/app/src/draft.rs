//! A file that is whole or not there: written beside its final name, forced to the disk, then renamed.

use std::path::{Path, PathBuf};

use holdfast_contract::{ApiError, ErrorCode};
use holdfast_engine::EngineError;
use tempfile::TempPath;

/// Removes the unfinished file when dropped.
pub(crate) struct Draft {
    path: TempPath,
    target: PathBuf,
    overwrite: bool,
}

impl Draft {
    /// Refuses early what [`Draft::publish`] would refuse late.
    pub(crate) fn beside(target: &Path, overwrite: bool) -> Result<Self, ApiError> {
        if !target.is_absolute() {
            return Err(ApiError::new(
                ErrorCode::BadRequest,
                "The file to write must be given by its full path.",
            ));
        }
        let folder = target.parent().filter(|_| target.file_name().is_some()).ok_or_else(|| {
            ApiError::new(ErrorCode::BadRequest, format!("{} is not the name of a file.", target.display()))
        })?;
        if target.is_dir() {
            return Err(ApiError::new(
                ErrorCode::AlreadyExists,
                format!("{} is a folder.", target.display()),
            )
            .hint("Give the name of a file inside it."));
        }
        if !overwrite && target.exists() {
            return Err(taken(target));
        }
        // Temporary files are made with mode 0600 and keep it: an export
        // holds everything the database holds, a recovery kit opens the vault.
        let file = tempfile::Builder::new()
            .prefix(".holdfast-")
            .suffix(".part")
            .tempfile_in(folder)
            .map_err(|error| io(format!("No file can be written in {}", folder.display()), error))?;
        Ok(Self { path: file.into_temp_path(), target: target.to_owned(), overwrite })
    }

    /// For writers that open the file themselves.
    pub(crate) fn open(&self) -> Result<std::fs::File, ApiError> {
        let opened = std::fs::OpenOptions::new().write(true).open(&self.path);
        opened.map_err(|error| io("The unfinished file cannot be opened", error))
    }

    /// For writers that make the file themselves: nothing stands under this name.
    pub(crate) fn vacated(&self) -> Result<&Path, ApiError> {
        std::fs::remove_file(&self.path)
            .map_err(|error| io("The unfinished file cannot be prepared", error))?;
        Ok(&self.path)
    }

    /// Bytes on disk before, rename after: a power cut leaves the old file or the new one.
    pub(crate) fn publish(self) -> Result<u64, ApiError> {
        let Self { path, target, overwrite } = self;
        let synced = std::fs::OpenOptions::new()
            .write(true)
            .open(&path)
            .and_then(|file| file.sync_all().and_then(|()| file.metadata()));
        let bytes = synced
            .map_err(|error| io(format!("{} cannot be forced to the disk", target.display()), error))?
            .len();
        let renamed = if overwrite { path.persist(&target) } else { path.persist_noclobber(&target) };
        renamed.map_err(|error| match error.error.kind() {
            std::io::ErrorKind::AlreadyExists => taken(&target),
            _ => io(format!("{} cannot be given its name", target.display()), error.error),
        })?;
        sync_folder(&target)?;
        Ok(bytes)
    }
}

#[cfg(unix)]
fn sync_folder(target: &Path) -> Result<(), ApiError> {
    let folder = target.parent().unwrap_or(target);
    std::fs::File::open(folder)
        .and_then(|folder| folder.sync_all())
        .map_err(|error| io(format!("{} cannot be forced to the disk", folder.display()), error))
}

/// Elsewhere a folder cannot be opened to be synced; the rename itself is journaled by the file system.
#[cfg(not(unix))]
fn sync_folder(_target: &Path) -> Result<(), ApiError> {
    Ok(())
}

fn taken(target: &Path) -> ApiError {
    ApiError::new(ErrorCode::AlreadyExists, format!("{} exists already.", target.display()))
        .hint("Choose another name, or allow the file to be replaced.")
}

fn io(context: impl Into<String>, error: std::io::Error) -> ApiError {
    EngineError::io(context, error).into_api()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use std::io::Write;

    use super::*;

    #[test]
    fn whole_or_not_there() {
        let folder = tempfile::tempdir().unwrap();
        let target = folder.path().join("shop.sql");
        let draft = Draft::beside(&target, false).unwrap();
        draft.open().unwrap().write_all(b"new").unwrap();
        drop(draft);
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0, "a dropped draft leaves nothing");

        let draft = Draft::beside(&target, false).unwrap();
        draft.open().unwrap().write_all(b"new").unwrap();
        std::fs::write(&target, b"somebody else's").unwrap();
        assert_eq!(draft.publish().unwrap_err().code, ErrorCode::AlreadyExists);
        assert_eq!(std::fs::read(&target).unwrap(), b"somebody else's", "made meanwhile: kept");
        assert!(
            matches!(Draft::beside(&target, false), Err(error) if error.code == ErrorCode::AlreadyExists)
        );

        let draft = Draft::beside(&target, true).unwrap();
        draft.open().unwrap().write_all(b"new").unwrap();
        assert_eq!(draft.publish().unwrap(), 3);
        assert_eq!(std::fs::read(&target).unwrap(), b"new");
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1);
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt;
            assert_eq!(std::fs::metadata(&target).unwrap().permissions().mode() & 0o777, 0o600);
        }
        assert!(
            matches!(Draft::beside(Path::new("shop.sql"), true), Err(error) if error.code == ErrorCode::BadRequest)
        );
    }
}
