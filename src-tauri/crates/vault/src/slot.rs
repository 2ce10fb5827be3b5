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
        let salt = fresh_salt(new.created_at_ms)?;
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

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use proptest::prelude::*;

    use super::*;

    const VAULT: [u8; 16] = [7; 16];
    const HEADER: [u8; 32] = [8; 32];
    const SECRET: [u8; 32] = [1; 32];
    const MASTER: [u8; 32] = [2; 32];

    fn new(label: &str) -> NewSlot<'_> {
        NewSlot {
            vault: VAULT,
            header: HEADER,
            kind: SlotKind::Passphrase,
            label,
            created_at_ms: 5,
            stretched: Some((Argon2Cost::FLOOR, [3; 32])),
        }
    }

    fn opened(name: &str, bytes: &[u8], secret: &[u8; 32]) -> Result<Option<Key>> {
        Slot::parse(name, bytes, &VAULT, &HEADER)?.open(secret, &VAULT)
    }

    #[test]
    fn every_flipped_bit_and_every_cut_is_noticed() {
        let (name, bytes) = Slot::seal(&new("Passphrase"), &SECRET, &MASTER).unwrap();
        assert_eq!(bytes.len(), LENGTH);
        assert_eq!(opened(&name, &bytes, &SECRET).unwrap().unwrap()[..], MASTER);
        for at in 0..LENGTH {
            for bit in 0..8 {
                let mut changed = bytes.clone();
                changed[at] ^= 1 << bit;
                match opened(&name, &changed, &SECRET) {
                    Err(VaultError::Damaged { .. }) => {}
                    // The commitment and the salt that it comes from: another secret's slot, for all one can tell.
                    Ok(None) => assert!((96..128).contains(&at) || (224..256).contains(&at), "byte {at}"),
                    other => panic!("byte {at} bit {bit}: {:?}", other.map(|key| key.is_some())),
                }
            }
            let cut = Slot::parse(&name, &bytes[..at], &VAULT, &HEADER);
            assert!(matches!(cut, Err(VaultError::Damaged { .. })), "cut to {at}");
        }
        let longer = [&bytes[..], &[0]].concat();
        assert!(matches!(opened(&name, &longer, &SECRET), Err(VaultError::Damaged { .. })));
    }

    #[test]
    fn a_slot_opens_with_its_secret_in_its_vault_under_its_name_alone() {
        let (name, bytes) = Slot::seal(&new("Passphrase"), &SECRET, &MASTER).unwrap();
        assert!(opened(&name, &bytes, &[9; 32]).unwrap().is_none());
        let damaged = |parsed: Result<Slot>| matches!(parsed, Err(VaultError::Damaged { .. }));
        assert!(damaged(Slot::parse(&name, &bytes, &[9; 16], &HEADER)));
        assert!(damaged(Slot::parse(&name, &bytes, &VAULT, &[9; 32])));
        assert!(damaged(Slot::parse("0000000000000000", &bytes, &VAULT, &HEADER)));
    }

    /// Two slots for one secret do not show that it is the same.
    #[test]
    fn nothing_repeats_between_slots() {
        let (first, a) = Slot::seal(&new("x"), &SECRET, &MASTER).unwrap();
        let (second, b) = Slot::seal(&new("x"), &SECRET, &MASTER).unwrap();
        assert!(first != second && a[96..128] != b[96..128] && a[224..] != b[224..]);
    }

    proptest! {
        #[test]
        fn what_was_sealed_is_read(label in ".{0,80}", kind in 0..3usize, created_at_ms: i64, secret: [u8; 32], master: [u8; 32]) {
            let kind = [SlotKind::Passphrase, SlotKind::Keychain, SlotKind::RecoveryKit][kind];
            let stretched = (kind == SlotKind::Passphrase).then_some((Argon2Cost::FLOOR, [4; 32]));
            let label = label.replace('\0', "");
            let new = NewSlot { kind, label: &label, created_at_ms, stretched, ..new("") };
            let (name, bytes) = Slot::seal(&new, &secret, &master).unwrap();
            let slot = Slot::parse(&name, &bytes, &VAULT, &HEADER).unwrap();
            prop_assert_eq!((slot.kind, slot.created_at_ms), (kind, created_at_ms));
            // Cut between two characters when it is too long.
            prop_assert!(label.starts_with(&slot.label) && slot.label.len() <= LABEL && slot.label.len() + 4 > label.len().min(LABEL));
            prop_assert_eq!(slot.open(&secret, &VAULT).unwrap().unwrap()[..].to_vec(), master.to_vec());
        }

        #[test]
        fn nothing_else_is_a_slot(bytes in prop::collection::vec(any::<u8>(), LENGTH)) {
            prop_assert!(Slot::parse("00", &bytes, &VAULT, &HEADER).is_err());
        }
    }
}
