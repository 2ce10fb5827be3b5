//! Tables `schedules` and `runs`.

use std::collections::HashMap;

use holdfast_contract::schedule::{RunState, ScheduledRun, Timing};
use holdfast_contract::{Answer, ApiError, ConnectionId, ErrorCode, JobId, RunId, ScheduleId};
use rusqlite::{Row, params};
use serde_json::Value;

use super::error::{CatalogError, Result};
use super::{Catalog, from_word, word};

#[derive(Clone, Debug, PartialEq)]
pub struct ScheduleRow {
    pub id: ScheduleId,
    pub name: String,
    pub connection_id: Option<ConnectionId>,
    pub operation: String,
    pub request: Value,
    pub timing: Timing,
    pub enabled: bool,
    pub created_at_ms: i64,
    /// Due times up to here have become runs.
    pub seen_ms: i64,
    pub problem: Option<ApiError>,
}

/// A due time about to become a run.
#[derive(Clone, Debug, PartialEq)]
pub struct DueRun {
    pub id: RunId,
    pub due_ms: i64,
    pub missed: u32,
    pub starts_at_ms: i64,
    /// Set: it is not run, and this is why.
    pub skipped: Option<ApiError>,
}

pub struct Schedules<'a>(pub(super) &'a Catalog);

const SCHEDULE: &str =
    "id, name, connection_id, operation, request, timing, enabled, created_at_ms, seen_ms, problem";
const RUN: &str = "id, schedule_id, schedule_name, due_ms, attempt, missed, state, starts_at_ms, started_at_ms, \
                   ended_at_ms, job_id, error";

