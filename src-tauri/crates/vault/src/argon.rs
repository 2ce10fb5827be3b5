//! From a passphrase to a key: Argon2id within a floor and a ceiling.

use argon2::{Algorithm, Argon2, Params, Version};
use secrecy::{ExposeSecret, SecretString};
use unicode_normalization::UnicodeNormalization;
use zeroize::Zeroizing;

use crate::keys::Key;
use crate::{Result, VaultError};

/// What deriving a key from a passphrase costs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Argon2Cost {
    pub memory_kib: u32,
    pub passes: u32,
    pub lanes: u32,
}

impl Argon2Cost {
    /// What vaults are made with.
    pub const STANDARD: Self = Self { memory_kib: 256 << 10, passes: 3, lanes: 4 };
    /// The least a reader accepts (OWASP's minimum); anything below is a downgrade by somebody.
    pub const FLOOR: Self = Self { memory_kib: 19 << 10, passes: 2, lanes: 1 };
    /// The most a reader accepts; anything above is there to exhaust it.
    pub const CEILING: Self = Self { memory_kib: 4 << 20, passes: 64, lanes: 64 };

    pub(crate) fn is_safe(&self) -> bool {
        let within = |value, low, high| (low..=high).contains(&value);
        within(self.memory_kib, Self::FLOOR.memory_kib, Self::CEILING.memory_kib)
            && within(self.passes, Self::FLOOR.passes, Self::CEILING.passes)
            && within(self.lanes, Self::FLOOR.lanes, Self::CEILING.lanes)
    }
}

/// The same text typed on different systems may arrive composed or decomposed: form NFC is hashed.
pub(crate) fn stretch(passphrase: &SecretString, salt: &[u8; 32], cost: Argon2Cost) -> Result<Key> {
    let text: Zeroizing<String> = Zeroizing::new(passphrase.expose_secret().nfc().collect());
    let params =
        Params::new(cost.memory_kib, cost.passes, cost.lanes, Some(32)).map_err(VaultError::internal)?;
    let mut key = Zeroizing::new([0; 32]);
    Argon2::new(Algorithm::Argon2id, Version::V0x13, params)
        .hash_password_into(text.as_bytes(), salt, &mut key[..])
        .map_err(VaultError::internal)?;
    Ok(key)
}

/// Off the async threads: it takes a good part of a second and a lot of memory.
pub(crate) async fn stretch_aside(
    passphrase: &SecretString,
    salt: [u8; 32],
    cost: Argon2Cost,
) -> Result<Key> {
    let passphrase = passphrase.clone();
    tokio::task::spawn_blocking(move || stretch(&passphrase, &salt, cost))
        .await
        .map_err(VaultError::internal)?
}
