//! The ways into the vault that this computer looks after: passphrase and kept key.

use holdfast_contract::ApiError;
use holdfast_contract::connection::Password;
use holdfast_contract::vault::SlotKind;
use holdfast_vault::Vault;
use secrecy::SecretString;
use zeroize::Zeroizing;

use super::{open, secret_name};
use crate::cx::Cx;
use crate::secrets::refuse_weak;

/// Keeps a key of its own for this vault among the secrets, so that it opens by itself. Replaces the one
/// that was kept before. On `Err` the vault has no slot more than before.
pub(super) async fn remember(cx: &Cx, vault: &Vault) -> Result<(), ApiError> {
    // Asked first: a slot whose key cannot be kept is a slot for nobody.
    let probe = cx.secrets().get("vault/probe").await;
    probe?;
    let before = cx.catalog().vaults().current().await?.filter(|row| row.id == vault.id());
    let (slot, key) = vault.add_keychain_slot(cx.now_ms()).await?;
    if let Err(error) = cx.secrets().set(&secret_name(vault, &slot.id), Zeroizing::new(key.to_vec())).await {
        vault.remove_slot(&slot.id).await?;
        return Err(error);
    }
    cx.catalog().vaults().remember_slot(&vault.id(), Some(slot.id.clone())).await?;
    if let Some(old) = before.and_then(|row| row.keychain_slot) {
        let theirs = vault.slots().await?;
        if theirs.iter().any(|slot| slot.id == old && slot.kind == SlotKind::Keychain) {
            vault.remove_slot(&old).await?;
        }
        open::forget_key(cx, vault, &old).await?;
    }
    Ok(())
}

pub async fn change_passphrase(cx: &Cx, new: Password) -> Result<(), ApiError> {
    let new = SecretString::from(new.0);
    refuse_weak(&new)?;
    let vault = open::open(cx).await?;
    vault.change_passphrase(&new, cx.now_ms()).await.map_err(ApiError::from)
}
