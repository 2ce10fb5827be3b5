//! What every use case is given: the open application and on whose behalf it acts.
//!
//! ```text
//! cx.catalog()   tables        cx.secrets()   passwords and keys     cx.now_ms()   the clock
//! cx.home()      places        cx.events()    the event stream       cx.settings().await
//! cx.start_job(NewWork { title, connection_id, cancellable }, move |job| async move { … }).await
//! ```

use std::future::Future;
use std::marker::PhantomData;
use std::sync::Arc;

use holdfast_contract::backup::Started;
use holdfast_contract::policy::Principal;
use holdfast_contract::settings::Settings;
use holdfast_contract::{ApiError, ConnectionId, ErrorCode, JobId};
use holdfast_vault::Vault;
use serde::Serialize;
use serde_json::Value;

use crate::catalog::{Catalog, JobAudit};
use crate::clock::Clock;
use crate::events::Events;
use crate::home::Home;
use crate::jobs::{JobContext, Jobs, NewJob};
use crate::pool::Pools;
use crate::secrets::{PassphraseSource, Secrets};

#[derive(Clone)]
pub struct Cx {
    shared: Arc<Shared>,
    /// The operation that is being run.
    operation: &'static str,
    principal: Principal,
    /// Set for audited operations: how the ends of its jobs are written down.
    audit: Option<JobAudit>,
}

pub(crate) struct Shared {
    pub home: Arc<Home>,
    pub clock: Arc<dyn Clock>,
    pub catalog: Catalog,
    pub secrets: Secrets,
    pub jobs: Jobs,
    pub events: Events,
    pub passphrase: Arc<dyn PassphraseSource>,
    /// Timings of schedules that have been understood.
    pub timetables: crate::timing::Known,
    /// Sessions with databases that stay open between uses.
    pub pools: Pools,
    /// Held while opening, so that a slow key derivation runs once.
    pub vault: tokio::sync::Mutex<VaultCell>,
}

/// What this process holds of the vault in use.
#[derive(Default)]
pub(crate) enum VaultCell {
    #[default]
    Closed,
    /// A person has locked it: it does not open by itself again.
    Locked,
    Open {
        vault: Vault,
        /// Something to say about it although it is open (it was put back to an earlier state).
        warning: Option<ApiError>,
    },
}

/// A job as a use case describes it.
pub struct NewWork {
    pub title: String,
    pub connection_id: Option<ConnectionId>,
    pub cancellable: bool,
}

impl Cx {
    pub(crate) fn new(
        shared: Arc<Shared>,
        operation: &'static str,
        principal: Principal,
        audit: Option<JobAudit>,
    ) -> Self {
        Self { shared, operation, principal, audit }
    }

    pub fn home(&self) -> &Home {
        &self.shared.home
    }
    pub fn clock(&self) -> &Arc<dyn Clock> {
        &self.shared.clock
    }
    pub fn now_ms(&self) -> i64 {
        self.shared.clock.now_ms()
    }
    pub fn catalog(&self) -> &Catalog {
        &self.shared.catalog
    }
    pub fn secrets(&self) -> &Secrets {
        &self.shared.secrets
    }
    pub fn jobs(&self) -> &Jobs {
        &self.shared.jobs
    }
    pub fn events(&self) -> &Events {
        &self.shared.events
    }
    pub fn principal(&self) -> &Principal {
        &self.principal
    }
    pub fn operation(&self) -> &'static str {
        self.operation
    }
    pub async fn settings(&self) -> Result<Settings, ApiError> {
        self.catalog().settings().get().await
    }
    pub(crate) fn timetables(&self) -> &crate::timing::Known {
        &self.shared.timetables
    }
    /// For the connections room, which alone borrows from them.
    pub(crate) fn pools(&self) -> &Pools {
        &self.shared.pools
    }
    pub(crate) fn passphrase(&self) -> &Arc<dyn PassphraseSource> {
        &self.shared.passphrase
    }
    /// For the vaults room, which alone fills and empties it.
    pub(crate) fn vault_cell(&self) -> &tokio::sync::Mutex<VaultCell> {
        &self.shared.vault
    }

    /// Starts long work in the name of this operation; its end is audited when the operation is. `work` runs
    /// later, with whatever it has captured (usually a clone of this `Cx`).
    pub async fn start_job<T, F>(
        &self,
        new: NewWork,
        work: impl FnOnce(JobContext) -> F + Send + 'static,
    ) -> Result<Begun<T>, ApiError>
    where
        T: Serialize,
        F: Future<Output = Result<T, ApiError>> + Send + 'static,
    {
        let NewWork { title, connection_id, cancellable } = new;
        let operation = self.operation.to_owned();
        let new = NewJob { operation, title, connection_id, cancellable, audit: self.audit.clone() };
        let working = |job| {
            let running = work(job);
            async move { said(running.await?) }
        };
        let job_id = self.jobs().submit(new, working).await?;
        Ok(Begun { id: job_id.0.clone(), job_id, result: PhantomData })
    }
}

fn said(result: impl Serialize) -> Result<Value, ApiError> {
    serde_json::to_value(result)
        .map_err(|error| ApiError::new(ErrorCode::Internal, format!("The result cannot be said: {error}.")))
}

/// A job that has begun, whose result will be a `T`.
pub struct Begun<T> {
    id: String,
    job_id: JobId,
    result: PhantomData<fn() -> T>,
}

impl<T> Begun<T> {
    /// What it makes has an id of its own.
    pub fn making(self, id: String) -> Self {
        Self { id, ..self }
    }

    pub fn job_id(&self) -> &JobId {
        &self.job_id
    }

    pub(crate) fn started(self) -> Started {
        Started { id: self.id, job_id: self.job_id }
    }
}
