//! Guarded commands. Somebody else's command changes a database: before it there is a proven backup that can be restored in
//! place, after it the same questions are asked as before, and the way back is an ordinary restore of that backup.
//!
//! The command itself is run by the host, which has a terminal and a person; here is what must be true around it. A guard is in
//! the catalog before anything is done, so that one whose process died is found again.

mod prepare;
mod questions;
mod record;
pub(crate) mod recover;

use holdfast_contract::guard::{
    Guard, GuardCheckRequest, GuardEndRequest, GuardListRequest, GuardListResponse, GuardState,
};
use holdfast_contract::restore::RestoreState;
use holdfast_contract::{ApiError, ErrorCode, GuardId};

use crate::change::journal::Journal;
use crate::cx::Cx;

pub(crate) use prepare::begin;
use record::Record;

/// Longer is no sentence.
const SENTENCE_MAX: usize = 1000;

pub(crate) async fn list(cx: &Cx, request: GuardListRequest) -> Result<GuardListResponse, ApiError> {
    let connection = match &request.connection {
        Some(wanted) => Some(cx.catalog().connections().find(wanted).await?.id),
        None => None,
    };
    let rows = cx.catalog().guards().list(connection.as_ref()).await?;
    let guards = rows.into_iter().map(|row| row.guard);
    Ok(GuardListResponse {
        guards: guards.filter(|guard| !request.open_only || !guard.state.ended()).collect(),
    })
}

pub(crate) async fn get(cx: &Cx, id: &str) -> Result<Guard, ApiError> {
    Ok(cx.catalog().guards().get(&GuardId(id.to_owned())).await?.guard)
}

/// Looks at the database after the command. A database that cannot be asked is not well. May be repeated.
pub(crate) async fn check(cx: &Cx, request: GuardCheckRequest) -> Result<Guard, ApiError> {
    let mut record = open(cx, &request.guard).await?;
    if request.failure.as_ref().is_some_and(|text| text.chars().count() > SENTENCE_MAX) {
        return Err(ApiError::new(
            ErrorCode::BadRequest,
            "failure: one sentence, of up to 1,000 characters.",
        ));
    }
    let guard = record.guard();
    let mut problems: Vec<String> = request.failure.into_iter().collect();
    match questions::problems(cx, guard.connection_id.as_str(), &guard.checks).await {
        Ok(found) => problems.extend(found),
        Err(error) => problems.push(error.message),
    }
    let state = if problems.is_empty() { GuardState::Well } else { GuardState::Broken };
    record.checked(state, problems).await?;
    Ok(record.guard().clone())
}

/// Nothing follows from it any more. With a restore, that one must have put the guard's backup in place.
pub(crate) async fn end(cx: &Cx, request: GuardEndRequest) -> Result<Guard, ApiError> {
    let mut record = open(cx, &request.guard).await?;
    match request.restore {
        None => record.ended(GuardState::Kept, None, cx.now_ms()).await?,
        Some(restore) => {
            let journal = Journal::open(cx.catalog(), cx.catalog().restores().find(&restore).await?)?;
            require_way_back(record.guard(), &journal)?;
            record.ended(GuardState::Restored, Some(journal.id().clone()), cx.now_ms()).await?;
        }
    }
    Ok(record.guard().clone())
}

async fn open(cx: &Cx, id: &str) -> Result<Record, ApiError> {
    let record = Record::open(cx, &GuardId(id.to_owned())).await?;
    let (message, hint) = match record.guard().state {
        GuardState::Preparing => {
            ("This guard is not ready yet: nothing may have been run.", "Wait for its job, or cancel that.")
        }
        state if state.ended() => ("This guard has ended.", "Begin another one."),
        _ => return Ok(record),
    };
    Err(ApiError::new(ErrorCode::BadRequest, message).hint(hint))
}

fn require_way_back(guard: &Guard, journal: &Journal) -> Result<(), ApiError> {
    let restore = journal.restore();
    let back = Some(&restore.backup_id) == guard.backup_id.as_ref()
        && restore.connection_id == guard.connection_id
        && restore.replace
        && restore.chosen.is_empty();
    match (back, restore.state) {
        (true, RestoreState::Done | RestoreState::Released) => Ok(()),
        (true, _) => Err(ApiError::new(ErrorCode::BadRequest, "This restore is not done.")
            .hint("Wait until it has succeeded.")),
        (false, _) => Err(ApiError::new(
            ErrorCode::BadRequest,
            "This restore has not put the guard's backup in place of the live database.",
        )
        .hint("Restore the guard's backup in place, and name that restore.")),
    }
}
