//! Long work: it outlives the call that started it, streams its progress, can be cancelled from any
//! process of this home, and ends in a row of the catalog however it ends.
//!
//! What does not belong here: what the work does. Use cases start jobs through [`crate::cx::Cx::start_job`].

mod log;
mod progress;
mod recovery;
mod runner;
pub(crate) mod stages;
mod watch;

use std::collections::HashMap;
use std::future::Future;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};

use holdfast_contract::event::Event;
use holdfast_contract::job::{Job, JobState, Progress};
use holdfast_contract::{ApiError, ConnectionId, ErrorCode, JobId};
use holdfast_engine::Work;
use serde_json::Value;
use tokio::sync::{Semaphore, watch as tokio_watch};
use tokio_util::sync::CancellationToken;

use crate::catalog::{Catalog, JobAudit, JobRow};
use crate::clock::{self, Clock, new_id};
use crate::events::Events;
use crate::home::Home;

pub use progress::JobProgress;

/// Jobs of one process at the same time; more wait in the queue.
const AT_ONCE: usize = 4;
/// Jobs on one server at the same time, whichever of its databases they work on.
const AT_ONCE_PER_SERVER: usize = 2;

#[derive(Clone)]
pub struct Jobs {
    inner: Arc<Inner>,
}

struct Inner {
    home: Arc<Home>,
    clock: Arc<dyn Clock>,
    catalog: Catalog,
    events: Events,
    cancels: Mutex<HashMap<JobId, CancellationToken>>,
    /// How many have not ended.
    alive: tokio_watch::Sender<usize>,
    slots: Arc<Semaphore>,
    /// By what [`holdfast_contract::connection::ConnectionSpec::server`] says.
    per_server: Mutex<HashMap<String, Arc<Semaphore>>>,
}

/// What is known of a job before it runs.
pub struct NewJob {
    pub operation: String,
    /// "Back up Shop".
    pub title: String,
    pub connection_id: Option<ConnectionId>,
    pub cancellable: bool,
    /// None: its end is not written into the audit log.
    pub audit: Option<JobAudit>,
}

/// What a job's work is given.
#[derive(Clone)]
pub struct JobContext {
    pub id: JobId,
    pub cancel: CancellationToken,
    pub progress: Arc<JobProgress>,
    home: Arc<Home>,
    clock: Arc<dyn Clock>,
    scratch: Arc<OnceLock<PathBuf>>,
}

impl JobContext {
    /// A private folder for temporary files, made on first use and removed when the job ends.
    pub fn scratch_dir(&self) -> Result<PathBuf, ApiError> {
        if let Some(path) = self.scratch.get() {
            return Ok(path.clone());
        }
        let path = self.home.scratch_dir()?;
        Ok(self.scratch.get_or_init(|| path).clone())
    }

    /// The same as the engines want it.
    pub fn work(&self, parallel: usize) -> Result<Work, ApiError> {
        Ok(Work {
            cancel: self.cancel.clone(),
            progress: self.progress.clone(),
            scratch_dir: self.scratch_dir()?,
            parallel: parallel.max(1),
            clock: clock::reading(&self.clock),
        })
    }

    /// `Err(Cancelled)` once somebody has asked to stop.
    pub fn checkpoint(&self) -> Result<(), ApiError> {
        if self.cancel.is_cancelled() { Err(cancelled()) } else { Ok(()) }
    }
}

pub(crate) fn cancelled() -> ApiError {
    ApiError::new(ErrorCode::Cancelled, "Cancelled; nothing was changed.")
}

impl Jobs {
    pub fn new(home: Arc<Home>, clock: Arc<dyn Clock>, catalog: Catalog, events: Events) -> Self {
        Self {
            inner: Arc::new(Inner {
                home,
                clock,
                catalog,
                events,
                cancels: Mutex::default(),
                alive: tokio_watch::Sender::new(0),
                slots: Arc::new(Semaphore::new(AT_ONCE)),
                per_server: Mutex::default(),
            }),
        }
    }

    /// Queues `work`; it is on record when this returns. `Ok(value)` becomes the job's result;
    /// an error with code `Cancelled` makes it cancelled, any other failed.
    pub async fn submit<F>(
        &self,
        new: NewJob,
        work: impl FnOnce(JobContext) -> F + Send + 'static,
    ) -> Result<JobId, ApiError>
    where
        F: Future<Output = Result<Value, ApiError>> + Send + 'static,
    {
        let job = Job {
            id: JobId(new_id()),
            operation: new.operation,
            title: new.title,
            connection_id: new.connection_id,
            state: JobState::Queued,
            created_at_ms: self.inner.clock.now_ms(),
            started_at_ms: None,
            ended_at_ms: None,
            progress: Progress::default(),
            error: None,
            result: None,
            cancellable: new.cancellable,
        };
        let instance = self.inner.home.instance().to_owned();
        self.inner
            .catalog
            .jobs()
            .insert(JobRow { job: job.clone(), instance, audit: new.audit.clone() })
            .await?;
        let cancel = CancellationToken::new();
        lock(&self.inner.cancels).insert(job.id.clone(), cancel.clone());
        self.inner.alive.send_modify(|alive| *alive += 1);
        self.inner.events.send(Event::Job { job: job.clone() });
        let id = job.id.clone();
        let context = JobContext {
            id: id.clone(),
            cancel,
            progress: Arc::default(),
            home: self.inner.home.clone(),
            clock: self.inner.clock.clone(),
            scratch: Arc::default(),
        };
        tokio::spawn(runner::run(self.inner.clone(), job, new.audit, context, work));
        Ok(id)
    }

    /// Asks a job to stop, whichever process runs it. `NotAllowed` when it cannot be stopped; a job that has
    /// ended stays as it is.
    pub async fn cancel(&self, id: &JobId) -> Result<Job, ApiError> {
        let job = self.inner.catalog.jobs().get(id).await?;
        if !job.state.ended() {
            if !job.cancellable {
                return Err(ApiError::new(ErrorCode::NotAllowed, "This job cannot be stopped half-way.")
                    .hint("Wait until it has ended."));
            }
            self.inner.catalog.jobs().request_cancel(id).await?;
            if let Some(cancel) = lock(&self.inner.cancels).get(id) {
                cancel.cancel();
            }
        }
        self.inner.catalog.jobs().get(id).await
    }

    /// Resolves when no job of this process runs.
    pub async fn idle(&self) {
        // The sender lives as long as self: it cannot be gone.
        let _ = self.inner.alive.subscribe().wait_for(|alive| *alive == 0).await;
    }

    pub fn cancel_all(&self) {
        lock(&self.inner.cancels).values().for_each(CancellationToken::cancel);
    }

    /// Marks what ended with its process. Returns the instances that were found dead.
    pub async fn recover(&self) -> Result<(), ApiError> {
        recovery::recover(&self.inner).await
    }

    /// Watches for what other processes of this home do, until `stop`.
    pub async fn watch(self, stop: CancellationToken) {
        watch::watch(&self.inner, stop).await;
    }
}

#[cfg(test)]
mod tests;

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