impl Schedules<'_> {
    /// Inserts or replaces by id. `AlreadyExists`: another one has this name.
    pub async fn put(&self, row: ScheduleRow) -> Answer<()> {
        self.0
            .write(move |catalog| {
                let taken = "SELECT 1 FROM schedules WHERE name = ?1 AND id <> ?2";
                if catalog.prepare_cached(taken)?.exists(params![row.name, row.id.as_str()])? {
                    let message = format!("There is a schedule named {} already.", row.name);
                    return Err(ApiError::new(ErrorCode::AlreadyExists, message).hint("Choose another name.").into());
                }
                catalog.execute(
                    &format!("INSERT OR REPLACE INTO schedules ({SCHEDULE}) VALUES (?1,?2,?3,?4,?5,?6,?7,?8,?9,?10)"),
                    params![
                        row.id.as_str(),
                        row.name,
                        row.connection_id.as_ref().map(ConnectionId::as_str),
                        row.operation,
                        row.request.to_string(),
                        serde_json::to_string(&row.timing)?,
                        row.enabled,
                        row.created_at_ms,
                        row.seen_ms,
                        row.problem.as_ref().map(serde_json::to_string).transpose()?,
                    ],
                )?;
                Ok(())
            })
            .await
    }

    /// By name.
    pub async fn list(&self) -> Answer<Vec<ScheduleRow>> {
        self.0
            .read(|catalog| {
                let mut statement =
                    catalog.prepare_cached(&format!("SELECT {SCHEDULE} FROM schedules ORDER BY name"))?;
                statement.query_and_then([], schedule)?.collect()
            })
            .await
    }

    /// By id or name.
    pub async fn find(&self, what: &str) -> Answer<ScheduleRow> {
        let wanted = what.to_owned();
        self.0
            .read(move |catalog| {
                let sql = format!(
                    "SELECT {SCHEDULE} FROM schedules WHERE id = ?1 OR name = ?1 ORDER BY id = ?1 DESC"
                );
                let mut statement = catalog.prepare_cached(&sql)?;
                let mut rows = statement.query([&wanted])?;
                match rows.next()? {
                    Some(row) => schedule(row),
                    None => {
                        Err(ApiError::new(ErrorCode::NotFound, format!("There is no schedule {wanted}."))
                            .hint("List the schedules to see their names.")
                            .into())
                    }
                }
            })
            .await
    }

    /// Its runs stay in the history; those that wait are not run.
    pub async fn remove(&self, id: &ScheduleId, why: ApiError, now_ms: i64) -> Answer<()> {
        let id = id.clone();
        self.0
            .write(move |catalog| {
                catalog.execute("DELETE FROM schedules WHERE id = ?1", [id.as_str()])?;
                catalog.execute(
                    "UPDATE runs SET state = ?2, ended_at_ms = ?3, error = ?4
                     WHERE schedule_id = ?1 AND state = 'waiting'",
                    params![id.as_str(), word(&RunState::Skipped)?, now_ms, serde_json::to_string(&why)?],
                )?;
                Ok(())
            })
            .await
    }

    /// What stands in its way, or nothing any more.
    pub async fn set_problem(&self, id: &ScheduleId, problem: Option<ApiError>) -> Answer<()> {
        let id = id.clone();
        self.0
            .write(move |catalog| {
                let problem = problem.as_ref().map(serde_json::to_string).transpose()?;
                catalog.execute(
                    "UPDATE schedules SET problem = ?2 WHERE id = ?1 AND problem IS NOT ?2",
                    params![id.as_str(), problem],
                )?;
                Ok(())
            })
            .await
    }

    /// Moves `seen_ms` on and turns the due time into a run, both or neither. False: another process was first,
    /// or this due time has had its run.
    pub async fn take_due(&self, row: &ScheduleRow, seen_ms: i64, run: Option<DueRun>) -> Answer<bool> {
        let row = row.clone();
        self.0
            .write(move |catalog| {
                let moved = catalog.execute(
                    "UPDATE schedules SET seen_ms = ?3 WHERE id = ?1 AND seen_ms = ?2",
                    params![row.id.as_str(), row.seen_ms, seen_ms],
                )?;
                let (1, Some(run)) = (moved, run) else { return Ok(false) };
                let state = if run.skipped.is_some() { RunState::Skipped } else { RunState::Waiting };
                let added = catalog.execute(
                    "INSERT OR IGNORE INTO runs (id, schedule_id, schedule_name, due_ms, attempt, missed, state,
                                                 starts_at_ms, ended_at_ms, error)
                     VALUES (?1, ?2, ?3, ?4, 1, ?5, ?6, ?7, ?8, ?9)",
                    params![
                        run.id.as_str(),
                        row.id.as_str(),
                        row.name,
                        run.due_ms,
                        run.missed,
                        word(&state)?,
                        run.starts_at_ms,
                        run.skipped.is_some().then_some(seen_ms),
                        run.skipped.as_ref().map(serde_json::to_string).transpose()?,
                    ],
                )?;
                Ok(added == 1)
            })
            .await
    }

    /// Waiting and running ones with the process that claimed them, in the order they were written down.
    pub async fn open_runs(&self) -> Answer<Vec<(ScheduledRun, Option<String>)>> {
        self.0
            .read(|catalog| {
                let sql = format!(
                    "SELECT {RUN}, instance FROM runs WHERE state IN ('waiting', 'running') ORDER BY rowid"
                );
                let mut statement = catalog.prepare_cached(&sql)?;
                statement.query_and_then([], |row| Ok((run(row)?, row.get(12)?)))?.collect()
            })
            .await
    }

    /// Newest first; of one schedule, or all.
    pub async fn runs(
        &self,
        of: Option<&ScheduleId>,
        before_ms: Option<i64>,
        limit: u32,
    ) -> Answer<Vec<ScheduledRun>> {
        let of = of.cloned();
        self.0
            .read(move |catalog| {
                // Two statements: each must be answered from its own index.
                let choice = if of.is_some() { "schedule_id = ?3 AND" } else { "?3 IS NULL AND" };
                let sql = format!(
                    "SELECT {RUN} FROM runs WHERE {choice} due_ms < ?1 ORDER BY due_ms DESC, attempt DESC LIMIT ?2"
                );
                let mut statement = catalog.prepare_cached(&sql)?;
                let of = of.as_ref().map(ScheduleId::as_str);
                statement.query_and_then(params![before_ms.unwrap_or(i64::MAX), limit, of], run)?.collect()
            })
            .await
    }

    /// The newest run of each schedule.
    pub async fn last_runs(&self) -> Answer<HashMap<ScheduleId, ScheduledRun>> {
        self.0
            .read(|catalog| {
                // One look into the index for each schedule, however long the history is.
                let sql = format!(
                    "SELECT {RUN} FROM runs WHERE rowid IN (
                         SELECT (SELECT rowid FROM runs WHERE schedule_id = schedules.id
                                 ORDER BY due_ms DESC, attempt DESC LIMIT 1) FROM schedules)"
                );
                let mut statement = catalog.prepare_cached(&sql)?;
                let runs = statement.query_and_then([], run)?;
                runs.map(|run| run.map(|run| (run.schedule_id.clone(), run))).collect()
            })
            .await
    }

    /// From waiting to running, on record before anything is done. False: somebody else was first.
    pub async fn claim(&self, id: &RunId, instance: &str, now_ms: i64) -> Answer<bool> {
        let (id, instance) = (id.clone(), instance.to_owned());
        self.0
            .write(move |catalog| {
                let claimed = catalog.execute(
                    "UPDATE runs SET state = 'running', instance = ?2, started_at_ms = ?3, error = NULL
                     WHERE id = ?1 AND state = 'waiting'",
                    params![id.as_str(), instance, now_ms],
                )?;
                Ok(claimed == 1)
            })
            .await
    }

    /// Writes what is known of a run; `again`: the attempt that follows it, in the same transaction.
    pub async fn save(&self, run: ScheduledRun, again: Option<(RunId, i64)>) -> Answer<()> {
        self.0
            .write(move |catalog| {
                catalog.execute(
                    "UPDATE runs SET state = ?2, starts_at_ms = ?3, started_at_ms = ?4, ended_at_ms = ?5, job_id = ?6,
                                     error = ?7 WHERE id = ?1",
                    params![
                        run.id.as_str(),
                        word(&run.state)?,
                        run.starts_at_ms,
                        run.started_at_ms,
                        run.ended_at_ms,
                        run.job_id.as_ref().map(JobId::as_str),
                        run.error.as_ref().map(serde_json::to_string).transpose()?,
                    ],
                )?;
                if let Some((id, starts_at_ms)) = again {
                    catalog.execute(
                        "INSERT OR IGNORE INTO runs (id, schedule_id, schedule_name, due_ms, attempt, missed, state,
                                                     starts_at_ms)
                         SELECT ?2, schedule_id, schedule_name, due_ms, attempt + 1, missed, 'waiting', ?3
                         FROM runs WHERE id = ?1",
                        params![run.id.as_str(), id.as_str(), starts_at_ms],
                    )?;
                }
                Ok(())
            })
            .await
    }
}

