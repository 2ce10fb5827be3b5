//! One job from the queue to its end.

use std::future::Future;
use std::sync::Arc;
use std::time::{Duration, Instant};

use holdfast_contract::event::Event;
use holdfast_contract::job::{Job, JobState};
use holdfast_contract::{ApiError, ErrorCode};
use serde_json::Value;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use super::{AT_ONCE_PER_SERVER, Inner, JobContext, cancelled, lock};
use crate::catalog::JobAudit;

/// Listeners hear of a moving job this often at most.
const TICK: Duration = Duration::from_millis(100);
/// Every this many ticks the catalog hears of it, and is asked whether to stop.
const TICKS_PER_RECORD: u32 = 10;

pub(super) async fn run<F>(
    inner: Arc<Inner>,
    mut job: Job,
    audit: Option<JobAudit>,
    context: JobContext,
    work: impl FnOnce(JobContext) -> F + Send + 'static,
) where
    F: Future<Output = Result<Value, ApiError>> + Send + 'static,
{
    let outcome = match wait_for_turn(&inner, &mut job, &context).await {
        Ok(_turn) => {
            job.state = JobState::Running;
            job.started_at_ms = Some(inner.clock.now_ms());
            match inner.catalog.jobs().start(&job.id, job.started_at_ms.unwrap_or_default()).await {
                Ok(()) => {
                    inner.events.send(Event::Job { job: job.clone() });
                    accompany(&inner, &mut job, &context, work).await
                }
                Err(error) => Err(error),
            }
        }
        Err(error) => Err(error),
    };
    if let Some(path) = context.scratch.get() {
        // What cannot be removed now is swept at the next start.
        let _ = std::fs::remove_dir_all(path);
    }
    finish(&inner, &mut job, audit, &context, outcome).await;
    lock(&inner.cancels).remove(&job.id);
    inner.events.send(Event::Job { job });
    inner.alive.send_modify(|alive| *alive -= 1);
}

/// Waits for a free place among all jobs and among those of its server.
async fn wait_for_turn(
    inner: &Inner,
    job: &mut Job,
    context: &JobContext,
) -> Result<Vec<OwnedSemaphorePermit>, ApiError> {
    let mut wanted = Vec::new();
    if let Some(connection) = &job.connection_id {
        let known = inner.catalog.connections().lookup(connection.as_str()).await?;
        let server = known.map_or_else(|| connection.to_string(), |known| known.spec.server());
        let mut all = lock(&inner.per_server);
        let one = all.entry(server);
        wanted.push(one.or_insert_with(|| Arc::new(Semaphore::new(AT_ONCE_PER_SERVER))).clone());
    }
    wanted.push(inner.slots.clone());
    let mut turn = Vec::new();
    for places in wanted {
        let mut tick = tokio::time::interval(TICK * TICKS_PER_RECORD);
        let place = places.acquire_owned();
        tokio::pin!(place);
        turn.push(loop {
            tokio::select! {
                place = &mut place => break place.map_err(|_| cancelled())?,
                () = context.cancel.cancelled() => return Err(cancelled()),
                _ = tick.tick() => {
                    if inner.catalog.jobs().report(&job.id, None).await? {
                        return Err(cancelled());
                    }
                }
            }
        });
    }
    Ok(turn)
}

/// Runs the work on a task of its own, so that a panic in it is an error here.
async fn accompany<F>(
    inner: &Inner,
    job: &mut Job,
    context: &JobContext,
    work: impl FnOnce(JobContext) -> F + Send + 'static,
) -> Result<Value, ApiError>
where
    F: Future<Output = Result<Value, ApiError>> + Send + 'static,
{
    let given = context.clone();
    let mut task = tokio::spawn(async move { work(given).await });
    let mut tick = tokio::time::interval(TICK);
    tick.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    let mut ticks: u32 = 0;
    let mut unrecorded = false;
    loop {
        tokio::select! {
            ended = &mut task => {
                return ended.unwrap_or_else(|error| {
                    let message = "Holdfast made a mistake and stopped this work; nothing unfinished counts as done.";
                    Err(ApiError::new(ErrorCode::Internal, message)
                        .hint("Try again; if it happens again, report it with the program's log.")
                        .native(error.to_string()))
                });
            }
            _ = tick.tick() => {}
        }
        if let Some(progress) = context.progress.take(Instant::now()) {
            job.progress = progress;
            unrecorded = true;
            inner.events.send(Event::Job { job: job.clone() });
        }
        ticks += 1;
        if ticks.is_multiple_of(TICKS_PER_RECORD) {
            record_log(inner, job, context, false).await;
            let progress = std::mem::take(&mut unrecorded).then(|| job.progress.clone());
            match inner.catalog.jobs().report(&job.id, progress).await {
                Ok(true) => context.cancel.cancel(),
                Ok(false) => {}
                // The work itself does not depend on this note; the next one may be written.
                Err(error) => tracing::warn!(job = %job.id, %error, "progress was not recorded"),
            }
        }
    }
}

/// The work itself does not depend on it.
async fn record_log(inner: &Inner, job: &Job, context: &JobContext, ended: bool) {
    let lines = context.progress.take_log(inner.clock.now_ms(), ended);
    if lines.is_empty() {
        return;
    }
    if let Err(error) = inner.catalog.job_log().add(&job.id, lines).await {
        tracing::warn!(job = %job.id, %error, "lines of a job's log were not recorded");
    }
}

async fn finish(
    inner: &Inner,
    job: &mut Job,
    audit: Option<JobAudit>,
    context: &JobContext,
    outcome: Result<Value, ApiError>,
) {
    record_log(inner, job, context, true).await;
    job.progress = context.progress.now();
    job.progress.bytes_per_second = 0;
    job.progress.eta_ms = None;
    job.ended_at_ms = Some(inner.clock.now_ms());
    match outcome {
        Ok(result) => {
            job.state = JobState::Succeeded;
            job.result = Some(result);
        }
        Err(error) => {
            job.state =
                if error.code == ErrorCode::Cancelled { JobState::Cancelled } else { JobState::Failed };
            job.error = Some(error);
        }
    }
    for patience in [1, 2, 4, 0] {
        match inner.catalog.jobs().end(job.clone(), audit.clone()).await {
            Ok(_) => return,
            // A row that stays "running" is marked interrupted when this process is gone.
            Err(error) => tracing::error!(job = %job.id, %error, "the end of a job was not recorded"),
        }
        tokio::time::sleep(Duration::from_secs(patience)).await;
    }
}
