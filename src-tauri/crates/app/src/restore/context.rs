//! What a restore plan is made from.

use holdfast_contract::backup::{Backup, ProofRecord};
use holdfast_contract::connection::Connection;

use crate::backup::source::VaultSource;
use crate::connections::database::Database;

pub(crate) struct Context<'a> {
    pub connection: &'a Connection,
    pub database: &'a Database,
    pub backup: &'a Backup,
    pub source: &'a VaultSource,
    pub proofs: &'a [ProofRecord],
    pub now_ms: i64,
}
