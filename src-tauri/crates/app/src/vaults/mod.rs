//! The vault in use: making, attaching, opening, locking, looking after it.
//!
//! A vault opens with its passphrase, with a key kept among the secrets, or with the recovery kit; losing
//! any one of them loses nothing. This room alone fills and empties the open vault of the process.
//! What does not belong here: what is in a backup.

mod begin;
mod care;
mod keys;
mod kit;
mod open;
mod status;

use std::path::Path;
use std::sync::Arc;

use holdfast_contract::{ApiError, ConnectionId, ErrorCode};
use holdfast_vault::storage::{LocalFolder, Wrapping, compose};
use holdfast_vault::{Store, Vault, Writer};

use crate::cx::Cx;

pub use begin::{attach, init};
pub use care::{Prunable, collect, prune_apply, prune_plan};
pub use keys::change_passphrase;
pub use kit::{recovery_kit, save_recovery_kit};
pub use open::{lock, open, open_by_itself, remember_tip, unlock};
pub use status::status;

/// How many backups of a connection the vault holds; None when it does not open without asking anybody.
pub async fn count_backups_of(cx: &Cx, connection: &ConnectionId) -> Result<Option<u64>, ApiError> {
    let vault = match open_by_itself(cx).await {
        Ok(vault) => vault,
        Err(error) if error.code == ErrorCode::VaultMissing => return Ok(Some(0)),
        Err(_) => return Ok(None),
    };
    let heads = vault.heads().await?;
    let of_it = |head: &&holdfast_vault::ManifestHead| {
        head.summary.get("connection_id").and_then(|id| id.as_str()) == Some(connection.as_str())
    };
    Ok(Some(heads.iter().filter(of_it).count() as u64))
}

/// The secret that opens `slot` of a vault.
fn secret_name(vault: &Vault, slot: &str) -> String {
    format!("vault/{}/{slot}", vault.id())
}

/// The one place that knows which storage a location means and what is wrapped around it.
fn store_at(cx: &Cx, location: &str) -> Result<Store, ApiError> {
    if location.contains("://") {
        return Err(ApiError::new(ErrorCode::Unsupported, "Vaults in a bucket are not in this version yet.")
            .hint("Choose a folder."));
    }
    if !Path::new(location).is_absolute() {
        return Err(ApiError::new(
            ErrorCode::BadRequest,
            "path: the vault's folder must be an absolute path.",
        ));
    }
    let folder = LocalFolder::new(Path::new(location))?;
    let clock = Arc::clone(cx.clock());
    let writer = Writer {
        name: format!("Holdfast, process {}", std::process::id()),
        clock: Arc::new(move || clock.now_ms()),
    };
    Ok(Store::new(compose(Arc::new(folder), Wrapping::FOLDER), writer))
}

fn none_yet() -> ApiError {
    ApiError::new(ErrorCode::VaultMissing, "There is no vault yet.")
        .hint("Make one with `vault init`, or attach one that exists.")
}
