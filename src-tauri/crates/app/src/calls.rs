//! The scheduler's way to the gate.

use std::sync::Arc;

use async_trait::async_trait;
use holdfast_contract::event::{Event, NoticeLevel};
use holdfast_contract::job::JobState;
use holdfast_contract::policy::{Confirmation, Principal};
use holdfast_contract::{ApiError, JobId, ScheduleId};
use serde_json::Value;

use crate::cx::Shared;
use crate::gate::Gate;
use crate::schedule::Calls;

pub(crate) struct ThroughGate {
    gate: Arc<Gate>,
    shared: Arc<Shared>,
}

impl ThroughGate {
    pub(crate) fn new(gate: Arc<Gate>, shared: Arc<Shared>) -> Self {
        Self { gate, shared }
    }
}

#[async_trait]
impl Calls for ThroughGate {
    async fn call(
        &self,
        by: &ScheduleId,
        operation: &str,
        request: Value,
    ) -> Result<Option<JobId>, ApiError> {
        let principal = Principal::Schedule(by.to_string());
        Ok(self.gate.call(principal, operation, request, Confirmation::default()).await?.job)
    }

    async fn job(&self, id: &JobId) -> Result<(JobState, Option<ApiError>), ApiError> {
        let job = self.shared.catalog.jobs().get(id).await?;
        Ok((job.state, job.error))
    }

    async fn cancel(&self, id: &JobId) -> Result<(), ApiError> {
        self.shared.jobs.cancel(id).await.map(drop)
    }

    fn is_alive(&self, instance: &str) -> bool {
        self.shared.home.is_alive(instance)
    }

    fn notice(&self, title: String, text: String) {
        self.shared.events.send(Event::Notice { level: NoticeLevel::Warning, title, text });
    }
}
