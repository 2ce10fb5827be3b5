//! What the host says about secrets: where they are kept and whom to ask for a passphrase.

use secrecy::SecretString;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SecretsChoice {
    /// The OS keychain, unless the sealed file has been chosen before.
    Keychain,
    /// The sealed file (`HOLDFAST_SECRETS=file`).
    File,
}

/// Where a passphrase comes from when one is needed.
pub trait PassphraseSource: Send + Sync {
    /// May block: it may ask a person.
    fn passphrase(&self, purpose: PassphrasePurpose) -> Option<SecretString>;
    /// What is at hand already. Never asks a person.
    fn known(&self) -> Option<SecretString>;
}

/// Whether opening something may ask a person.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Asking {
    Allowed,
    /// For what only looks: a status that asks is no status.
    Never,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PassphrasePurpose {
    /// Opens the sealed secrets file.
    SecretsFile,
    /// Seals a secrets file that is about to be made.
    NewSecretsFile,
    Vault,
}

/// Nobody to ask: operations that carry the passphrase are the only way.
pub struct NoPassphrase;

impl PassphraseSource for NoPassphrase {
    fn passphrase(&self, _: PassphrasePurpose) -> Option<SecretString> {
        None
    }
    fn known(&self) -> Option<SecretString> {
        None
    }
}
