//! A small file sealed by a passphrase (the secrets file), with a key commitment like a key slot.

use secrecy::SecretString;
use zeroize::Zeroizing;

use crate::{Result, VaultError};

pub fn seal(_passphrase: &SecretString, _purpose: &str, _plaintext: &[u8]) -> Result<Vec<u8>> {
    Err(VaultError::internal("not built yet"))
}

pub fn open(_passphrase: &SecretString, _purpose: &str, _bytes: &[u8]) -> Result<Zeroizing<Vec<u8>>> {
    Err(VaultError::internal("not built yet"))
}
