//! The vault: an encrypted, deduplicated store of backups. It knows no database.
//!
//! `docs/FORMAT.md` is the truth about the bytes; change it first. A backup is written as packs, then an
//! index, then the manifest, which is the only commit point; objects are immutable.
//! What does not belong here: what the streams mean, jobs, screens, the keychain itself.

mod error;
mod model;
pub mod sealed;
mod skeleton;

pub use error::{Result, VaultError};
pub use model::*;
pub use skeleton::*;
