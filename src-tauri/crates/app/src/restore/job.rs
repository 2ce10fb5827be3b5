//! The job of a restore: the safety backup, the copy, and the step that puts it in place.

use holdfast_contract::ApiError;
use holdfast_contract::connection::Connection;
use holdfast_contract::restore::{Restore, RestorePlan, RestoreState};
use holdfast_contract::snapshot::Scope;
use holdfast_vault::Vault;

use super::apply::steps;
use super::intent::Intent;
use super::look::Looked;
use crate::backup::source::VaultSource;
use crate::change::apply::{Execution, conclude};
use crate::change::journal::Journal;
use crate::change::safety::{SAFETY_STEPS, Safety, safety_backup};
use crate::change::{Change, Stored};
use crate::connections::database::Database;
use crate::consent::Consent;
use crate::cx::{Begun, Cx, NewWork};
use crate::jobs::JobContext;
use crate::jobs::stages::Stages;

/// What a restore job takes with it.
struct Restoring {
    cx: Cx,
    vault: Vault,
    connection: Connection,
    database: Database,
    source: VaultSource,
    journal: Journal,
    globals: bool,
    safety_backup: bool,
    /// What it replaces was agreed to.
    consent: Consent,
}

/// A job; cancellable until its last step. What was begun is in the journal before this returns.
pub(crate) async fn start(
    cx: &Cx,
    intent: Intent,
    plan: RestorePlan,
    looked: Looked,
    consent: Consent,
) -> Result<Begun<Restore>, ApiError> {
    let Looked { connection, database, vault, source, order } = looked;
    let title = title(&plan, &connection);
    let from = Stored { backup: plan.backup.id, name: plan.backup.name };
    let change = match order {
        Some(order) => Change::Tables { from, order, chosen: plan.chosen },
        None => Change::Database { from },
    };
    let journal = Journal::begin(cx, &connection, intent.target, change).await?;
    let id = journal.id().to_string();
    let new = NewWork { title, connection_id: Some(connection.id.clone()), cancellable: true };
    let all = Restoring {
        cx: cx.clone(),
        vault,
        connection,
        database,
        source,
        journal,
        globals: intent.globals,
        safety_backup: plan.safety_backup,
        consent,
    };
    Ok(cx.start_job(new, move |job| restore(all, job)).await?.making(id))
}

fn title(plan: &RestorePlan, connection: &Connection) -> String {
    let (name, backup) = (&connection.name, &plan.backup.name);
    match plan.chosen.as_slice() {
        [] => format!("Restore {name} from “{backup}”"),
        [table] => format!("Restore {} of {name} from “{backup}”", table.from),
        more => format!("Restore {} tables of {name} from “{backup}”", more.len()),
    }
}

async fn restore(mut all: Restoring, job: JobContext) -> Result<Restore, ApiError> {
    tracing::debug!(restore = %all.journal.id(), agreed = all.consent.digest(), "restoring");
    all.journal.started(job.id.clone());
    let outcome = carry_out(&mut all, &job).await;
    let clock = all.cx.clock().clone();
    conclude(&mut all.journal, outcome, clock.as_ref()).await?;
    Ok(all.journal.restore())
}

async fn carry_out(all: &mut Restoring, job: &JobContext) -> Result<(), ApiError> {
    let work = job.work(all.cx.settings().await?.parallel as usize)?;
    let stages = Stages::new(job.progress.clone(), if all.safety_backup { 3 + SAFETY_STEPS } else { 3 });
    if all.safety_backup {
        all.journal.enter(RestoreState::SafetyBackup).await?;
        let dump = all.database.dump()?;
        let safety = Safety { cx: &all.cx, vault: &all.vault, connection: &all.connection, dump };
        let backup =
            safety_backup(&safety, Scope::default(), "Safety backup before restore", job, &stages).await?;
        all.journal.facts.safety_backup = Some(backup.id);
    }
    if all.globals
        && let Some(globals) = all.database.engine().globals()
    {
        let remarks = globals.restore(&all.source, &work).await?;
        all.journal.facts.remarks.extend(remarks);
    }
    let clock = all.cx.clock().clone();
    let with = Execution { database: &all.database, work: &work, stages: &stages, clock: clock.as_ref() };
    steps(&mut all.journal, &all.vault, &all.source, &with).await
}
