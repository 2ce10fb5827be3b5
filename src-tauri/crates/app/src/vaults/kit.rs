//! The recovery kit on paper and in a file: the only other way in, so it is never kept by the program itself.

use std::io::Write;
use std::path::Path;

use chrono::DateTime;
use holdfast_contract::vault::{
    RecoveryKit, SlotKind, VaultRecoveryKitSaveRequest, VaultRecoveryKitSaveResponse, VaultUnlockRequest,
};
use holdfast_contract::{ApiError, ErrorCode};
use holdfast_engine::EngineError;
use holdfast_vault::Vault;
use zeroize::Zeroizing;

use super::{none_yet, open, store_at};
use crate::cx::Cx;
use crate::draft::Draft;

/// A new kit; older ones no longer open the vault.
pub async fn recovery_kit(cx: &Cx) -> Result<RecoveryKit, ApiError> {
    let vault = open::open(cx).await?;
    vault.issue_recovery_kit(cx.now_ms()).await.map_err(ApiError::from)
}

/// Words that do not open the vault are refused like a wrong passphrase. The file is whole or not there.
pub async fn save_recovery_kit(
    cx: &Cx,
    request: VaultRecoveryKitSaveRequest,
) -> Result<VaultRecoveryKitSaveResponse, ApiError> {
    let row = cx.catalog().vaults().current().await?.ok_or_else(none_yet)?;
    let to = Path::new(&request.to);
    refuse_inside(to, Path::new(&row.location))?;
    let words = Zeroizing::new(request.recovery_words.0.clone());
    let unlock = VaultUnlockRequest {
        passphrase: None,
        recovery_words: Some(request.recovery_words),
        remember: false,
    };
    let vault = open::with_secret(store_at(cx, &row.location)?, &unlock).await?;
    let text = Zeroizing::new(text(&vault, &words).await?);
    let draft = Draft::beside(to, request.overwrite)?;
    draft
        .open()?
        .write_all(text.as_bytes())
        .map_err(|error| EngineError::io("The recovery kit cannot be written", error).into_api())?;
    draft.publish()?;
    Ok(VaultRecoveryKitSaveResponse { path: request.to })
}

/// A kit inside the vault's folder opens the vault for whoever copies that folder.
fn refuse_inside(to: &Path, vault: &Path) -> Result<(), ApiError> {
    let folder = to.parent().map(|folder| folder.canonicalize().unwrap_or_else(|_| folder.to_owned()));
    let vault = vault.canonicalize().unwrap_or_else(|_| vault.to_owned());
    match folder {
        Some(folder) if folder.starts_with(&vault) => Err(ApiError::new(
            ErrorCode::NotAllowed,
            "The recovery kit must not lie in the folder of the vault it opens.",
        )
        .hint("Choose another place, best on another computer or a removable disk.")),
        _ => Ok(()),
    }
}

/// One numbered word a line, so that it survives being printed and typed again.
async fn text(vault: &Vault, words: &str) -> Result<String, ApiError> {
    let slots = vault.slots().await?;
    let kit = slots.iter().find(|slot| slot.kind == SlotKind::RecoveryKit);
    let made = kit.and_then(|kit| DateTime::from_timestamp_millis(kit.created_at_ms));
    let made = made.map(|at| at.format("Made %Y-%m-%d %H:%M UTC\n").to_string()).unwrap_or_default();
    let mut text = format!("Holdfast recovery kit\nVault {}\n{made}\n", vault.id());
    for (at, word) in words.split_whitespace().enumerate() {
        text.push_str(&format!("{:2}. {word}\n", at + 1));
    }
    text.push('\n');
    text.push_str(&vault.recovery_instructions());
    text.push('\n');
    Ok(text)
}
