//! Key slots: each wraps the master key under one secret. 304 bytes, laid out in `docs/FORMAT.md`.

use aes_gcm::aead::{AeadInOut, KeyInit};
use aes_gcm::{Aes256Gcm, Nonce};
use holdfast_contract::vault::{SlotInfo, SlotKind};
use subtle::ConstantTimeEq;
use zeroize::Zeroizing;

use crate::argon::Argon2Cost;
use crate::keys::{Key, derive, fresh_salt, random};
use crate::wire::Reader;
use crate::{Result, VaultError, hex};

const LENGTH: usize = 304;
const BOUND: usize = 256;
const LABEL: usize = 64;

pub(crate) struct Slot {
    pub id: [u8; 8],
    pub kind: SlotKind,
    pub created_at_ms: i64,
    pub label: String,
    pub cost: Argon2Cost,
    pub argon_salt: [u8; 32],
    bytes: [u8; LENGTH],
}

/// What a new slot says about itself.
pub(crate) struct NewSlot<'a> {
    pub vault: [u8; 16],
    pub header: [u8; 32],
    pub kind: SlotKind,
    pub label: &'a str,
    pub created_at_ms: i64,
    /// None for secrets that are random already.
    pub stretched: Option<(Argon2Cost, [u8; 32])>,
}

impl Slot {
    pub fn seal(new: &NewSlot<'_>, secret: &[u8; 32], master: &[u8; 32]) -> Result<(String, Vec<u8>)> {
        let id: [u8; 8] = random()?;
        let salt = fresh_salt()?;
        let okm = slot_keys(secret, &salt, &new.vault, &id)?;
        let mut bytes = Zeroizing::new(Vec::with_capacity(LENGTH));
        bytes.extend_from_slice(b"HOLDFAST\x01S");
        bytes.extend_from_slice(&[kind_byte(new.kind), 0, 0, 0, 0, 0]);
        bytes.extend_from_slice(&new.vault);
        bytes.extend_from_slice(&id);
        bytes.extend_from_slice(&new.created_at_ms.to_le_bytes());
        let (cost, argon_salt) =
            new.stretched.unwrap_or((Argon2Cost { memory_kib: 0, passes: 0, lanes: 0 }, [0; 32]));
        for field in [cost.memory_kib, cost.passes, cost.lanes, 0] {
            bytes.extend_from_slice(&field.to_le_bytes());
        }
        bytes.extend_from_slice(&argon_salt);
        bytes.extend_from_slice(&salt);
        let mut label = [0; LABEL];
        let text = &new.label[..new.label.floor_char_boundary(LABEL)];
        label[..text.len()].copy_from_slice(text.as_bytes());
        bytes.extend_from_slice(&label);
        bytes.extend_from_slice(&new.header);
        bytes.extend_from_slice(&okm[32..]);
        let mut wrapped = Zeroizing::new(*master);
        // The key encryption key is fresh for every slot, so nonce 0 is used once.
        let tag = cipher(&okm)?
            .encrypt_inout_detached(&Nonce::default(), &bytes, (&mut wrapped[..]).into())
            .map_err(VaultError::internal)?;
        bytes.extend_from_slice(&wrapped[..]);
        bytes.extend_from_slice(&tag);
        Ok((hex::encode(&id), bytes.to_vec()))
    }

    pub fn parse(name: &str, bytes: &[u8], vault: &[u8; 16], header: &[u8; 32]) -> Result<Self> {
        let damaged = |what: &str| VaultError::damaged(format!("slots/{name}"), what);
        let bytes: [u8; LENGTH] = bytes.try_into().map_err(|_| damaged("its length is wrong"))?;
        let slot = Self::fields(bytes, vault).ok_or_else(|| damaged("it is not a key slot of this vault"))?;
        if bytes[192..224] != header[..] {
            return Err(damaged("it belongs to another vault header"));
        }
        if !name.starts_with(&hex::encode(&slot.id)) {
            return Err(damaged("its name and its content do not agree"));
        }
        Ok(slot)
    }

    fn fields(bytes: [u8; LENGTH], vault: &[u8; 16]) -> Option<Self> {
        let mut reader = Reader::new(&bytes);
        if reader.take(10)? != b"HOLDFAST\x01S" {
            return None;
        }
        let kind = match reader.u8()? {
            1 => SlotKind::Passphrase,
            2 => SlotKind::Keychain,
            3 => SlotKind::RecoveryKit,
            _ => return None,
        };
        if reader.take(5)? != [0; 5] || reader.take(16)? != vault {
            return None;
        }
        let id = reader.array()?;
        let created_at_ms = reader.u64()?.cast_signed();
        let cost = Argon2Cost { memory_kib: reader.u32()?, passes: reader.u32()?, lanes: reader.u32()? };
        reader.take(4)?;
        let argon_salt = reader.array()?;
        reader.take(32)?;
        let label = reader.take(LABEL)?;
        let end = label.iter().position(|byte| *byte == 0).unwrap_or(LABEL);
        let label = std::str::from_utf8(&label[..end]).ok()?.to_owned();
        Some(Self { id, kind, created_at_ms, label, cost, argon_salt, bytes })
    }

    /// None: the secret is not this slot's. An error: it is, but the slot was changed.
    pub fn open(&self, secret: &[u8; 32], vault: &[u8; 16]) -> Result<Option<Key>> {
        let salt: &[u8] = &self.bytes[96..128];
        let okm = slot_keys(secret, salt, vault, &self.id)?;
        // GCM does not commit to its key: without this check a slot could be built that opens for many passphrases.
        if !bool::from(okm[32..].ct_eq(&self.bytes[224..256])) {
            return Ok(None);
        }
        let mut master = Zeroizing::new([0; 32]);
        master.copy_from_slice(&self.bytes[BOUND..BOUND + 32]);
        let changed = || VaultError::damaged(format!("slots/{}", hex::encode(&self.id)), "it was changed");
        let tag = self.bytes[BOUND + 32..].try_into().map_err(|_| changed())?;
        cipher(&okm)?
            .decrypt_inout_detached(&Nonce::default(), &self.bytes[..BOUND], (&mut master[..]).into(), tag)
            .map_err(|_| changed())?;
        Ok(Some(master))
    }

    pub fn info(&self) -> SlotInfo {
        SlotInfo {
            id: hex::encode(&self.id),
            kind: self.kind,
            created_at_ms: self.created_at_ms,
            label: self.label.clone(),
        }
    }
}

fn slot_keys(secret: &[u8; 32], salt: &[u8], vault: &[u8; 16], id: &[u8; 8]) -> Result<Zeroizing<[u8; 64]>> {
    derive(secret, salt, &[b"holdfast 1 slot", vault, id])
}

fn cipher(okm: &[u8; 64]) -> Result<Aes256Gcm> {
    Aes256Gcm::new_from_slice(&okm[..32]).map_err(VaultError::internal)
}

fn kind_byte(kind: SlotKind) -> u8 {
    match kind {
        SlotKind::Passphrase => 1,
        SlotKind::Keychain => 2,
        SlotKind::RecoveryKit => 3,
    }
}
