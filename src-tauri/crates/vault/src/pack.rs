//! Packs: files of sealed chunks with a sealed table at the end.

use bytes::Bytes;
use sha2::{Digest, Sha256};

use crate::keys::Keys;
use crate::segment::{Binding, FileCipher, FileHeader, HEADER, RAW, TAG, ZSTD};
use crate::wire::Reader;
use crate::{ChunkId, Result, VaultError};

/// A pack is closed once it has this much.
pub(crate) const TARGET: usize = 16 << 20;
/// The format's limit.
pub(crate) const PACK_MAX: u64 = 64 << 20;
/// The format's limit for one chunk.
const CHUNK_MAX: u32 = 16 << 20;

const CHUNK: u8 = 1;
const TABLE: u8 = 2;
const ENTRY: usize = 41;
const END: &[u8; 4] = b"KCAP";
const TRAILER: u64 = 12;

/// One chunk as a pack's table (and an index) lists it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct TableEntry {
    pub id: ChunkId,
    pub codec: u8,
    pub stored: u32,
    pub plain: u32,
}

/// A pack and its table, wherever they were read from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct PackTable {
    /// SHA-256 of the file.
    pub sha: [u8; 32],
    pub salt: [u8; 32],
    pub size: u64,
    pub entries: Vec<TableEntry>,
}

/// Where a chunk lies.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Spot {
    pub position: u32,
    pub offset: u32,
    pub entry: TableEntry,
}

impl TableEntry {
    pub fn write(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(&self.id.0);
        out.push(self.codec);
        out.extend_from_slice(&self.stored.to_le_bytes());
        out.extend_from_slice(&self.plain.to_le_bytes());
    }

    pub fn read(reader: &mut Reader<'_>) -> Option<Self> {
        let entry = Self {
            id: ChunkId(reader.array()?),
            codec: reader.u8()?,
            stored: reader.u32()?,
            plain: reader.u32()?,
        };
        let sane =
            entry.plain <= CHUNK_MAX && entry.stored >= TAG as u32 && u64::from(entry.stored) < PACK_MAX;
        sane.then_some(entry)
    }
}

impl PackTable {
    pub fn spots(&self) -> impl Iterator<Item = Spot> + '_ {
        let mut offset = HEADER as u32;
        self.entries.iter().zip(0u32..).map(move |(entry, position)| {
            let spot = Spot { position, offset, entry: *entry };
            offset = offset.saturating_add(entry.stored);
            spot
        })
    }

    pub fn header(&self) -> FileHeader {
        FileHeader::new(b'P', &[0; 16], &self.salt)
    }
}

impl Spot {
    fn binding(&self) -> Binding {
        Binding {
            role: CHUNK,
            codec: self.entry.codec,
            counter: u64::from(self.position),
            offset: u64::from(self.offset),
            plain: self.entry.plain,
            count: 0,
            id: self.entry.id.0,
        }
    }

    pub fn range(&self) -> std::ops::Range<u64> {
        let start = u64::from(self.offset);
        start..start + u64::from(self.entry.stored)
    }

    /// The chunk's plaintext, authenticated and compared with its id.
    pub fn open(
        &self,
        keys: &Keys,
        cipher: &FileCipher,
        segment: &mut [u8],
    ) -> Result<Vec<u8>, &'static str> {
        if segment.len() != self.entry.stored as usize {
            return Err("a chunk is cut short");
        }
        let packed = cipher
            .open(&self.binding(), segment)
            .ok_or("a chunk was changed: the authentication tag does not match")?;
        let plain = unpack(self.entry.codec, packed, self.entry.plain as usize)?;
        if keys.chunk_id(&plain) != self.entry.id {
            return Err("a chunk's content is not what its id names");
        }
        Ok(plain)
    }

    /// The sealed payload still compressed, for moving it to another pack. Authenticated.
    pub fn packed<'a>(&self, cipher: &FileCipher, segment: &'a mut [u8]) -> Option<&'a [u8]> {
        cipher.open(&self.binding(), segment).map(|packed| &*packed)
    }
}

fn unpack(codec: u8, packed: &[u8], plain: usize) -> Result<Vec<u8>, &'static str> {
    match codec {
        RAW if packed.len() == plain => Ok(packed.to_vec()),
        ZSTD => match zstd::bulk::decompress(packed, plain) {
            Ok(unpacked) if unpacked.len() == plain => Ok(unpacked),
            _ => Err("a chunk does not decompress"),
        },
        _ => Err("a chunk is coded in an unknown way"),
    }
}

pub(crate) struct PackBuilder {
    cipher: FileCipher,
    file: Vec<u8>,
    entries: Vec<TableEntry>,
}

impl PackBuilder {
    pub fn new(keys: &Keys) -> Result<Self> {
        let cipher = FileCipher::fresh(keys, b'P', &[0; 16])?;
        let mut file = Vec::with_capacity(TARGET + TARGET / 8);
        file.extend_from_slice(cipher.header().bytes());
        Ok(Self { cipher, file, entries: Vec::new() })
    }

