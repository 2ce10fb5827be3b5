//! Writes one backup into one file.

use std::path::Path;

use holdfast_contract::backup::ExportFormat;
use holdfast_contract::snapshot::EngineKind;
use holdfast_contract::{ApiError, BackupId, ErrorCode};
use holdfast_engine::{Driver, EngineError, SnapshotSource as _, Work, WriteFile, driver};
use holdfast_vault::Vault;

use crate::backup::source::VaultSource;
use crate::connections::offers;
use crate::draft::Draft;

/// Says before a job is started what would stop it at once.
pub(crate) fn possible(
    engine: EngineKind,
    to: &Path,
    format: ExportFormat,
    overwrite: bool,
) -> Result<(), ApiError> {
    if !offers::of_kind(engine)?.exports.iter().any(|offer| offer.format == format) {
        return Err(ApiError::new(
            ErrorCode::Unsupported,
            "Only backups of SQLite databases can become a SQLite file.",
        )
        .hint("Export it as SQL."));
    }
    Draft::beside(to, overwrite).map(drop)
}

/// Returns the size of the file. Cancellable; until it returns, nothing stands under the name `to`.
pub(crate) async fn export(
    vault: &Vault,
    id: &BackupId,
    to: &Path,
    format: ExportFormat,
    overwrite: bool,
    work: &Work,
) -> Result<u64, ApiError> {
    let source = VaultSource::open(vault, id).await?;
    let draft = Draft::beside(to, overwrite)?;
    work.progress.phase(&format!("Writing {}", to.display()));
    match format {
        ExportFormat::Sql => sql(&source, &draft, work).await?,
        ExportFormat::Sqlite => {
            let file = file_of(driver(source.snapshot().server.engine))?;
            file.write(&source, draft.vacated()?, work).await?;
        }
    }
    work.checkpoint()?;
    draft.publish()
}

fn file_of(driver: &'static dyn Driver) -> Result<&'static dyn WriteFile, ApiError> {
    driver.export().file().ok_or_else(|| {
        ApiError::new(ErrorCode::Unsupported, "Only backups of SQLite databases can become a SQLite file.")
            .hint("Export it as SQL.")
    })
}

async fn sql(source: &VaultSource, draft: &Draft, work: &Work) -> Result<(), ApiError> {
    use tokio::io::AsyncWriteExt;
    let mut out = tokio::io::BufWriter::with_capacity(1 << 20, tokio::fs::File::from_std(draft.open()?));
    driver(source.snapshot().server.engine).export().sql(source, &mut out, work).await?;
    out.flush().await.map_err(|error| EngineError::io("The export cannot be written", error).into_api())
}
