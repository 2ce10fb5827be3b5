//! Who may open the vault: adding, replacing and removing key slots.

use holdfast_contract::vault::{RecoveryKit, SlotInfo, SlotKind};
use secrecy::{ExposeSecret, SecretString};
use zeroize::Zeroizing;

use crate::argon::{Argon2Cost, stretch_aside};
use crate::keys::{fresh_salt, random};
use crate::slot::{NewSlot, Slot};
use crate::store::Folder;
use crate::vault::read_slot;
use crate::{Result, Vault, VaultError, hex, words};

impl Vault {
    pub async fn slots(&self) -> Result<Vec<SlotInfo>> {
        Ok(Self::probe(&self.inner.store).await?.slots)
    }

    /// The key is for a keychain; whoever has it opens the vault.
    pub async fn add_keychain_slot(&self, now_ms: i64) -> Result<(SlotInfo, Zeroizing<[u8; 32]>)> {
        let _guard = self.inner.store.locks().shared().await?;
        let secret = Zeroizing::new(random::<32>()?);
        let info = self.add(SlotKind::Keychain, "Keychain", &secret, None, now_ms).await?;
        Ok((info, secret))
    }

    /// The new kit replaces all older ones.
    pub async fn issue_recovery_kit(&self, now_ms: i64) -> Result<RecoveryKit> {
        let _guard = self.inner.store.locks().shared().await?;
        let secret = Zeroizing::new(random::<32>()?);
        let info = self.add(SlotKind::RecoveryKit, "Recovery kit", &secret, None, now_ms).await?;
        self.keep_only(&info).await?;
        Ok(RecoveryKit {
            vault_id: self.id(),
            created_at_ms: now_ms,
            words: words::encode(&secret)?,
            instructions: self.recovery_instructions(),
        })
    }

    /// What stands under the words of a recovery kit.
    pub fn recovery_instructions(&self) -> String {
        format!(
            "These 24 words open the Holdfast vault {} when its passphrase is forgotten.\n\
             It was at {} when this kit was made.\n\
             Whoever reads the words can read every backup: keep them on paper, away from the computer.\n\
             To use them, open the vault with its recovery kit and type the words in order, separated by blanks.\n\
             A newer kit makes this one useless.",
            self.id(),
            self.inner.store.location()
        )
    }

    pub async fn change_passphrase(&self, new: &SecretString, now_ms: i64) -> Result<()> {
        self.change_passphrase_at(new, Argon2Cost::STANDARD, now_ms).await
    }

    /// If it is interrupted, the old passphrase still opens the vault, or both do; running it again completes it.
    pub async fn change_passphrase_at(
        &self,
        new: &SecretString,
        cost: Argon2Cost,
        now_ms: i64,
    ) -> Result<()> {
        if new.expose_secret().is_empty() {
            return Err(VaultError::PassphraseEmpty);
        }
        let _guard = self.inner.store.locks().shared().await?;
        let salt = fresh_salt(now_ms)?;
        let secret = stretch_aside(new, salt, cost).await?;
        let info = self.add(SlotKind::Passphrase, "Passphrase", &secret, Some((cost, salt)), now_ms).await?;
        self.keep_only(&info).await
    }

    pub async fn remove_slot(&self, id: &str) -> Result<()> {
        let _guard = self.inner.store.locks().shared().await?;
        let listed = self.inner.store.list(Folder::Slots).await?;
        let names: Vec<&str> =
            listed.iter().map(|slot| slot.name.as_str()).filter(|name| name.get(..16) == Some(id)).collect();
        if names.is_empty() {
            return Err(VaultError::SlotMissing { slot: id.to_owned() });
        }
        // Only slots that can be read count as another way in.
        if !self.slots().await?.iter().any(|slot| slot.id != id) {
            return Err(VaultError::LastSlot);
        }
        for name in names {
            self.inner.store.remove(Folder::Slots, name).await?;
        }
        Ok(())
    }

    async fn add(
        &self,
        kind: SlotKind,
        label: &str,
        secret: &[u8; 32],
        stretched: Option<(Argon2Cost, [u8; 32])>,
        now_ms: i64,
    ) -> Result<SlotInfo> {
        let inner = &self.inner;
        let new = NewSlot {
            vault: inner.plain.id,
            header: inner.header_sha,
            kind,
            label,
            created_at_ms: now_ms,
            stretched,
        };
        let (id, bytes) = Slot::seal(&new, secret, &inner.keys.master)?;
        let name = inner.store.put(Folder::Slots, &id, bytes).await?;
        // Read back and opened before anybody relies on it or older ones go.
        let slot = read_slot(&inner.store, &name, &inner.plain, &inner.header_sha).await?;
        match slot.open(secret, &inner.plain.id)? {
            Some(_) => Ok(slot.info()),
            None => Err(VaultError::internal("a new key slot did not open")),
        }
    }

    /// Removes the older slots of the same kind.
    async fn keep_only(&self, kept: &SlotInfo) -> Result<()> {
        let inner = &self.inner;
        for listed in inner.store.list(Folder::Slots).await? {
            let slot = match read_slot(&inner.store, &listed.name, &inner.plain, &inner.header_sha).await {
                Ok(slot) => slot,
                // Not ours to judge; a check reports it.
                Err(VaultError::Damaged { .. }) => continue,
                Err(error) => return Err(error),
            };
            if slot.kind == kept.kind && hex::encode(&slot.id) != kept.id {
                inner.store.remove(Folder::Slots, &listed.name).await?;
            }
        }
        Ok(())
    }
}
