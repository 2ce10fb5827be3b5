//! Carrying a restore out: the copy is loaded beside the live database and compared before it is put in place.

use std::time::Instant;

use holdfast_contract::backup::{Level, ProofRecord};
use holdfast_contract::restore::RestoreState;
use holdfast_contract::{ApiError, ErrorCode};
use holdfast_engine::SnapshotSource;
use holdfast_vault::Vault;

use super::tables;
use crate::backup::source::VaultSource;
use crate::backup::standing;
use crate::change::apply::{Execution, drop_staging, put_in_place};
use crate::change::journal::Journal;
use crate::clock::Clock;
use crate::proof::compare;

/// Loads, proves and puts in place.
pub(crate) async fn steps(
    journal: &mut Journal,
    vault: &Vault,
    source: &VaultSource,
    with: &Execution<'_>,
) -> Result<(), ApiError> {
    let prepared = match journal.facts.change.tables().cloned() {
        Some(order) => tables::prepare(journal, &order, source, with).await,
        None => prepare(journal, vault, source, with).await,
    };
    if let Err(error) = prepared {
        return Err(drop_staging(journal, with, error).await);
    }
    let source: &dyn SnapshotSource = source;
    put_in_place(journal, Some(source), with).await
}

/// Everything that leaves the live database alone.
async fn prepare(
    journal: &mut Journal,
    vault: &Vault,
    source: &VaultSource,
    with: &Execution<'_>,
) -> Result<(), ApiError> {
    let Execution { database, work, stages, clock } = with;
    let staging = journal.facts.target.staging.clone();
    journal.enter(RestoreState::Loading).await?;
    stages.next(&format!("Loading into {staging}"));
    let started_at_ms = clock.now_ms();
    let begun = Instant::now();
    let report = database.load()?.load(&staging, source, work).await?;
    let restore_ms = begun.elapsed().as_millis() as u64;
    journal.facts.remarks.extend(report.remarks.iter().cloned());

    journal.enter(RestoreState::Proving).await?;
    stages.next("Comparing every table with the snapshot");
    let copy = database.copy(&staging)?;
    let compared = compare::compare(
        database.engine(),
        copy.as_ref(),
        &staging,
        source.snapshot(),
        &report.remarks,
        work,
    )
    .await;
    let comparison = compared?;
    journal.facts.proof.clone_from(&comparison.tables);
    let problems = comparison.problems.clone();
    let proof = ProofRecord {
        backup_id: source.id().clone(),
        level: Level::Restored,
        passed: problems.is_empty(),
        started_at_ms,
        duration_ms: clock.now_ms().saturating_sub(started_at_ms).max(0) as u64,
        server: report.server,
        restore_ms: Some(restore_ms),
        tables: comparison.tables,
        problems: comparison.problems,
        not_restored: None,
        tool_version: env!("CARGO_PKG_VERSION").to_owned(),
    };
    record(vault, &proof, *clock).await;
    if !problems.is_empty() {
        return Err(ApiError::new(
            ErrorCode::VerificationFailed,
            format!(
                "The restored copy is not equal to the backup, so it was removed. {}",
                problems.join(" ")
            ),
        )
        .hint("Nothing was changed. Verify this backup, or restore another one."));
    }
    work.checkpoint().map_err(ApiError::from)
}

/// A restore is a proof of the backup at the highest level, so it is recorded as one. It must also work from a vault
/// that cannot be written, so failing to record it fails nothing.
async fn record(vault: &Vault, proof: &ProofRecord, clock: &dyn Clock) {
    if let Err(error) = standing::record(vault, proof, clock.now_ms()).await {
        tracing::warn!(%error, "the proof made by a restore could not be recorded");
    }
}
