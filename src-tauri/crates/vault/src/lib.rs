//! The vault: an encrypted, deduplicated store of backups. It knows no database.
//!
//! `docs/FORMAT.md` is the truth about the bytes; change it first. A backup is written as packs, then an
//! index, then the manifest, which is the only commit point; objects are immutable.
//! What does not belong here: what the streams mean, jobs, screens, the keychain itself.
//!
//! From below: `storage` (the seam: places that keep objects), `store` (the vault's names and locks over it), `segment`,
//! `object`, `pack` (sealed bytes), `index`, `manifest` (what they mean), then one file for each thing a vault does.

mod access;
mod argon;
mod check;
mod cut;
mod error;
mod header;
mod hex;
mod history;
mod index;
mod keys;
mod manifest;
mod model;
mod object;
mod pack;
mod prune;
mod read;
mod record;
pub mod sealed;
mod segment;
mod slot;
pub mod storage;
mod store;
mod vault;
mod wire;
mod words;
mod write;

pub use argon::Argon2Cost;
pub use error::{Result, VaultError};
pub use keys::Clock;
pub use model::*;
pub use store::{Store, Writer};
pub use vault::Vault;
pub use write::{BackupWriter, StreamWriter};
