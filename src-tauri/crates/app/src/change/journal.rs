//! What a change has done and is about to do, written down before it is done.

use holdfast_contract::backup::Backup;
use holdfast_contract::connection::Connection;
use holdfast_contract::restore::{Restore, RestoreState};
use holdfast_contract::{ApiError, BackupId, ConnectionId, ErrorCode, JobId, RestoreId};

use super::facts::{Change, Facts};
use super::older;
use super::target::Target;
use super::words::{kept_label, label};
use crate::catalog::{Catalog, CatalogError, RestoreRow, ScratchRow};
use crate::clock::{Clock, new_id};
use crate::cx::Cx;

pub(crate) struct Journal {
    catalog: Catalog,
    row: RestoreRow,
    pub facts: Facts,
    /// Its job has not begun. Dropped like this (the job was cancelled while it waited), the journal says so.
    waiting: bool,
}

impl Drop for Journal {
    fn drop(&mut self) {
        let (true, Ok(runtime)) = (self.waiting, tokio::runtime::Handle::try_current()) else { return };
        let (catalog, mut row) = (self.catalog.clone(), self.row.clone());
        row.state = RestoreState::Cancelled;
        row.ended_at_ms = Some(row.started_at_ms);
        runtime.spawn(async move {
            // A row that stays "planned" is marked interrupted at the next start.
            if let Err(error) = catalog.restores().put(row).await {
                tracing::warn!(%error, "a restore that never began is still listed as planned");
            }
        });
    }
}

impl Journal {
    /// Of a change whose job is about to be started.
    pub(crate) async fn begin(
        cx: &Cx,
        connection: &Connection,
        target: Target,
        change: Change,
    ) -> Result<Self, ApiError> {
        let row = RestoreRow {
            id: RestoreId(new_id()),
            state: RestoreState::Planned,
            connection_id: connection.id.clone(),
            job_id: None,
            started_at_ms: cx.now_ms(),
            ended_at_ms: None,
            facts: serde_json::Value::Null,
            instance: cx.home().instance().to_owned(),
        };
        let facts = Facts::new(change, target, connection.name.clone());
        let mut journal = Self { catalog: cx.catalog().clone(), row, facts, waiting: true };
        journal.save().await?;
        Ok(journal)
    }

    pub(crate) fn open(catalog: &Catalog, row: RestoreRow) -> Result<Self, ApiError> {
        let facts =
            older::read(row.facts.clone()).map_err(|error| ApiError::from(CatalogError::from(error)))?;
        Ok(Self { catalog: catalog.clone(), row, facts, waiting: false })
    }

    pub(crate) fn id(&self) -> &RestoreId {
        &self.row.id
    }
    pub(crate) fn state(&self) -> RestoreState {
        self.row.state
    }
    pub(crate) fn connection(&self) -> &ConnectionId {
        &self.row.connection_id
    }

    /// On disk when it returns: the step may be taken.
    pub(crate) async fn enter(&mut self, state: RestoreState) -> Result<(), ApiError> {
        self.row.state = state;
        self.save().await
    }

    pub(crate) async fn end(
        &mut self,
        state: RestoreState,
        error: Option<ApiError>,
        clock: &dyn Clock,
    ) -> Result<(), ApiError> {
        self.facts.error = error;
        // An undo or release comes later and is not part of how long the restore took.
        self.row.ended_at_ms.get_or_insert(clock.now_ms());
        self.enter(state).await
    }

    /// Its job runs.
    pub(crate) fn started(&mut self, job: JobId) {
        self.waiting = false;
        self.row.job_id = Some(job);
    }

    /// Another process carries on with it, and perhaps another job (undo, release).
    pub(crate) fn taken_over(&mut self, job: Option<JobId>, instance: &str) {
        if job.is_some() {
            self.row.job_id = job;
        }
        instance.clone_into(&mut self.row.instance);
    }

    pub(crate) async fn save(&mut self) -> Result<(), ApiError> {
        self.encode()?;
        self.catalog.restores().put(self.row.clone()).await
    }

