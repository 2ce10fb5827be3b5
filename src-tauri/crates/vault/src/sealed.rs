//! A small file sealed by a passphrase (the secrets file), with a key commitment like a key slot.
//!
//! `HOLDSEAL`, version 1, three zero bytes, Argon2 memory, passes and lanes, Argon2 salt, HKDF salt, commitment,
//! then AES-256-GCM with nonce 0 over the content; the additional data is everything before it and the purpose.

use aes_gcm::aead::{AeadInOut, KeyInit};
use aes_gcm::{Aes256Gcm, Nonce};
use secrecy::SecretString;
use subtle::ConstantTimeEq;
use zeroize::Zeroizing;

use crate::argon::{Argon2Cost, stretch};
use crate::keys::{derive, fresh_salt};
use crate::segment::TAG;
use crate::wire::Reader;
use crate::{Result, VaultError};

const MAGIC: &[u8; 12] = b"HOLDSEAL\x01\0\0\0";
const HEAD: usize = 12 + 12 + 32 + 32 + 32;

/// Takes the better part of a second and 256 MiB: call it off the async threads.
pub fn seal(passphrase: &SecretString, purpose: &str, plaintext: &[u8], now_ms: i64) -> Result<Vec<u8>> {
    seal_at(passphrase, purpose, plaintext, Argon2Cost::STANDARD, now_ms)
}

/// Like `seal` with another cost, which `open` accepts only from the floor up.
pub fn seal_at(
    passphrase: &SecretString,
    purpose: &str,
    plaintext: &[u8],
    cost: Argon2Cost,
    now_ms: i64,
) -> Result<Vec<u8>> {
    let (argon_salt, salt) = (fresh_salt(now_ms)?, fresh_salt(now_ms)?);
    let secret = stretch(passphrase, &argon_salt, cost)?;
    let okm = file_keys(&secret, &salt, purpose)?;
    let mut bytes = Vec::with_capacity(HEAD + plaintext.len() + TAG);
    bytes.extend_from_slice(MAGIC);
    for field in [cost.memory_kib, cost.passes, cost.lanes] {
        bytes.extend_from_slice(&field.to_le_bytes());
    }
    bytes.extend_from_slice(&argon_salt);
    bytes.extend_from_slice(&salt);
    bytes.extend_from_slice(&okm[32..]);
    let mut body = Zeroizing::new(plaintext.to_vec());
    let tag = cipher(&okm)?
        .encrypt_inout_detached(&Nonce::default(), &bound(&bytes, purpose), body.as_mut_slice().into())
        .map_err(VaultError::internal)?;
    bytes.extend_from_slice(&body);
    bytes.extend_from_slice(&tag);
    Ok(bytes)
}

/// `PassphraseWrong`, `UnsafeDerivation` and `Damaged` are told apart.
pub fn open(passphrase: &SecretString, purpose: &str, bytes: &[u8]) -> Result<Zeroizing<Vec<u8>>> {
    let damaged = |what: &str| VaultError::damaged(purpose, what);
    let head = bytes.get(..HEAD).ok_or_else(|| damaged("it is too short"))?;
    let (cost, argon_salt, salt, commitment) =
        parse(head).ok_or_else(|| damaged("it is not a sealed file"))?;
    if !cost.is_safe() {
        return Err(VaultError::UnsafeDerivation { slot: purpose.to_owned() });
    }
    let secret = stretch(passphrase, &argon_salt, cost)?;
    let okm = file_keys(&secret, &salt, purpose)?;
    if !bool::from(okm[32..].ct_eq(&commitment[..])) {
        return Err(VaultError::PassphraseWrong);
    }
    let end =
        bytes.len().checked_sub(TAG).filter(|end| *end >= HEAD).ok_or_else(|| damaged("it is too short"))?;
    let mut body = Zeroizing::new(bytes[HEAD..end].to_vec());
    let tag = bytes[end..].try_into().map_err(|_| damaged("it is too short"))?;
    cipher(&okm)?
        .decrypt_inout_detached(&Nonce::default(), &bound(head, purpose), body.as_mut_slice().into(), tag)
        .map_err(|_| damaged("it was changed"))?;
    Ok(body)
}

type Head = (Argon2Cost, [u8; 32], [u8; 32], [u8; 32]);

fn parse(head: &[u8]) -> Option<Head> {
    let mut reader = Reader::new(head);
    if reader.take(MAGIC.len())? != MAGIC {
        return None;
    }
    let cost = Argon2Cost { memory_kib: reader.u32()?, passes: reader.u32()?, lanes: reader.u32()? };
    Some((cost, reader.array()?, reader.array()?, reader.array()?))
}

fn file_keys(secret: &[u8; 32], salt: &[u8; 32], purpose: &str) -> Result<Zeroizing<[u8; 64]>> {
    derive(secret, salt, &[b"holdfast 1 sealed file", purpose.as_bytes()])
}

fn cipher(okm: &[u8; 64]) -> Result<Aes256Gcm> {
    Aes256Gcm::new_from_slice(&okm[..32]).map_err(VaultError::internal)
}

fn bound(head: &[u8], purpose: &str) -> Vec<u8> {
    [head, purpose.as_bytes()].concat()
}
