//! One look after another: what came due, what ended, what may start.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use holdfast_contract::job::JobState;
use holdfast_contract::schedule::{RunState, ScheduledRun};
use holdfast_contract::{ApiError, ErrorCode, RunId, ScheduleId};

use super::Calls;
use super::due::{self, Look};
use crate::catalog::{Catalog, ScheduleRow};
use crate::clock::{Clock, new_id};
use crate::timing::Timetable;

/// Waiting times before the second and later attempts of a run whose error says that trying again helps.
const BACK_OFF_MS: [i64; 4] = [60_000, 5 * 60_000, 15 * 60_000, 60 * 60_000];
/// The next look at a run that something stands in the way of.
const IN_THE_WAY_MS: i64 = 60_000;
/// Windows open every week at least: a longer wait was set by a clock that was wrong.
const LONGEST_WAIT_MS: i64 = 9 * 24 * 60 * 60 * 1000;

/// The one who runs schedules for a data folder. Whoever makes it holds the folder's scheduler lock.
pub struct Runner {
    catalog: Catalog,
    clock: Arc<dyn Clock>,
    calls: Arc<dyn Calls>,
    instance: String,
    /// Understood once: a thousand patterns are not parsed at every look.
    tables: HashMap<ScheduleId, (ScheduleRow, Option<Timetable>)>,
}

impl Runner {
    pub fn new(catalog: Catalog, clock: Arc<dyn Clock>, calls: Arc<dyn Calls>, instance: String) -> Self {
        Self { catalog, clock, calls, instance, tables: HashMap::new() }
    }

    /// Once, before the first [`Runner::look`]: what a process that is gone had claimed is tried again, and what
    /// runs at the start of the program becomes due if it has `started`.
    pub async fn begin(&mut self, started: bool) -> Result<(), ApiError> {
        let now_ms = self.clock.now_ms();
        self.refresh().await?;
        for (run, instance) in self.catalog.schedules().open_runs().await? {
            let gone = instance.is_some_and(|instance| !self.calls.is_alive(&instance));
            if run.state == RunState::Running && gone {
                self.interrupted(run, now_ms).await?;
            }
        }
        let at_start: Vec<ScheduleRow> = self
            .tables
            .values()
            .filter(|(row, table)| {
                started && row.enabled && table.as_ref().is_some_and(Timetable::runs_at_start)
            })
            .map(|(row, _)| row.clone())
            .collect();
        for row in at_start {
            self.catalog.schedules().take_due(&row, now_ms, Some(due::now(now_ms))).await?;
        }
        Ok(())
    }

    /// One look. Cheap when nothing is due; call it at least twice a minute, so that a machine that slept or a
    /// clock that was set is seen.
    pub async fn look(&mut self) -> Result<(), ApiError> {
        let now_ms = self.clock.now_ms();
        self.refresh().await?;
        for (row, table) in self.tables.values() {
            let Some(table) = table.as_ref().filter(|_| row.enabled) else { continue };
            match due::look(row, table, now_ms) {
                Look::Nothing => {}
                Look::Seen(seen_ms) => {
                    self.catalog.schedules().take_due(row, seen_ms, None).await?;
                }
                Look::Run(seen_ms, run) => {
                    self.catalog.schedules().take_due(row, seen_ms, Some(run)).await?;
                }
            }
        }
        self.follow(now_ms).await?;
        self.start(now_ms).await
    }

    /// Parses what is new or changed. A schedule that cannot be understood any more says so itself.
    async fn refresh(&mut self) -> Result<(), ApiError> {
        let rows = self.catalog.schedules().list().await?;
        let mut known = std::mem::take(&mut self.tables);
        for row in rows {
            let table = match known.remove(&row.id) {
                Some((old, table)) if old.timing == row.timing && old.created_at_ms == row.created_at_ms => {
                    table
                }
                _ => match Timetable::new(&row.timing, row.created_at_ms) {
                    Ok(table) => Some(table),
                    Err(error) => {
                        self.catalog.schedules().set_problem(&row.id, Some(error)).await?;
                        None
                    }
                },
            };
            self.tables.insert(row.id.clone(), (row, table));
        }
        Ok(())
    }

    /// Ends the runs whose jobs have ended, and stops those whose window has closed.
    async fn follow(&self, now_ms: i64) -> Result<(), ApiError> {
        for (mut run, instance) in self.catalog.schedules().open_runs().await? {
            if run.state != RunState::Running {
                continue;
            }
            let Some(job) = run.job_id.clone() else {
                if instance.is_some_and(|instance| !self.calls.is_alive(&instance)) {
                    self.interrupted(run, now_ms).await?;
                }
                continue;
            };
            let (state, error) = self.calls.job(&job).await?;
            run.error = error;
            match state {
                JobState::Queued | JobState::Running => {
                    if self.must_stop(&run, now_ms) {
                        self.calls.cancel(&job).await?;
                    }
                    continue;
                }
                JobState::Interrupted => {
                    self.interrupted(run, now_ms).await?;
                    continue;
                }
                JobState::Succeeded => run.state = RunState::Succeeded,
                JobState::Cancelled => run.state = RunState::Cancelled,
                JobState::Failed => run.state = RunState::Failed,
            }
            self.ended(run, now_ms).await?;
        }
        Ok(())
    }

    fn must_stop(&self, run: &ScheduledRun, now_ms: i64) -> bool {
        let table = self.tables.get(&run.schedule_id).and_then(|(_, table)| table.as_ref());
        let began = run.started_at_ms.unwrap_or(run.due_ms);
        table.and_then(|table| table.must_stop_at(began)).is_some_and(|stop| stop <= now_ms)
    }

