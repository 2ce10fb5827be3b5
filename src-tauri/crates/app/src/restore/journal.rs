//! What a restore has done and is about to do, written down before it is done.

use holdfast_contract::backup::{Backup, TableProof};
use holdfast_contract::import::ImportInto;
use holdfast_contract::restore::{Restore, RestoreState, RestoreTable};
use holdfast_contract::{ApiError, BackupId, ConnectionId, ErrorCode, JobId, RestoreId};
use holdfast_engine::TableOrder;
use serde::{Deserialize, Serialize};

use super::intent::Intent;
use super::step;
use crate::catalog::{Catalog, CatalogError, RestoreRow, ScratchRow};
use crate::clock::Clock;
use crate::cx::Cx;

/// The journal's own memory: fields are only ever added, with a default.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Facts {
    pub intent: Intent,
    pub backup_name: String,
    pub connection_name: String,
    #[serde(default)]
    pub safety_backup: Option<BackupId>,
    #[serde(default)]
    pub proof: Vec<TableProof>,
    #[serde(default)]
    pub remarks: Vec<String>,
    #[serde(default)]
    pub error: Option<ApiError>,
    /// A database that is kept and may be let go: the replaced one, or after an undo the restored one.
    #[serde(default)]
    pub kept: Option<String>,
    /// After an undo the replaced database is live again.
    #[serde(default)]
    pub undone: bool,
    /// What an undo under way gives the present live database as its name.
    #[serde(default)]
    pub undo_keeps_as: Option<String>,
    /// Its rows come from somebody's SQL file, not from a backup.
    #[serde(default)]
    pub import: Option<Imported>,
    /// With chosen tables: what exactly is done.
    #[serde(default)]
    pub order: Option<TableOrder>,
    /// The same as people are told it.
    #[serde(default)]
    pub chosen: Vec<RestoreTable>,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Imported {
    pub file: String,
    pub into: ImportInto,
    /// How to ask the server about the transaction that is being committed.
    #[serde(default)]
    pub mark: Option<String>,
}

impl Facts {
    /// Tables that are kept are told by their own names.
    fn kept_name(&self, kept: String) -> String {
        match &self.order {
            Some(order) if self.undone => {
                step::label(order.tables.iter().map(|step| &step.staging)).unwrap_or(kept)
            }
            Some(order) => step::kept_label(order).unwrap_or(kept),
            None => kept,
        }
    }

    pub(crate) fn new(intent: Intent, backup_name: String, connection_name: String) -> Self {
        Self {
            intent,
            backup_name,
            connection_name,
            safety_backup: None,
            proof: Vec::new(),
            remarks: Vec::new(),
            error: None,
            kept: None,
            undone: false,
            undo_keeps_as: None,
            import: None,
            order: None,
            chosen: Vec::new(),
        }
    }
}

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
    pub(crate) async fn begin(catalog: &Catalog, row: RestoreRow, facts: Facts) -> Result<Self, ApiError> {
        let mut journal = Self { catalog: catalog.clone(), row, facts, waiting: true };
        journal.save().await?;
        Ok(journal)
    }

    pub(crate) fn open(catalog: &Catalog, row: RestoreRow) -> Result<Self, ApiError> {
        let facts = serde_json::from_value(row.facts.clone())
            .map_err(|error| ApiError::from(CatalogError::from(error)))?;
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
            name: self.facts.intent.staging.clone(),
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
        let Facts { intent, .. } = &self.facts;
        let done = matches!(self.row.state, RestoreState::Done);
        let kept = self.facts.kept.clone();
        let database = match (&kept, self.facts.undone) {
            (Some(name), true) if self.facts.order.is_none() => name.clone(),
            _ => intent.database.clone(),
        };
        Restore {
            id: self.row.id.clone(),
            state: self.row.state,
            backup_id: intent.backup.clone(),
            backup_name: self.facts.backup_name.clone(),
            connection_id: self.row.connection_id.clone(),
            connection_name: self.facts.connection_name.clone(),
            replace: intent.replace,
            database,
            chosen: self.facts.chosen.clone(),
            can_undo: done && intent.replace && kept.is_some(),
            can_release: matches!(self.row.state, RestoreState::Done | RestoreState::Undone)
                && kept.is_some(),
            kept_as: kept.map(|name| self.facts.kept_name(name)),
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
            imported_from: self.facts.import.as_ref().map(|import| import.file.clone()),
            imported_into: self.facts.import.as_ref().map(|import| import.into),
        }
    }
}

/// A backup that a restore is reading must stay.
pub(crate) async fn refuse_in_use(cx: &Cx, backup: &Backup) -> Result<(), ApiError> {
    for row in cx.catalog().restores().list(None).await? {
        if !row.active() || !cx.home().is_alive(&row.instance) {
            continue;
        }
        let journal = Journal::open(cx.catalog(), row)?;
        if journal.facts.intent.backup == backup.id {
            return Err(ApiError::new(
                ErrorCode::VaultBusy,
                format!("The backup “{}” is being restored just now.", backup.name),
            )
            .hint("Wait until that restore has ended, or cancel it.")
            .retry());
        }
    }
    Ok(())
}
