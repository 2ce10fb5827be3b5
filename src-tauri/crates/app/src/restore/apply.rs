//! Carrying a restore out. Until the swap the live database is untouched and everything made here is removed again
//! when something fails; the swap is all or nothing; after it, undo is possible.
//!
//! Cancellable until the swap begins.

use std::time::Instant;

use holdfast_contract::backup::{Level, ProofRecord};
use holdfast_contract::restore::RestoreState;
use holdfast_contract::{ApiError, ErrorCode};
use holdfast_engine::{LoadReport, SnapshotSource, SwapState, Work};
use holdfast_vault::Vault;

use super::journal::Journal;
use super::step::{Step, label};
use crate::backup::source::VaultSource;
use crate::backup::standing;
use crate::clock::Clock;
use crate::connections::database::Database;
use crate::jobs::stages::Stages;
use crate::proof::compare::{self, Comparison};

/// What a restore works with once its safety backup is made.
pub(crate) struct Bench<'a> {
    pub vault: &'a Vault,
    pub database: &'a Database,
    pub source: &'a VaultSource,
    pub work: &'a Work,
    pub stages: &'a Stages,
    pub clock: &'a dyn Clock,
}

/// Writes the outcome of a restore down and hands it on.
pub(crate) async fn conclude(
    journal: &mut Journal,
    outcome: Result<(), ApiError>,
    clock: &dyn Clock,
) -> Result<(), ApiError> {
    match outcome {
        Ok(()) => journal.end(RestoreState::Done, None, clock).await,
        // Where a swap stands is not known: the next start asks again.
        Err(error) if journal.state() == RestoreState::Swapping => {
            journal.facts.error = Some(error.clone());
            journal.save().await?;
            Err(error)
        }
        Err(error) => {
            let state = if error.code == ErrorCode::Cancelled {
                RestoreState::Cancelled
            } else {
                RestoreState::Failed
            };
            journal.end(state, Some(error.clone()), clock).await?;
            Err(error)
        }
    }
}

/// Loads, proves and puts in place.
pub(crate) async fn steps(journal: &mut Journal, bench: &Bench<'_>) -> Result<(), ApiError> {
    if let Err(error) = prepare(journal, bench).await {
        return Err(drop_staging(journal, bench.database, bench.clock, error).await);
    }
    let source: &dyn SnapshotSource = bench.source;
    put_in_place(journal, bench.database, Some(source), bench.stages, bench.work, bench.clock).await
}

/// The last step: the copy gets its name, or the live one's place. `source`: for tables, whose definitions it needs.
pub(crate) async fn put_in_place(
    journal: &mut Journal,
    database: &Database,
    source: Option<&dyn SnapshotSource>,
    stages: &Stages,
    work: &Work,
    clock: &dyn Clock,
) -> Result<(), ApiError> {
    journal.enter(RestoreState::Swapping).await?;
    stages.next("Putting the copy in place");
    match Step::of(journal, database).put(source, work).await {
        Ok(remarks) => add_remarks(journal, remarks),
        Err(error) => return not_moved(journal, database, clock, error).await,
    }
    keep(journal, database).await
}

/// Known already from counting beforehand, or new.
fn add_remarks(journal: &mut Journal, remarks: Vec<String>) {
    for remark in remarks {
        if !journal.facts.remarks.contains(&remark) {
            journal.facts.remarks.push(remark);
        }
    }
}

pub(crate) async fn keep(journal: &mut Journal, database: &Database) -> Result<(), ApiError> {
    journal.facts.kept = Step::of(journal, database).kept().await?;
    Ok(())
}

