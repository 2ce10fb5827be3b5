//! The first page: every database with its health, its last good backup and what it needs.
//!
//! Quick whatever the network does: health is what was last heard, never asked for here; a vault that
//! does not open leaves the backups unknown, and says so instead of calling them missing.

use std::collections::HashMap;

use holdfast_contract::backup::{Backup, BackupState, Level, ProofRecord};
use holdfast_contract::connection::Connection;
use holdfast_contract::overview::{AtRisk, DatabaseOverview, Health, HealthState, Need, Overview, Proven};
use holdfast_contract::vault::VaultState;
use holdfast_contract::{ApiError, BackupId};

use crate::backup::{shelf, standing};
use crate::connections::offers::offered;
use crate::cx::Cx;
use crate::vaults;

const DAY_MS: i64 = 24 * 60 * 60 * 1000;
/// Points of the sparkline.
const HISTORY: usize = 20;

pub async fn overview(cx: &Cx) -> Result<Overview, ApiError> {
    let connections = cx.catalog().connections().list().await?;
    let health = cx.catalog().health().all().await?;
    let mut vault = vaults::status(cx).await?;
    let mut held = None;
    if vault.state == VaultState::Open {
        match read(cx).await {
            Ok(read) => held = Some(read),
            // Said on the page; the rest of it is still true.
            Err(error) => vault.problem = Some(error),
        }
    }
    let (backups, proofs) = held.as_ref().map_or((&[][..], &[][..]), |(backups, proofs)| (backups, proofs));
    let now = cx.now_ms();
    let known = held.is_some();
    let mut page = Overview {
        databases: Vec::new(),
        vault,
        needs_you: Vec::new(),
        backed_up: 0,
        proven_last_24h: 0,
        most_at_risk: None,
        running_jobs: cx.catalog().jobs().active().await?.len() as u64,
    };
    for connection in connections {
        let own: Vec<&Backup> =
            backups.iter().filter(|backup| backup.connection_id == connection.id).collect();
        let health = health.get(&connection.id).cloned().unwrap_or_else(not_asked);
        page.needs_you.extend(need(&connection, &health, &own, known));
        let database = row(connection, health, &own, proofs)?;
        let newest = database.last_backup.as_ref().map(|backup| backup.created_at_ms);
        page.backed_up += u64::from(newest.is_some());
        page.proven_last_24h += u64::from(own.iter().any(|backup| proven_since(backup, now - DAY_MS)));
        if known && page.most_at_risk.as_ref().is_none_or(|worst| newest < worst.since_ms) {
            page.most_at_risk =
                Some(AtRisk { connection: database.connection.connection.name.clone(), since_ms: newest });
        }
        page.databases.push(database);
    }
    Ok(page)
}

async fn read(cx: &Cx) -> Result<(Vec<Backup>, Vec<ProofRecord>), ApiError> {
    let vault = vaults::open_by_itself(cx).await?;
    Ok((shelf::all(cx, &vault).await?, standing::proofs(&vault, None).await?))
}

/// `own` is newest first.
fn row(
    connection: Connection,
    health: Health,
    own: &[&Backup],
    proofs: &[ProofRecord],
) -> Result<DatabaseOverview, ApiError> {
    let good: Vec<&Backup> = own.iter().copied().filter(|backup| is_good(backup)).collect();
    let mut size_history: Vec<u64> = good.iter().take(HISTORY).map(|backup| backup.size_bytes).collect();
    size_history.reverse();
    Ok(DatabaseOverview {
        last_backup: good.first().map(|backup| (*backup).clone()),
        backup_count: good.len() as u64,
        size_history,
        restore_ms: last_measured(&good, proofs),
        last_proven: last_proven(&good, proofs),
        connection: offered(connection, Some(&health))?,
        health,
    })
}

fn last_measured(good: &[&Backup], proofs: &[ProofRecord]) -> Option<u64> {
    let ours: HashMap<&BackupId, ()> = good.iter().map(|backup| (&backup.id, ())).collect();
    let measured = proofs.iter().filter(|proof| proof.passed && ours.contains_key(&proof.backup_id));
    measured.filter(|proof| proof.restore_ms.is_some()).max_by_key(|proof| proof.started_at_ms)?.restore_ms
}

fn last_proven(good: &[&Backup], proofs: &[ProofRecord]) -> Option<Proven> {
    let restored = |proof: &&ProofRecord| proof.passed && proof.level == Level::Restored;
    let ours = proofs.iter().filter(restored).filter_map(|proof| {
        let backup = good.iter().find(|backup| backup.id == proof.backup_id)?;
        Some((proof, backup.created_at_ms))
    });
    let (proof, made) = ours.max_by_key(|(proof, made)| (*made, proof.started_at_ms))?;
    Some(Proven {
        backup_id: proof.backup_id.clone(),
        backup_made_at_ms: made,
        proven_at_ms: proof.started_at_ms.saturating_add_unsigned(proof.duration_ms),
        restore_ms: proof.restore_ms,
    })
}

/// Brings the database back: rows of some tables would not.
fn is_good(backup: &Backup) -> bool {
    matches!(backup.state, BackupState::Complete | BackupState::Partial) && !backup.damaged && backup.whole
}

fn proven_since(backup: &Backup, since_ms: i64) -> bool {
    is_good(backup)
        && backup.level == Some(Level::Restored)
        && backup.level_at_ms.is_some_and(|proven_at| proven_at >= since_ms)
}

/// The most pressing reason only: one line a database.
fn need(connection: &Connection, health: &Health, own: &[&Backup], known: bool) -> Option<Need> {
    let newest_attempt = own.iter().find(|backup| backup.state != BackupState::Running);
    let newest_good = own.iter().find(|backup| is_good(backup));
    let failed = newest_attempt
        .filter(|backup| matches!(backup.state, BackupState::Failed | BackupState::Interrupted));
    let reason = if health.state == HealthState::Down {
        format!("Does not answer: {}", health.summary)
    } else if let Some(damaged) = own.iter().find(|backup| backup.damaged) {
        format!("The backup “{}” is damaged.", damaged.name)
    } else if let Some(failed) = failed {
        let why = failed.error.as_ref().map_or("", |error| error.message.as_str());
        format!("The last backup did not end well. {why}").trim_end().to_owned()
    } else if known && newest_good.is_none() && own.is_empty() {
        "Never backed up.".to_owned()
    } else if known && newest_good.is_none() {
        "No good backup of all of it yet.".to_owned()
    } else if health.state == HealthState::Warning {
        health.summary.clone()
    } else {
        return None;
    };
    Some(Need { connection: connection.name.clone(), reason })
}

fn not_asked() -> Health {
    Health {
        state: HealthState::Unknown,
        summary: "Not checked yet".to_owned(),
        server: None,
        latency_ms: None,
        checked_at_ms: None,
        error: None,
    }
}
