//! A restore drill: the newest whole backup of a connection is restored into a scratch database and compared, and the time is
//! kept. What a schedule proves by itself is what an administrator can rely on.

use holdfast_contract::backup::{Backup, ProofRecord};
use holdfast_contract::event::Topic;
use holdfast_contract::snapshot::BackupKind;
use holdfast_contract::{ApiError, ErrorCode};
use holdfast_engine::SnapshotSource as _;
use holdfast_vault::Vault;

use super::prove::{PROOF_STEPS, prove_restored};
use crate::backup::source::VaultSource;
use crate::backup::{list, shelf};
use crate::cx::{Begun, Cx, NewWork};
use crate::jobs::JobContext;
use crate::jobs::stages::Stages;
use crate::vaults;

pub async fn drill(cx: &Cx, connection: &str, scratch: Option<&str>) -> Result<Begun<ProofRecord>, ApiError> {
    let connection = cx.catalog().connections().find(connection).await?;
    let server = match scratch {
        Some(wanted) => cx.catalog().connections().find(wanted).await?,
        None => connection.clone(),
    };
    let vault = vaults::open(cx).await?;
    let mine =
        shelf::all(cx, &vault).await?.into_iter().filter(|backup| backup.connection_id == connection.id);
    let backup = newest_whole(&vault, mine).await?.ok_or_else(|| {
        ApiError::new(
            ErrorCode::NotFound,
            format!("There is no good backup of the whole of {:?} to drill with.", connection.name),
        )
        .hint("Back it up first; a backup of chosen tables, of the schema or of rows alone is no drill.")
    })?;
    let new = NewWork {
        title: format!("Restore drill of {}", connection.name),
        connection_id: Some(server.id.clone()),
        cancellable: true,
    };
    let (given, id) = (cx.clone(), backup.id.to_string());
    let begun = cx
        .start_job(new, move |job: JobContext| async move {
            let cx = given;
            let work = job.work(cx.settings().await?.parallel as usize)?;
            let stages = Stages::new(job.progress.clone(), PROOF_STEPS);
            let outcome = prove_restored(&cx, &vault, &backup, Some(&server), &stages, &work).await;
            // Also a failed drill has written a record.
            cx.events().changed(Topic::Backups);
            outcome
        })
        .await?;
    Ok(begun.making(id))
}

/// `backups` newest first. One that cannot be read is passed over no longer than its damage is unknown: it is drilled, and fails.
async fn newest_whole(
    vault: &Vault,
    backups: impl Iterator<Item = Backup>,
) -> Result<Option<Backup>, ApiError> {
    for backup in backups {
        if !list::holds_rows(backup.state) || backup.kind != BackupKind::Full {
            continue;
        }
        let source = match VaultSource::open(vault, &backup.id).await {
            Ok(source) => source,
            Err(error) if error.code == ErrorCode::VaultDamaged => return Ok(Some(backup)),
            Err(error) => return Err(error),
        };
        if source.snapshot().scope.tables.is_empty() {
            return Ok(Some(backup));
        }
    }
    Ok(None)
}
