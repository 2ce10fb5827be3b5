//! Passwords and vault keys: in the OS keychain, or in a file sealed by a passphrase when the user has
//! chosen that. Never elsewhere, and never one in place of the other in silence.
//!
//! Names are `connection/<id>` and `vault/<vault id>/<slot id>`. What does not belong here: what the
//! secrets are for.

mod choice;
mod keychain;
mod os;
mod redact;
mod sealed_file;

use std::path::PathBuf;
use std::sync::Arc;

use holdfast_contract::meta::{SecretsBackend, SecretsStatus};
use holdfast_contract::{ApiError, ErrorCode};
use secrecy::{ExposeSecret, SecretString};
use tokio::sync::Mutex;
use zeroize::Zeroizing;

use crate::clock::{Clock, new_id};

pub(crate) use choice::Asking;
pub use choice::{NoPassphrase, PassphrasePurpose, PassphraseSource, SecretsChoice};
pub use keychain::{KeychainProblem, KeychainStore, MemoryKeychain};
pub use os::os_keychain;
pub use redact::redact;
use sealed_file::SealedFile;

pub type SecretBytes = Zeroizing<Vec<u8>>;

#[derive(Clone)]
pub struct Secrets {
    inner: Arc<Inner>,
}

struct Inner {
    path: PathBuf,
    choice: SecretsChoice,
    keychain: Arc<dyn KeychainStore>,
    passphrase: Arc<dyn PassphraseSource>,
    clock: Arc<dyn Clock>,
    /// The opened file. Held while opening: the key derivation runs once.
    file: Mutex<Option<SealedFile>>,
    /// A probe has been written, read and removed.
    probed: Mutex<bool>,
}

impl Secrets {
    pub fn new(
        path: PathBuf,
        choice: SecretsChoice,
        keychain: Arc<dyn KeychainStore>,
        passphrase: Arc<dyn PassphraseSource>,
        clock: Arc<dyn Clock>,
    ) -> Self {
        let (file, probed) = (Mutex::new(None), Mutex::new(false));
        Self { inner: Arc::new(Inner { path, choice, keychain, passphrase, clock, file, probed }) }
    }

    /// None when nothing is kept under this name.
    pub async fn get(&self, name: &str) -> Result<Option<SecretBytes>, ApiError> {
        self.get_asking(name, Asking::Allowed).await
    }

    pub(crate) async fn get_asking(
        &self,
        name: &str,
        asking: Asking,
    ) -> Result<Option<SecretBytes>, ApiError> {
        if self.in_file() {
            if asking == Asking::Never && !self.inner.path.exists() {
                return Ok(None);
            }
            let mut file = self.inner.file.lock().await;
            return self.opened(&mut file, asking).await?.get(name).await;
        }
        self.probe().await?;
        let name = name.to_owned();
        self.keychain(move |keychain| keychain.get(&name)).await
    }

    pub async fn set(&self, name: &str, value: SecretBytes) -> Result<(), ApiError> {
        if self.in_file() {
            let mut file = self.inner.file.lock().await;
            return self
                .opened(&mut file, Asking::Allowed)
                .await?
                .put(name, Some(value), self.inner.clock.now_ms())
                .await;
        }
        self.probe().await?;
        let name = name.to_owned();
        self.keychain(move |keychain| keychain.set(&name, &value)).await
    }

    /// Idempotent.
    pub async fn delete(&self, name: &str) -> Result<(), ApiError> {
        if self.in_file() {
            let mut file = self.inner.file.lock().await;
            return self
                .opened(&mut file, Asking::Allowed)
                .await?
                .put(name, None, self.inner.clock.now_ms())
                .await;
        }
        self.probe().await?;
        let name = name.to_owned();
        self.keychain(move |keychain| keychain.delete(&name)).await
    }

    pub async fn get_text(&self, name: &str) -> Result<Option<SecretString>, ApiError> {
        let Some(bytes) = self.get(name).await? else { return Ok(None) };
        match std::str::from_utf8(&bytes) {
            Ok(text) => Ok(Some(SecretString::from(text))),
            Err(_) => Err(ApiError::new(ErrorCode::SecretMissing, "The kept password is not text.")
                .hint("Enter the password again.")),
        }
    }

    pub async fn set_text(&self, name: &str, value: &SecretString) -> Result<(), ApiError> {
        self.set(name, Zeroizing::new(value.expose_secret().as_bytes().to_vec())).await
    }

    /// Whether a secret can be read now without asking a person.
    pub(crate) async fn opens_by_itself(&self) -> bool {
        !self.in_file() || self.inner.file.lock().await.is_some() || self.inner.passphrase.known().is_some()
    }

    /// Where secrets are kept and whether that works now. Never asks a person.
    pub async fn status(&self) -> SecretsStatus {
        if self.in_file() {
            let locked = self.inner.file.lock().await.is_none();
            let made = self.inner.path.exists();
            let problem = locked.then(|| if made { sealed_file::locked() } else { sealed_file::not_made() });
            return SecretsStatus { backend: SecretsBackend::File, locked, made, problem };
        }
        match self.probe().await {
            Ok(()) => {
                SecretsStatus { backend: SecretsBackend::Keychain, locked: false, made: false, problem: None }
            }
            Err(problem) => SecretsStatus {
                backend: SecretsBackend::Unavailable,
                locked: problem.code == ErrorCode::KeychainLocked,
                made: false,
                problem: Some(problem),
            },
        }
    }

