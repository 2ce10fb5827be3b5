//! The operating system's own keychain, each named explicitly: no default store is guessed.

use std::sync::{Arc, Mutex, PoisonError};

use keyring_core::{CredentialStore, Entry, Error};
use zeroize::Zeroizing;

use super::SecretBytes;
use super::keychain::{KeychainProblem, KeychainStore};

/// How entries are labelled in the system's own keychain program.
const SERVICE: &str = "Holdfast";

/// Connects on first use; a keychain that was absent is asked for again each time.
pub fn os_keychain() -> Arc<dyn KeychainStore> {
    Arc::new(OsKeychain(Mutex::new(None)))
}

struct OsKeychain(Mutex<Option<Arc<CredentialStore>>>);

impl OsKeychain {
    fn entry(&self, name: &str) -> Result<Entry, KeychainProblem> {
        let mut store = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let opened = match &*store {
            Some(opened) => opened.clone(),
            None => store.insert(open().map_err(problem)?).clone(),
        };
        opened.build(SERVICE, name, None).map_err(problem)
    }
}

impl KeychainStore for OsKeychain {
    fn get(&self, name: &str) -> Result<Option<SecretBytes>, KeychainProblem> {
        match self.entry(name)?.get_secret() {
            Ok(secret) => Ok(Some(Zeroizing::new(secret))),
            Err(Error::NoEntry) => Ok(None),
            Err(error) => Err(problem(error)),
        }
    }
    fn set(&self, name: &str, value: &[u8]) -> Result<(), KeychainProblem> {
        self.entry(name)?.set_secret(value).map_err(problem)
    }
    fn delete(&self, name: &str) -> Result<(), KeychainProblem> {
        match self.entry(name)?.delete_credential() {
            Ok(()) | Err(Error::NoEntry) => Ok(()),
            Err(error) => Err(problem(error)),
        }
    }
}

#[cfg(target_os = "linux")]
fn open() -> keyring_core::Result<Arc<CredentialStore>> {
    let store: Arc<CredentialStore> = zbus_secret_service_keyring_store::Store::new()?;
    Ok(store)
}
#[cfg(target_os = "macos")]
fn open() -> keyring_core::Result<Arc<CredentialStore>> {
    let store: Arc<CredentialStore> = apple_native_keyring_store::keychain::Store::new()?;
    Ok(store)
}
#[cfg(windows)]
fn open() -> keyring_core::Result<Arc<CredentialStore>> {
    let store: Arc<CredentialStore> = windows_native_keyring_store::Store::new()?;
    Ok(store)
}
#[cfg(not(any(target_os = "linux", target_os = "macos", windows)))]
fn open() -> keyring_core::Result<Arc<CredentialStore>> {
    Err(Error::NoDefaultStore)
}

/// Which of the ways to fail it is. The systems tell them apart by words only in places.
fn problem(error: Error) -> KeychainProblem {
    let text = error.to_string();
    let lower = text.to_lowercase();
    match error {
        Error::NoStorageAccess(_) if lower.contains("locked") => KeychainProblem::Locked(text),
        // The person closed the system's question.
        Error::NoStorageAccess(_) if lower.contains("prompt") || lower.contains("dismissed") => {
            KeychainProblem::Denied(text)
        }
        // The Secret Service has no collection to keep anything in.
        Error::NoStorageAccess(_) if lower.contains("no result") => KeychainProblem::Absent(text),
        Error::NoStorageAccess(_) => KeychainProblem::Locked(text),
        _ if ["accessdenied", "access denied", "permission", "not allowed"]
            .iter()
            .any(|word| lower.contains(word)) =>
        {
            KeychainProblem::Denied(text)
        }
        _ if lower.contains("islocked") || lower.contains("is locked") => KeychainProblem::Locked(text),
        _ => KeychainProblem::Absent(text),
    }
}
