//! A guard's row in the catalog: what is true of it is written before anybody acts on it.

use holdfast_contract::connection::Connection;
use holdfast_contract::guard::{Guard, GuardState};
use holdfast_contract::{ApiError, BackupId, ErrorCode, GuardId, JobId, RestoreId};

use crate::catalog::{Catalog, GuardRow};
use crate::clock::new_id;
use crate::cx::Cx;

pub(super) struct Record {
    catalog: Catalog,
    row: GuardRow,
    /// Its job has not begun. Dropped like this (the job was cancelled while it waited), the row says so.
    waiting: bool,
}

impl Record {
    pub async fn begin(cx: &Cx, connection: &Connection, checks: Vec<String>) -> Result<Self, ApiError> {
        let guard = Guard {
            id: GuardId(new_id()),
            state: GuardState::Preparing,
            connection_id: connection.id.clone(),
            connection_name: connection.name.clone(),
            database: connection.spec.database_name().to_owned(),
            checks,
            backup_id: None,
            restore_id: None,
            problems: Vec::new(),
            error: None,
            job_id: None,
            started_at_ms: cx.now_ms(),
            ended_at_ms: None,
        };
        let row = GuardRow { guard, instance: cx.home().instance().to_owned() };
        let record = Self { catalog: cx.catalog().clone(), row, waiting: true };
        record.save().await?;
        Ok(record)
    }

    pub async fn open(cx: &Cx, id: &GuardId) -> Result<Self, ApiError> {
        let row = cx.catalog().guards().get(id).await?;
        Ok(Self::of(cx, row))
    }

    pub fn of(cx: &Cx, row: GuardRow) -> Self {
        Self { catalog: cx.catalog().clone(), row, waiting: false }
    }

    pub fn guard(&self) -> &Guard {
        &self.row.guard
    }

    pub async fn started(&mut self, job: JobId) -> Result<(), ApiError> {
        self.waiting = false;
        self.row.guard.job_id = Some(job);
        self.save().await
    }

    pub async fn ready(&mut self, backup: BackupId) -> Result<(), ApiError> {
        self.row.guard.backup_id = Some(backup);
        self.enter(GuardState::Ready).await
    }

    pub async fn refused(&mut self, error: ApiError, now_ms: i64) -> Result<(), ApiError> {
        self.row.guard.error = Some(error);
        self.row.guard.ended_at_ms = Some(now_ms);
        self.enter(GuardState::Refused).await
    }

    pub async fn cut_short(&mut self) -> Result<(), ApiError> {
        self.enter(GuardState::CutShort).await
    }

    pub async fn checked(&mut self, state: GuardState, problems: Vec<String>) -> Result<(), ApiError> {
        self.row.guard.problems = problems;
        self.enter(state).await
    }

    pub async fn ended(
        &mut self,
        state: GuardState,
        restore: Option<RestoreId>,
        now_ms: i64,
    ) -> Result<(), ApiError> {
        self.row.guard.restore_id = restore;
        self.row.guard.ended_at_ms = Some(now_ms);
        self.enter(state).await
    }

    async fn enter(&mut self, state: GuardState) -> Result<(), ApiError> {
        self.row.guard.state = state;
        self.save().await
    }

    async fn save(&self) -> Result<(), ApiError> {
        self.catalog.guards().put(self.row.clone()).await
    }
}

impl Drop for Record {
    fn drop(&mut self) {
        let (true, Ok(runtime)) = (self.waiting, tokio::runtime::Handle::try_current()) else { return };
        let (catalog, mut row) = (self.catalog.clone(), self.row.clone());
        row.guard.state = GuardState::Refused;
        row.guard.error =
            Some(ApiError::new(ErrorCode::Cancelled, "Stopped before it began; nothing was changed."));
        row.guard.ended_at_ms = Some(row.guard.started_at_ms);
        runtime.spawn(async move {
            // A row that stays "preparing" is told as refused at the next start.
            if let Err(error) = catalog.guards().put(row).await {
                tracing::warn!(%error, "a guard that never began is still listed as being prepared");
            }
        });
    }
}
