//! Proving a backup as far as it was asked for. Each proof leaves its record in the vault.

use holdfast_contract::ApiError;
use holdfast_contract::backup::{Backup, ProofRecord};
use holdfast_contract::connection::Connection;
use holdfast_contract::snapshot::BackupKind;
use holdfast_engine::Work;
use holdfast_vault::Vault;

use super::scratch::Scratch;
use super::verify::{Depth, require_passed, verify};
use crate::clock::Clock;
use crate::cx::Cx;
use crate::jobs::stages::Stages;

/// Steps that [`prove`] takes.
pub(crate) const PROOF_STEPS: u32 = 2;

/// Reads back what was just stored: level *stored*.
pub(crate) async fn read_back(
    vault: &Vault,
    backup: &Backup,
    work: &Work,
    clock: &dyn Clock,
) -> Result<ProofRecord, ApiError> {
    let record = verify(vault, &backup.id, Depth::Stored, work, clock).await?;
    require_passed(&record, &backup.name)?;
    Ok(record)
}

/// Loads the backup into a scratch database and compares. `VerificationFailed` speaks of the backup; any other error
/// says that the proof could not be made, and nothing against the backup.
pub(crate) async fn prove(
    cx: &Cx,
    vault: &Vault,
    backup: &Backup,
    server: Option<&Connection>,
    stages: &Stages,
    work: &Work,
) -> Result<ProofRecord, ApiError> {
    if backup.kind == BackupKind::Data {
        stages.next("Counting and hashing every row again");
        // What holds whatever the live database looks like; loading the rows may turn out not to be possible.
        let record =
            verify(vault, &backup.id, Depth::Decoded { instead: None }, work, cx.clock().as_ref()).await?;
        require_passed(&record, &backup.name)?;
    }
    prove_restored(cx, vault, backup, server, stages, work).await
}

/// As far as it goes where no scratch database can be had: every row is read back, counted and hashed again, and the record
/// says why it was no more.
pub(crate) async fn decode_instead(
    cx: &Cx,
    vault: &Vault,
    backup: &Backup,
    why: &ApiError,
    work: &Work,
) -> Result<ProofRecord, ApiError> {
    work.progress.phase("Counting and hashing every row again");
    let depth = Depth::Decoded { instead: Some(why) };
    let record = verify(vault, &backup.id, depth, work, cx.clock().as_ref()).await?;
    require_passed(&record, &backup.name)?;
    Ok(record)
}

/// As [`prove`], and refuses what cannot be loaded.
pub(crate) async fn prove_restored(
    cx: &Cx,
    vault: &Vault,
    backup: &Backup,
    server: Option<&Connection>,
    stages: &Stages,
    work: &Work,
) -> Result<ProofRecord, ApiError> {
    let scratch = Scratch::reserve(cx, backup.engine, server, &work.scratch_dir).await?;
    let outcome = verify(vault, &backup.id, scratch.depth(stages), work, cx.clock().as_ref()).await;
    scratch.settle(cx.catalog()).await?;
    let record = outcome?;
    require_passed(&record, &backup.name)?;
    Ok(record)
}