/// Everything that leaves the live database alone.
async fn prepare(journal: &mut Journal, bench: &Bench<'_>) -> Result<(), ApiError> {
    if let Some(order) = journal.facts.order.clone() {
        return super::tables::prepare(journal, &order, bench).await;
    }
    let Bench { database, source, work, .. } = bench;
    let staging = journal.facts.intent.staging.clone();
    journal.enter(RestoreState::Loading).await?;
    bench.stages.next(&format!("Loading into {staging}"));
    let started_at_ms = bench.clock.now_ms();
    let begun = Instant::now();
    let report = database.load()?.load(&staging, *source, work).await?;
    let restore_ms = begun.elapsed().as_millis() as u64;
    journal.facts.remarks.extend(report.remarks.iter().cloned());

    journal.enter(RestoreState::Proving).await?;
    bench.stages.next("Comparing every table with the snapshot");
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
    record(journal, bench, comparison, report, started_at_ms, restore_ms).await;
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
async fn record(
    journal: &Journal,
    bench: &Bench<'_>,
    comparison: Comparison,
    report: LoadReport,
    started_at_ms: i64,
    restore_ms: u64,
) {
    let now_ms = bench.clock.now_ms();
    let proof = ProofRecord {
        backup_id: journal.facts.intent.backup.clone(),
        level: Level::Restored,
        passed: comparison.problems.is_empty(),
        started_at_ms,
        duration_ms: now_ms.saturating_sub(started_at_ms).max(0) as u64,
        server: report.server,
        restore_ms: Some(restore_ms),
        tables: comparison.tables,
        problems: comparison.problems,
        not_restored: None,
        tool_version: env!("CARGO_PKG_VERSION").to_owned(),
    };
    if let Err(error) = standing::record(bench.vault, &proof, now_ms).await {
        tracing::warn!(%error, "the proof made by a restore could not be recorded");
    }
}

/// The last step failed: find out where things stand and say so.
async fn not_moved(
    journal: &mut Journal,
    database: &Database,
    clock: &dyn Clock,
    error: ApiError,
) -> Result<(), ApiError> {
    match Step::of(journal, database).whereabouts().await {
        Ok(SwapState::Swapped) => {
            journal
                .facts
                .remarks
                .push(format!("The last step reported “{}”, but it is complete.", error.message));
            keep(journal, database).await
        }
        Ok(SwapState::NotSwapped) => {
            let error = drop_staging(journal, database, clock, error).await;
            // Known again: the journal must not say that a swap is under way.
            journal.enter(RestoreState::Proving).await?;
            Err(error)
        }
        Ok(SwapState::Unclear) => Err(unclear(journal, &error.message)),
        // Not reachable just now: the journal stays at the swap, and the next start asks again.
        Err(_) => Err(error),
    }
}

pub(crate) fn unclear(journal: &Journal, why: &str) -> ApiError {
    let intent = &journal.facts.intent;
    let kept = intent.kept_as.as_ref().map(|kept| format!(" and {kept}")).unwrap_or_default();
    ApiError::new(
        ErrorCode::Interrupted,
        format!("The last step of this restore was cut short and the names have changed since: {why}"),
    )
    .hint(match &journal.facts.order {
        Some(order) => {
            let steps = order.tables.iter();
            let names: Vec<String> = steps
                .flat_map(|step| [Some(&step.to), Some(&step.staging), step.kept.as_ref()])
                .flatten()
                .map(ToString::to_string)
                .collect();
            format!("Look at the tables {}; none of them has been dropped.", names.join(", "))
        }
        None => format!(
            "Look at the databases {}, {}{kept} on the server; none of them has been dropped.",
            intent.database, intent.staging
        ),
    })
}

/// Nothing made here stays behind, also after a cancel; what cannot be dropped now is noted for the next start.
pub(crate) async fn drop_staging(
    journal: &Journal,
    database: &Database,
    clock: &dyn Clock,
    mut error: ApiError,
) -> ApiError {
    let staging = &journal.facts.intent.staging;
    let Err(left) = Step::of(journal, database).drop_staging().await else { return error };
    if let Some(order) = &journal.facts.order {
        let names = label(order.tables.iter().map(|step| &step.staging)).unwrap_or_default();
        let hint = format!(
            "What had been loaded ({names}) could not be removed ({}); drop it by hand.",
            left.message
        );
        error.hint = Some(hint);
        return error;
    }
    error.hint = Some(match journal.leave_to_sweep(clock.now_ms()).await {
        Ok(()) => format!(
            "The unfinished copy {staging} could not be removed now ({}); Holdfast tries again at its next start.",
            left.message
        ),
        Err(_) => format!(
            "The unfinished copy {staging} could not be removed ({}); remove it by hand.",
            left.message
        ),
    });
    error
}
