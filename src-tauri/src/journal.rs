//! The program's log: `logs/window.log` in the data folder, one older file beside it.
//!
//! Warnings of everything, and what Holdfast itself tells at level info. Statements and their parameters
//! stay out whatever the filter says, because they carry the users' data.

use std::fs::{self, File};
use std::io;
use std::path::Path;
use std::sync::Mutex;

use holdfast_app::home::{private_file, private_folder};
use holdfast_contract::{ApiError, ErrorCode};
use tracing_subscriber::EnvFilter;

/// Enough for months of ordinary use, little enough to send to somebody.
const ROTATE_AT_BYTES: u64 = 4 << 20;

/// `HOLDFAST_LOG` takes the place of the default filter.
pub fn start(home: &Path) -> Result<(), ApiError> {
    let file = open(&home.join("logs")).map_err(|error| unusable(home, &error))?;
    let wanted = std::env::var("HOLDFAST_LOG").unwrap_or_else(|_| "warn,holdfast=info".to_owned());
    let filter = EnvFilter::new(format!("{wanted},sqlx=off"));
    tracing_subscriber::fmt().with_env_filter(filter).with_ansi(false).with_writer(Mutex::new(file)).init();
    std::panic::set_hook(Box::new(|panic| {
        let place = panic.location().map(ToString::to_string).unwrap_or_default();
        // The payload may hold data, the place never does.
        tracing::error!("panic at {place}");
        crate::say(&format!("Holdfast met an internal error at {place}."));
    }));
    tracing::info!(version = env!("CARGO_PKG_VERSION"), "window started");
    Ok(())
}

fn open(folder: &Path) -> io::Result<File> {
    private_folder(folder)?;
    let path = folder.join("window.log");
    if fs::metadata(&path).is_ok_and(|found| found.len() > ROTATE_AT_BYTES) {
        fs::rename(&path, folder.join("window.log.1"))?;
    }
    private_file(&path)?;
    File::options().append(true).open(&path)
}

fn unusable(home: &Path, error: &io::Error) -> ApiError {
    ApiError::new(
        ErrorCode::HomeUnusable,
        format!("The data folder {} cannot be used: {error}.", home.display()),
    )
    .hint("Choose another folder with --home or HOLDFAST_HOME, or correct its permissions.")
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn a_full_log_makes_room_and_nothing_is_lost() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("window.log");
        fs::write(&path, vec![b'x'; usize::try_from(ROTATE_AT_BYTES).unwrap() + 1]).unwrap();
        drop(open(folder.path()).unwrap());
        assert_eq!(fs::metadata(&path).unwrap().len(), 0);
        assert!(fs::metadata(folder.path().join("window.log.1")).unwrap().len() > ROTATE_AT_BYTES);
    }
}
