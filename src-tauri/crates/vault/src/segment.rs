//! One piece of sealed bytes in a file: AES-256-GCM under the file's own key, bound to where it stands.

use aes_gcm::aead::{AeadInOut, KeyInit};
use aes_gcm::{Aes256Gcm, Nonce};

use crate::keys::{Keys, fresh_salt};
use crate::{Result, VaultError};

pub(crate) const HEADER: usize = 64;
pub(crate) const TAG: usize = 16;
const MAGIC: &[u8; 8] = b"HOLDFAST";
const AAD: usize = 142;

pub(crate) const RAW: u8 = 0;
pub(crate) const ZSTD: u8 = 1;

/// The first 64 bytes of every sealed file.
#[derive(Clone, Copy)]
pub(crate) struct FileHeader([u8; HEADER]);

impl FileHeader {
    pub fn new(kind: u8, subject: &[u8; 16], salt: &[u8; 32]) -> Self {
        let mut bytes = [0; HEADER];
        bytes[..8].copy_from_slice(MAGIC);
        bytes[8] = 1;
        bytes[9] = kind;
        bytes[16..32].copy_from_slice(subject);
        bytes[32..].copy_from_slice(salt);
        Self(bytes)
    }

    /// The whole header must be what a writer of format 1 would have written.
    pub fn parse(bytes: &[u8], kind: u8, subject: &[u8; 16]) -> Result<Self, &'static str> {
        let bytes: [u8; HEADER] =
            bytes.get(..HEADER).and_then(|part| part.try_into().ok()).ok_or("it is too short")?;
        let header = Self(bytes);
        if Self::new(kind, subject, &header.salt()).0 != bytes {
            return Err("its header is not what it should be");
        }
        Ok(header)
    }

    pub fn bytes(&self) -> &[u8; HEADER] {
        &self.0
    }

    pub fn salt(&self) -> [u8; 32] {
        let mut salt = [0; 32];
        salt.copy_from_slice(&self.0[32..]);
        salt
    }
}

/// Everything a segment is bound to besides its file.
#[derive(Clone, Copy, Default)]
pub(crate) struct Binding {
    pub role: u8,
    pub codec: u8,
    pub counter: u64,
    pub offset: u64,
    pub plain: u32,
    pub count: u32,
    pub id: [u8; 32],
}

pub(crate) struct FileCipher {
    aead: Aes256Gcm,
    header: FileHeader,
    vault: [u8; 16],
}

impl FileCipher {
    /// For writing: a fresh salt, so a fresh key.
    pub fn fresh(keys: &Keys, kind: u8, subject: &[u8; 16]) -> Result<Self> {
        Self::with(keys, kind, FileHeader::new(kind, subject, &fresh_salt()?))
    }

    pub fn with(keys: &Keys, kind: u8, header: FileHeader) -> Result<Self> {
        let key = keys.file_key(kind, 0, &header.salt())?;
        let aead = Aes256Gcm::new_from_slice(&key[..]).map_err(VaultError::internal)?;
        Ok(Self { aead, header, vault: keys.vault })
    }

    pub fn header(&self) -> &FileHeader {
        &self.header
    }

    /// Encrypts `buffer[start..]` where it is and appends the tag.
    pub fn seal(&self, binding: &Binding, buffer: &mut Vec<u8>, start: usize) -> Result<()> {
        let stored = buffer.len() - start + TAG;
        let aad = self.additional_data(binding, stored)?;
        let tag = self
            .aead
            .encrypt_inout_detached(&nonce(binding.counter), &aad, (&mut buffer[start..]).into())
            .map_err(VaultError::internal)?;
        buffer.extend_from_slice(&tag);
        Ok(())
    }

    /// Decrypts in place; None means that the bytes are not what was sealed here.
    pub fn open<'a>(&self, binding: &Binding, segment: &'a mut [u8]) -> Option<&'a mut [u8]> {
        let aad = self.additional_data(binding, segment.len()).ok()?;
        let (body, tag) = segment.split_at_mut(segment.len().checked_sub(TAG)?);
        let tag = (&*tag).try_into().ok()?;
        self.aead.decrypt_inout_detached(&nonce(binding.counter), &aad, (&mut *body).into(), tag).ok()?;
        Some(body)
    }

    fn additional_data(&self, binding: &Binding, stored: usize) -> Result<[u8; AAD]> {
        let stored = u32::try_from(stored).map_err(VaultError::internal)?;
        let mut aad = [0; AAD];
        aad[..64].copy_from_slice(self.header.bytes());
        aad[64..80].copy_from_slice(&self.vault);
        aad[80] = binding.role;
        aad[81] = binding.codec;
        aad[82..90].copy_from_slice(&binding.counter.to_le_bytes());
        aad[90..98].copy_from_slice(&binding.offset.to_le_bytes());
        aad[98..102].copy_from_slice(&stored.to_le_bytes());
        aad[102..106].copy_from_slice(&binding.plain.to_le_bytes());
        aad[106..110].copy_from_slice(&binding.count.to_le_bytes());
        aad[110..].copy_from_slice(&binding.id);
        Ok(aad)
    }
}

fn nonce(counter: u64) -> Nonce<aes_gcm::aead::consts::U12> {
    let mut nonce = Nonce::default();
    nonce[4..].copy_from_slice(&counter.to_be_bytes());
    nonce
}
