//! Index objects, and the map in memory that is made of them.

use std::collections::{HashMap, HashSet};
use std::hash::{BuildHasherDefault, Hasher};
use std::sync::Arc;

use crate::pack::{PACK_MAX, PackTable, Spot, TableEntry};
use crate::wire::Reader;
use crate::{ChunkId, hex};

pub(crate) fn encode(packs: &[Arc<PackTable>]) -> Vec<u8> {
    let mut out = Vec::new();
    for pack in packs {
        out.extend_from_slice(&pack.sha);
        out.extend_from_slice(&pack.salt);
        out.extend_from_slice(&0u32.to_le_bytes());
        out.extend_from_slice(&pack.size.to_le_bytes());
        out.extend_from_slice(&(pack.entries.len() as u32).to_le_bytes());
        for entry in &pack.entries {
            entry.write(&mut out);
        }
    }
    out
}

pub(crate) fn decode(bytes: &[u8]) -> Option<Vec<PackTable>> {
    let mut reader = Reader::new(bytes);
    let mut packs = Vec::new();
    while reader.left() > 0 {
        let (sha, salt) = (reader.array()?, reader.array()?);
        let (epoch, size, count) = (reader.u32()?, reader.u64()?, reader.u32()?);
        if epoch != 0 || size > PACK_MAX {
            return None;
        }
        let entries: Option<Vec<_>> = (0..count).map(|_| TableEntry::read(&mut reader)).collect();
        packs.push(PackTable { sha, salt, size, entries: entries? });
    }
    Some(packs)
}

/// Chunk ids are keyed hashes: any eight of their bytes are a hash already.
#[derive(Default)]
pub(crate) struct IdHasher(u64);

impl Hasher for IdHasher {
    fn finish(&self) -> u64 {
        self.0
    }

    fn write(&mut self, bytes: &[u8]) {
        if let Some(first) = bytes.first_chunk() {
            self.0 ^= u64::from_le_bytes(*first);
        }
    }

    /// The length prefix of arrays says nothing.
    fn write_usize(&mut self, _: usize) {}
}

pub(crate) type IdMap<V> = HashMap<ChunkId, V, BuildHasherDefault<IdHasher>>;
pub(crate) type IdSet = HashSet<ChunkId, BuildHasherDefault<IdHasher>>;

/// Which pack, and which of its chunks.
#[derive(Clone, Copy)]
struct Place {
    pack: u32,
    position: u32,
    offset: u32,
}

/// Every chunk the vault has, by id. A chunk in several packs has the place that came first.
#[derive(Default)]
pub(crate) struct ChunkMap {
    packs: Vec<Arc<PackTable>>,
    by_sha: HashMap<[u8; 32], u32>,
    chunks: IdMap<Place>,
    /// Names of the index objects that went in.
    pub indexes: HashSet<String>,
    /// Packs that some index lists.
    pub indexed: HashSet<[u8; 32]>,
}

impl ChunkMap {
    pub fn add(&mut self, pack: Arc<PackTable>) {
        if self.by_sha.contains_key(&pack.sha) {
            return;
        }
        let number = self.packs.len() as u32;
        self.chunks.reserve(pack.entries.len());
        for spot in pack.spots() {
            let place = Place { pack: number, position: spot.position, offset: spot.offset };
            self.chunks.entry(spot.entry.id).or_insert(place);
        }
        self.by_sha.insert(pack.sha, number);
        self.packs.push(pack);
    }

    pub fn find(&self, id: &ChunkId) -> Option<(Arc<PackTable>, Spot)> {
        let place = self.chunks.get(id)?;
        let pack = self.packs.get(place.pack as usize)?;
        let entry = *pack.entries.get(place.position as usize)?;
        Some((pack.clone(), Spot { position: place.position, offset: place.offset, entry }))
    }

    pub fn has_pack(&self, sha: &[u8; 32]) -> bool {
        self.by_sha.contains_key(sha)
    }

    pub fn packs(&self) -> &[Arc<PackTable>] {
        &self.packs
    }
}

pub(crate) fn sha_of(name: &str) -> Option<[u8; 32]> {
    hex::decode(name.get(name.len().checked_sub(64)?..)?)
}
