//! From the master key to the keys that do the work. The labels are part of the format.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::SystemTime;

use hkdf::Hkdf;
use sha2::Sha256;
use zeroize::Zeroizing;

use crate::{ChunkId, Result, VaultError};

pub(crate) type Key = Zeroizing<[u8; 32]>;

/// Keys of an open vault.
pub(crate) struct Keys {
    pub vault: [u8; 16],
    pub master: Key,
    chunk_id: Key,
    pub cutting: Key,
    packs: Key,
    meta: Key,
}

impl Keys {
    pub fn new(vault: [u8; 16], master: Key) -> Result<Self> {
        let derive = |label: &str| derive::<32>(&master[..], &vault, &[label.as_bytes()]);
        Ok(Self {
            vault,
            chunk_id: derive("holdfast 1 chunk id")?,
            cutting: derive("holdfast 1 cutting")?,
            packs: derive("holdfast 1 packs")?,
            meta: derive("holdfast 1 meta")?,
            master,
        })
    }

    pub fn chunk_id(&self, plaintext: &[u8]) -> ChunkId {
        ChunkId(*blake3::keyed_hash(&self.chunk_id, plaintext).as_bytes())
    }

    /// `kind` is the file's type byte; only packs hang on their own root.
    pub fn file_key(&self, kind: u8, epoch: u32, salt: &[u8; 32]) -> Result<Key> {
        let root = if kind == b'P' { &self.packs } else { &self.meta };
        derive(&root[..], salt, &[b"holdfast 1 file", &[kind], &epoch.to_le_bytes(), &self.vault])
    }
}

pub(crate) fn derive<const N: usize>(
    secret: &[u8],
    salt: &[u8],
    info: &[&[u8]],
) -> Result<Zeroizing<[u8; N]>> {
    let mut out = Zeroizing::new([0; N]);
    Hkdf::<Sha256>::new(Some(salt), secret)
        .expand_multi_info(info, &mut out[..])
        .map_err(|_| VaultError::internal("key derivation"))?;
    Ok(out)
}

pub(crate) fn random<const N: usize>() -> Result<[u8; N]> {
    let mut bytes = [0; N];
    getrandom::fill(&mut bytes).map_err(|error| VaultError::internal(format!("no randomness: {error}")))?;
    Ok(bytes)
}

/// A salt for one attempt at one file. A virtual machine that was cloned repeats the state of its random
/// source, so time, process and a counter are mixed in.
pub(crate) fn fresh_salt() -> Result<[u8; 32]> {
    static COUNT: AtomicU64 = AtomicU64::new(0);
    let time = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).map_or(0, |time| time.as_nanos());
    let mut hash = blake3::Hasher::new();
    hash.update(&random::<32>()?);
    hash.update(&time.to_le_bytes());
    hash.update(&std::process::id().to_le_bytes());
    hash.update(&COUNT.fetch_add(1, Ordering::Relaxed).to_le_bytes());
    Ok(*hash.finalize().as_bytes())
}
