//! The vault as users see it, in every state it can be in.

use holdfast_contract::vault::{VaultState, VaultStatus};
use holdfast_contract::{ApiError, ErrorCode};
use holdfast_vault::{Header, Store, Vault};

use super::{open, store_at};
use crate::catalog::VaultRow;
use crate::cx::{Cx, VaultCell};

/// Opens it when it opens by itself; asks nobody. `Err` only when the catalog fails: trouble with the vault is an answer.
pub async fn status(cx: &Cx) -> Result<VaultStatus, ApiError> {
    let Some(row) = cx.catalog().vaults().current().await? else {
        let location = Some(cx.home().default_vault().display().to_string());
        return Ok(VaultStatus { location, ..blank(VaultState::Absent) });
    };
    let mut status = VaultStatus {
        id: Some(row.id.clone()),
        location: Some(row.location.clone()),
        remembers_key: row.keychain_slot.is_some(),
        last_check: row.last_check.clone(),
        ..blank(VaultState::Unreachable)
    };
    let header = match reach(cx, &row).await {
        Ok((store, header)) => {
            status.free_bytes = store.free_bytes();
            header
        }
        Err(error) => {
            status.problem = Some(error);
            return Ok(status);
        }
    };
    status.format_version = Some(header.format_version);
    status.created_at_ms = Some(header.created_at_ms);
    status.slots = header.slots;
    match open::open_by_itself(cx).await {
        Ok(vault) => {
            status.state = VaultState::Open;
            status.problem = match &*cx.vault_cell().lock().await {
                VaultCell::Open { warning, .. } => warning.clone(),
                _ => None,
            };
            if let Err(error) = fill(&mut status, &vault).await {
                status.problem = Some(error);
            }
        }
        Err(error) => {
            let reachable = !matches!(error.code, ErrorCode::VaultMissing | ErrorCode::StorageUnavailable);
            status.state = if reachable { VaultState::Locked } else { VaultState::Unreachable };
            status.problem = Some(error);
        }
    }
    Ok(status)
}

async fn reach(cx: &Cx, row: &VaultRow) -> Result<(Store, Header), ApiError> {
    let store = store_at(cx, &row.location)?;
    let header = Vault::probe(&store).await?;
    Ok((store, header))
}

async fn fill(status: &mut VaultStatus, vault: &Vault) -> Result<(), ApiError> {
    let held = vault.status().await?;
    let heads = vault.heads().await?;
    status.stored_bytes = held.stored_bytes;
    status.packs = held.packs;
    status.backups = heads.len() as u64;
    status.protected_bytes = heads
        .iter()
        .filter(|head| head.damage.is_none())
        .filter_map(|head| head.summary.get("size_bytes").and_then(serde_json::Value::as_u64))
        .sum();
    status.slots = vault.slots().await?;
    Ok(())
}

fn blank(state: VaultState) -> VaultStatus {
    VaultStatus {
        state,
        id: None,
        location: None,
        format_version: None,
        created_at_ms: None,
        stored_bytes: 0,
        protected_bytes: 0,
        backups: 0,
        packs: 0,
        slots: Vec::new(),
        remembers_key: false,
        free_bytes: None,
        last_check: None,
        problem: None,
    }
}
