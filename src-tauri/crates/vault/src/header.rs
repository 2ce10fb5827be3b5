//! `vault.json`: what can be read without a key.

use serde::Deserialize;
use sha2::{Digest, Sha256};

use crate::{Result, VaultError, hex};

pub(crate) const NAME: &str = "vault.json";
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
