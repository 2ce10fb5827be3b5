//! From the master key to the keys that do the work. The labels are part of the format.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use hkdf::Hkdf;
use sha2::Sha256;
use zeroize::Zeroizing;

use crate::{ChunkId, Result, VaultError};

/// Milliseconds since 1970, UTC, each time it is asked.
pub type Clock = Arc<dyn Fn() -> i64 + Send + Sync>;

pub(crate) type Key = Zeroizing<[u8; 32]>;

/// Keys of an open vault.
pub(crate) struct Keys {
    pub vault: [u8; 16],
    pub master: Key,
    clock: Clock,
    chunk_id: Key,
    pub cutting: Key,
    packs: Key,
    meta: Key,
}

impl Keys {
    pub fn new(vault: [u8; 16], master: Key, clock: Clock) -> Result<Self> {
        let derive = |label: &str| derive::<32>(&master[..], &vault, &[label.as_bytes()]);
        Ok(Self {
            vault,
            clock,
            chunk_id: derive("holdfast 1 chunk id")?,
            cutting: derive("holdfast 1 cutting")?,
            packs: derive("holdfast 1 packs")?,
            meta: derive("holdfast 1 meta")?,
            master,
        })
    }

    pub fn fresh_salt(&self) -> Result<[u8; 32]> {
        fresh_salt((self.clock)())
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

/// A salt for one attempt at one file, at the time it is made. A virtual machine that was cloned repeats the state of its random
/// source, so time, process and a counter are mixed in.
pub(crate) fn fresh_salt(now_ms: i64) -> Result<[u8; 32]> {
    static COUNT: AtomicU64 = AtomicU64::new(0);
    let mut hash = blake3::Hasher::new();
    hash.update(&random::<32>()?);
    hash.update(&now_ms.to_le_bytes());
    hash.update(&std::process::id().to_le_bytes());
    hash.update(&COUNT.fetch_add(1, Ordering::Relaxed).to_le_bytes());
    Ok(*hash.finalize().as_bytes())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;
    use crate::hex;

    impl Keys {
        /// The keys of a vault that only tests have.
        pub fn of_tests(master: u8) -> Self {
            Self::new([7; 16], Zeroizing::new([master; 32]), Arc::new(|| 1)).unwrap()
        }
    }

    /// Computed from `docs/FORMAT.md` by another program (HMAC-SHA256 of Python's standard library).
    #[test]
    fn keys_are_what_the_format_says() {
        let keys = Keys::of_tests(9);
        let key = |kind, epoch| hex::encode(&keys.file_key(kind, epoch, &[5; 32]).unwrap()[..]);
        assert_eq!(key(b'P', 0), "37ab4728bb99cdaa6c9de9a32b4c63bb65e66f19bfd9c2ffb8c8c5fb7c531472");
        assert_eq!(key(b'M', 3), "be3e8ff683d3ad39248fb7ad02a1305d54d84a11f133cfdd0170069ed47a6d92");
        assert_eq!(
            hex::encode(&keys.cutting[..]),
            "1f1c9929176be9c242f35c7ccc12c5d2dabe57063d320f4ff214561d7eef9ee3"
        );
        assert_eq!(
            hex::encode(&keys.chunk_id[..]),
            "713fc416726777a430753d47da19859e2c0ec7a2b589db66b87bb37139d285a4"
        );
    }

    #[test]
    fn every_input_of_a_key_matters() {
        let keys = Keys::of_tests(9);
        let file = |keys: &Keys, kind, epoch, salt: u8| keys.file_key(kind, epoch, &[salt; 32]).unwrap();
        let key = file(&keys, b'P', 0, 5);
        let moved = Keys::new([8; 16], Zeroizing::new([9; 32]), Arc::new(|| 1)).unwrap();
        let others = [
            file(&keys, b'M', 0, 5),
            file(&keys, b'P', 1, 5),
            file(&keys, b'P', 0, 6),
            file(&Keys::of_tests(10), b'P', 0, 5),
            file(&moved, b'P', 0, 5),
        ];
        assert!(others.iter().all(|other| other[..] != key[..]));
        // Another master key or vault, another name for the same content: nobody can confirm a guess.
        let id = keys.chunk_id(b"a row");
        assert!(id != Keys::of_tests(10).chunk_id(b"a row") && id != moved.chunk_id(b"a row"));
        assert!(id == keys.chunk_id(b"a row") && id != keys.chunk_id(b"a rox"));
    }

    #[test]
    fn no_salt_is_made_twice_even_at_the_same_time() {
        let salts: std::collections::HashSet<[u8; 32]> = (0..1000).map(|_| fresh_salt(1).unwrap()).collect();
        assert_eq!(salts.len(), 1000);
    }
}