    /// A passphrase that somebody has typed for the vault. The sealed file opens with it when it is the same;
    /// true when it is. A file that was chosen and not made yet is made with it when `may_make`.
    /// `Err` only when the file cannot be read or written: another passphrase is no error.
    pub(crate) async fn offer(&self, passphrase: &SecretString, may_make: bool) -> Result<bool, ApiError> {
        if !self.in_file() {
            return Ok(false);
        }
        let mut file = self.inner.file.lock().await;
        if let Some(open) = file.as_ref() {
            return Ok(open.opens_with(passphrase));
        }
        let path = self.inner.path.clone();
        let opened = match path.exists() {
            true => SealedFile::open(path, passphrase.clone()).await,
            false if may_make => {
                SealedFile::create(path, passphrase.clone(), self.inner.clock.now_ms()).await
            }
            false => return Ok(false),
        };
        match opened {
            Ok(opened) => *file = Some(opened),
            Err(error) if error.code == ErrorCode::PassphraseWrong => return Ok(false),
            Err(error) => return Err(error),
        }
        Ok(true)
    }

    /// Chooses the sealed file, making it when it is not there, or opens it. From then on every process of
    /// this home keeps secrets there: the file's existence is the choice.
    pub async fn use_file(&self, passphrase: SecretString) -> Result<(), ApiError> {
        let mut file = self.inner.file.lock().await;
        let opened = if self.inner.path.exists() {
            SealedFile::open(self.inner.path.clone(), passphrase).await?
        } else {
            crate::secrets::refuse_weak(&passphrase)?;
            SealedFile::create(self.inner.path.clone(), passphrase, self.inner.clock.now_ms()).await?
        };
        *file = Some(opened);
        Ok(())
    }

    fn in_file(&self) -> bool {
        self.inner.choice == SecretsChoice::File || self.inner.path.exists()
    }

    /// The sealed file, opened with the host's passphrase when it is not open yet.
    async fn opened<'a>(
        &self,
        slot: &'a mut Option<SealedFile>,
        asking: Asking,
    ) -> Result<&'a mut SealedFile, ApiError> {
        if slot.is_none() {
            let there = self.inner.path.exists();
            let (purpose, closed): (_, fn() -> ApiError) = match there {
                true => (PassphrasePurpose::SecretsFile, sealed_file::locked),
                false => (PassphrasePurpose::NewSecretsFile, sealed_file::not_made),
            };
            let source = self.inner.passphrase.clone();
            let asked = tokio::task::spawn_blocking(move || match asking {
                Asking::Allowed => source.passphrase(purpose),
                Asking::Never => source.known(),
            })
            .await;
            let passphrase = asked.ok().flatten().ok_or_else(closed)?;
            let path = self.inner.path.clone();
            *slot = Some(if there {
                SealedFile::open(path, passphrase).await?
            } else {
                refuse_weak(&passphrase)?;
                SealedFile::create(path, passphrase, self.inner.clock.now_ms()).await?
            });
        }
        slot.as_mut().ok_or_else(sealed_file::locked)
    }

    /// Only a write that can be read back shows that a keychain works.
    async fn probe(&self) -> Result<(), ApiError> {
        let mut probed = self.inner.probed.lock().await;
        if !*probed {
            self.keychain(|keychain| {
                let name = format!("probe/{}", new_id());
                keychain.set(&name, b"probe")?;
                let found = keychain.get(&name)?;
                keychain.delete(&name)?;
                match found {
                    Some(value) if value.as_slice() == b"probe" => Ok(()),
                    _ => Err(KeychainProblem::Absent("it does not keep what is written".into())),
                }
            })
            .await?;
            *probed = true;
        }
        Ok(())
    }

    /// Keychains talk to other processes and may wait for a person: never on an async thread.
    async fn keychain<T: Send + 'static>(
        &self,
        work: impl FnOnce(&dyn KeychainStore) -> Result<T, KeychainProblem> + Send + 'static,
    ) -> Result<T, ApiError> {
        let keychain = self.inner.keychain.clone();
        match tokio::task::spawn_blocking(move || work(keychain.as_ref())).await {
            Ok(result) => result.map_err(ApiError::from),
            Err(error) => Err(KeychainProblem::Absent(error.to_string()).into()),
        }
    }
}

/// Long enough that guessing is slow, and not among the first guesses. Argon2id does the rest.
pub fn refuse_weak(passphrase: &SecretString) -> Result<(), ApiError> {
    let text = passphrase.expose_secret();
    let lower = text.to_lowercase();
    let letters: std::collections::BTreeSet<char> = lower.chars().collect();
    let run = lower.as_bytes().windows(2).all(|pair| pair[1].wrapping_sub(pair[0]) == 1);
    let first_guess =
        ["password", "passphrase", "holdfast", "letmein", "qwertz", "qwerty", "iloveyou", "admin"]
            .iter()
            .any(|guess| {
                lower.trim_end_matches(|c: char| c.is_ascii_digit() || c.is_ascii_punctuation()) == *guess
            });
    if text.chars().count() < 8 || letters.len() < 4 || run || first_guess || lower.trim().is_empty() {
        return Err(ApiError::new(ErrorCode::PassphraseTooWeak, "This passphrase is too easy to guess.")
            .hint(
                "Use at least eight characters; four or five words that do not belong together are good.",
            ));
    }
    Ok(())
}

#[cfg(test)]
mod tests;
