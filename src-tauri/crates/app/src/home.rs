//! The data folder: its places, its permissions, and which processes live in it.
//!
//! Every process holds an OS lock on a file of its own in `instances/`; the lock falls with the process,
//! however it ends, so "is it still running" is a question with a true answer. What does not belong here:
//! what the files contain.

use std::fs::{File, OpenOptions, TryLockError};
use std::io;
use std::path::{Path, PathBuf};

use holdfast_contract::{ApiError, ErrorCode};

use crate::clock::new_id;

const SCHEDULER: &str = "scheduler.lock";

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ProcessKind {
    /// One per home.
    Window,
    /// The same program without its window, started again by itself: for schedules it never stopped.
    Renewed,
    CommandLine,
    Worker,
}

/// Where a person's data belongs on this system. `variable` looks up the environment.
pub fn default_root(variable: impl Fn(&str) -> Option<std::ffi::OsString>) -> Result<PathBuf, ApiError> {
    let folder = |name: &str| variable(name).filter(|value| !value.is_empty()).map(PathBuf::from);
    let own = |path: &str| folder("HOME").map(|person| person.join(path));
    let place = if cfg!(windows) {
        folder("APPDATA").map(|data| data.join("Holdfast"))
    } else if cfg!(target_os = "macos") {
        own("Library/Application Support/Holdfast")
    } else {
        folder("XDG_DATA_HOME").or_else(|| own(".local/share")).map(|data| data.join("holdfast"))
    };
    place.ok_or_else(|| {
        ApiError::new(ErrorCode::HomeUnusable, "This account has no home folder to keep data in.")
            .hint("Say where the data folder is: --home DIR, or the variable HOLDFAST_HOME.")
    })
}

/// The person's account, as the audit log names it: the name that the session gives, else the user's number.
pub fn account(variable: impl Fn(&str) -> Option<String>) -> String {
    let named =
        ["USER", "LOGNAME", "USERNAME"].into_iter().filter_map(variable).find(|name| !name.is_empty());
    #[cfg(unix)]
    let number = || format!("uid {}", rustix::process::getuid().as_raw());
    #[cfg(not(unix))]
    let number = || "unknown".to_owned();
    named.unwrap_or_else(number)
}

/// An opened data folder. Dropping it lets go of its locks.
pub struct Home {
    root: PathBuf,
    instance: String,
    /// Held for their locks.
    _locks: Vec<File>,
}

impl Home {
    /// Makes the folder (0700) when it is not there and takes this process's locks.
    /// `HomeUnusable`: not a folder, not writable. `HomeBusy`: a second window.
    pub fn open(root: &Path, process: ProcessKind) -> Result<Self, ApiError> {
        let root = std::path::absolute(root).map_err(|error| unusable(root, &error))?;
        for folder in [root.clone(), root.join("instances"), root.join("scratch"), root.join("logs")] {
            private_folder(&folder).map_err(|error| unusable(&root, &error))?;
        }
        let instance = new_id();
        let mut locks = vec![claim_instance(&root, &instance).map_err(|error| unusable(&root, &error))?];
        if matches!(process, ProcessKind::Window | ProcessKind::Renewed) {
            locks.push(claim_window(&root)?);
        }
        Ok(Self { root, instance, _locks: locks })
    }

    pub fn root(&self) -> &Path {
        &self.root
    }
    pub fn catalog(&self) -> PathBuf {
        self.root.join("catalog.sqlite")
    }
    pub fn default_vault(&self) -> PathBuf {
        self.root.join("vault")
    }
    pub fn sealed_secrets(&self) -> PathBuf {
        self.root.join("secrets.sealed")
    }
    pub fn sample_database(&self) -> PathBuf {
        self.root.join("sample").join("shop.sqlite")
    }

    /// This process's name in job rows.
    pub fn instance(&self) -> &str {
        &self.instance
    }

    /// True while the process that took this name lives. Clears away what a dead one left.
    pub fn is_alive(&self, instance: &str) -> bool {
        if instance == self.instance {
            return true;
        }
        let path = self.root.join("instances").join(format!("{instance}.lock"));
        let Ok(file) = OpenOptions::new().read(true).write(true).open(&path) else { return false };
        match file.try_lock() {
            Err(TryLockError::WouldBlock) => true,
            // The lock cannot be asked: taking the other for dead would let two run one job.
            Err(TryLockError::Error(_)) => true,
            Ok(()) => {
                // Failing to remove it costs a few bytes; the next start tries again.
                let _ = std::fs::remove_file(&path);
                false
            }
        }
    }

    /// The right to run this folder's schedules, for as long as the file is held. `None`: another process has it.
    pub fn claim_scheduler(&self) -> io::Result<Option<File>> {
        let file = private_file(&self.root.join("instances").join(SCHEDULER))?;
        match file.try_lock() {
            Ok(()) => Ok(Some(file)),
            Err(TryLockError::WouldBlock) => Ok(None),
            Err(TryLockError::Error(error)) => Err(error),
        }
    }

