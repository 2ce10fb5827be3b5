//! A backup that is being made, and the row in the catalog that stands for it until the vault has it.

use holdfast_contract::backup::{Backup, BackupState};
use holdfast_contract::{ApiError, BackupId, ErrorCode, JobId};
use holdfast_engine::{Dump, Work};
use holdfast_vault::{BackupWriter, Vault, WriteOptions};

use super::create::{self, Selection};
use super::summary::Heading;
use crate::catalog::{Attempt as Row, Catalog};
use crate::clock::Clock;
use crate::cx::Cx;

/// A backup that has an id and an entry as running, and no contents yet. Dropped without being made (its job was
/// cancelled while it waited, or broke down), the entry says so.
pub(crate) struct Attempt {
    writer: BackupWriter,
    heading: Heading,
    entry: Entry,
}

impl Attempt {
    /// Takes the vault's shared writer lock: `VaultBusy` while it is being pruned.
    pub(crate) async fn begin(
        cx: &Cx,
        vault: &Vault,
        heading: Heading,
        workers: usize,
    ) -> Result<Self, ApiError> {
        let options = WriteOptions { compression: heading.compression, workers };
        let writer = vault.begin(options).await?;
        let backup = running(&heading, writer.id().clone(), cx.now_ms());
        let row = Row { backup, ended_at_ms: None, instance: cx.home().instance().to_owned() };
        cx.catalog().attempts().put(row.clone()).await?;
        Ok(Self { writer, heading, entry: Entry { catalog: cx.catalog().clone(), row: Some(row) } })
    }

    pub(crate) fn id(&self) -> &BackupId {
        self.writer.id()
    }

    /// Streams the snapshot and commits. Whatever happens is in the catalog when this returns: forgotten, because
    /// the vault has it now, or with its state and error.
    pub(crate) async fn make(
        self,
        job: &JobId,
        dump: &dyn Dump,
        selection: &Selection,
        work: &Work,
        clock: &dyn Clock,
    ) -> Result<Backup, ApiError> {
        let Self { writer, heading, mut entry } = self;
        entry.belongs_to(job).await?;
        match create::run(dump, writer, &heading, selection, work, clock).await {
            Ok(mut backup) => {
                backup.job_id = Some(job.clone());
                entry.forget().await?;
                Ok(backup)
            }
            Err(error) => {
                let error = if_cancelled(error, work);
                entry.failed(&error, clock.now_ms()).await?;
                Err(error)
            }
        }
    }
}

/// A cancel may come out as what it interrupted: "still locked" while waiting for a lock.
fn if_cancelled(error: ApiError, work: &Work) -> ApiError {
    if work.cancel.is_cancelled() && error.retry {
        holdfast_engine::EngineError::Cancelled.into_api()
    } else {
        error
    }
}

/// The row in the catalog that stands for a backup until the vault has it.
struct Entry {
    catalog: Catalog,
    /// None: settled.
    row: Option<Row>,
}

impl Entry {
    async fn belongs_to(&mut self, job: &JobId) -> Result<(), ApiError> {
        let Some(row) = &mut self.row else { return Ok(()) };
        row.backup.job_id = Some(job.clone());
        self.catalog.attempts().put(row.clone()).await
    }

    async fn forget(mut self) -> Result<(), ApiError> {
        match self.row.take() {
            Some(row) => self.catalog.attempts().forget(&row.backup.id).await,
            None => Ok(()),
        }
    }

    async fn failed(mut self, error: &ApiError, now_ms: i64) -> Result<(), ApiError> {
        match self.row.take() {
            Some(row) => self.catalog.attempts().put(ended(row, error, now_ms)).await,
            None => Ok(()),
        }
    }
}

fn ended(mut row: Row, error: &ApiError, now_ms: i64) -> Row {
    let backup = &mut row.backup;
    backup.state =
        if error.code == ErrorCode::Cancelled { BackupState::Cancelled } else { BackupState::Failed };
    backup.error = Some(error.clone());
    backup.duration_ms = Some(now_ms.saturating_sub(backup.created_at_ms).max(0) as u64);
    row.ended_at_ms = Some(now_ms);
    row
}

impl Drop for Entry {
    fn drop(&mut self) {
        let (Some(row), Ok(runtime)) = (self.row.take(), tokio::runtime::Handle::try_current()) else {
            return;
        };
        let catalog = self.catalog.clone();
        runtime.spawn(async move {
            let error = ApiError::new(ErrorCode::Cancelled, "Stopped before it began; nothing was changed.");
            let began = row.backup.created_at_ms;
            // A row that stays "running" is marked interrupted at the next start.
            if let Err(error) = catalog.attempts().put(ended(row, &error, began)).await {
                tracing::warn!(%error, "a backup that never began is still listed as running");
            }
        });
    }
}

fn running(heading: &Heading, id: BackupId, now_ms: i64) -> Backup {
    let connection = &heading.connection;
    Backup {
        id,
        state: BackupState::Running,
        name: heading.name.clone(),
        note: heading.note.clone(),
        connection_id: connection.id.clone(),
        connection_name: connection.name.clone(),
        engine: connection.spec.engine(),
        kind: heading.kind,
        database: connection.spec.database_name().to_owned(),
        created_at_ms: now_ms,
        duration_ms: None,
        size_bytes: 0,
        stored_bytes: 0,
        table_count: 0,
        row_count: 0,
        omission_count: 0,
        level: None,
        level_at_ms: None,
        damaged: false,
        job_id: None,
        error: None,
        compression: heading.compression,
        pinned: false,
        whole: false,
    }
}