    /// The unfinished copy could not be dropped, or may come back: once this process is gone, the next start drops it.
    pub(crate) async fn leave_to_sweep(&self, now_ms: i64) -> Result<(), ApiError> {
        let row = ScratchRow {
            name: self.facts.target.staging.clone(),
            connection_id: self.row.connection_id.clone(),
            instance: self.row.instance.clone(),
            made_at_ms: now_ms,
        };
        self.catalog.scratch_databases().put(row).await
    }

    fn encode(&mut self) -> Result<(), ApiError> {
        self.row.facts = serde_json::to_value(&self.facts)
            .map_err(|error| ApiError::new(ErrorCode::Internal, error.to_string()))?;
        Ok(())
    }

    /// As people see it.
    pub(crate) fn restore(&self) -> Restore {
        let Facts { change, target, .. } = &self.facts;
        let done = matches!(self.row.state, RestoreState::Done);
        let kept = self.facts.kept.clone();
        let database = match (&kept, self.facts.undone) {
            (Some(name), true) if change.tables().is_none() => name.clone(),
            _ => target.database.clone(),
        };
        Restore {
            id: self.row.id.clone(),
            state: self.row.state,
            // The wire says of an import that there is no backup by an empty id.
            backup_id: change.backup().map_or_else(|| BackupId::from(""), |from| from.backup.clone()),
            backup_name: change.source_name(),
            connection_id: self.row.connection_id.clone(),
            connection_name: self.facts.connection_name.clone(),
            replace: target.replaces(),
            database,
            chosen: change.chosen().to_vec(),
            can_undo: done && target.replaces() && kept.is_some(),
            can_release: matches!(self.row.state, RestoreState::Done | RestoreState::Undone)
                && kept.is_some(),
            kept_as: kept.map(|name| self.kept_name(name)),
            safety_backup_id: self.facts.safety_backup.clone(),
            started_at_ms: self.row.started_at_ms,
            duration_ms: self
                .row
                .ended_at_ms
                .map(|end| end.saturating_sub(self.row.started_at_ms).max(0) as u64),
            proof: self.facts.proof.clone(),
            error: self.facts.error.clone(),
            job_id: self.row.job_id.clone(),
            remarks: self.facts.remarks.clone(),
            imported_from: change.import().map(|import| import.file.clone()),
            imported_into: change.import().map(|import| import.into),
        }
    }

    /// Tables that are kept are told by their own names.
    fn kept_name(&self, kept: String) -> String {
        match self.facts.change.tables() {
            Some(order) if self.facts.undone => {
                label(order.tables.iter().map(|step| &step.staging)).unwrap_or(kept)
            }
            Some(order) => kept_label(order).unwrap_or(kept),
            None => kept,
        }
    }
}

/// A backup that is being restored must stay, and so must one that is a guarded command's way back.
pub(crate) async fn refuse_in_use(cx: &Cx, backup: &Backup) -> Result<(), ApiError> {
    for row in cx.catalog().restores().list(None).await? {
        if !row.active() || !cx.home().is_alive(&row.instance) {
            continue;
        }
        let journal = Journal::open(cx.catalog(), row)?;
        if journal.facts.change.backup().is_some_and(|from| from.backup == backup.id) {
            return Err(ApiError::new(
                ErrorCode::VaultBusy,
                format!("The backup “{}” is being restored just now.", backup.name),
            )
            .hint("Wait until that restore has ended, or cancel it.")
            .retry());
        }
    }
    let guards = cx.catalog().guards().list(None).await?;
    match guards
        .iter()
        .find(|row| row.guard.state.holds() && row.guard.backup_id.as_ref() == Some(&backup.id))
    {
        None => Ok(()),
        Some(row) => Err(ApiError::new(
            ErrorCode::VaultBusy,
            format!("The backup “{}” is the way back of a guarded command.", backup.name),
        )
        .hint(format!("End the guard {} first.", row.guard.id))
        .retry()),
    }
}
