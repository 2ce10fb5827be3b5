//! After a crash: changes whose process is gone are brought to an end that is true.
//!
//! Only databases whose names were made up here, with a random tag, are ever dropped. Safe to repeat; what cannot
//! be reached now is left for the next start.

use std::time::Duration;

use holdfast_contract::import::ImportInto;
use holdfast_contract::restore::RestoreState;
use holdfast_contract::{ApiError, ErrorCode};
use holdfast_engine::SwapState;
use holdfast_engine::script::Fate;

use super::apply::{keep, unclear};
use super::journal::Journal;
use super::step::Step;
use super::undo::recover_undo;
use crate::clock::Clock;
use crate::connections::database::Database;
use crate::cx::Cx;

/// A server that does not answer must not hold up the start.
const PATIENCE: Duration = Duration::from_secs(10);

/// All changes of processes that are gone. What cannot be settled now is logged and left for the next start.
pub(crate) async fn all(cx: &Cx) -> Result<(), ApiError> {
    for row in cx.catalog().restores().list(None).await? {
        if !row.active() || cx.home().is_alive(&row.instance) {
            continue;
        }
        let mut journal = Journal::open(cx.catalog(), row)?;
        // Other processes that start now leave it to this one; should this one die too, the next takes over.
        journal.taken_over(None, cx.home().instance());
        journal.save().await?;
        match tokio::time::timeout(PATIENCE, one(cx, &mut journal)).await {
            Ok(Ok(())) => {}
            Ok(Err(error)) => {
                tracing::warn!(restore = %journal.id(), %error, "an interrupted restore waits to be tidied up")
            }
            Err(_) => tracing::warn!(restore = %journal.id(), "an interrupted restore waits for its server"),
        }
    }
    Ok(())
}

async fn one(cx: &Cx, journal: &mut Journal) -> Result<(), ApiError> {
    let clock = cx.clock().clone();
    let Some(connection) = cx.catalog().connections().lookup(journal.connection().as_str()).await? else {
        let error = ApiError::new(
            ErrorCode::Interrupted,
            "The program ended during this restore, and its connection has been removed since.",
        )
        .hint(format!("If there is a database {}, drop it by hand.", journal.facts.target.staging));
        return journal.end(RestoreState::Interrupted, Some(error), clock.as_ref()).await;
    };
    let database = Database::of(cx, &connection).await?;
    recover(journal, &database, clock.as_ref()).await
}

/// `Err`: the server could not be asked; the journal stays as it is.
async fn recover(journal: &mut Journal, database: &Database, clock: &dyn Clock) -> Result<(), ApiError> {
    match journal.state() {
        RestoreState::Planned
        | RestoreState::SafetyBackup
        | RestoreState::Loading
        | RestoreState::Proving => {
            drop_staging(journal, database, clock).await?;
            journal.end(RestoreState::Interrupted, Some(interrupted()), clock).await
        }
        RestoreState::Swapping
            if journal.facts.change.import().is_some_and(|import| import.into == ImportInto::Live) =>
        {
            recover_live(journal, database, clock).await
        }
        RestoreState::Swapping => match Step::of(journal, database).whereabouts().await? {
            SwapState::NotSwapped => {
                drop_staging(journal, database, clock).await?;
                journal.end(RestoreState::Interrupted, Some(interrupted()), clock).await
            }
            SwapState::Swapped => {
                keep(journal, database).await?;
                journal.facts.remarks.push(
                    "The program ended during the last step; it was found complete at the next start.".into(),
                );
                journal.end(RestoreState::Done, None, clock).await
            }
            SwapState::Unclear => {
                let error = unclear(journal, "neither the old nor the new state was found");
                journal.end(RestoreState::Interrupted, Some(error), clock).await
            }
        },
        RestoreState::Undoing => recover_undo(journal, database, clock).await,
        _ => Ok(()),
    }
}

/// After a crash at the commit of an import into the live database.
async fn recover_live(journal: &mut Journal, database: &Database, clock: &dyn Clock) -> Result<(), ApiError> {
    let import = journal.facts.change.import();
    let mark = import.and_then(|import| import.mark.clone()).unwrap_or_default();
    let fate = match database.engine().script() {
        Some(script) => script.fate(&mark).await?,
        None => Fate::Unknown,
    };
    match fate {
        Fate::Committed => {
            journal
                .facts
                .remarks
                .push("The program ended during the commit; it was found complete at the next start.".into());
            journal.end(RestoreState::Done, None, clock).await
        }
        Fate::RolledBack => {
            let error = ApiError::new(
                ErrorCode::Interrupted,
                "The program ended before the import was committed; the live database is as it was.",
            )
            .hint("Start the import again.")
            .retry();
            journal.end(RestoreState::Interrupted, Some(error), clock).await
        }
        Fate::Unknown => {
            let error = ApiError::new(
                ErrorCode::Interrupted,
                "The program ended at the moment of the commit. The import is in the database whole or not at all; which of them cannot be told from here.",
            )
            .hint(match &journal.facts.safety_backup {
                Some(backup) => format!("Look into the database; how it was before is in the safety backup {backup}."),
                None => "Look into the database.".to_owned(),
            });
            journal.end(RestoreState::Interrupted, Some(error), clock).await
        }
    }
}

/// A server may still be making the database that the dead program asked for; then there is nothing to drop yet, so
/// the name stays on the list of what later starts drop.
async fn drop_staging(journal: &Journal, database: &Database, clock: &dyn Clock) -> Result<(), ApiError> {
    if !database.is_file() && journal.facts.change.tables().is_none() {
        journal.leave_to_sweep(clock.now_ms()).await?;
    }
    Step::of(journal, database).drop_staging().await
}

fn interrupted() -> ApiError {
    ApiError::new(
        ErrorCode::Interrupted,
        "The program ended before the restore was done; the live database was not touched.",
    )
    .hint("What had been loaded was removed. Start the restore again.")
    .retry()
}
