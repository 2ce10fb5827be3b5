//! The jobs of this room: a restore with its safety backup, and what may follow it.

use holdfast_contract::backup::Backup;
use holdfast_contract::connection::Connection;
use holdfast_contract::restore::{Restore, RestoreState};
use holdfast_contract::snapshot::Scope;
use holdfast_contract::{ApiError, ErrorCode};
use holdfast_engine::Dump;
use holdfast_vault::Vault;

use super::apply::{Bench, conclude, steps};
use super::follow_up::{self, FollowUp};
use super::journal::Journal;
use crate::backup::create::Selection;
use crate::backup::source::VaultSource;
use crate::connections::database::Database;
use crate::consent::Consent;
use crate::cx::Cx;
use crate::jobs::JobContext;
use crate::jobs::stages::Stages;
use crate::proof::prove::PROOF_STEPS;
use crate::proof::proven_backup::{Demand, Order, ProvenBackup, Told};

/// What a restore job takes with it.
pub(crate) struct Restoring {
    pub cx: Cx,
    pub vault: Vault,
    pub connection: Connection,
    pub database: Database,
    pub source: VaultSource,
    pub journal: Journal,
    pub safety_backup: bool,
    /// What it replaces was agreed to.
    pub consent: Consent,
}

pub(crate) async fn restore(mut all: Restoring, job: JobContext) -> Result<Restore, ApiError> {
    tracing::debug!(restore = %all.journal.id(), agreed = all.consent.digest(), "restoring");
    all.journal.started(job.id.clone());
    let outcome = carry_out(&mut all, &job).await;
    let clock = all.cx.clock().clone();
    conclude(&mut all.journal, outcome, clock.as_ref()).await?;
    Ok(all.journal.restore())
}

async fn carry_out(all: &mut Restoring, job: &JobContext) -> Result<(), ApiError> {
    let work = job.work(all.cx.settings().await?.parallel as usize)?;
    let stages = Stages::new(job.progress.clone(), if all.safety_backup { 5 + PROOF_STEPS } else { 3 });
    if all.safety_backup {
        all.journal.enter(RestoreState::SafetyBackup).await?;
        let dump = all.database.dump()?;
        let safety = Safety { cx: &all.cx, vault: &all.vault, connection: &all.connection, dump };
        let backup =
            safety_backup(&safety, Scope::default(), "Safety backup before restore", job, &stages).await?;
        all.journal.facts.safety_backup = Some(backup.id);
    }
    if all.journal.facts.intent.globals
        && let Some(globals) = all.database.engine().globals()
    {
        let remarks = globals.restore(&all.source, &work).await?;
        all.journal.facts.remarks.extend(remarks);
    }
    let clock = all.cx.clock().clone();
    let bench = Bench {
        vault: &all.vault,
        database: &all.database,
        source: &all.source,
        work: &work,
        stages: &stages,
        clock: clock.as_ref(),
    };
    steps(&mut all.journal, &bench).await
}

/// What a safety backup is taken of and kept in.
pub(crate) struct Safety<'a> {
    pub cx: &'a Cx,
    pub vault: &'a Vault,
    pub connection: &'a Connection,
    /// By which the snapshot is taken: the place's own, or one that remembers its moment.
    pub dump: &'a dyn Dump,
}

/// The live database as it is now, or what the scope names of it, proven: without it nothing is replaced.
pub(crate) async fn safety_backup(
    all: &Safety<'_>,
    scope: Scope,
    name: &'static str,
    job: &JobContext,
    stages: &Stages,
) -> Result<Backup, ApiError> {
    let order = Order {
        connection: all.connection.clone(),
        selection: Selection { scope, strict: false },
        note: None,
        otherwise: name,
        demand: Demand::Certain,
    };
    let told = Told {
        reading: "Backing up the live database first",
        reading_back: "Reading the safety backup back",
    };
    let begun = ProvenBackup::begin(all.cx, all.vault, order).await.map_err(not_safe)?;
    let made = begun.make(all.cx, all.dump, job, stages, told).await.map_err(not_safe)?;
    Ok(made.backup)
}

fn not_safe(mut error: ApiError) -> ApiError {
    if error.code != ErrorCode::Cancelled {
        error.message = format!(
            "No proven safety backup of the live database could be made, so nothing was replaced. {}",
            error.message
        );
    }
    error
}

pub(crate) struct FollowingUp {
    pub cx: Cx,
    pub database: Database,
    pub journal: Journal,
    pub what: FollowUp,
    pub consent: Consent,
}

pub(crate) async fn follow_up(all: FollowingUp, job: JobContext) -> Result<Restore, ApiError> {
    let FollowingUp { cx, database, mut journal, what, consent } = all;
    tracing::debug!(restore = %journal.id(), agreed = consent.digest(), "following up");
    let work = job.work(cx.settings().await?.parallel as usize)?;
    journal.taken_over(Some(job.id.clone()), cx.home().instance());
    let clock = cx.clock().clone();
    match what {
        FollowUp::Undo => follow_up::undo(&mut journal, &database, &work, clock.as_ref()).await?,
        FollowUp::Release => follow_up::release(&mut journal, &database, &work, clock.as_ref()).await?,
    }
    Ok(journal.restore())
}
