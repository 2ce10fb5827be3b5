//! One verification from request to record.

use holdfast_contract::backup::{Level, ProofRecord};
use holdfast_contract::snapshot::EngineKind;
use holdfast_contract::{ApiError, BackupId, ErrorCode};
use holdfast_engine::{EngineError, Work};
use holdfast_vault::Vault;

use super::compare::Comparison;
use super::{decoded, restored, stored};
use crate::backup::source::VaultSource;
use crate::backup::standing;
use crate::clock::Clock;
use crate::connections::database::Database;
use crate::jobs::stages::Stages;

/// How far to go, and where the copy is made when it must be loaded.
pub(crate) enum Depth<'a> {
    Stored,
    /// `instead`: why not further, although more was wanted.
    Decoded {
        instead: Option<&'a ApiError>,
    },
    Restored {
        database: &'a Database,
        scratch: &'a str,
        stages: &'a Stages,
    },
}

impl Depth<'_> {
    fn level(&self) -> Level {
        match self {
            Self::Stored => Level::Stored,
            Self::Decoded { .. } => Level::Decoded,
            Self::Restored { .. } => Level::Restored,
        }
    }

    fn shortfall(&self) -> Option<&ApiError> {
        match self {
            Self::Decoded { instead } => *instead,
            _ => None,
        }
    }
}

/// Verifies and writes the record into the vault, also when it failed. `Err` means that the verification could
/// not be made and says nothing about the backup. Safe to repeat.
pub(crate) async fn verify(
    vault: &Vault,
    id: &BackupId,
    depth: Depth<'_>,
    work: &Work,
    clock: &dyn Clock,
) -> Result<ProofRecord, ApiError> {
    let started_at_ms = clock.now_ms();
    let drill = look(vault, id, &depth, work).await?;
    work.checkpoint()?;
    let now_ms = clock.now_ms();
    let record = ProofRecord {
        backup_id: id.clone(),
        level: depth.level(),
        passed: drill.comparison.problems.is_empty(),
        started_at_ms,
        duration_ms: now_ms.saturating_sub(started_at_ms).max(0) as u64,
        server: drill.server,
        restore_ms: drill.restore_ms,
        tables: drill.comparison.tables,
        problems: drill.comparison.problems,
        not_restored: depth.shortfall().cloned(),
        tool_version: env!("CARGO_PKG_VERSION").to_owned(),
    };
    standing::record(vault, &record, now_ms).await?;
    match drill.left_behind {
        Some(error) => Err(error),
        None => Ok(record),
    }
}

async fn look(
    vault: &Vault,
    id: &BackupId,
    depth: &Depth<'_>,
    work: &Work,
) -> Result<restored::Drill, ApiError> {
    let only = |comparison| restored::Drill { comparison, ..Default::default() };
    if let Depth::Stored = depth {
        let problems = stored::problems(vault, id, work).await?;
        return Ok(only(Comparison { tables: Vec::new(), problems }));
    }
    let source = match VaultSource::open(vault, id).await {
        Ok(source) => source,
        Err(error) if error.code == ErrorCode::VaultDamaged => {
            return Ok(only(Comparison { tables: Vec::new(), problems: vec![error.message] }));
        }
        Err(error) => return Err(error),
    };
    let Depth::Restored { database, scratch, stages } = depth else {
        return decoded::compare(&source, work).await.map(only);
    };
    let mut drill = restored::drill(database, scratch, &source, stages, work).await?;
    if !drill.comparison.problems.is_empty() && drill.comparison.tables.is_empty() {
        // The load stopped at the first damage; reading everything back names all of it.
        let read = decoded::compare(&source, work).await?;
        drill.comparison.problems.extend(read.problems);
        drill.comparison.problems.dedup();
        drill.comparison.tables = read.tables;
    }
    Ok(drill)
}

/// What a failed verification is called when somebody waits for it.
pub(crate) fn require_passed(record: &ProofRecord, name: &str) -> Result<(), ApiError> {
    if record.passed {
        return Ok(());
    }
    let told = record.problems.iter().take(TOLD).map(String::as_str).collect::<Vec<_>>().join(" ");
    let more = match record.problems.len().saturating_sub(TOLD) {
        0 => String::new(),
        more => format!(" And {more} more."),
    };
    let level = match record.level {
        Level::Stored => "stored",
        Level::Decoded => "decoded",
        Level::Restored => "restored",
    };
    Err(ApiError::new(ErrorCode::VerificationFailed, format!("“{name}” failed verification at level {level}. {told}{more}"))
        .hint("Make a new backup now, keep this one until the new one is proven, and check the disk that holds the vault."))
}

/// Problems spelled out in the error; the record has them all.
const TOLD: usize = 3;

pub(super) fn cannot_load(kind: EngineKind) -> EngineError {
    EngineError::unsupported(format!("Databases of kind {kind:?} cannot be loaded yet."))
}
