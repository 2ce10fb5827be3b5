//! A year by a clock that is set by hand, with sleeps, jumps and crashes, against times worked out by hand.
#![allow(clippy::unwrap_used)]

use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};

use chrono::{DateTime, Datelike, NaiveDate, TimeDelta, TimeZone, Utc};
use holdfast_contract::ErrorCode;
use holdfast_contract::schedule::{AtClose, Day, Missed, RunState, ScheduledRun, Timing, When, Window};
use serde_json::json;

use super::*;
use crate::catalog::{Catalog, ScheduleRow};
use crate::clock::{Clock, FixedClock};
use crate::events::Events;

const MINUTE: i64 = 60_000;

/// When it ends, and how.
type FakeJob = (i64, JobState, Option<ApiError>);

/// Stands in for the gate and the job queue: jobs end at their time.
struct World {
    clock: Arc<FixedClock>,
    jobs: Mutex<HashMap<String, FakeJob>>,
    started: Mutex<Vec<(String, i64)>>,
    alive: Mutex<String>,
    locked: AtomicBool,
    failing: AtomicBool,
    notices: Mutex<Vec<String>>,
}

#[async_trait]
impl Calls for World {
    async fn call(
        &self,
        by: &ScheduleId,
        _operation: &str,
        request: Value,
    ) -> Result<Option<JobId>, ApiError> {
        if self.locked.load(Ordering::SeqCst) {
            return Err(ApiError::new(ErrorCode::VaultLocked, "The vault is locked."));
        }
        let now = self.clock.now_ms();
        let failing = self.failing.load(Ordering::SeqCst);
        let error = failing.then(|| ApiError::new(ErrorCode::ConnectionRefused, "Nobody answers.").retry());
        let state = if failing { JobState::Failed } else { JobState::Succeeded };
        let mut started = self.started.lock().unwrap();
        started.push((by.to_string(), now));
        let id = JobId(format!("job {}", started.len()));
        let ends = now + request["minutes"].as_i64().unwrap() * MINUTE;
        self.jobs.lock().unwrap().insert(id.to_string(), (ends, state, error));
        Ok(Some(id))
    }
    async fn job(&self, id: &JobId) -> Result<(JobState, Option<ApiError>), ApiError> {
        let jobs = self.jobs.lock().unwrap();
        let (ends, state, error) = jobs.get(id.as_str()).unwrap();
        Ok(if self.clock.now_ms() < *ends { (JobState::Running, None) } else { (*state, error.clone()) })
    }
    async fn cancel(&self, id: &JobId) -> Result<(), ApiError> {
        self.jobs.lock().unwrap().insert(id.to_string(), (0, JobState::Cancelled, None));
        Ok(())
    }
    fn is_alive(&self, instance: &str) -> bool {
        *self.alive.lock().unwrap() == instance
    }
    fn notice(&self, title: String, _text: String) {
        self.notices.lock().unwrap().push(title);
    }
}

struct Stage {
    world: Arc<World>,
    catalog: Catalog,
    runner: Runner,
    _folder: tempfile::TempDir,
}

fn at(text: &str) -> i64 {
    DateTime::parse_from_rfc3339(text).unwrap().timestamp_millis()
}

fn daily(zone: &str, pattern: &str) -> Timing {
    let when = When::Cron { pattern: pattern.into() };
    Timing { when, zone: zone.into(), window: None, missed: Missed::CatchUp, jitter_seconds: 0 }
}

impl Stage {
    async fn new(start: &str, schedules: &[(&str, Timing, i64)]) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let catalog = Catalog::open(&folder.path().join("catalog.sqlite"), Events::default()).unwrap();
        let clock = Arc::new(FixedClock::at(at(start)));
        let world = Arc::new(World {
            clock: clock.clone(),
            jobs: Mutex::default(),
            started: Mutex::default(),
            alive: Mutex::new("one".into()),
            locked: AtomicBool::new(false),
            failing: AtomicBool::new(false),
            notices: Mutex::default(),
        });
        for (name, timing, minutes) in schedules {
            let row = ScheduleRow {
                id: ScheduleId((*name).into()),
                name: (*name).into(),
                connection_id: None,
                operation: "backup.create".into(),
                request: json!({ "minutes": minutes }),
                timing: timing.clone(),
                enabled: true,
                created_at_ms: at(start),
                seen_ms: at(start),
                problem: None,
            };
            catalog.schedules().put(row).await.unwrap();
        }
        let runner = Runner::new(catalog.clone(), clock, world.clone(), "one".into());
        let mut stage = Self { world, catalog, runner, _folder: folder };
        stage.runner.begin(true).await.unwrap();
        stage
    }

    fn set(&self, to_ms: i64) {
        self.world.clock.advance(to_ms - self.world.clock.now_ms());
    }

    /// The clock goes on to `until`, with a look every `step`.
    async fn live(&mut self, until_ms: i64, step: i64) {
        while self.world.clock.now_ms() < until_ms {
            self.world.clock.advance(step.min(until_ms - self.world.clock.now_ms()));
            self.runner.look().await.unwrap();
        }
    }

    /// The process is gone, with its jobs; another takes over.
    async fn crash(&mut self, next: &str) {
        *self.world.alive.lock().unwrap() = next.into();
        for job in self.world.jobs.lock().unwrap().values_mut() {
            if job.0 > self.world.clock.now_ms() {
                *job = (0, JobState::Interrupted, None);
            }
        }
        self.runner =
            Runner::new(self.catalog.clone(), self.world.clock.clone(), self.world.clone(), next.into());
        self.runner.begin(true).await.unwrap();
    }

    fn starts(&self, of: &str) -> Vec<i64> {
        let started = self.world.started.lock().unwrap();
        started.iter().filter(|(by, _)| by == of).map(|(_, at)| *at).collect()
    }

    async fn runs(&self, of: &str) -> Vec<ScheduledRun> {
        let mut runs = self.catalog.schedules().runs(Some(&ScheduleId(of.into())), None, 1000).await.unwrap();
        runs.reverse();
        runs
    }
}

