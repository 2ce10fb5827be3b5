//! Table `retention`.

use holdfast_contract::retention::Retention;
use holdfast_contract::{ApiError, ConnectionId};
use rusqlite::{OptionalExtension, params};

use super::Catalog;

type Answer<T> = std::result::Result<T, ApiError>;

pub struct RetentionTable<'a>(pub(super) &'a Catalog);

impl RetentionTable<'_> {
    /// `None`: nothing was ever set, so everything stays.
    pub async fn get(&self, connection: &ConnectionId) -> Answer<Option<Retention>> {
        let id = connection.clone();
        self.0
            .read(move |catalog| {
                let sql = "SELECT rules, zone FROM retention WHERE connection_id = ?1";
                let row: Option<(String, String)> = catalog
                    .prepare_cached(sql)?
                    .query_row([id.as_str()], |row| Ok((row.get(0)?, row.get(1)?)))
                    .optional()?;
                let Some((rules, zone)) = row else { return Ok(None) };
                Ok(Some(Retention { connection_id: id, rules: serde_json::from_str(&rules)?, zone }))
            })
            .await
    }

    pub async fn put(&self, retention: Retention) -> Answer<()> {
        self.0
            .write(move |catalog| {
                catalog.execute(
                    "INSERT INTO retention VALUES (?1, ?2, ?3)
                     ON CONFLICT (connection_id) DO UPDATE SET rules = ?2, zone = ?3",
                    params![
                        retention.connection_id.as_str(),
                        serde_json::to_string(&retention.rules)?,
                        retention.zone
                    ],
                )?;
                Ok(())
            })
            .await
    }
}
