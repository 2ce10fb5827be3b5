//! Putting a copy in place. Until this step the live database is untouched and everything made here is removed again when
//! something fails; the step is all or nothing; after it, undo is possible.
//!
//! Cancellable until the step begins.

use holdfast_contract::restore::RestoreState;
use holdfast_contract::{ApiError, ErrorCode};
use holdfast_engine::{SnapshotSource, SwapState, Work};

use super::journal::Journal;
use super::step::Step;
use super::words::label;
use crate::clock::Clock;
use crate::connections::database::Database;
use crate::jobs::stages::Stages;

/// What a change is carried out with.
pub(crate) struct Execution<'a> {
    pub database: &'a Database,
    pub work: &'a Work,
    pub stages: &'a Stages,
    pub clock: &'a dyn Clock,
}

/// Writes the outcome of a change down and hands it on.
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

/// The last step: the copy gets its name, or the live one's place. `source`: for tables, whose definitions it needs.
pub(crate) async fn put_in_place(
    journal: &mut Journal,
    source: Option<&dyn SnapshotSource>,
    with: &Execution<'_>,
) -> Result<(), ApiError> {
    journal.enter(RestoreState::Swapping).await?;
    with.stages.next("Putting the copy in place");
    match Step::of(journal, with.database).put(source, with.work).await {
        Ok(remarks) => add_remarks(journal, remarks),
        Err(error) => return not_moved(journal, with, error).await,
    }
    keep(journal, with.database).await
}

/// Known already from counting beforehand, or new.
fn add_remarks(journal: &mut Journal, remarks: Vec<String>) {
    for remark in remarks {
        if !journal.facts.remarks.contains(&remark) {
            journal.facts.remarks.push(remark);
        }
    }
}

pub(super) async fn keep(journal: &mut Journal, database: &Database) -> Result<(), ApiError> {
    journal.facts.kept = Step::of(journal, database).kept().await?;
    Ok(())
}

/// The last step failed: find out where things stand and say so.
async fn not_moved(journal: &mut Journal, with: &Execution<'_>, error: ApiError) -> Result<(), ApiError> {
    let database = with.database;
    match Step::of(journal, database).whereabouts().await {
        Ok(SwapState::Swapped) => {
            journal
                .facts
                .remarks
                .push(format!("The last step reported “{}”, but it is complete.", error.message));
            keep(journal, database).await
        }
        Ok(SwapState::NotSwapped) => {
            let error = drop_staging(journal, with, error).await;
            // Known again: the journal must not say that a swap is under way.
            journal.enter(RestoreState::Proving).await?;
            Err(error)
        }
        Ok(SwapState::Unclear) => Err(unclear(journal, &error.message)),
        // Not reachable just now: the journal stays at the swap, and the next start asks again.
        Err(_) => Err(error),
    }
}

pub(super) fn unclear(journal: &Journal, why: &str) -> ApiError {
    let target = &journal.facts.target;
    let kept = target.kept_as.as_ref().map(|kept| format!(" and {kept}")).unwrap_or_default();
    ApiError::new(
        ErrorCode::Interrupted,
        format!("The last step of this restore was cut short and the names have changed since: {why}"),
    )
    .hint(match journal.facts.change.tables() {
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
            target.database, target.staging
        ),
    })
}

/// Nothing made here stays behind, also after a cancel; what cannot be dropped now is noted for the next start.
pub(crate) async fn drop_staging(journal: &Journal, with: &Execution<'_>, mut error: ApiError) -> ApiError {
    let staging = &journal.facts.target.staging;
    let Err(left) = Step::of(journal, with.database).drop_staging().await else { return error };
    if let Some(order) = journal.facts.change.tables() {
        let names = label(order.tables.iter().map(|step| &step.staging)).unwrap_or_default();
        let hint = format!(
            "What had been loaded ({names}) could not be removed ({}); drop it by hand.",
            left.message
        );
        error.hint = Some(hint);
        return error;
    }
    error.hint = Some(match journal.leave_to_sweep(with.clock.now_ms()).await {
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
