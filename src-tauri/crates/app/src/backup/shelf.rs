//! All backups as this home sees them: the vault in use, the attempts in the catalog, and which processes live.

use holdfast_contract::backup::Backup;
use holdfast_contract::connection::Connection;
use holdfast_contract::{ApiError, BackupId};
use holdfast_vault::Vault;

use super::find::resolve;
use super::list::{self, Witnessed};
use crate::cx::Cx;

/// Newest first.
pub(crate) async fn all(cx: &Cx, vault: &Vault) -> Result<Vec<Backup>, ApiError> {
    let attempts = cx.catalog().attempts().list().await?;
    let witnessed = attempts
        .into_iter()
        .map(|attempt| Witnessed { alive: cx.home().is_alive(&attempt.instance), attempt })
        .collect();
    list::list(vault, witnessed).await
}

/// By id or an unambiguous prefix of it.
pub(crate) async fn find(cx: &Cx, vault: &Vault, typed: &str) -> Result<Backup, ApiError> {
    let all = all(cx, vault).await?;
    let id = BackupId(resolve(typed, all.iter().map(|backup| backup.id.as_str()), "backup")?);
    all.into_iter().find(|backup| backup.id == id).ok_or_else(|| missing(&id))
}

fn missing(id: &BackupId) -> ApiError {
    ApiError::new(holdfast_contract::ErrorCode::NotFound, format!("There is no backup {id}."))
}

/// The connection a backup was made from, when this home knows it.
pub(crate) async fn origin(cx: &Cx, backup: &Backup) -> Result<Option<Connection>, ApiError> {
    cx.catalog().connections().lookup(backup.connection_id.as_str()).await
}

/// True when a backup belongs to what a person calls by `wanted`: a connection known here, or one that only the
/// backups remember.
pub(crate) fn belongs(backup: &Backup, wanted: &str, known: Option<&Connection>) -> bool {
    match known {
        Some(connection) => backup.connection_id == connection.id,
        None => backup.connection_id.as_str() == wanted || backup.connection_name == wanted,
    }
}
