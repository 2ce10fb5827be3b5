//! Making a vault, and taking up one that exists.

use std::path::Path;

use holdfast_contract::event::Topic;
use holdfast_contract::vault::{VaultAttachRequest, VaultInitRequest, VaultInitResponse};
use holdfast_contract::{ApiError, ErrorCode};
use holdfast_vault::Vault;
use secrecy::SecretString;

use super::{keys, none_yet, open, store_at};
use crate::cx::Cx;
use crate::home::private_folder;
use crate::secrets::refuse_weak;

/// `VaultExists` while the vault in use is still where it was.
pub async fn init(cx: &Cx, request: VaultInitRequest) -> Result<VaultInitResponse, ApiError> {
    let passphrase = SecretString::from(request.passphrase.0);
    refuse_weak(&passphrase)?;
    if let Some(row) = cx.catalog().vaults().current().await?
        && let Ok(store) = store_at(cx, &row.location)
        && Vault::probe(&store).await.is_ok()
    {
        return Err(ApiError::new(
            ErrorCode::VaultExists,
            format!("There is a vault already, in {}.", row.location),
        )
        .hint("Use that one. To start anew, move its folder away first."));
    }
    let location = match request.path {
        Some(path) => path,
        None => cx.home().default_vault().display().to_string(),
    };
    let folder = Path::new(&location);
    if folder.is_absolute() && !folder.exists() {
        private_folder(folder).map_err(|error| {
            ApiError::new(
                ErrorCode::StorageUnavailable,
                format!("The folder {location} cannot be made: {error}."),
            )
            .hint("Choose a folder that you may write to.")
        })?;
    }
    let store = store_at(cx, &location)?;
    let vault = Vault::create(store, &passphrase, cx.now_ms()).await?;
    let recovery_kit = vault.issue_recovery_kit(cx.now_ms()).await?;
    cx.catalog().vaults().use_vault(&vault.id(), &location, cx.now_ms()).await?;
    let row = cx.catalog().vaults().current().await?.ok_or_else(none_yet)?;
    let vault = open::enter(cx, &row, &mut *cx.vault_cell().lock().await, vault).await?;
    let kept = if request.remember { Some(keep_key(cx, &vault, Some(&passphrase)).await) } else { None };
    cx.events().changed(Topic::Vault);
    Ok(VaultInitResponse {
        id: vault.id(),
        location,
        recovery_kit,
        remembers_key: matches!(kept, Some(Ok(()))),
        // The vault is made and opens with its passphrase: this is no failure.
        keychain_problem: kept.and_then(Result::err),
    })
}

/// Takes up a vault made elsewhere. What was remembered of it from before counts again. What is returned is why
/// it will not open by itself although that was wished.
pub async fn attach(cx: &Cx, request: VaultAttachRequest) -> Result<Option<ApiError>, ApiError> {
    let vault = open::with_secret(store_at(cx, &request.path)?, &request.unlock).await?;
    let mut cell = cx.vault_cell().lock().await;
    cx.catalog().vaults().use_vault(&vault.id(), &request.path, cx.now_ms()).await?;
    let row = cx.catalog().vaults().current().await?.ok_or_else(none_yet)?;
    let vault = open::enter(cx, &row, &mut cell, vault).await?;
    drop(cell);
    let typed = request.unlock.passphrase.map(|passphrase| SecretString::from(passphrase.0));
    let not_kept = match request.unlock.remember {
        true => keep_key(cx, &vault, typed.as_ref()).await.err(),
        false => None,
    };
    cx.events().changed(Topic::Vault);
    Ok(not_kept)
}

/// A sealed file that was chosen is sealed by the vault's passphrase: one opens both.
async fn keep_key(cx: &Cx, vault: &Vault, typed: Option<&SecretString>) -> Result<(), ApiError> {
    if let Some(passphrase) = typed {
        cx.secrets().offer(passphrase, true).await?;
    }
    keys::remember(cx, vault).await
}