    async fn interrupted(&self, mut run: ScheduledRun, now_ms: i64) -> Result<(), ApiError> {
        run.state = RunState::Interrupted;
        run.ended_at_ms = Some(now_ms);
        run.error = Some(
            ApiError::new(
                ErrorCode::Interrupted,
                "The program ended while this was running; it is run again.",
            )
            .retry(),
        );
        let again = self.may_try_again(&run).then(|| (RunId(new_id()), now_ms));
        self.catalog.schedules().save(run, again).await
    }

    /// Writes the end down, and the next attempt with it when trying again helps.
    async fn ended(&self, mut run: ScheduledRun, now_ms: i64) -> Result<(), ApiError> {
        run.ended_at_ms = Some(now_ms);
        let failed = run.state == RunState::Failed;
        let helps = failed && run.error.as_ref().is_some_and(|error| error.retry) && self.may_try_again(&run);
        let again = helps.then(|| (RunId(new_id()), now_ms + back_off(run.attempt)));
        // A problem stays visible until a run has shown that it is gone.
        match run.state {
            RunState::Succeeded => self.catalog.schedules().set_problem(&run.schedule_id, None).await?,
            RunState::Failed => {
                self.catalog.schedules().set_problem(&run.schedule_id, run.error.clone()).await?
            }
            _ => {}
        }
        self.catalog.schedules().save(run, again).await
    }

    fn may_try_again(&self, run: &ScheduledRun) -> bool {
        (run.attempt as usize) <= BACK_OFF_MS.len() && self.tables.contains_key(&run.schedule_id)
    }

    /// Starts what waits and may start.
    async fn start(&self, now_ms: i64) -> Result<(), ApiError> {
        let open = self.catalog.schedules().open_runs().await?;
        let mut busy: HashSet<ScheduleId> = open
            .iter()
            .filter(|(run, _)| run.state == RunState::Running)
            .map(|(run, _)| run.schedule_id.clone())
            .collect();
        let waiting: Vec<ScheduledRun> =
            open.into_iter().map(|(run, _)| run).filter(|run| run.state == RunState::Waiting).collect();
        for (place, run) in waiting.iter().enumerate() {
            // By the order in which they were written down: due times may be those of a clock that was wrong.
            let newer = waiting[place + 1..].iter().any(|other| other.schedule_id == run.schedule_id);
            let wrong_clock = run.starts_at_ms - now_ms > LONGEST_WAIT_MS;
            if newer {
                self.skip(run.clone(), overtaken(), now_ms).await?;
            } else if (run.starts_at_ms <= now_ms || wrong_clock) && !busy.contains(&run.schedule_id) {
                busy.insert(run.schedule_id.clone());
                self.start_one(run.clone(), now_ms).await?;
            }
        }
        Ok(())
    }

    async fn start_one(&self, mut run: ScheduledRun, now_ms: i64) -> Result<(), ApiError> {
        let Some((row, Some(table))) = self.tables.get(&run.schedule_id).map(|(row, table)| (row, table))
        else {
            return self.skip(run, gone(), now_ms).await;
        };
        if !table.open_at(now_ms) {
            run.starts_at_ms = table.opens_after(now_ms).unwrap_or(now_ms + IN_THE_WAY_MS);
            return self.catalog.schedules().save(run, None).await;
        }
        if !self.catalog.schedules().claim(&run.id, &self.instance, now_ms).await? {
            return Ok(());
        }
        run.state = RunState::Running;
        run.started_at_ms = Some(now_ms);
        match self.calls.call(&row.id, &row.operation, row.request.clone()).await {
            Ok(Some(job)) => {
                run.job_id = Some(job);
                self.catalog.schedules().save(run, None).await
            }
            Ok(None) => {
                run.state = RunState::Succeeded;
                self.ended(run, self.clock.now_ms()).await
            }
            Err(error) if waits_for_a_person(error.code) => self.wait(row, run, error, now_ms).await,
            Err(error) => {
                run.state = RunState::Failed;
                run.error = Some(error);
                self.ended(run, self.clock.now_ms()).await
            }
        }
    }

    /// Back to waiting until a person has done something; told once.
    async fn wait(
        &self,
        row: &ScheduleRow,
        mut run: ScheduledRun,
        error: ApiError,
        now_ms: i64,
    ) -> Result<(), ApiError> {
        if row.problem.as_ref().is_none_or(|known| known.code != error.code) {
            self.calls.notice(format!("{} is waiting", row.name), error.message.clone());
        }
        self.catalog.schedules().set_problem(&row.id, Some(error.clone())).await?;
        run.state = RunState::Waiting;
        run.started_at_ms = None;
        run.starts_at_ms = now_ms + IN_THE_WAY_MS;
        run.error = Some(error);
        self.catalog.schedules().save(run, None).await
    }

    async fn skip(&self, mut run: ScheduledRun, why: ApiError, now_ms: i64) -> Result<(), ApiError> {
        run.state = RunState::Skipped;
        run.ended_at_ms = Some(now_ms);
        run.error = Some(why);
        self.catalog.schedules().save(run, None).await
    }
}

fn back_off(attempt: u32) -> i64 {
    let index = (attempt.max(1) as usize - 1).min(BACK_OFF_MS.len() - 1);
    BACK_OFF_MS[index]
}

/// The vault or the secrets are closed: the run is made when they are open again.
fn waits_for_a_person(code: ErrorCode) -> bool {
    use ErrorCode as E;
    matches!(
        code,
        E::VaultLocked | E::PassphraseNeeded | E::KeychainLocked | E::KeychainAbsent | E::KeychainDenied
    )
}

fn overtaken() -> ApiError {
    ApiError::new(
        ErrorCode::Interrupted,
        "It was still waiting when the next one came due, which stands for both.",
    )
}

fn gone() -> ApiError {
    ApiError::new(ErrorCode::NotFound, "Its schedule is gone.")
}
