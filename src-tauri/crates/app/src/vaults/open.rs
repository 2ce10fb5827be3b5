//! Opening the vault in use, by itself when that was wished, and closing it.

use holdfast_contract::event::{Event, NoticeLevel, Topic};
use holdfast_contract::vault::VaultUnlockRequest;
use holdfast_contract::{ApiError, ErrorCode};
use holdfast_vault::{Secret, Store, Tip, TipVerdict, Vault};
use secrecy::SecretString;
use zeroize::Zeroizing;

use super::{keys, none_yet, secret_name, store_at};
use crate::catalog::VaultRow;
use crate::cx::{Cx, VaultCell};
use crate::secrets::{Asking, PassphrasePurpose};

/// The vault in use, opened with the kept key or the host's passphrase when it is not open yet.
/// `VaultMissing`: there is none. `VaultLocked`: somebody must unlock it.
pub async fn open(cx: &Cx) -> Result<Vault, ApiError> {
    open_asking(cx, Asking::Allowed).await
}

/// Like `open`, with what is at hand: nobody is asked for a passphrase.
pub async fn open_by_itself(cx: &Cx) -> Result<Vault, ApiError> {
    open_asking(cx, Asking::Never).await
}

async fn open_asking(cx: &Cx, asking: Asking) -> Result<Vault, ApiError> {
    let row = cx.catalog().vaults().current().await?.ok_or_else(none_yet)?;
    let mut cell = cx.vault_cell().lock().await;
    match &*cell {
        // Another process may have put a different vault into use.
        VaultCell::Open { vault, .. } if vault.id() == row.id => return Ok(vault.clone()),
        VaultCell::Locked => return Err(locked()),
        _ => {}
    }
    let store = store_at(cx, &row.location)?;
    let kept = match with_kept_key(cx, &row, &store, asking).await {
        Ok(Some(vault)) => return enter(cx, &row, &mut cell, vault).await,
        Ok(None) => None,
        Err(error) if is_about_keys(error.code) => Some(error),
        Err(error) => return Err(error),
    };
    let source = cx.passphrase().clone();
    let asked = tokio::task::spawn_blocking(move || match asking {
        Asking::Allowed => source.passphrase(PassphrasePurpose::Vault),
        Asking::Never => source.known(),
    })
    .await;
    let Some(passphrase) = asked.ok().flatten() else {
        return Err(match kept {
            Some(why) => ApiError { native: Some(format!("{:?}: {}", why.code, why.message)), ..locked() },
            None => locked(),
        });
    };
    let vault = Vault::open(store, &Secret::Passphrase(passphrase)).await?;
    enter(cx, &row, &mut cell, vault).await
}

/// Unlocks the vault in use with what the request carries. One passphrase opens the sealed secrets file too
/// when it is the file's, and the file's opens a vault whose key is in it. What is returned is why it will not
/// open by itself although that was wished.
pub async fn unlock(cx: &Cx, request: VaultUnlockRequest) -> Result<Option<ApiError>, ApiError> {
    let row = cx.catalog().vaults().current().await?.ok_or_else(none_yet)?;
    let store = store_at(cx, &row.location)?;
    let opens_file = offer(cx, &request).await?;
    let vault = match with_secret(store.clone(), &request).await {
        Err(wrong) if wrong.code == ErrorCode::PassphraseWrong && opens_file => {
            cx.events().changed(Topic::Vault);
            let kept = with_kept_key(cx, &row, &store, Asking::Never).await?;
            kept.ok_or_else(|| opens_only_the_file(wrong))?
        }
        opened => opened?,
    };
    let mut cell = cx.vault_cell().lock().await;
    let vault = enter(cx, &row, &mut cell, vault).await?;
    drop(cell);
    let wished = request.remember && row.keychain_slot.is_none();
    let not_kept = if wished { keys::remember(cx, &vault).await.err() } else { None };
    cx.events().changed(Topic::Vault);
    Ok(not_kept)
}

/// Whether the passphrase of the request is the sealed secrets file's.
async fn offer(cx: &Cx, request: &VaultUnlockRequest) -> Result<bool, ApiError> {
    let Some(passphrase) = &request.passphrase else { return Ok(false) };
    cx.secrets().offer(&SecretString::from(passphrase.0.clone()), request.remember).await
}

fn opens_only_the_file(wrong: ApiError) -> ApiError {
    ApiError {
        message: "This passphrase opens the file with the passwords of your connections, not the vault."
            .into(),
        ..wrong
    }
    .hint("Enter the passphrase of the vault.")
}

/// Forgets the keys in memory. It does not open by itself again until somebody unlocks it in this process.
pub async fn lock(cx: &Cx) -> Result<(), ApiError> {
    cx.catalog().vaults().current().await?.ok_or_else(none_yet)?;
    *cx.vault_cell().lock().await = VaultCell::Locked;
    cx.events().changed(Topic::Vault);
    Ok(())
}

