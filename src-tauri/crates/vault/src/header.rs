//! `vault.json`: what can be read without a key.

use serde::Deserialize;
use sha2::{Digest, Sha256};

use crate::{Result, VaultError, hex};

pub(crate) const NAME: &str = crate::storage::ANCHOR;
pub(crate) const FORMAT: &str = "holdfast vault";
pub(crate) const VERSION: u32 = 1;

#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct PlainHeader {
    pub id: [u8; 16],
    pub created_at_ms: i64,
}

/// Later versions may add fields; these five stay.
#[derive(Deserialize)]
struct Fields {
    format: String,
    version: u32,
    id: String,
    created_at_ms: i64,
    sha256: String,
}

impl PlainHeader {
    pub fn encode(&self) -> String {
        let id = hex::encode(&self.id);
        let check = check(VERSION, &id, self.created_at_ms);
        format!(
            "{{\"format\":\"{FORMAT}\",\"version\":{VERSION},\"id\":\"{id}\",\"created_at_ms\":{},\"sha256\":\"{check}\"}}\n",
            self.created_at_ms
        )
    }

    pub fn parse(bytes: &[u8], location: &str) -> Result<Self> {
        let fields: Fields = serde_json::from_slice(bytes)
            .map_err(|_| VaultError::damaged(NAME, "it cannot be read as a vault header"))?;
        if fields.format != FORMAT {
            return Err(VaultError::NotAVault { location: location.to_owned() });
        }
        if check(fields.version, &fields.id, fields.created_at_ms) != fields.sha256 {
            return Err(VaultError::damaged(NAME, "its check sum does not match"));
        }
        if fields.version > VERSION {
            return Err(VaultError::TooNew { found: fields.version, supported: VERSION });
        }
        let header = hex::decode(&fields.id)
            .map(|id| Self { id, created_at_ms: fields.created_at_ms })
            .ok_or_else(|| VaultError::damaged(NAME, "its id is not an id"))?;
        if header.encode().as_bytes() != bytes {
            return Err(VaultError::damaged(NAME, "it was changed"));
        }
        Ok(header)
    }
}

fn check(version: u32, id: &str, created_at_ms: i64) -> String {
    hex::encode(&Sha256::digest(format!("{FORMAT}\n{version}\n{id}\n{created_at_ms}\n")))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use proptest::prelude::*;

    use super::*;

    fn sample() -> String {
        PlainHeader { id: [0xab; 16], created_at_ms: 1_700_000_000_000 }.encode()
    }

    #[test]
    fn every_flipped_bit_and_every_cut_is_noticed() {
        let text = sample().into_bytes();
        for at in 0..text.len() {
            for bit in 0..8 {
                let mut changed = text.clone();
                changed[at] ^= 1 << bit;
                let refused = PlainHeader::parse(&changed, "here").unwrap_err();
                let named = matches!(refused, VaultError::Damaged { .. } | VaultError::NotAVault { .. });
                assert!(named, "byte {at} bit {bit}: {refused:?}");
            }
            let refused = PlainHeader::parse(&text[..at], "here").unwrap_err();
            assert!(matches!(refused, VaultError::Damaged { .. }), "cut to {at}: {refused:?}");
        }
    }

    #[test]
    fn a_newer_vault_is_too_new_only_if_its_check_holds() {
        let newer = |sum: &str| {
            let text = format!(
                "{{\"format\":\"{FORMAT}\",\"version\":7,\"id\":\"{}\",\"created_at_ms\":5,\"sha256\":\"{sum}\",\"new\":1}}",
                "00".repeat(16)
            );
            PlainHeader::parse(text.as_bytes(), "here").unwrap_err()
        };
        let right = newer(&check(7, &"00".repeat(16), 5));
        assert!(matches!(right, VaultError::TooNew { found: 7, supported: VERSION }), "{right:?}");
        assert!(matches!(newer(&"0".repeat(64)), VaultError::Damaged { .. }));
    }

    proptest! {
        #[test]
        fn what_was_written_is_read(id: [u8; 16], created_at_ms: i64) {
            let header = PlainHeader { id, created_at_ms };
            prop_assert_eq!(PlainHeader::parse(header.encode().as_bytes(), "here").unwrap(), header);
        }

        #[test]
        fn nothing_else_is_a_header(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
            prop_assert!(PlainHeader::parse(&bytes, "here").is_err());
        }
    }
}
