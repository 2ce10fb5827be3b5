//! What can follow a change that replaced something: its plan in words, and its job.

use holdfast_contract::connection::{Connection, Environment};
use holdfast_contract::restore::{Restore, RestoreFollowUpPlan, RestoreState};
use holdfast_contract::{ApiError, ErrorCode, PlanId};
use holdfast_engine::TableOrder;
use serde::Serialize;

use super::journal::Journal;
use super::step::Step;
use super::undo::{FollowUp, possible, release, undo};
use super::words::{kept_label, label, told_sessions};
use crate::connections::database::Database;
use crate::connections::sessions;
use crate::consent::Consent;
use crate::cx::{Begun, Cx, NewWork};
use crate::jobs::JobContext;

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
    if let Some(order) = journal.facts.change.tables() {
        tell_tables(&mut plan, what, journal, order);
        return Ok(plan);
    }
    match what {
        FollowUp::Undo => {
            database.swap()?;
            plan.sessions_to_end = sessions::others(database.engine()).await?;
            plan.steps = vec![
                format!("Put {kept} back as “{name}”; {}.", told_sessions(&plan.sessions_to_end)),
                format!(
                    "Keep the restored database as {} until you release it.",
                    journal.facts.target.staging
                ),
            ];
            plan.loses = Some(format!(
                "What was written to “{name}” since the restore leaves the live database with it; it stays in {}.",
                journal.facts.target.staging
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
    if journal.facts.change.tables().is_some() {
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

/// What looking found and following up goes on with.
pub(crate) struct Following {
    pub connection: Connection,
    pub database: Database,
    pub journal: Journal,
}

/// A job; its result is the restore as it is then. Not cancellable: each is one step.
pub(crate) async fn start(
    cx: &Cx,
    what: FollowUp,
    ground: Following,
    consent: Consent,
) -> Result<Begun<Restore>, ApiError> {
    let Following { connection, database, journal } = ground;
    tracing::debug!(restore = %journal.id(), agreed = consent.digest(), "following up");
    let id = journal.id().to_string();
    let title = match what {
        FollowUp::Undo => format!("Undo the restore of {}", connection.name),
        FollowUp::Release => format!("Release what the restore of {} kept", connection.name),
    };
    let new = NewWork { title, connection_id: Some(connection.id.clone()), cancellable: false };
    let given = cx.clone();
    Ok(cx.start_job(new, move |job| carry_out(given, what, database, journal, job)).await?.making(id))
}

async fn carry_out(
    cx: Cx,
    what: FollowUp,
    database: Database,
    mut journal: Journal,
    job: JobContext,
) -> Result<Restore, ApiError> {
    let work = job.work(cx.settings().await?.parallel as usize)?;
    journal.taken_over(Some(job.id.clone()), cx.home().instance());
    let clock = cx.clock().clone();
    match what {
        FollowUp::Undo => undo(&mut journal, &database, &work, clock.as_ref()).await?,
        FollowUp::Release => release(&mut journal, &database, &work, clock.as_ref()).await?,
    }
    Ok(journal.restore())
}
