//! Table `vaults`: the vaults this catalog knows, what it remembers of each, and which is in use.

use holdfast_contract::vault::CheckSummary;
use holdfast_contract::{Answer, ApiError, VaultId};
use rusqlite::params;
use serde_json::Value;

use super::{Catalog, json};

#[derive(Clone, Debug, PartialEq)]
pub struct VaultRow {
    pub id: VaultId,
    pub location: String,
    /// The slot whose key is kept among the secrets, when it opens by itself.
    pub keychain_slot: Option<String>,
    /// The newest state that was seen, in the vault's own words.
    pub tip: Option<Value>,
    pub last_check: Option<CheckSummary>,
    pub added_at_ms: i64,
}

pub struct Vaults<'a>(pub(super) &'a Catalog);

impl Vaults<'_> {
    pub async fn current(&self) -> Answer<Option<VaultRow>> {
        self.0
            .read(|catalog| {
                let mut statement = catalog.prepare_cached(
                    "SELECT id, location, keychain_slot, tip, last_check, added_at_ms FROM vaults WHERE current = 1",
                )?;
                let mut rows = statement.query([])?;
                let Some(row) = rows.next()? else { return Ok(None) };
                let tip: Option<String> = row.get(3)?;
                let last_check: Option<String> = row.get(4)?;
                Ok(Some(VaultRow {
                    id: VaultId(row.get(0)?),
                    location: row.get(1)?,
                    keychain_slot: row.get(2)?,
                    tip: tip.map(|tip| serde_json::from_str(&tip)).transpose()?,
                    last_check: last_check.map(|check| serde_json::from_str(&check)).transpose()?,
                    added_at_ms: row.get(5)?,
                }))
            })
            .await
    }

    /// Puts this vault into use. What is remembered of it from before (tip, last check) stays.
    pub async fn use_vault(&self, id: &VaultId, location: &str, now_ms: i64) -> Answer<()> {
        let (id, location) = (id.clone(), location.to_owned());
        self.0
            .write(move |catalog| {
                catalog.execute("UPDATE vaults SET current = 0 WHERE current = 1", [])?;
                catalog.execute(
                    "INSERT INTO vaults (id, location, current, added_at_ms) VALUES (?1, ?2, 1, ?3)
                     ON CONFLICT (id) DO UPDATE SET current = 1, location = ?2",
                    params![id.as_str(), location, now_ms],
                )?;
                Ok(())
            })
            .await
    }

    pub async fn remember_slot(&self, id: &VaultId, slot: Option<String>) -> Answer<()> {
        self.set(id, "keychain_slot", slot).await
    }
    pub async fn remember_tip(&self, id: &VaultId, tip: &Value) -> Answer<()> {
        self.set(id, "tip", Some(tip.to_string())).await
    }
    pub async fn remember_check(&self, id: &VaultId, check: &CheckSummary) -> Answer<()> {
        let check = json(check).map_err(ApiError::from)?;
        self.set(id, "last_check", Some(check)).await
    }

    async fn set(&self, id: &VaultId, column: &'static str, value: Option<String>) -> Answer<()> {
        let id = id.clone();
        self.0
            .write(move |catalog| {
                let sql = format!("UPDATE vaults SET {column} = ?2 WHERE id = ?1 AND {column} IS NOT ?2");
                catalog.execute(&sql, params![id.as_str(), value])?;
                Ok(())
            })
            .await
    }
}
