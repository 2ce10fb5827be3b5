//! One piece of sealed bytes in a file: AES-256-GCM under the file's own key, bound to where it stands.

use aes_gcm::aead::{AeadInOut, KeyInit};
use aes_gcm::{Aes256Gcm, Nonce};

use crate::keys::Keys;
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
        Self::with(keys, kind, FileHeader::new(kind, subject, &keys.fresh_salt()?))
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

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use proptest::prelude::*;

    use super::*;

    const BINDING: Binding =
        Binding { role: 1, codec: ZSTD, counter: 3, offset: 500, plain: 40, count: 7, id: [6; 32] };

    fn cipher() -> FileCipher {
        FileCipher::with(&Keys::of_tests(1), b'P', FileHeader::new(b'P', &[0; 16], &[2; 32])).unwrap()
    }

    fn sealed(plain: &[u8]) -> Vec<u8> {
        let mut buffer = plain.to_vec();
        cipher().seal(&BINDING, &mut buffer, 0).unwrap();
        buffer
    }

    #[test]
    fn every_flipped_bit_and_every_cut_is_noticed() {
        let segment = sealed(b"some plaintext of a chunk");
        assert_eq!(cipher().open(&BINDING, &mut segment.clone()).unwrap(), b"some plaintext of a chunk");
        for at in 0..segment.len() {
            for bit in 0..8 {
                let mut changed = segment.clone();
                changed[at] ^= 1 << bit;
                assert!(cipher().open(&BINDING, &mut changed).is_none(), "byte {at} bit {bit}");
            }
            assert!(cipher().open(&BINDING, &mut segment[..at].to_vec()).is_none(), "cut to {at}");
        }
    }

    #[test]
    fn exploit_a_segment_opens_only_where_it_was_sealed() {
        let segment = sealed(b"x");
        let elsewhere = [
            Binding { role: 2, ..BINDING },
            Binding { codec: RAW, ..BINDING },
            Binding { counter: 4, ..BINDING },
            Binding { offset: 501, ..BINDING },
            Binding { plain: 41, ..BINDING },
            Binding { count: 8, ..BINDING },
            Binding { id: [5; 32], ..BINDING },
        ];
        for binding in elsewhere {
            assert!(cipher().open(&binding, &mut segment.clone()).is_none());
        }
        let headers = [
            (b'M', FileHeader::new(b'M', &[0; 16], &[2; 32])),
            (b'P', FileHeader::new(b'P', &[1; 16], &[2; 32])),
            (b'P', FileHeader::new(b'P', &[0; 16], &[3; 32])),
        ];
        for (kind, header) in headers {
            let other = FileCipher::with(&Keys::of_tests(1), kind, header).unwrap();
            assert!(other.open(&BINDING, &mut segment.clone()).is_none());
        }
        let header = FileHeader::new(b'P', &[0; 16], &[2; 32]);
        let other = FileCipher::with(&Keys::of_tests(2), b'P', header).unwrap();
        assert!(other.open(&BINDING, &mut segment.clone()).is_none(), "another vault");
    }

    #[test]
    fn a_header_is_what_a_writer_would_have_written_or_none() {
        let header = *FileHeader::new(b'R', &[4; 16], &[2; 32]).bytes();
        assert_eq!(FileHeader::parse(&header, b'R', &[4; 16]).unwrap().salt(), [2; 32]);
        for at in 0..HEADER {
            let mut changed = header;
            changed[at] ^= 1;
            // The salt is free; a wrong one gives a key that opens nothing.
            assert_eq!(FileHeader::parse(&changed, b'R', &[4; 16]).is_ok(), at >= 32, "byte {at}");
            assert!(FileHeader::parse(&header[..at], b'R', &[4; 16]).is_err(), "cut to {at}");
        }
        assert!(FileHeader::parse(&header, b'M', &[4; 16]).is_err());
        assert!(FileHeader::parse(&header, b'R', &[5; 16]).is_err());
    }

    #[test]
    fn two_files_never_share_a_salt() {
        let keys = Keys::of_tests(1);
        let salt = || FileCipher::fresh(&keys, b'P', &[0; 16]).unwrap().header().salt();
        assert_ne!(salt(), salt());
    }

    proptest! {
        #[test]
        fn what_was_sealed_opens(plain in prop::collection::vec(any::<u8>(), 0..300), before in prop::collection::vec(any::<u8>(), 0..80)) {
            let mut buffer = [&before[..], &plain].concat();
            cipher().seal(&BINDING, &mut buffer, before.len()).unwrap();
            prop_assert_eq!(&buffer[..before.len()], &before[..], "what stands before it is not touched");
            prop_assert_eq!(buffer.len(), before.len() + plain.len() + TAG);
            prop_assert_eq!(cipher().open(&BINDING, &mut buffer[before.len()..]).unwrap(), &plain[..]);
        }
    }
}
