//! `secrets.sealed`: all secrets as one blob under a passphrase, for machines without a keychain.
//!
//! The key derivation is slow on purpose: the file is opened once per process and sealed once per change.
//! Other processes of the home may change it too, so each change starts from what is on disk, under a lock.

use std::collections::BTreeMap;
use std::io::Write;
use std::path::{Path, PathBuf};

use holdfast_contract::{ApiError, ErrorCode};
use holdfast_vault::sealed;
use secrecy::{ExposeSecret, SecretString};
use zeroize::{Zeroize, Zeroizing};

use super::SecretBytes;
use crate::home::private_file;

/// Binds the blob to its use.
const PURPOSE: &str = "holdfast secrets file 1";

pub(super) struct SealedFile {
    path: PathBuf,
    passphrase: SecretString,
    /// The sealed bytes that `values` came from: another process's change shows as a difference.
    sealed: Vec<u8>,
    values: Values,
}

#[derive(Clone, Default)]
struct Values(BTreeMap<String, Vec<u8>>);

impl Drop for Values {
    fn drop(&mut self) {
        self.0.values_mut().for_each(Zeroize::zeroize);
    }
}

impl SealedFile {
    /// `PassphraseWrong` when it does not open it.
    pub async fn open(path: PathBuf, passphrase: SecretString) -> Result<Self, ApiError> {
        blocking(move || {
            let sealed = std::fs::read(&path).map_err(|error| unusable(&path, &error))?;
            let values = unseal(&passphrase, &sealed)?;
            Ok(Self { path, passphrase, sealed, values })
        })
        .await
    }

    /// Makes an empty one.
    pub async fn create(path: PathBuf, passphrase: SecretString, now_ms: i64) -> Result<Self, ApiError> {
        blocking(move || {
            let _lock = lock(&path)?;
            if path.exists() {
                return Err(ApiError::new(
                    ErrorCode::HomeBusy,
                    "Another process has just made the secrets file.",
                )
                .retry());
            }
            let values = Values::default();
            let sealed = seal(&passphrase, &values, now_ms)?;
            replace(&path, &sealed)?;
            Ok(Self { path, passphrase, sealed, values })
        })
        .await
    }

    /// Whether it was opened with this passphrase.
    pub fn opens_with(&self, passphrase: &SecretString) -> bool {
        self.passphrase.expose_secret() == passphrase.expose_secret()
    }

    pub async fn get(&mut self, name: &str) -> Result<Option<SecretBytes>, ApiError> {
        let (path, passphrase, known) = (self.path.clone(), self.passphrase.clone(), self.sealed.clone());
        if let Some((sealed, values)) = blocking(move || newer(&path, &passphrase, &known)).await? {
            (self.sealed, self.values) = (sealed, values);
        }
        Ok(self.values.0.get(name).cloned().map(Zeroizing::new))
    }

    /// Sets or, with None, removes. On disk when it returns.
    pub async fn put(&mut self, name: &str, value: Option<SecretBytes>, now_ms: i64) -> Result<(), ApiError> {
        let (path, passphrase, known) = (self.path.clone(), self.passphrase.clone(), self.sealed.clone());
        let (name, mut values) = (name.to_owned(), self.values.clone());
        (self.sealed, self.values) = blocking(move || {
            let _lock = lock(&path)?;
            if let Some((_, theirs)) = newer(&path, &passphrase, &known)? {
                values = theirs;
            }
            match value {
                Some(value) => values.0.insert(name, value.to_vec()),
                None => values.0.remove(&name),
            };
            let sealed = seal(&passphrase, &values, now_ms)?;
            replace(&path, &sealed)?;
            Ok((sealed, values))
        })
        .await?;
        Ok(())
    }
}

/// What the file holds now, when it is not what is known.
fn newer(
    path: &Path,
    passphrase: &SecretString,
    known: &[u8],
) -> Result<Option<(Vec<u8>, Values)>, ApiError> {
    let sealed = std::fs::read(path).map_err(|error| unusable(path, &error))?;
    if sealed == known {
        return Ok(None);
    }
    let values = unseal(passphrase, &sealed)?;
    Ok(Some((sealed, values)))
}

fn seal(passphrase: &SecretString, values: &Values, now_ms: i64) -> Result<Vec<u8>, ApiError> {
    let plain = Zeroizing::new(serde_json::to_vec(&values.0).map_err(|error| damaged(&error.to_string()))?);
    sealed::seal(passphrase, PURPOSE, &plain, now_ms).map_err(|error| error.into_api())
}

fn unseal(passphrase: &SecretString, sealed_bytes: &[u8]) -> Result<Values, ApiError> {
    let plain = sealed::open(passphrase, PURPOSE, sealed_bytes).map_err(|error| match error.into_api() {
        wrong if wrong.code == ErrorCode::PassphraseWrong => {
            ApiError::new(ErrorCode::PassphraseWrong, "This passphrase does not open the secrets file.")
                .hint("Enter the passphrase that was chosen for the secrets file.")
        }
        other => damaged(&other.message),
    })?;
    serde_json::from_slice(&plain).map(Values).map_err(|_| damaged("it does not hold a list of secrets"))
}

/// One writer among the processes of this home.
fn lock(path: &Path) -> Result<std::fs::File, ApiError> {
    let beside = path.with_extension("lock");
    let file = private_file(&beside).map_err(|error| unusable(&beside, &error))?;
    file.lock().map_err(|error| unusable(&beside, &error))?;
    Ok(file)
}

/// The old file or the new one, never a mixture, also after a power cut.
fn replace(path: &Path, sealed: &[u8]) -> Result<(), ApiError> {
    let beside = path.with_extension("new");
    let write = || -> std::io::Result<()> {
        let mut file = private_file(&beside)?;
        file.set_len(0)?;
        file.write_all(sealed)?;
        file.sync_all()?;
        std::fs::rename(&beside, path)?;
        #[cfg(unix)]
        if let Some(folder) = path.parent() {
            std::fs::File::open(folder)?.sync_all()?;
        }
        Ok(())
    };
    write().map_err(|error| unusable(path, &error))
}

async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, ApiError> + Send + 'static,
) -> Result<T, ApiError> {
    tokio::task::spawn_blocking(work).await.unwrap_or_else(|error| Err(damaged(&error.to_string())))
}

pub(super) fn locked() -> ApiError {
    ApiError::new(ErrorCode::PassphraseNeeded, "The secrets file is sealed and waits for its passphrase.")
        .hint("Enter the passphrase; on the command line set HOLDFAST_PASSPHRASE_FILE.")
}

pub(super) fn not_made() -> ApiError {
    ApiError::new(
        ErrorCode::PassphraseNeeded,
        "Secrets are to be kept in a sealed file, and it is not made yet.",
    )
    .hint("Choose its passphrase in the settings; on the command line set HOLDFAST_PASSPHRASE_FILE.")
}

fn damaged(what: &str) -> ApiError {
    ApiError::new(ErrorCode::SecretMissing, format!("The secrets file is damaged: {what}."))
        .hint("Move secrets.sealed away, choose the file again and enter the passwords anew.")
}

fn unusable(path: &Path, error: &std::io::Error) -> ApiError {
    ApiError::new(ErrorCode::HomeUnusable, format!("{} cannot be used: {error}.", path.display()))
        .hint("Correct the permissions of the data folder and its free space.")
}
