//! Schedules as people set them. What could never run is refused here, with the reason.

use holdfast_contract::schedule::{
    NextRun, Schedule, ScheduleAddRequest, SchedulePreview, ScheduleUpdateRequest, Timing, When,
};
use holdfast_contract::{ApiError, ConnectionId, ErrorCode, ScheduleId};
use serde_json::Value;

use super::due;
use crate::catalog::{ScheduleRow, Subject};
use crate::clock::new_id;
use crate::cx::Cx;
use crate::timing::Timetable;

/// Runs that a preview shows.
const SHOWN: usize = 5;

pub async fn list(cx: &Cx) -> Result<Vec<Schedule>, ApiError> {
    let mut last = cx.catalog().schedules().last_runs().await?;
    let rows = cx.catalog().schedules().list().await?;
    cx.timetables().keep(&rows.iter().map(|row| &row.id).collect());
    Ok(rows
        .into_iter()
        .map(|row| {
            let last_run = last.remove(&row.id);
            Schedule { last_run, ..shown(cx, row) }
        })
        .collect())
}

pub async fn get(cx: &Cx, what: &str) -> Result<Schedule, ApiError> {
    let row = cx.catalog().schedules().find(what).await?;
    let last_run = cx.catalog().schedules().runs(Some(&row.id), None, 1).await?.into_iter().next();
    with_consent(cx, Schedule { last_run, ..shown(cx, row) }).await
}

/// The call itself has been looked at by the operation.
pub async fn add(cx: &Cx, request: ScheduleAddRequest) -> Result<Schedule, ApiError> {
    let now_ms = cx.now_ms();
    let (call, connection_id) = with_connection_id(cx, &request.operation, request.request).await?;
    refuse_the_past(&request.timing, now_ms)?;
    let row = ScheduleRow {
        id: ScheduleId(new_id()),
        name: name(request.name)?,
        connection_id,
        operation: request.operation,
        request: call,
        timing: request.timing,
        enabled: request.enabled,
        created_at_ms: now_ms,
        seen_ms: now_ms,
        problem: None,
    };
    cx.catalog().schedules().put(row.clone()).await?;
    with_consent(cx, shown(cx, row)).await
}

/// Looked at for one schedule at a time: it asks the database.
async fn with_consent(cx: &Cx, schedule: Schedule) -> Result<Schedule, ApiError> {
    Ok(Schedule { consent: super::agree::state(cx, &schedule).await, ..schedule })
}

pub async fn update(cx: &Cx, request: ScheduleUpdateRequest) -> Result<Schedule, ApiError> {
    let now_ms = cx.now_ms();
    let mut row = cx.catalog().schedules().find(&request.schedule).await?;
    if let Some(new) = request.name {
        row.name = name(new)?;
    }
    if let Some(call) = request.request {
        (row.request, row.connection_id) = with_connection_id(cx, &row.operation, call).await?;
    }
    let starts_anew = request.timing.as_ref().is_some_and(|timing| *timing != row.timing)
        || (request.enabled == Some(true) && !row.enabled);
    if let Some(timing) = request.timing {
        row.timing = timing;
    }
    row.enabled = request.enabled.unwrap_or(row.enabled);
    if starts_anew {
        refuse_the_past(&row.timing, now_ms)?;
        (row.created_at_ms, row.seen_ms) = (now_ms, now_ms);
    }
    row.problem = None;
    cx.catalog().schedules().put(row).await?;
    get(cx, &request.schedule).await
}

pub async fn remove(cx: &Cx, what: &str) -> Result<(), ApiError> {
    let row = cx.catalog().schedules().find(what).await?;
    let why = ApiError::new(ErrorCode::NotFound, "Its schedule was removed before it began.");
    cx.catalog().schedules().remove(&row.id, why, cx.now_ms()).await?;
    cx.catalog().consents().forget(&Subject::Schedule(row.id)).await
}

/// Due at once, whatever its times; it takes its turn like any other run.
pub async fn run_now(cx: &Cx, what: &str) -> Result<Schedule, ApiError> {
    let row = cx.catalog().schedules().find(what).await?;
    let now_ms = cx.now_ms();
    cx.catalog().schedules().take_due(&row, row.seen_ms, Some(due::now(now_ms))).await?;
    get(cx, what).await
}

pub fn preview(timing: &Timing, now_ms: i64) -> Result<SchedulePreview, ApiError> {
    let table = refuse_the_past(timing, now_ms)?;
    let next =
        table.coming(now_ms, SHOWN).into_iter().map(|at_ms| NextRun { at_ms, local: table.local(at_ms) });
    Ok(SchedulePreview { words: table.words(), next: next.collect() })
}

fn refuse_the_past(timing: &Timing, now_ms: i64) -> Result<Timetable, ApiError> {
    let table = Timetable::new(timing, now_ms)?;
    if matches!(timing.when, When::Once { .. }) && table.after(now_ms).is_none() {
        return Err(
            ApiError::new(ErrorCode::BadRequest, "This time has passed.").hint("Choose a time to come.")
        );
    }
    Ok(table)
}

fn shown(cx: &Cx, row: ScheduleRow) -> Schedule {
    let known = cx.timetables().table(&row.id, &row.timing, row.created_at_ms);
    let words = known.as_ref().map(|known| known.words.clone()).unwrap_or_default();
    let known = known.filter(|_| row.enabled);
    Schedule {
        next_run_ms: known.and_then(|known| known.after(row.seen_ms.max(cx.now_ms()))),
        words,
        id: row.id,
        name: row.name,
        connection_id: row.connection_id,
        operation: row.operation,
        request: row.request,
        timing: row.timing,
        enabled: row.enabled,
        created_at_ms: row.created_at_ms,
        problem: row.problem,
        last_run: None,
        consent: None,
    }
}

fn name(name: String) -> Result<String, ApiError> {
    let trimmed = name.trim();
    if trimmed.is_empty() || trimmed.chars().count() > 200 || trimmed.contains(char::is_control) {
        return Err(ApiError::new(ErrorCode::BadRequest, "A schedule needs a name of 1 to 200 characters."));
    }
    Ok(trimmed.to_owned())
}

/// A connection keeps its id when it is renamed. A clean-up rule tells which connection it is about.
async fn with_connection_id(
    cx: &Cx,
    operation: &str,
    mut call: Value,
) -> Result<(Value, Option<ConnectionId>), ApiError> {
    if operation == "cleanup.run"
        && let Some(named) = call.get("rule").and_then(Value::as_str)
    {
        let rule = cx.catalog().cleanup_rules().find(named).await?;
        call["rule"] = Value::String(rule.id.to_string());
        return Ok((call, Some(rule.connection_id)));
    }
    let Some(named) = call.get("connection").and_then(Value::as_str) else { return Ok((call, None)) };
    let id = cx.catalog().connections().find(named).await?.id;
    call["connection"] = Value::String(id.to_string());
    Ok((call, Some(id)))
}
