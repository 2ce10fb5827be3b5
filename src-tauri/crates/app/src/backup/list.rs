//! The list of backups: what the vault holds, joined with the attempts that are not (or not yet) in it.
//!
//! The vault alone decides what is good; the catalog only adds what runs, failed or was cut short. So the list is
//! complete on a machine that has merely attached the vault.

use std::collections::BTreeMap;

use holdfast_contract::backup::{Backup, BackupDetail, BackupState, ProofRecord};
use holdfast_contract::snapshot::{BackupKind, EngineKind};
use holdfast_contract::{ApiError, BackupId, ConnectionId, ErrorCode};
use holdfast_vault::{ManifestHead, Vault};

use super::pins;
use super::source::VaultSource;
use super::standing::{self, Standing, proofs};
use super::summary::Summary;
use crate::catalog::Attempt;

/// An attempt, and whether the process that runs it lives.
pub(crate) struct Witnessed {
    pub attempt: Attempt,
    pub alive: bool,
}

/// Newest first.
pub(crate) async fn list(vault: &Vault, attempts: Vec<Witnessed>) -> Result<Vec<Backup>, ApiError> {
    let heads = vault.heads().await?;
    // One look at the storage for both.
    let records = vault.all_records().await?;
    let pinned = pins::among(&records);
    let records = standing::among(records);
    let mut backups = join(heads, attempts, records);
    for backup in &mut backups {
        backup.pinned = pinned.contains(&backup.id);
    }
    Ok(backups)
}

fn join(heads: Vec<ManifestHead>, attempts: Vec<Witnessed>, records: Vec<ProofRecord>) -> Vec<Backup> {
    let mut by_backup: BTreeMap<BackupId, Vec<ProofRecord>> = BTreeMap::new();
    for record in records {
        by_backup.entry(record.backup_id.clone()).or_default().push(record);
    }
    let mut found: BTreeMap<BackupId, Backup> = BTreeMap::new();
    for Witnessed { attempt, alive } in attempts {
        found.insert(attempt.backup.id.clone(), attempted(attempt, alive));
    }
    // The manifest wins: a process may end between the commit and forgetting the attempt.
    for head in heads {
        let id = head.id.clone();
        let mut backup = of_head(head);
        if !backup.damaged {
            Standing::of(by_backup.get(&id).map_or(&[], Vec::as_slice)).apply(&mut backup);
        }
        if let Some(attempt) = found.get(&id) {
            backup.job_id.clone_from(&attempt.job_id);
        }
        found.insert(id, backup);
    }
    let mut backups: Vec<Backup> = found.into_values().collect();
    backups.sort_by(|a, b| (b.created_at_ms, &b.id).cmp(&(a.created_at_ms, &a.id)));
    backups
}

fn attempted(attempt: Attempt, alive: bool) -> Backup {
    let mut backup = attempt.backup;
    if backup.state == BackupState::Running && !alive {
        backup.state = BackupState::Interrupted;
        backup.error.get_or_insert_with(interrupted);
    }
    // Whatever it says of itself: without a manifest nothing is proven.
    backup.level = None;
    backup.level_at_ms = None;
    backup
}

fn interrupted() -> ApiError {
    ApiError::new(ErrorCode::Interrupted, "The program ended before this backup was complete.")
        .hint("Nothing was lost; run the backup again.")
        .retry()
}

fn of_head(head: ManifestHead) -> Backup {
    if let Some(damage) = head.damage {
        return unreadable(head.id, head.created_at_ms, damage);
    }
    match serde_json::from_value::<Summary>(head.summary) {
        Ok(summary) => summary.into_backup(head.id, head.created_at_ms, head.stored_bytes),
        Err(error) => unreadable(head.id, head.created_at_ms, error.to_string()),
    }
}

/// It is there and cannot be read: said so, never skipped.
fn unreadable(id: BackupId, created_at_ms: i64, why: String) -> Backup {
    Backup {
        id,
        state: BackupState::Failed,
        name: "Unreadable backup".into(),
        note: None,
        connection_id: ConnectionId::from(""),
        connection_name: "unknown".into(),
        engine: EngineKind::Sqlite,
        kind: BackupKind::Full,
        database: String::new(),
        created_at_ms,
        duration_ms: None,
        size_bytes: 0,
        stored_bytes: 0,
        table_count: 0,
        row_count: 0,
        omission_count: 0,
        level: None,
        level_at_ms: None,
        damaged: true,
        job_id: None,
        error: Some(
            ApiError::new(ErrorCode::VaultDamaged, "The manifest of this backup cannot be read.")
                .hint("Check the vault; other backups are not affected by this one.")
                .native(why),
        ),
        compression: 0,
        pinned: false,
        whole: false,
    }
}

/// The whole picture of one backup.
pub(crate) async fn detail(vault: &Vault, backup: Backup) -> Result<BackupDetail, ApiError> {
    let id = backup.id.clone();
    if !holds_rows(backup.state) {
        return Ok(BackupDetail {
            id,
            backup,
            server: None,
            position: None,
            tables: Vec::new(),
            object_counts: Vec::new(),
            omissions: Vec::new(),
            remarks: Vec::new(),
            proofs: Vec::new(),
            sequence: 0,
            can_restore: None,
        });
    }
    let source = VaultSource::open(vault, &id).await?;
    let mut proofs = proofs(vault, Some(&id)).await?;
    proofs.reverse();
    let sequence = source.sequence();
    let snapshot = source.into_snapshot();
    Ok(BackupDetail {
        can_restore: Some(
            snapshot.scope.can_restore(holdfast_engine::properties(snapshot.server.engine).copies),
        ),
        id,
        backup,
        server: Some(snapshot.server),
        position: snapshot.position,
        tables: snapshot.tables,
        object_counts: snapshot.object_counts,
        omissions: snapshot.omissions,
        remarks: snapshot.remarks,
        proofs,
        sequence,
    })
}

/// True for what has a manifest to read.
pub(crate) fn holds_rows(state: BackupState) -> bool {
    matches!(state, BackupState::Complete | BackupState::Partial)
}

/// For everything that needs the contents of a backup.
pub(crate) fn require_good(backup: &Backup) -> Result<(), ApiError> {
    let why = match backup.state {
        BackupState::Complete | BackupState::Partial => return Ok(()),
        BackupState::Running => "is still being made",
        BackupState::Failed if backup.damaged => "cannot be read: its manifest is damaged",
        BackupState::Failed => "failed and holds nothing",
        BackupState::Cancelled => "was cancelled and holds nothing",
        BackupState::Interrupted => "was cut short and holds nothing",
    };
    let code = if backup.damaged { ErrorCode::VaultDamaged } else { ErrorCode::Incomplete };
    Err(ApiError::new(code, format!("The backup “{}” {why}.", backup.name))
        .hint("Choose a backup that is complete."))
}
