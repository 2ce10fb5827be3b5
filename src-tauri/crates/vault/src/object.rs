//! Sealed files of a few segments: indexes, manifests, tombstones, records, marks.

use sha2::{Digest, Sha256};

use crate::keys::Keys;
use crate::segment::{Binding, FileCipher, FileHeader, HEADER, RAW, TAG, ZSTD};
use crate::wire::Reader;
use crate::{Result, VaultError};

/// Plaintext of one segment; bounds what a reader must hold to check it.
const SEGMENT_MAX: usize = 4 << 20;
const ENTRY: usize = 12;

pub(crate) const INDEX: u8 = b'I';
pub(crate) const MANIFEST: u8 = b'M';
pub(crate) const TOMBSTONE: u8 = b'T';
pub(crate) const RECORD: u8 = b'R';
pub(crate) const MARK: u8 = b'K';

/// Role of the only payload of everything but manifests, and of a manifest's head.
pub(crate) const FIRST: u8 = 1;

pub(crate) struct Part {
    pub role: u8,
    pub payload: Vec<u8>,
}

struct Entry {
    role: u8,
    codec: u8,
    stored: u32,
    plain: u32,
}

pub(crate) fn encode(keys: &Keys, kind: u8, subject: &[u8; 16], parts: &[Part]) -> Result<Vec<u8>> {
    let mut entries = Vec::new();
    let mut bodies = Vec::new();
    for part in parts {
        // An empty payload still has its one segment, so that its absence shows.
        let pieces: Vec<&[u8]> =
            if part.payload.is_empty() { vec![&[]] } else { part.payload.chunks(SEGMENT_MAX).collect() };
        for piece in pieces {
            let packed = zstd::bulk::compress(piece, 3).map_err(VaultError::internal)?;
            let (codec, body) =
                if packed.len() < piece.len() { (ZSTD, packed) } else { (RAW, piece.to_vec()) };
            let stored = u32::try_from(body.len() + TAG).map_err(VaultError::internal)?;
            let plain = u32::try_from(piece.len()).map_err(VaultError::internal)?;
            entries.push(Entry { role: part.role, codec, stored, plain });
            bodies.push(body);
        }
    }
    let count = u32::try_from(entries.len()).map_err(VaultError::internal)?;
    let cipher = FileCipher::fresh(keys, kind, subject)?;
    let mut file = cipher.header().bytes().to_vec();
    file.extend_from_slice(&count.to_le_bytes());
    for entry in &entries {
        file.extend_from_slice(&[entry.role, entry.codec, 0, 0]);
        file.extend_from_slice(&entry.stored.to_le_bytes());
        file.extend_from_slice(&entry.plain.to_le_bytes());
    }
    let directory: [u8; 32] = Sha256::digest(&file[HEADER + 4..]).into();
    for (counter, (entry, body)) in entries.iter().zip(bodies).enumerate() {
        let start = file.len();
        file.extend_from_slice(&body);
        cipher.seal(&binding(entry, counter, start, count, directory), &mut file, start)?;
    }
    Ok(file)
}

fn binding(entry: &Entry, counter: usize, offset: usize, count: u32, directory: [u8; 32]) -> Binding {
    Binding {
        role: entry.role,
        codec: entry.codec,
        counter: counter as u64,
        offset: offset as u64,
        plain: entry.plain,
        count,
        id: directory,
    }
}

/// A file whose directory was read. Nothing in it is trusted before a segment has opened.
pub(crate) struct Sealed<'a> {
    bytes: &'a [u8],
    cipher: FileCipher,
    entries: Vec<Entry>,
    directory: [u8; 32],
    body: usize,
}

/// How many bytes from the start must be there to read the first segment; None: more are needed to tell.
pub(crate) fn needed_for_first(bytes: &[u8]) -> Option<usize> {
    let mut reader = Reader::new(bytes.get(HEADER..)?);
    let count = usize::try_from(reader.u32()?).ok()?;
    reader.take(4)?;
    let stored = usize::try_from(reader.u32()?).ok()?;
    HEADER.checked_add(4)?.checked_add(count.checked_mul(ENTRY)?)?.checked_add(stored)
}

impl<'a> Sealed<'a> {
    pub fn parse(keys: &Keys, kind: u8, subject: &[u8; 16], bytes: &'a [u8]) -> Result<Self, String> {
        let header = FileHeader::parse(bytes, kind, subject)?;
        let short = || "it is cut short".to_owned();
        let mut reader = Reader::new(&bytes[HEADER..]);
        let count = reader.u32().ok_or_else(short)? as usize;
        let raw = reader.take(count.checked_mul(ENTRY).ok_or_else(short)?).ok_or_else(short)?;
        let directory = Sha256::digest(raw).into();
        let mut entries = Vec::with_capacity(count);
        for chunk in raw.chunks_exact(ENTRY) {
            let mut entry = Reader::new(chunk);
            let (role, codec) = (entry.u8().ok_or_else(short)?, entry.u8().ok_or_else(short)?);
            entry.take(2);
            let (stored, plain) = (entry.u32().ok_or_else(short)?, entry.u32().ok_or_else(short)?);
            if plain as usize > SEGMENT_MAX {
                return Err("a segment is larger than the format allows".to_owned());
            }
            entries.push(Entry { role, codec, stored, plain });
        }
        let cipher = FileCipher::with(keys, kind, header).map_err(|error| error.to_string())?;
        Ok(Self { bytes, cipher, entries, directory, body: HEADER + 4 + count * ENTRY })
    }

    /// The segments must fill the file exactly.
    pub fn complete(&self) -> Result<(), String> {
        let length = self.entries.iter().fold(self.body as u64, |sum, entry| sum + u64::from(entry.stored));
        if length == self.bytes.len() as u64 {
            Ok(())
        } else {
            Err("its length is not what it should be".to_owned())
        }
    }

    /// The payload of all segments of one role.
    pub fn payload(&self, role: u8) -> Result<Vec<u8>, String> {
        let count = self.entries.len() as u32;
        let mut offset = self.body;
        let mut payload = Vec::new();
        let mut found = false;
        for (counter, entry) in self.entries.iter().enumerate() {
            let end = offset.checked_add(entry.stored as usize).ok_or("its lengths make no sense")?;
            if entry.role == role {
                found = true;
                let mut segment = self.bytes.get(offset..end).ok_or("it is cut short")?.to_vec();
                let plain = self
                    .cipher
                    .open(&binding(entry, counter, offset, count, self.directory), &mut segment)
                    .ok_or("it was changed: the authentication tag does not match")?;
                unpack(entry.codec, plain, entry.plain as usize, &mut payload)?;
            }
            offset = end;
        }
        if found { Ok(payload) } else { Err("a part of it is missing".to_owned()) }
    }
}

fn unpack(codec: u8, packed: &[u8], plain: usize, out: &mut Vec<u8>) -> Result<(), String> {
    match codec {
        RAW if packed.len() == plain => out.extend_from_slice(packed),
        ZSTD => {
            let unpacked = zstd::bulk::decompress(packed, plain).map_err(|error| error.to_string())?;
            if unpacked.len() != plain {
                return Err("a segment has another length than stated".to_owned());
            }
            out.extend_from_slice(&unpacked);
        }
        _ => return Err("a segment is coded in an unknown way".to_owned()),
    }
    Ok(())
}
