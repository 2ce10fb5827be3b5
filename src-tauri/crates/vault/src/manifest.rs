//! Manifest objects: a head for lists, the application's detail, and the chunk lists of the streams.

use holdfast_contract::BackupId;
use serde::{Deserialize, Serialize};

use crate::keys::Keys;
use crate::object::{self, FIRST, MANIFEST, Part, Sealed};
use crate::wire::Reader;
use crate::{ChunkId, ChunkRef, Manifest, ManifestHead, Result, StreamEntry, Tip, Unit, VaultError, hex};

const DETAIL: u8 = 2;
const STREAMS: u8 = 3;

#[derive(Serialize, Deserialize)]
pub(crate) struct Head {
    pub id: BackupId,
    pub sequence: u64,
    pub previous: Option<Tip>,
    pub created_at_ms: i64,
    pub stored_bytes: u64,
    pub summary: serde_json::Value,
}

impl Head {
    fn public(self) -> ManifestHead {
        ManifestHead {
            id: self.id,
            sequence: self.sequence,
            created_at_ms: self.created_at_ms,
            stored_bytes: self.stored_bytes,
            summary: self.summary,
            damage: None,
        }
    }
}

/// The name of a manifest or tombstone, taken apart.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct ManifestName {
    pub sequence: u64,
    pub id: [u8; 16],
    pub sha: String,
    pub name: String,
}

impl ManifestName {
    pub fn parse(name: &str) -> Option<Self> {
        Some(Self {
            sequence: u64::from_be_bytes(hex::decode(name.get(..16)?)?),
            id: hex::decode(name.get(16..48)?)?,
            sha: name.get(48..)?.to_owned(),
            name: name.to_owned(),
        })
    }

    pub fn prefix(sequence: u64, id: &[u8; 16]) -> String {
        format!("{}{}", hex::encode(&sequence.to_be_bytes()), hex::encode(id))
    }

    pub fn backup(&self) -> BackupId {
        BackupId(hex::encode(&self.id))
    }

    pub fn object(&self) -> String {
        format!("manifests/{}", self.name)
    }
}

pub(crate) fn encode(
    keys: &Keys,
    id: &[u8; 16],
    head: &Head,
    detail: &serde_json::Value,
    streams: &[StreamEntry],
) -> Result<Vec<u8>> {
    let json = |value: serde_json::Result<Vec<u8>>| value.map_err(VaultError::internal);
    let parts = [
        Part { role: FIRST, payload: json(serde_json::to_vec(head))? },
        Part { role: DETAIL, payload: json(serde_json::to_vec(detail))? },
        Part { role: STREAMS, payload: encode_streams(streams) },
    ];
    // A list reads only the first segment, so the head must fit into it.
    if parts[0].payload.len() > 1 << 20 {
        return Err(VaultError::Misuse { what: "The summary of a backup is larger than 1 MiB.".to_owned() });
    }
    object::encode(keys, MANIFEST, id, &parts)
}

/// From the first bytes of the file, as far as `object::needed_for_first` asks for.
pub(crate) fn decode_head(keys: &Keys, name: &ManifestName, bytes: &[u8]) -> Result<ManifestHead, String> {
    let sealed = Sealed::parse(keys, MANIFEST, &name.id, bytes)?;
    head(&sealed, name)
}

fn head(sealed: &Sealed<'_>, name: &ManifestName) -> Result<ManifestHead, String> {
    let head: Head = serde_json::from_slice(&sealed.payload(FIRST)?).map_err(|error| error.to_string())?;
    if head.id != name.backup() || head.sequence != name.sequence {
        return Err("its name and its content do not agree".to_owned());
    }
    Ok(head.public())
}

pub(crate) fn decode(keys: &Keys, name: &ManifestName, bytes: &[u8]) -> Result<Manifest, String> {
    let sealed = Sealed::parse(keys, MANIFEST, &name.id, bytes)?;
    sealed.complete()?;
    Ok(Manifest {
        head: head(&sealed, name)?,
        detail: serde_json::from_slice(&sealed.payload(DETAIL)?).map_err(|error| error.to_string())?,
        streams: decode_streams(&sealed.payload(STREAMS)?).ok_or("its chunk lists make no sense")?,
    })
}

fn encode_streams(streams: &[StreamEntry]) -> Vec<u8> {
    let mut out = Vec::new();
    out.extend_from_slice(&(streams.len() as u32).to_le_bytes());
    for stream in streams {
        out.extend_from_slice(&(stream.name.len() as u16).to_le_bytes());
        out.extend_from_slice(stream.name.as_bytes());
        let (unit, size) = match stream.unit {
            Unit::Line => (0, 0),
            Unit::Fixed(size) => (1, size),
        };
        out.push(unit);
        out.extend_from_slice(&size.to_le_bytes());
        out.extend_from_slice(&stream.bytes.to_le_bytes());
        out.extend_from_slice(&stream.units.to_le_bytes());
        out.extend_from_slice(&stream.hash);
        out.extend_from_slice(&(stream.chunks.len() as u64).to_le_bytes());
        for chunk in &stream.chunks {
            out.extend_from_slice(&chunk.id.0);
            out.extend_from_slice(&chunk.bytes.to_le_bytes());
        }
    }
    out
}

fn decode_streams(bytes: &[u8]) -> Option<Vec<StreamEntry>> {
    let mut reader = Reader::new(bytes);
    let count = reader.u32()?;
    let mut streams = Vec::new();
    for _ in 0..count {
        let length = usize::from(reader.u16()?);
        let name = std::str::from_utf8(reader.take(length)?).ok()?.to_owned();
        let unit = match (reader.u8()?, reader.u32()?) {
            (0, 0) => Unit::Line,
            (1, size) => Unit::Fixed(size),
            _ => return None,
        };
        let (bytes, units, hash, chunks) = (reader.u64()?, reader.u64()?, reader.array()?, reader.u64()?);
        let chunks: Option<Vec<_>> = (0..chunks)
            .map(|_| Some(ChunkRef { id: ChunkId(reader.array()?), bytes: reader.u32()? }))
            .collect();
        streams.push(StreamEntry { name, unit, bytes, units, hash, chunks: chunks? });
    }
    (reader.left() == 0).then_some(streams)
}
