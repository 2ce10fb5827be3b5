//! Proofs: what was really done to a backup to believe in it, and the record of it.
//!
//! Three levels, each of which names what it found wrong: *stored* reads the vault's objects, *decoded* reads
//! every stream back and counts and hashes its rows again, *restored* loads a scratch database and compares
//! every table. A failed proof is recorded like a passed one.

pub(crate) mod compare;
mod decoded;
mod definitions;
pub mod drill;
pub(crate) mod manual;
pub(crate) mod prove;
pub(crate) mod proven_backup;
mod restored;
pub(crate) mod scratch;
mod stored;
pub(crate) mod verify;
pub(crate) mod whole_vault;
