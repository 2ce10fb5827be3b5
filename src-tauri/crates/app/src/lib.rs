//! The application without a screen. Hosts see [`App`], [`AppConfig`] and what these name; everything a
//! user can do is an operation and goes through [`App::call`].
//!
//! Rooms, from the bottom up; each may use only those before it (a test holds them to it):
//! `clock text timing events home draft` < `catalog` < `secrets config` < `jobs` < `pool` < `cx` < use cases (`vaults connections
//! backup proof export change restore import guard retention maintenance clearing sample overview schedule`) < `gate` < `calls` <
//! `operations` < this file.
//!
//! ```text
//! use case:   pub async fn something(cx: &Cx, …) -> Result<T, ApiError>
//! operation:  impl Reading | Operation | Starting | Planned | Standing for Something { NAME, POLICY, … }
//!             and one word in `operations::operations![…]`
//! planned:    settle(request) -> intent, look(intent) -> plan, digest, blockers, what is touched; apply(agreed), where only
//!             the gate makes an `Agreed`: confirmed, looked at again, the same, nothing in its way
//! destroys:   takes a `&Consent`, which only a plan that was agreed to or a rule's standing consent gives
//! job:        cx.start_job(NewWork { title, connection_id, cancellable }, move |job| async move {
//!                 let work = job.work(settings.parallel as usize)?;   // cancel, progress, scratch folder
//!                 … Ok(serde_json::to_value(result)?)
//!             })
//! ```

// The list of operations is one macro.
#![recursion_limit = "512"]

pub mod clock;
pub mod config;
mod consent;
pub mod cx;
pub mod events;
pub mod home;

mod backup;
mod calls;
pub mod catalog;
mod change;
mod clearing;
mod connections;
mod draft;
mod export;
pub mod gate;
mod guard;
mod import;
pub mod jobs;
mod maintenance;
mod operations;
mod overview;
mod pool;
mod proof;
mod restore;
mod retention;
mod sample;
mod schedule;
pub mod secrets;
mod text;
mod timing;
mod vaults;

use std::sync::Arc;
use std::time::Duration;

use holdfast_contract::ApiError;
use holdfast_contract::event::Event;
use holdfast_contract::meta::OperationInfo;
use holdfast_contract::policy::{Confirmation, Principal};
use serde_json::Value;
use tokio::sync::broadcast;
use tokio_util::sync::CancellationToken;

pub use config::AppConfig;
pub use home::ProcessKind;
pub use secrets::{NoPassphrase, PassphrasePurpose, PassphraseSource, SecretsChoice};

use crate::catalog::Catalog;
use crate::cx::{Cx, Shared};
use crate::events::Events;
use crate::gate::Gate;
use crate::home::Home;
use crate::jobs::Jobs;
use crate::secrets::Secrets;

/// How long a closing program waits for its jobs to stop.
const FAREWELL: Duration = Duration::from_secs(20);

#[derive(Clone)]
pub struct App {
    inner: Arc<Inner>,
}

struct Inner {
    gate: Arc<Gate>,
    shared: Arc<Shared>,
    stop: CancellationToken,
}

impl App {
    /// Opens the data folder, brings the catalog up to date, and puts in order what a crash has left.
    pub async fn open(config: AppConfig) -> Result<App, ApiError> {
        let events = Events::default();
        let (root, process, told) = (config.home.clone(), config.process, events.clone());
        let opening = tokio::task::spawn_blocking(move || {
            let home = Home::open(&root, process)?;
            let catalog = Catalog::open(&home.catalog(), told)?;
            Ok::<_, ApiError>((Arc::new(home), catalog))
        });
        let (home, catalog) = match opening.await {
            Ok(opened) => opened?,
            Err(error) => {
                let message = format!("Opening the data folder stopped early: {error}.");
                return Err(ApiError::new(holdfast_contract::ErrorCode::Internal, message));
            }
        };
        let jobs = Jobs::new(home.clone(), config.clock.clone(), catalog.clone(), events.clone());
        let secrets = Secrets::new(
            home.sealed_secrets(),
            config.secrets,
            config.keychain.clone(),
            config.passphrase.clone(),
            config.clock.clone(),
        );
        let shared = Arc::new(Shared {
            home,
            pools: pool::Pools::new(config.clock.clone()),
            clock: config.clock,
            catalog,
            secrets,
            jobs: jobs.clone(),
            events,
            passphrase: config.passphrase,
            timetables: timing::Known::default(),
            vault: tokio::sync::Mutex::default(),
        });
        jobs.recover().await?;
        let cx = Cx::new(shared.clone(), "recovery", Principal::System, None);
        change::recover::all(&cx).await?;
        proof::scratch::sweep(&cx).await?;
        guard::recover::all(&cx).await?;
        let stop = CancellationToken::new();
        tokio::spawn(jobs.watch(stop.clone()));
        let gate = Arc::new(Gate::new(operations::OPERATIONS, shared.clone()));
        if config.process != ProcessKind::CommandLine {
            let calls = Arc::new(calls::ThroughGate::new(gate.clone(), shared.clone()));
            let instance = shared.home.instance().to_owned();
            let runner = schedule::Runner::new(shared.catalog.clone(), shared.clock.clone(), calls, instance);
            let events = shared.events.subscribe();
            let started = config.process != ProcessKind::Renewed;
            tokio::spawn(schedule::serve(shared.home.clone(), runner, events, started, stop.clone()));
        }
        Ok(App { inner: Arc::new(Inner { gate, shared, stop }) })
    }

    /// One operation through the gate. Runs to its end even if the caller stops waiting.
    pub async fn call(
        &self,
        principal: Principal,
        operation: &str,
        request: Value,
        confirmation: Confirmation,
    ) -> Result<Value, ApiError> {
        Ok(self.inner.gate.call(principal, operation, request, confirmation).await?.answer)
    }

    pub fn events(&self) -> broadcast::Receiver<Event> {
        self.inner.shared.events.subscribe()
    }

    pub fn operations() -> Vec<OperationInfo> {
        operations::infos()
    }

    /// OpenAPI 3.1, with the schema of every request, response, event and error.
    pub fn openapi() -> Value {
        gate::openapi(operations::OPERATIONS)
    }

    /// Resolves when no job of this process runs.
    pub async fn idle(&self) {
        self.inner.shared.jobs.idle().await;
    }

    /// Takes up no more schedules and waits for this process's jobs, however long: before the same program starts again as
    /// [`ProcessKind::Renewed`].
    pub async fn retire(&self) {
        self.inner.stop.cancel();
        self.idle().await;
    }

    /// Cancels this process's jobs and waits for them. What does not stop in time is marked interrupted at
    /// the next start.
    pub async fn shutdown(&self) {
        self.inner.shared.jobs.cancel_all();
        if tokio::time::timeout(FAREWELL, self.idle()).await.is_err() {
            tracing::warn!("some jobs did not stop in time");
        }
        self.inner.stop.cancel();
        self.inner.shared.pools.close().await;
    }
}

impl Drop for Inner {
    fn drop(&mut self) {
        self.stop.cancel();
    }
}