/// Days of 2026 at a local time that is `winter` hours before UTC noon… worked out from the zones' rules.
fn by_hand(utc: impl Fn(NaiveDate) -> (u32, u32)) -> Vec<i64> {
    let first = NaiveDate::from_ymd_opt(2026, 1, 2).unwrap();
    let days = (0..364).map(|day| first + TimeDelta::days(day));
    days.map(|day| {
        let (hour, minute) = utc(day);
        Utc.with_ymd_and_hms(day.year(), day.month(), day.day(), hour, minute, 0).unwrap().timestamp_millis()
    })
    .collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_year_with_sleeps_jumps_and_crashes_runs_as_worked_out_by_hand() {
    let schedules = [
        ("berlin", daily("Europe/Berlin", "30 2 * * *"), 30),
        ("new york", daily("America/New_York", "30 1 * * *"), 30),
    ];
    let mut stage = Stage::new("2026-01-01T12:00:00Z", &schedules).await;
    let step = 10 * MINUTE;

    // The machine sleeps from Friday evening to Monday morning: one run each makes up for three.
    stage.live(at("2026-02-06T18:00:00Z"), step).await;
    stage.set(at("2026-02-09T08:00:00Z"));
    // The clock jumps two years ahead for an hour, and back.
    stage.live(at("2026-05-10T12:00:00Z"), step).await;
    stage.set(at("2028-05-10T12:00:00Z"));
    stage.live(at("2028-05-10T13:10:00Z"), step).await;
    stage.set(at("2026-05-10T13:20:00Z"));
    // The process is killed while both kinds of run are going.
    stage.live(at("2026-08-01T00:40:00Z"), step).await;
    stage.crash("two").await;
    stage.live(at("2026-08-01T05:40:00Z"), step).await;
    stage.crash("three").await;
    // A correction by some minutes, back and forth.
    stage.live(at("2026-09-09T00:31:00Z"), MINUTE * 10).await;
    stage.set(at("2026-09-09T00:21:00Z"));
    stage.live(at("2026-09-09T00:30:00Z"), 9 * MINUTE).await;
    stage.live(at("2026-12-31T12:00:00Z"), step).await;

    let summer = |day: NaiveDate, from: (u32, u32), to: (u32, u32)| {
        (day.month(), day.day()) >= from && (day.month(), day.day()) < to
    };
    // 02:30 does not exist on 29 March (next instant: 03:00 = 01:00 UTC); on 25 October its first pass counts.
    let berlin = by_hand(|day| match (day.month(), day.day()) {
        (3, 29) => (1, 0),
        _ if summer(day, (3, 29), (10, 26)) => (0, 30),
        _ => (1, 30),
    });
    // 01:30 comes twice on 1 November: the first pass, still in summer time, counts.
    let new_york = by_hand(|day| if summer(day, (3, 8 + 1), (11, 2)) { (5, 30) } else { (6, 30) });
    for (name, by_hand) in [("berlin", berlin), ("new york", new_york)] {
        let asleep = at("2026-02-06T18:00:00Z")..at("2026-02-09T08:00:00Z");
        let mut expected: Vec<i64> = by_hand.into_iter().filter(|due| !asleep.contains(due)).collect();
        expected.push(at("2026-02-09T08:10:00Z"));
        expected.push(at("2028-05-10T12:10:00Z"));
        // The interrupted run again, by the process that took over.
        expected.push(at(if name == "berlin" { "2026-08-01T00:50:00Z" } else { "2026-08-01T05:50:00Z" }));
        expected.sort_unstable();
        let mut started = stage.starts(name);
        started.sort_unstable();
        let shown = |times: &[i64]| -> Vec<String> {
            times.iter().map(|at| Utc.timestamp_millis_opt(*at).unwrap().to_rfc3339()).collect()
        };
        let (started, expected) = (shown(&started), shown(&expected));
        let extra: Vec<_> = started.iter().filter(|at| !expected.contains(at)).collect();
        let lacking: Vec<_> = expected.iter().filter(|at| !started.contains(at)).collect();
        assert!(extra.is_empty() && lacking.is_empty(), "{name}: extra {extra:?}, lacking {lacking:?}");
        assert_eq!(started.len(), expected.len(), "{name}: one ran twice");
        let runs = stage.runs(name).await;
        let caught_up = runs.iter().find(|run| run.missed == 2).unwrap();
        assert_eq!(caught_up.state, RunState::Succeeded);
        let interrupted: Vec<_> = runs.iter().filter(|run| run.state == RunState::Interrupted).collect();
        assert_eq!(interrupted.len(), 1);
        assert!(runs.iter().any(|run| run.due_ms == interrupted[0].due_ms && run.attempt == 2));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_locked_vault_is_told_once_and_the_run_made_when_it_opens() {
    let mut stage = Stage::new("2026-06-01T00:00:00Z", &[("nightly", daily("UTC", "0 2 * * *"), 5)]).await;
    stage.world.locked.store(true, Ordering::SeqCst);
    stage.live(at("2026-06-01T06:00:00Z"), MINUTE).await;
    assert_eq!(stage.world.notices.lock().unwrap().len(), 1);
    let runs = stage.runs("nightly").await;
    assert_eq!((runs.len(), runs[0].state), (1, RunState::Waiting));
    let problem = stage.catalog.schedules().find("nightly").await.unwrap().problem.unwrap();
    assert_eq!(problem.code, ErrorCode::VaultLocked);
    stage.world.locked.store(false, Ordering::SeqCst);
    stage.live(at("2026-06-01T06:10:00Z"), MINUTE).await;
    assert_eq!(stage.runs("nightly").await[0].state, RunState::Succeeded);
    assert_eq!(stage.catalog.schedules().find("nightly").await.unwrap().problem, None);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_may_help_is_tried_again_with_growing_patience_and_then_left() {
    let mut stage = Stage::new("2026-06-01T00:00:00Z", &[("nightly", daily("UTC", "0 2 * * *"), 1)]).await;
    stage.world.failing.store(true, Ordering::SeqCst);
    stage.live(at("2026-06-01T12:00:00Z"), MINUTE).await;
    let tried: Vec<i64> =
        stage.starts("nightly").iter().map(|start| (start - at("2026-06-01T02:00:00Z")) / MINUTE).collect();
    // Each lasts a minute; then 1, 5, 15 and 60 minutes of waiting.
    assert_eq!(tried, [0, 2, 8, 24, 85]);
    assert!(stage.runs("nightly").await.iter().all(|run| run.state == RunState::Failed));
    assert!(stage.catalog.schedules().find("nightly").await.unwrap().problem.is_some());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_closing_window_stops_the_run_and_a_skipping_schedule_skips() {
    let window =
        Window { days: vec![Day::Mon], from: "01:00".into(), until: "04:00".into(), at_close: AtClose::Stop };
    let nightly = Timing { window: Some(window), missed: Missed::Skip, ..daily("UTC", "0 2 * * *") };
    // 2026-06-01 is a Monday.
    let mut stage = Stage::new("2026-06-01T00:00:00Z", &[("nightly", nightly, 300)]).await;
    stage.live(at("2026-06-05T00:00:00Z"), 10 * MINUTE).await;
    stage.set(at("2026-06-08T02:30:00Z"));
    stage.live(at("2026-06-08T12:00:00Z"), 10 * MINUTE).await;
    let runs = stage.runs("nightly").await;
    let states: Vec<_> = runs.iter().map(|run| (run.due_ms, run.state)).collect();
    assert_eq!(
        states,
        [(at("2026-06-01T02:00:00Z"), RunState::Cancelled), (at("2026-06-08T02:00:00Z"), RunState::Skipped)]
    );
    assert_eq!(runs[0].ended_at_ms, Some(at("2026-06-01T04:10:00Z")));
}

#[tokio::test(flavor = "multi_thread")]
async fn two_processes_that_look_at_once_run_it_once() {
    let mut stage = Stage::new("2026-06-01T00:00:00Z", &[("often", daily("UTC", "*/10 * * * *"), 1)]).await;
    let mut other =
        Runner::new(stage.catalog.clone(), stage.world.clock.clone(), stage.world.clone(), "one".into());
    for _ in 0..60 {
        stage.world.clock.advance(MINUTE);
        let (one, two) = tokio::join!(stage.runner.look(), other.look());
        one.and(two).unwrap();
    }
    assert_eq!(stage.starts("often").len(), 6);
}