    /// Removes the lock files and scratch folders of processes that are gone.
    pub fn sweep(&self) {
        let names = |folder: &str| {
            std::fs::read_dir(self.root.join(folder)).into_iter().flatten().flatten().collect::<Vec<_>>()
        };
        for entry in names("instances") {
            if let Some(instance) = entry.file_name().to_str().and_then(|name| name.strip_suffix(".lock"))
                && !["window", "scheduler"].contains(&instance)
            {
                self.is_alive(instance);
            }
        }
        for entry in names("scratch") {
            let name = entry.file_name();
            let owner = name.to_str().and_then(|name| name.split_once('-')).map_or("", |(owner, _)| owner);
            if !self.is_alive(owner) {
                // Left-over temporary files; the next start tries again.
                let _ = std::fs::remove_dir_all(entry.path());
            }
        }
    }

    /// A new private folder for the temporary files of one piece of work. The work removes it; what a
    /// killed process leaves is swept at the next start.
    pub fn scratch_dir(&self) -> Result<PathBuf, ApiError> {
        let path = self.root.join("scratch").join(format!("{}-{}", self.instance, new_id()));
        private_folder(&path).map_err(|error| unusable(&path, &error))?;
        Ok(path)
    }
}

impl Drop for Home {
    fn drop(&mut self) {
        // The lock itself falls with the file handle; the name is only litter.
        let _ = std::fs::remove_file(self.root.join("instances").join(format!("{}.lock", self.instance)));
    }
}

/// Opens a file that only its owner may read, making it when it is not there, whatever the umask.
pub fn private_file(path: &Path) -> io::Result<File> {
    let mut options = OpenOptions::new();
    options.read(true).write(true).create(true).truncate(false);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path)
}

/// Makes a folder, and those above it, that only its owner may enter. A folder that is there stays as it is.
pub fn private_folder(path: &Path) -> io::Result<()> {
    let mut builder = std::fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(path)
}

/// Locked before it gets its name, so that nobody can meet it unlocked and take its owner for dead.
fn claim_instance(root: &Path, instance: &str) -> io::Result<File> {
    let folder = root.join("instances");
    let unnamed = folder.join(format!("{instance}.new"));
    let file = private_file(&unnamed)?;
    file.lock()?;
    std::fs::rename(&unnamed, folder.join(format!("{instance}.lock")))?;
    Ok(file)
}

fn claim_window(root: &Path) -> Result<File, ApiError> {
    let file =
        private_file(&root.join("instances").join("window.lock")).map_err(|error| unusable(root, &error))?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(TryLockError::WouldBlock) => {
            Err(ApiError::new(ErrorCode::HomeBusy, "Holdfast is already open in another window.")
                .hint("Use that window, or close it and start again."))
        }
        Err(TryLockError::Error(error)) => Err(unusable(root, &error)),
    }
}

fn unusable(path: &Path, error: &io::Error) -> ApiError {
    let mut api = ApiError::new(
        ErrorCode::HomeUnusable,
        format!("The data folder {} cannot be used: {error}.", path.display()),
    )
    .hint("Choose another folder with --home or HOLDFAST_HOME, or correct its permissions.");
    api.native = error.raw_os_error().map(|code| format!("os error {code}"));
    api
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn one_window_many_command_lines() {
        let folder = tempfile::tempdir().unwrap();
        let root = folder.path().join("deep/home");
        let window = Home::open(&root, ProcessKind::Window).unwrap();
        let second = Home::open(&root, ProcessKind::Window).err().unwrap();
        assert_eq!(second.code, ErrorCode::HomeBusy);
        let line = Home::open(&root, ProcessKind::CommandLine).unwrap();
        assert!(window.is_alive(line.instance()), "its lock is held");
        let name = line.instance().to_owned();
        drop(line);
        assert!(!window.is_alive(&name));
        drop(window);
        Home::open(&root, ProcessKind::Window).unwrap();
    }

    #[cfg(unix)]
    #[test]
    fn nobody_else_may_look() {
        use std::os::unix::fs::PermissionsExt;
        let folder = tempfile::tempdir().unwrap();
        let home = Home::open(&folder.path().join("home"), ProcessKind::Worker).unwrap();
        let mode = |path: &Path| std::fs::metadata(path).unwrap().permissions().mode() & 0o777;
        assert_eq!(mode(home.root()), 0o700);
        assert_eq!(mode(&home.scratch_dir().unwrap()), 0o700);
        let lock = home.root().join("instances").join(format!("{}.lock", home.instance()));
        assert_eq!(mode(&lock), 0o600);
    }

    #[test]
    fn a_file_is_not_a_home() {
        let file = tempfile::NamedTempFile::new().unwrap();
        let error = Home::open(file.path(), ProcessKind::CommandLine).err().unwrap();
        assert_eq!(error.code, ErrorCode::HomeUnusable);
        assert!(error.hint.is_some());
    }

    #[test]
    fn the_dead_are_swept_and_the_living_kept() {
        let folder = tempfile::tempdir().unwrap();
        let home = Home::open(folder.path(), ProcessKind::Worker).unwrap();
        let mine = home.scratch_dir().unwrap();
        let left = folder.path().join("scratch").join("00ff-left");
        std::fs::create_dir(&left).unwrap();
        home.sweep();
        assert!(mine.exists() && !left.exists());
    }
}
