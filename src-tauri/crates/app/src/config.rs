//! What a host decides before the application opens.

use std::path::PathBuf;
use std::sync::Arc;

use crate::clock::Clock;
use crate::home::ProcessKind;
use crate::secrets::{KeychainStore, PassphraseSource, SecretsChoice};

#[derive(Clone)]
pub struct AppConfig {
    /// The data folder; made when it is not there.
    pub home: PathBuf,
    pub secrets: SecretsChoice,
    pub clock: Arc<dyn Clock>,
    /// Asked only when something sealed must be opened. Desktop: [`crate::secrets::NoPassphrase`].
    pub passphrase: Arc<dyn PassphraseSource>,
    /// `secrets::os_keychain()`, or `secrets::MemoryKeychain` in tests.
    pub keychain: Arc<dyn KeychainStore>,
    pub process: ProcessKind,
}
