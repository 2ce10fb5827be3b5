//! A backup from its first entry in the catalog to the proof that was asked for. Manual backups and the safety
//! backup before a restore are made the same way.

use holdfast_contract::backup::{Backup, BackupState, ProofRecord};
use holdfast_contract::connection::Connection;
use holdfast_contract::snapshot::{BackupKind, Scope};
use holdfast_contract::{ApiError, BackupId, ErrorCode, JobId};
use holdfast_engine::{Dump, Work};
use holdfast_vault::{BackupWriter, Vault, VaultError, WriteOptions};

use super::scratch::Scratch;
use super::verify::{Depth, require_passed, verify};
use crate::backup::create::{self, Order};
use crate::backup::summary::Heading;
use crate::catalog::{Attempt, Catalog};
use crate::clock::Clock;
use crate::cx::Cx;
use crate::jobs::stages::Stages;

/// A backup that has an id and an entry as running, and no contents yet. Dropped without being made (its job was
/// cancelled while it waited, or broke down), the entry says so.
pub(crate) struct Begun {
    writer: BackupWriter,
    heading: Heading,
    entry: Entry,
}

#[derive(Clone, Debug)]
pub(crate) struct Wish {
    pub scope: Scope,
    pub strict: bool,
}

impl Begun {
    /// Takes the vault's shared writer lock: `VaultBusy` while it is being pruned.
    pub(crate) async fn new(
        vault: &Vault,
        catalog: &Catalog,
        heading: Heading,
        instance: &str,
        workers: usize,
        now_ms: i64,
    ) -> Result<Self, ApiError> {
        let options = WriteOptions { compression: heading.compression, workers };
        let writer = vault.begin(options).await?;
        let backup = running(&heading, writer.id().clone(), now_ms);
        let attempt = Attempt { backup, ended_at_ms: None, instance: instance.to_owned() };
        catalog.attempts().put(attempt.clone()).await?;
        Ok(Self { writer, heading, entry: Entry { catalog: catalog.clone(), attempt: Some(attempt) } })
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
        wish: &Wish,
        work: &Work,
        clock: &dyn Clock,
    ) -> Result<Backup, ApiError> {
        let Self { writer, heading, mut entry } = self;
        entry.belongs_to(job).await?;
        let order = Order { heading: &heading, scope: &wish.scope, strict: wish.strict };
        match create::run(dump, writer, order, work, clock).await {
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
    attempt: Option<Attempt>,
}

impl Entry {
    async fn belongs_to(&mut self, job: &JobId) -> Result<(), ApiError> {
        let Some(attempt) = &mut self.attempt else { return Ok(()) };
        attempt.backup.job_id = Some(job.clone());
        self.catalog.attempts().put(attempt.clone()).await
    }

    async fn forget(mut self) -> Result<(), ApiError> {
        match self.attempt.take() {
            Some(attempt) => self.catalog.attempts().forget(&attempt.backup.id).await,
            None => Ok(()),
        }
    }

    async fn failed(mut self, error: &ApiError, now_ms: i64) -> Result<(), ApiError> {
        match self.attempt.take() {
            Some(attempt) => self.catalog.attempts().put(ended(attempt, error, now_ms)).await,
            None => Ok(()),
        }
    }
}

fn ended(mut attempt: Attempt, error: &ApiError, now_ms: i64) -> Attempt {
    let backup = &mut attempt.backup;
    backup.state =
        if error.code == ErrorCode::Cancelled { BackupState::Cancelled } else { BackupState::Failed };
    backup.error = Some(error.clone());
    backup.duration_ms = Some(now_ms.saturating_sub(backup.created_at_ms).max(0) as u64);
    attempt.ended_at_ms = Some(now_ms);
    attempt
}

impl Drop for Entry {
    fn drop(&mut self) {
        let (Some(attempt), Ok(runtime)) = (self.attempt.take(), tokio::runtime::Handle::try_current())
        else {
            return;
        };
        let catalog = self.catalog.clone();
        runtime.spawn(async move {
            let error = ApiError::new(ErrorCode::Cancelled, "Stopped before it began; nothing was changed.");
            let began = attempt.backup.created_at_ms;
            // A row that stays "running" is marked interrupted at the next start.
            if let Err(error) = catalog.attempts().put(ended(attempt, &error, began)).await {
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

/// Steps that [`prove`] takes.
pub(crate) const PROOF_STEPS: u32 = 2;

/// Reads back what was just stored: level *stored*.
pub(crate) async fn read_back(
    vault: &Vault,
    backup: &Backup,
    work: &Work,
    clock: &dyn Clock,
) -> Result<ProofRecord, ApiError> {
    let record = verify(vault, &backup.id, Depth::Stored, work, clock).await?;
    require_passed(&record, &backup.name)?;
    Ok(record)
}

/// Loads the backup into a scratch database and compares. `VerificationFailed` speaks of the backup; any other error
/// says that the proof could not be made, and nothing against the backup.
pub(crate) async fn prove(
    cx: &Cx,
    vault: &Vault,
    backup: &Backup,
    server: Option<&Connection>,
    stages: &Stages,
    work: &Work,
) -> Result<ProofRecord, ApiError> {
    if backup.kind == BackupKind::Data {
        stages.next("Counting and hashing every row again");
        // What holds whatever the live database looks like; loading the rows may turn out not to be possible.
        let record =
            verify(vault, &backup.id, Depth::Decoded { instead: None }, work, cx.clock().as_ref()).await?;
        require_passed(&record, &backup.name)?;
    }
    prove_restored(cx, vault, backup, server, stages, work).await
}

/// As far as it goes where no scratch database can be had: every row is read back, counted and hashed again, and the record
/// says why it was no more.
pub(crate) async fn decode_instead(
    cx: &Cx,
    vault: &Vault,
    backup: &Backup,
    why: &ApiError,
    work: &Work,
) -> Result<ProofRecord, ApiError> {
    work.progress.phase("Counting and hashing every row again");
    let depth = Depth::Decoded { instead: Some(why) };
    let record = verify(vault, &backup.id, depth, work, cx.clock().as_ref()).await?;
    require_passed(&record, &backup.name)?;
    Ok(record)
}

/// As [`prove`], and refuses what cannot be loaded.
pub(crate) async fn prove_restored(
    cx: &Cx,
    vault: &Vault,
    backup: &Backup,
    server: Option<&Connection>,
    stages: &Stages,
    work: &Work,
) -> Result<ProofRecord, ApiError> {
    let scratch = Scratch::reserve(cx, backup.engine, server, &work.scratch_dir).await?;
    let outcome = verify(vault, &backup.id, scratch.depth(stages), work, cx.clock().as_ref()).await;
    scratch.settle(cx.catalog()).await?;
    let record = outcome?;
    require_passed(&record, &backup.name)?;
    Ok(record)
}
