//! What Holdfast asks of a keychain, and the four ways in which one fails.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use holdfast_contract::{ApiError, ErrorCode};
use zeroize::Zeroizing;

use super::SecretBytes;

/// Small secrets by name. Blocks.
pub trait KeychainStore: Send + Sync {
    fn get(&self, name: &str) -> Result<Option<SecretBytes>, KeychainProblem>;
    fn set(&self, name: &str, value: &[u8]) -> Result<(), KeychainProblem>;
    /// Idempotent.
    fn delete(&self, name: &str) -> Result<(), KeychainProblem>;
}

/// The text is the system's own, for people who must repair it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum KeychainProblem {
    Absent(String),
    Locked(String),
    Denied(String),
}

impl From<KeychainProblem> for ApiError {
    fn from(problem: KeychainProblem) -> Self {
        let file = "or keep passwords in a file sealed by a passphrase: choose it under Settings, or start with \
                    HOLDFAST_SECRETS=file";
        match problem {
            KeychainProblem::Absent(native) => {
                ApiError::new(ErrorCode::KeychainAbsent, "This system offers no keychain that Holdfast can use.")
                    .hint(format!("Start the system's keychain service (on Linux a Secret Service such as GNOME Keyring), {file}."))
                    .native(native)
            }
            KeychainProblem::Locked(native) => {
                ApiError::new(ErrorCode::KeychainLocked, "The system's keychain is locked.")
                    .hint(format!("Unlock it and try again, {file}."))
                    .retry()
                    .native(native)
            }
            KeychainProblem::Denied(native) => {
                ApiError::new(ErrorCode::KeychainDenied, "The system's keychain refused Holdfast.")
                    .hint(format!("Allow Holdfast to use it in the system's settings, {file}."))
                    .native(native)
            }
        }
    }
}

/// Forgets everything with the process; can be told to fail. For tests.
#[derive(Default)]
pub struct MemoryKeychain {
    values: Mutex<HashMap<String, Vec<u8>>>,
    problem: Mutex<Option<KeychainProblem>>,
}

impl MemoryKeychain {
    pub fn failing(problem: KeychainProblem) -> Self {
        Self { problem: Mutex::new(Some(problem)), ..Self::default() }
    }
    /// From now on it fails like this, or works again.
    pub fn fail(&self, problem: Option<KeychainProblem>) {
        *self.problem.lock().unwrap_or_else(PoisonError::into_inner) = problem;
    }
    pub fn names(&self) -> Vec<String> {
        let mut names: Vec<_> = self.values().keys().cloned().collect();
        names.sort();
        names
    }
    fn values(&self) -> std::sync::MutexGuard<'_, HashMap<String, Vec<u8>>> {
        self.values.lock().unwrap_or_else(PoisonError::into_inner)
    }
    fn ready(&self) -> Result<(), KeychainProblem> {
        match self.problem.lock().unwrap_or_else(PoisonError::into_inner).clone() {
            Some(problem) => Err(problem),
            None => Ok(()),
        }
    }
}

impl KeychainStore for MemoryKeychain {
    fn get(&self, name: &str) -> Result<Option<SecretBytes>, KeychainProblem> {
        self.ready()?;
        Ok(self.values().get(name).cloned().map(Zeroizing::new))
    }
    fn set(&self, name: &str, value: &[u8]) -> Result<(), KeychainProblem> {
        self.ready()?;
        self.values().insert(name.to_owned(), value.to_vec());
        Ok(())
    }
    fn delete(&self, name: &str) -> Result<(), KeychainProblem> {
        self.ready()?;
        self.values().remove(name);
        Ok(())
    }
}
