//! The job of an import. Until its last step nothing that existed is touched; a failure, a cancel or a crash before
//! that leaves nothing behind.

use async_trait::async_trait;
use holdfast_contract::ApiError;
use holdfast_contract::connection::Connection;
use holdfast_contract::import::ImportInto;
use holdfast_contract::restore::{Restore, RestoreState};
use holdfast_contract::snapshot::Scope;
use holdfast_engine::script::{Committing, Fate, ScriptDone};
use holdfast_engine::{EngineError, Work};
use holdfast_vault::Vault;
use tokio::sync::Mutex;

use super::intent::{Intent, runner};
use crate::change::apply::{Execution, conclude, drop_staging, put_in_place};
use crate::change::journal::Journal;
use crate::change::safety::{SAFETY_STEPS, Safety, safety_backup};
use crate::change::{Change, Imported};
use crate::connections::database::Database;
use crate::consent::Consent;
use crate::cx::{Begun, Cx, NewWork};
use crate::jobs::JobContext;
use crate::jobs::stages::Stages;
use crate::vaults;

/// What an import job takes with it.
struct Importing {
    cx: Cx,
    /// For the safety backup; None when no database is touched that exists.
    vault: Option<Vault>,
    connection: Connection,
    database: Database,
    journal: Journal,
    intent: Intent,
    /// What it changes was agreed to.
    consent: Consent,
}

/// What was planned and agreed to; the caller has planned again and found the same. A job; its result is the restore that an
/// import is listed as.
pub(crate) async fn start(
    cx: &Cx,
    connection: Connection,
    database: Database,
    intent: Intent,
    consent: Consent,
) -> Result<Begun<Restore>, ApiError> {
    let vault = match intent.into {
        ImportInto::New => None,
        ImportInto::Live | ImportInto::Replace => Some(vaults::open(cx).await?),
    };
    let change = Change::Import(Imported { file: intent.file.clone(), into: intent.into, mark: None });
    let journal = Journal::begin(cx, &connection, intent.target.clone(), change).await?;
    let id = journal.id().to_string();
    let new = NewWork {
        title: format!("Import {} into {}", intent.file_name(), connection.name),
        connection_id: Some(connection.id.clone()),
        cancellable: true,
    };
    let all = Importing { cx: cx.clone(), vault, connection, database, journal, intent, consent };
    Ok(cx.start_job(new, move |job| import(all, job)).await?.making(id))
}

async fn import(mut all: Importing, job: JobContext) -> Result<Restore, ApiError> {
    tracing::debug!(import = %all.journal.id(), agreed = all.consent.digest(), "importing");
    all.journal.started(job.id.clone());
    let outcome = carry_out(&mut all, &job).await;
    let clock = all.cx.clock().clone();
    conclude(&mut all.journal, outcome, clock.as_ref()).await?;
    Ok(all.journal.restore())
}

async fn carry_out(all: &mut Importing, job: &JobContext) -> Result<(), ApiError> {
    let work = job.work(all.cx.settings().await?.parallel as usize)?;
    let stages = Stages::new(job.progress.clone(), if all.vault.is_some() { 2 + SAFETY_STEPS } else { 2 });
    if let Some(vault) = &all.vault {
        all.journal.enter(RestoreState::SafetyBackup).await?;
        let dump = all.database.dump()?;
        let safety = Safety { cx: &all.cx, vault, connection: &all.connection, dump };
        let backup =
            safety_backup(&safety, Scope::default(), "Safety backup before import", job, &stages).await?;
        all.journal.facts.safety_backup = Some(backup.id);
    }
    all.journal.enter(RestoreState::Loading).await?;
    match all.intent.into {
        ImportInto::Live => {
            stages.next(&format!("Running {}", all.intent.file_name()));
            into_live(all, &work).await
        }
        ImportInto::New | ImportInto::Replace => beside(all, &stages, &work).await,
    }
}

async fn beside(all: &mut Importing, stages: &Stages, work: &Work) -> Result<(), ApiError> {
    let clock = all.cx.clock().clone();
    let staging = all.intent.target.staging.clone();
    stages.next(&format!("Running {} in {staging}", all.intent.file_name()));
    let ran = runner(&all.database)?.run_new(&staging, &all.intent.script(), work).await;
    let ran = ran.and_then(|done| work.checkpoint().map(|()| done)).map_err(ApiError::from);
    let with = Execution { database: &all.database, work, stages, clock: clock.as_ref() };
    match ran {
        Ok(done) => note(&mut all.journal, done),
        Err(error) => return Err(drop_staging(&all.journal, &with, error).await),
    }
    put_in_place(&mut all.journal, None, &with).await
}

fn note(journal: &mut Journal, done: ScriptDone) {
    let rows = match done.rows {
        0 => String::new(),
        rows => format!(", {rows} rows"),
    };
    journal.facts.remarks.push(format!("{} statements{rows}.", done.statements));
    journal.facts.remarks.extend(done.remarks);
}

async fn into_live(all: &mut Importing, work: &Work) -> Result<(), ApiError> {
    let script = all.intent.script();
    let outcome = {
        let mark = Mark(Mutex::new(&mut all.journal));
        runner(&all.database)?.run_live(&script, &mark, work).await
    };
    let error = match outcome {
        Ok(done) => {
            note(&mut all.journal, done);
            return Ok(());
        }
        Err(error) => error.into_api(),
    };
    if all.journal.state() != RestoreState::Swapping {
        return Err(error);
    }
    // The commit was sent and its answer is lost, or it was refused: the server knows.
    let import = all.journal.facts.change.import();
    let mark = import.and_then(|import| import.mark.clone()).unwrap_or_default();
    match runner(&all.database)?.fate(&mark).await {
        Ok(Fate::Committed) => {
            all.journal
                .facts
                .remarks
                .push(format!("The last step reported “{}”, but it is complete.", error.message));
            Ok(())
        }
        // SQLite keeps no record; here the connection is gone, and with it what it had not committed.
        Ok(Fate::RolledBack | Fate::Unknown) => {
            all.journal.enter(RestoreState::Proving).await?;
            Err(error)
        }
        // Not reachable: the next start asks again.
        Err(_) => Err(error),
    }
}

/// Writes down, before the commit is sent, how to ask about it afterwards.
struct Mark<'a>(Mutex<&'a mut Journal>);

#[async_trait]
impl Committing for Mark<'_> {
    async fn committing(&self, mark: &str) -> Result<(), EngineError> {
        let mut journal = self.0.lock().await;
        if let Change::Import(import) = &mut journal.facts.change {
            import.mark = Some(mark.to_owned());
        }
        journal.enter(RestoreState::Swapping).await.map_err(EngineError::Far)
    }
}
