//! The recovery kit's words: 32 random bytes as 24 English BIP-39 words, the last of which carries a checksum.

use bip39::{Error, Language, Mnemonic};
use secrecy::{ExposeSecret, SecretString};
use zeroize::Zeroizing;

use crate::keys::Key;
use crate::{Result, VaultError};

const WORDS: usize = 24;

pub(crate) fn encode(secret: &[u8; 32]) -> Result<Vec<String>> {
    let mnemonic = Mnemonic::from_entropy_in(Language::English, secret).map_err(VaultError::internal)?;
    Ok(mnemonic.words().map(str::to_owned).collect())
}

/// Says which word is wrong, because somebody typed them from paper.
pub(crate) fn decode(words: &SecretString) -> Result<Key> {
    let text: Zeroizing<String> = Zeroizing::new(
        words.expose_secret().split_whitespace().map(str::to_lowercase).collect::<Vec<_>>().join(" "),
    );
    let mistyped = |reason: String| VaultError::RecoveryWordsMistyped { reason };
    let count = text.split(' ').filter(|word| !word.is_empty()).count();
    if count != WORDS {
        return Err(mistyped(format!("A recovery kit has {WORDS} words; these are {count}.")));
    }
    let mnemonic = Mnemonic::parse_in_normalized(Language::English, &text).map_err(|error| match error {
        Error::UnknownWord(index) => {
            mistyped(format!("Word {} is not a word of the recovery kit's list.", index + 1))
        }
        Error::InvalidChecksum => {
            mistyped("The recovery words do not fit together: a word is wrong or out of order.".to_owned())
        }
        _ => mistyped("These are not recovery words.".to_owned()),
    })?;
    let entropy = Zeroizing::new(mnemonic.to_entropy());
    let mut secret = Zeroizing::new([0; 32]);
    secret.copy_from_slice(
        entropy.get(..32).ok_or_else(|| mistyped("These are not recovery words.".to_owned()))?,
    );
    Ok(secret)
}
