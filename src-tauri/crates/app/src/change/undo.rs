//! Undo and release, as they are done.
//!
//! Undo swaps the kept database back and keeps the restored one in its stead, so nothing is lost by it either.
//! Release drops what is kept; from then on there is no way back but the backups.

use holdfast_contract::restore::{Restore, RestoreState};
use holdfast_contract::{ApiError, ErrorCode};
use holdfast_engine::{SwapState, Work};
use serde::{Deserialize, Serialize};

use super::journal::Journal;
use super::step::Step;
use crate::clock::Clock;
use crate::connections::database::Database;

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum FollowUp {
    Undo,
    Release,
}

pub(super) fn possible(what: FollowUp, restore: &Restore) -> Result<&str, ApiError> {
    let allowed = match what {
        FollowUp::Undo => restore.can_undo,
        FollowUp::Release => restore.can_release,
    };
    match (&restore.kept_as, allowed) {
        (Some(kept), true) => Ok(kept),
        _ => {
            let message = match (what, restore.state) {
                (_, RestoreState::Released) => {
                    "This restore has been released: nothing is kept of it any more."
                }
                (FollowUp::Undo, RestoreState::Undone) => "This restore has been undone already.",
                (FollowUp::Undo, RestoreState::Done) => {
                    "This restore replaced nothing, so there is nothing to undo."
                }
                (FollowUp::Release, RestoreState::Done) => {
                    "This restore replaced nothing, so nothing is kept of it."
                }
                _ => "This restore did not come to its end, so nothing follows from it.",
            };
            Err(ApiError::new(ErrorCode::BadRequest, message))
        }
    }
}

/// Not cancellable: the swap is one step.
pub(crate) async fn undo(
    journal: &mut Journal,
    database: &Database,
    work: &Work,
    clock: &dyn Clock,
) -> Result<(), ApiError> {
    let kept = possible(FollowUp::Undo, &journal.restore())?.to_owned();
    let restored = journal.facts.target.staging.clone();
    journal.facts.undo_keeps_as = Some(restored.clone());
    journal.enter(RestoreState::Undoing).await?;
    work.progress.phase("Putting the replaced database back");
    let error = match Step::of(journal, database).undo(&kept, &restored, work).await {
        Ok(remarks) => {
            journal.facts.remarks.extend(remarks);
            return undone(journal, clock).await;
        }
        Err(error) => error,
    };
    match Step::of(journal, database).undo_state(&kept, &restored).await {
        Ok(SwapState::Swapped) => undone(journal, clock).await,
        Ok(SwapState::NotSwapped) => {
            journal.enter(RestoreState::Done).await?;
            Err(error)
        }
        // Left at `Undoing`: the next start asks again.
        Ok(SwapState::Unclear) | Err(_) => Err(error),
    }
}

pub(super) async fn recover_undo(
    journal: &mut Journal,
    database: &Database,
    clock: &dyn Clock,
) -> Result<(), ApiError> {
    let (Some(kept), Some(restored)) = (journal.facts.kept.clone(), journal.facts.undo_keeps_as.clone())
    else {
        return journal.enter(RestoreState::Done).await;
    };
    match Step::of(journal, database).undo_state(&kept, &restored).await? {
        SwapState::Swapped => undone(journal, clock).await,
        SwapState::NotSwapped => journal.enter(RestoreState::Done).await,
        SwapState::Unclear => {
            let error = ApiError::new(
                ErrorCode::Interrupted,
                "An undo was cut short and the names have changed since.",
            )
            .hint(format!(
                "Look at the databases {kept} and {restored} on the server; none of them has been dropped."
            ));
            journal.end(RestoreState::Interrupted, Some(error), clock).await
        }
    }
}

async fn undone(journal: &mut Journal, clock: &dyn Clock) -> Result<(), ApiError> {
    journal.facts.kept = journal.facts.undo_keeps_as.take();
    journal.facts.undone = true;
    journal.end(RestoreState::Undone, None, clock).await
}

/// Idempotent: a second try finishes what the first began.
pub(crate) async fn release(
    journal: &mut Journal,
    database: &Database,
    work: &Work,
    clock: &dyn Clock,
) -> Result<(), ApiError> {
    let kept = possible(FollowUp::Release, &journal.restore())?.to_owned();
    work.progress.phase(&format!("Removing {kept}"));
    Step::of(journal, database).release(&kept).await?;
    journal.facts.kept = None;
    journal.end(RestoreState::Released, None, clock).await
}