fn schedule(row: &Row<'_>) -> Result<ScheduleRow> {
    Ok(ScheduleRow {
        id: ScheduleId(row.get(0)?),
        name: row.get(1)?,
        connection_id: row.get::<_, Option<String>>(2)?.map(ConnectionId),
        operation: row.get(3)?,
        request: serde_json::from_str(&row.get::<_, String>(4)?)?,
        timing: serde_json::from_str(&row.get::<_, String>(5)?)?,
        enabled: row.get(6)?,
        created_at_ms: row.get(7)?,
        seen_ms: row.get(8)?,
        problem: optional(row.get(9)?)?,
    })
}

fn run(row: &Row<'_>) -> Result<ScheduledRun> {
    Ok(ScheduledRun {
        id: RunId(row.get(0)?),
        schedule_id: ScheduleId(row.get(1)?),
        schedule_name: row.get(2)?,
        due_ms: row.get(3)?,
        attempt: row.get(4)?,
        missed: row.get(5)?,
        state: from_word(row.get(6)?)?,
        starts_at_ms: row.get(7)?,
        started_at_ms: row.get(8)?,
        ended_at_ms: row.get(9)?,
        job_id: row.get::<_, Option<String>>(10)?.map(JobId),
        error: optional(row.get(11)?)?,
    })
}

fn optional(text: Option<String>) -> Result<Option<ApiError>> {
    text.map(|text| serde_json::from_str(&text)).transpose().map_err(CatalogError::from)
}
