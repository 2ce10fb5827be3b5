//! Letting go of a backup: what would be lost by it, and what a person must agree to.

use holdfast_contract::backup::{Backup, BackupDeletePlan, BackupState, Level};
use holdfast_contract::connection::{Connection, Environment};
use holdfast_contract::event::Topic;
use holdfast_contract::{ApiError, BackupId, ErrorCode, PlanId};
use serde::Serialize;

use crate::consent::Consent;
use crate::cx::Cx;
use crate::vaults;

/// What the digest covers.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Material {
    backup: BackupId,
    state: BackupState,
    newest_proven: bool,
    confirm_name: Option<String>,
}

impl Material {
    pub(crate) fn new(plan: &BackupDeletePlan) -> Self {
        Self {
            backup: plan.backup.id.clone(),
            state: plan.backup.state,
            newest_proven: plan.newest_proven,
            confirm_name: plan.confirm_name.clone(),
        }
    }
}

/// The plan without its id and digest. `all` is the whole list, newest first; `connection` is the backup's, when it
/// is known on this machine.
pub(crate) fn plan(
    backup: &Backup,
    all: &[Backup],
    connection: Option<&Connection>,
) -> Result<BackupDeletePlan, ApiError> {
    if backup.state == BackupState::Running {
        return Err(ApiError::new(
            ErrorCode::VaultBusy,
            format!("The backup “{}” is still being made.", backup.name),
        )
        .hint("Cancel its job first."));
    }
    let proven =
        |other: &&Backup| other.connection_id == backup.connection_id && other.level == Some(Level::Restored);
    let newest_proven = all.iter().find(proven).is_some_and(|newest| newest.id == backup.id);
    let others = all
        .iter()
        .filter(|other| {
            other.connection_id == backup.connection_id
                && other.id != backup.id
                && super::list::holds_rows(other.state)
        })
        .count();
    let production = connection.is_some_and(|connection| connection.environment == Environment::Production);
    Ok(BackupDeletePlan {
        plan_id: PlanId::from(""),
        digest: String::new(),
        summary: summary(backup, newest_proven, others),
        newest_proven,
        // A shared chunk stays as long as any backup needs it.
        frees_bytes: backup.stored_bytes,
        confirm_name: (newest_proven && production).then(|| backup.connection_name.clone()),
        backup: backup.clone(),
    })
}

/// Done when it answers. What was never written into the vault is forgotten only.
pub(crate) async fn delete(cx: &Cx, backup: Backup, _: &Consent) -> Result<BackupId, ApiError> {
    if !super::list::holds_rows(backup.state) && !backup.damaged {
        cx.catalog().attempts().forget(&backup.id).await?;
    } else {
        let vault = vaults::open(cx).await?;
        vault.delete(&backup.id, cx.now_ms()).await?;
        vaults::remember_tip(cx, &vault).await?;
    }
    cx.events().changed(Topic::Backups);
    Ok(backup.id)
}

fn summary(backup: &Backup, newest_proven: bool, others: usize) -> String {
    if !super::list::holds_rows(backup.state) {
        return format!("Removes the entry “{}” from the list; it holds nothing to restore.", backup.name);
    }
    let rest = match others {
        0 => "It is the only backup of this database.".to_owned(),
        1 => "1 other backup of this database stays.".to_owned(),
        more => format!("{more} other backups of this database stay."),
    };
    let proven = if newest_proven { " It is the newest one that is proven to restore." } else { "" };
    format!(
        "Deletes “{}” of {}.{proven} {rest} Its room is freed by the next prune.",
        backup.name, backup.connection_name
    )
}