/// Notes the newest state of the vault, so that an older one later on is noticed. After every backup,
/// deletion and prune.
pub async fn remember_tip(cx: &Cx, vault: &Vault) -> Result<(), ApiError> {
    let Some(tip) = vault.tip().await? else { return Ok(()) };
    let tip = serde_json::to_value(tip).map_err(|error| {
        ApiError::new(ErrorCode::Internal, format!("The vault's tip cannot be said: {error}."))
    })?;
    cx.catalog().vaults().remember_tip(&vault.id(), &tip).await
}

/// Opens with exactly one of passphrase and recovery words.
pub(super) async fn with_secret(store: Store, request: &VaultUnlockRequest) -> Result<Vault, ApiError> {
    let secret = match (&request.passphrase, &request.recovery_words) {
        (Some(passphrase), None) => Secret::Passphrase(SecretString::from(passphrase.0.clone())),
        (None, Some(words)) => Secret::RecoveryWords(SecretString::from(words.0.clone())),
        (None, None) => {
            return Err(ApiError::new(
                ErrorCode::PassphraseNeeded,
                "The vault needs its passphrase or its recovery words.",
            )
            .hint("Enter one of the two."));
        }
        (Some(_), Some(_)) => {
            return Err(ApiError::new(
                ErrorCode::BadRequest,
                "passphrase, recovery_words: only one of the two may be given.",
            ));
        }
    };
    Vault::open(store, &secret).await.map_err(ApiError::from)
}

async fn with_kept_key(
    cx: &Cx,
    row: &VaultRow,
    store: &Store,
    asking: Asking,
) -> Result<Option<Vault>, ApiError> {
    let Some(slot) = &row.keychain_slot else { return Ok(None) };
    let name = format!("vault/{}/{slot}", row.id);
    let Some(key) = cx.secrets().get_asking(&name, asking).await? else { return Ok(None) };
    let Ok(key) = <[u8; 32]>::try_from(key.as_slice()) else { return Ok(None) };
    let secret = Secret::Keychain(Zeroizing::new(key));
    match Vault::open(store.clone(), &secret).await.map_err(ApiError::from) {
        Ok(vault) => Ok(Some(vault)),
        // The slot was removed on another machine.
        Err(error) if error.code == ErrorCode::VaultLocked => Ok(None),
        Err(error) => Err(error),
    }
}

/// Errors that another way of opening may overcome.
fn is_about_keys(code: ErrorCode) -> bool {
    use ErrorCode as E;
    matches!(
        code,
        E::KeychainAbsent
            | E::KeychainLocked
            | E::KeychainDenied
            | E::SecretMissing
            | E::PassphraseNeeded
            | E::PassphraseWrong
    )
}

/// Takes an opened vault into use in this process, if it is the one that is meant, and looks whether its
/// history still holds what was seen.
pub(super) async fn enter(
    cx: &Cx,
    row: &VaultRow,
    cell: &mut VaultCell,
    vault: Vault,
) -> Result<Vault, ApiError> {
    if vault.id() != row.id {
        return Err(ApiError::new(
            ErrorCode::NotAVault,
            format!("{} holds another vault than before.", row.location),
        )
        .hint("Attach that vault if it is the one you want to use."));
    }
    let warning = rolled_back(row, &vault).await?;
    if let Some(warning) = &warning {
        cx.events().send(Event::Notice {
            level: NoticeLevel::Error,
            title: "The vault was put back".to_owned(),
            text: warning.message.clone(),
        });
    }
    *cell = VaultCell::Open { vault: vault.clone(), warning };
    Ok(vault)
}

async fn rolled_back(row: &VaultRow, vault: &Vault) -> Result<Option<ApiError>, ApiError> {
    let Some(seen) = row.tip.clone().and_then(|tip| serde_json::from_value::<Tip>(tip).ok()) else {
        return Ok(None);
    };
    let what = match vault.compare_tip(&seen).await? {
        TipVerdict::Unchanged | TipVerdict::Advanced => return Ok(None),
        TipVerdict::RolledBack { .. } => {
            "The vault's history ends before the newest backup that was seen here."
        }
        TipVerdict::Lost => {
            "The newest backup that was seen here is no longer in the vault, and nobody deleted it."
        }
    };
    Ok(Some(
        ApiError::new(ErrorCode::VaultRolledBack, what)
            .hint("If you did not put an older copy of the vault's folder back yourself, find out who did."),
    ))
}

pub(super) fn locked() -> ApiError {
    ApiError::new(ErrorCode::VaultLocked, "The vault is locked.")
        .hint("Unlock it with its passphrase or its recovery kit.")
}

/// A key for this vault, kept under a name made from it.
pub(super) async fn forget_key(cx: &Cx, vault: &Vault, slot: &str) -> Result<(), ApiError> {
    cx.secrets().delete(&secret_name(vault, slot)).await
}
