//! Undo and release: what can follow a restore that replaced a database.
//!
//! Undo swaps the kept database back and keeps the restored one in its stead, so nothing is lost by it either.
//! Release drops what is kept; from then on there is no way back but the backups.

use holdfast_contract::connection::{Connection, Environment};
use holdfast_contract::restore::{Restore, RestoreFollowUpPlan, RestoreState};
use holdfast_contract::{ApiError, ErrorCode, PlanId};
use holdfast_engine::{SwapState, TableOrder, Work};
use serde::{Deserialize, Serialize};

use super::journal::Journal;
use super::plan::told_sessions;
use super::step::{Step, kept_label, label};
use crate::clock::Clock;
use crate::connections::database::Database;

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum FollowUp {
    Undo,
    Release,
}

/// What the digest covers.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Material {
    what: FollowUp,
    restore: String,
    state: RestoreState,
    kept: Option<String>,
    spec: holdfast_contract::connection::ConnectionSpec,
}

impl Material {
    pub(crate) fn new(what: FollowUp, journal: &Journal, connection: &Connection) -> Self {
        Self {
            what,
            restore: journal.id().to_string(),
            state: journal.state(),
            kept: journal.facts.kept.clone(),
            spec: connection.spec.clone(),
        }
    }
}

/// The plan without its id and digest.
pub(crate) async fn plan(
    what: FollowUp,
    journal: &Journal,
    connection: &Connection,
    database: &Database,
) -> Result<RestoreFollowUpPlan, ApiError> {
    let restore = journal.restore();
    let kept = possible(what, &restore)?.to_owned();
    if database.is_read_only() {
        return Err(ApiError::new(
            ErrorCode::ReadOnly,
            format!("“{}” is read-only now: Holdfast may not change a database there.", connection.name),
        )
        .hint("Take the read-only switch off the connection first."));
    }
    if !Step::of(journal, database).is_kept(&kept).await? {
        return Err(gone(journal, &kept));
    }
    let name = connection.spec.database_name();
    let production = connection.environment == Environment::Production;
    let mut plan = RestoreFollowUpPlan {
        plan_id: PlanId::from(""),
        digest: String::new(),
        restore,
        steps: Vec::new(),
        sessions_to_end: Vec::new(),
        // Undo loses nothing and must be one step; release cannot be taken back.
        confirm_name: (what == FollowUp::Release && production).then(|| name.to_owned()),
        loses: None,
        tables_differing: Vec::new(),
    };
    if let Some(order) = &journal.facts.order {
        tell_tables(&mut plan, what, journal, order);
        return Ok(plan);
    }
    match what {
        FollowUp::Undo => {
            plan.sessions_to_end = database.swap()?.sessions().await?;
            plan.steps = vec![
                format!("Put {kept} back as “{name}”; {}.", told_sessions(&plan.sessions_to_end)),
                format!(
                    "Keep the restored database as {} until you release it.",
                    journal.facts.intent.staging
                ),
            ];
            plan.loses = Some(format!(
                "What was written to “{name}” since the restore leaves the live database with it; it stays in {}.",
                journal.facts.intent.staging
            ));
        }
        FollowUp::Release => {
            plan.steps = vec![match database.is_file() {
                true => format!("Delete the file {kept}."),
                false => format!("Drop the database {kept} and everything in it."),
            }];
            plan.loses = Some(if journal.facts.undone {
                "The restored copy is gone after this; the backup it came from stays.".to_owned()
            } else {
                format!(
                    "The database as it was before the restore is gone after this: no undo any more. {}",
                    match &journal.facts.safety_backup {
                        Some(id) => format!("Its safety backup {id} stays."),
                        None => String::new(),
                    }
                )
            });
        }
    }
    Ok(plan)
}

fn gone(journal: &Journal, kept: &str) -> ApiError {
    if journal.facts.order.is_some() {
        return ApiError::new(ErrorCode::DatabaseMissing, "What this restore keeps is not there any more.")
            .hint("Somebody has removed or renamed the kept tables, or put others in the restored ones' places.");
    }
    ApiError::new(ErrorCode::DatabaseMissing, format!("The kept database {kept} is not there any more."))
        .hint("Somebody has removed or renamed it; restore the safety backup instead.")
}

fn tell_tables(plan: &mut RestoreFollowUpPlan, what: FollowUp, journal: &Journal, order: &TableOrder) {
    let restored = label(order.tables.iter().map(|step| &step.to)).unwrap_or_default();
    let aside = label(order.tables.iter().map(|step| &step.staging)).unwrap_or_default();
    let kept = kept_label(order).unwrap_or_default();
    let undone = journal.facts.undone;
    match what {
        FollowUp::Undo => {
            plan.steps = vec![
                format!("In one transaction, put {kept} back as {restored}."),
                format!("Keep what was restored as {aside} until you release it."),
            ];
            plan.loses = Some(format!(
                "What was written to {restored} since the restore leaves with it; it stays in {aside}."
            ));
        }
        FollowUp::Release => {
            plan.steps = vec![format!("Drop {}.", if undone { &aside } else { &kept })];
            plan.loses = Some(if undone {
                "The restored rows are gone after this; the backup they came from stays.".into()
            } else {
                "The tables as they were before the restore are gone after this: no undo any more.".into()
            });
        }
    }
}

fn possible(what: FollowUp, restore: &Restore) -> Result<&str, ApiError> {
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
    let restored = journal.facts.intent.staging.clone();
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