    pub fn is_full(&self) -> bool {
        self.file.len() >= TARGET
    }

    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// Seals a payload that is coded as `codec` says. Returns what it takes in the pack.
    pub fn add(&mut self, id: ChunkId, codec: u8, payload: &[u8], plain: u32) -> Result<Spot> {
        let start = self.file.len();
        let stored = u32::try_from(payload.len() + TAG).map_err(VaultError::internal)?;
        let spot = Spot {
            position: u32::try_from(self.entries.len()).map_err(VaultError::internal)?,
            offset: u32::try_from(start).map_err(VaultError::internal)?,
            entry: TableEntry { id, codec, stored, plain },
        };
        self.file.extend_from_slice(payload);
        self.cipher.seal(&spot.binding(), &mut self.file, start)?;
        self.entries.push(spot.entry);
        Ok(spot)
    }

    /// Reads the chunk back from the very bytes that will be written and compares it with the original.
    pub fn verify(&self, spot: &Spot, original: &[u8], scratch: &mut Scratch) -> Result<()> {
        let start = spot.offset as usize;
        scratch.segment.clear();
        scratch.segment.extend_from_slice(&self.file[start..start + spot.entry.stored as usize]);
        let fault =
            || VaultError::internal("a chunk did not read back as it was written; nothing was stored");
        let packed = self.cipher.open(&spot.binding(), &mut scratch.segment).ok_or_else(fault)?;
        let plain: &[u8] = if spot.entry.codec == ZSTD {
            scratch.plain.clear();
            scratch.plain.reserve(original.len());
            scratch.decompressor.decompress_to_buffer(packed, &mut scratch.plain).map_err(|_| fault())?;
            &scratch.plain
        } else {
            packed
        };
        if plain == original { Ok(()) } else { Err(fault()) }
    }

    pub fn finish(mut self) -> Result<(PackTable, Bytes)> {
        let count = u32::try_from(self.entries.len()).map_err(VaultError::internal)?;
        let start = self.file.len();
        for entry in &self.entries {
            entry.write(&mut self.file);
        }
        let plain = u32::try_from(self.file.len() - start).map_err(VaultError::internal)?;
        self.cipher.seal(&table_binding(count, start as u64, plain), &mut self.file, start)?;
        let stored = u32::try_from(self.file.len() - start).map_err(VaultError::internal)?;
        self.file.extend_from_slice(&stored.to_le_bytes());
        self.file.extend_from_slice(&count.to_le_bytes());
        self.file.extend_from_slice(END);
        let sha = Sha256::digest(&self.file).into();
        let salt = self.cipher.header().salt();
        let table = PackTable { sha, salt, size: self.file.len() as u64, entries: self.entries };
        Ok((table, self.file.into()))
    }
}

/// Buffers that verifying needs, kept between chunks.
pub(crate) struct Scratch {
    segment: Vec<u8>,
    plain: Vec<u8>,
    decompressor: zstd::bulk::Decompressor<'static>,
}

impl Scratch {
    pub fn new() -> Result<Self> {
        let decompressor = zstd::bulk::Decompressor::new().map_err(VaultError::internal)?;
        Ok(Self { segment: Vec::new(), plain: Vec::new(), decompressor })
    }
}

fn table_binding(count: u32, offset: u64, plain: u32) -> Binding {
    Binding { role: TABLE, codec: RAW, counter: u64::from(count), offset, plain, count, id: [0; 32] }
}

/// Where a pack's table and trailer begin, from the last bytes of the file.
pub(crate) fn table_start(size: u64, tail: &[u8]) -> Option<u64> {
    let mut reader = Reader::new(tail.get(tail.len().checked_sub(TRAILER as usize)?..)?);
    let stored = u64::from(reader.u32()?);
    size.checked_sub(TRAILER)?.checked_sub(stored).filter(|start| *start >= HEADER as u64)
}

/// The table from a pack's header and the bytes from `table_start` to the end.
pub(crate) fn read_table(
    keys: &Keys,
    sha: [u8; 32],
    size: u64,
    header: &[u8],
    tail: &[u8],
) -> Result<PackTable, &'static str> {
    const SHORT: &str = "it is cut short";
    let header = FileHeader::parse(header, b'P', &[0; 16])?;
    let split = tail.len().checked_sub(TRAILER as usize).ok_or(SHORT)?;
    let mut trailer = Reader::new(&tail[split..]);
    let (stored, count) = (trailer.u32().ok_or(SHORT)?, trailer.u32().ok_or(SHORT)?);
    if trailer.take(4) != Some(END) || stored as usize != split {
        return Err("it has no proper end");
    }
    let start = size.checked_sub(tail.len() as u64).ok_or(SHORT)?;
    let plain = stored.checked_sub(TAG as u32).ok_or(SHORT)?;
    let cipher = FileCipher::with(keys, b'P', header).map_err(|_| "its key cannot be derived")?;
    let mut segment = tail[..split].to_vec();
    let table = cipher
        .open(&table_binding(count, start, plain), &mut segment)
        .ok_or("its table was changed: the authentication tag does not match")?;
    if table.len() != count as usize * ENTRY {
        return Err("its table has the wrong length");
    }
    let mut reader = Reader::new(table);
    let entries: Option<Vec<_>> = (0..count).map(|_| TableEntry::read(&mut reader)).collect();
    let entries = entries.ok_or("its table makes no sense")?;
    let end = entries.iter().fold(HEADER as u64, |sum, entry| sum + u64::from(entry.stored));
    if end != start {
        return Err("its table does not describe it");
    }
    Ok(PackTable { sha, salt: header.salt(), size, entries })
}
