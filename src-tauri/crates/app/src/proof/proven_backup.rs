//! The one way to a backup that is as far proven as somebody demands: asked for by a person or a schedule, before a live
//! database is changed, as an archive of rows that go, before a guarded command.

use holdfast_contract::backup::Backup;
use holdfast_contract::connection::Connection;
use holdfast_contract::event::{Event, NoticeLevel, Topic};
use holdfast_contract::snapshot::BackupKind;
use holdfast_contract::{ApiError, BackupId, ErrorCode};
use holdfast_engine::{Dump, Work};
use holdfast_vault::Vault;

use super::prove::{PROOF_STEPS, decode_instead, prove, read_back};
use crate::backup::attempt::Attempt;
use crate::backup::create::Selection;
use crate::backup::summary::Heading;
use crate::cx::Cx;
use crate::jobs::JobContext;
use crate::jobs::stages::Stages;
use crate::vaults;

/// How much of a proof there must be. What was stored is read back in any case.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Demand {
    /// No more than that.
    ReadBack,
    /// Restored and compared where that can be done; where it cannot, every row is counted and hashed again, and the reason
    /// is told.
    WherePossible,
    /// The same, and not to have restored it is an error, except for rows alone: these may not fit what is there now.
    Asked,
    /// Restored and compared. No second best is tried, since nothing may follow from it.
    Certain,
}

impl Demand {
    /// Stages that [`ProvenBackup::make`] tells of.
    pub(crate) const fn steps(self) -> u32 {
        match self {
            Self::ReadBack => 2,
            Self::WherePossible | Self::Asked | Self::Certain => 2 + PROOF_STEPS,
        }
    }
}

/// What to back up, and how it is called.
pub(crate) struct Order {
    pub connection: Connection,
    pub selection: Selection,
    /// Its first line names the backup; without one, `otherwise` does.
    pub note: Option<String>,
    pub otherwise: &'static str,
    pub demand: Demand,
}

/// What its two own stages are called.
pub(crate) struct Told<'a> {
    pub reading: &'a str,
    pub reading_back: &'a str,
}

/// It has an id and is listed as running; nothing is read yet.
pub(crate) struct ProvenBackup {
    vault: Vault,
    connection: Connection,
    selection: Selection,
    demand: Demand,
    attempt: Attempt,
    parallel: usize,
}

pub(crate) struct Made {
    pub backup: Backup,
    /// Why it is not restored and compared, although that was wanted.
    pub not_proven: Option<ApiError>,
}

impl ProvenBackup {
    /// `VaultBusy` while the vault is being pruned.
    pub(crate) async fn begin(cx: &Cx, vault: &Vault, order: Order) -> Result<Self, ApiError> {
        let Order { connection, selection, note, otherwise, demand } = order;
        let settings = cx.settings().await?;
        let parallel = settings.parallel as usize;
        let heading = Heading::new(
            connection.clone(),
            selection.scope.kind,
            note,
            otherwise,
            settings.compression_level,
        );
        let attempt = Attempt::begin(cx, vault, heading, parallel).await?;
        Ok(Self { vault: vault.clone(), connection, selection, demand, attempt, parallel })
    }

    pub(crate) fn id(&self) -> &BackupId {
        self.attempt.id()
    }

    /// Cancellable. An error before the backup is complete leaves none; one after it leaves the backup with the records of
    /// what was done to it.
    pub(crate) async fn make(
        self,
        cx: &Cx,
        dump: &dyn Dump,
        job: &JobContext,
        stages: &Stages,
        told: Told<'_>,
    ) -> Result<Made, ApiError> {
        let Self { vault, connection, selection, demand, attempt, parallel } = self;
        let work = job.work(parallel)?;
        let clock = cx.clock().clone();
        stages.next(told.reading);
        let backup = attempt.make(&job.id, dump, &selection, &work, clock.as_ref()).await?;
        vaults::remember_tip(cx, &vault).await?;
        stages.next(told.reading_back);
        read_back(&vault, &backup, &work, clock.as_ref()).await?;
        if demand == Demand::ReadBack {
            return Ok(Made { backup, not_proven: None });
        }
        let not_proven = match prove(cx, &vault, &backup, Some(&connection), stages, &work).await {
            Ok(_) => None,
            Err(error) if demand == Demand::Certain || is_verdict(error.code) => return Err(error),
            Err(error) => Some(second_best(cx, &vault, &backup, demand, error, &work).await?),
        };
        Ok(Made { backup, not_proven })
    }
}

/// Says that the backup is good and why it is not proven, or that this is not enough.
async fn second_best(
    cx: &Cx,
    vault: &Vault,
    backup: &Backup,
    demand: Demand,
    error: ApiError,
    work: &Work,
) -> Result<ApiError, ApiError> {
    decode_instead(cx, vault, backup, &error, work).await?;
    cx.events().changed(Topic::Backups);
    if demand == Demand::Asked && backup.kind != BackupKind::Data {
        return Err(error);
    }
    cx.events().send(Event::Notice {
        level: NoticeLevel::Warning,
        title: format!("{} is backed up, but not proven", backup.connection_name),
        text: error.message.clone(),
    });
    Ok(error)
}

/// Errors that end a backup's job even when the proof was only a habit.
fn is_verdict(code: ErrorCode) -> bool {
    matches!(code, ErrorCode::VerificationFailed | ErrorCode::Cancelled | ErrorCode::VaultDamaged)
}
