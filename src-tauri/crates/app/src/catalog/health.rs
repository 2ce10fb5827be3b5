//! Table `health`: the last answer of each database, so that the first page need not wait for any.

use std::collections::HashMap;

use holdfast_contract::overview::Health;
use holdfast_contract::{Answer, ApiError, ConnectionId};
use rusqlite::params;

use super::{Catalog, json};

pub struct HealthCache<'a>(pub(super) &'a Catalog);

impl HealthCache<'_> {
    /// Does nothing when the connection is gone.
    pub async fn put(&self, connection: &ConnectionId, health: &Health) -> Answer<()> {
        let (connection, health) = (connection.clone(), json(health).map_err(ApiError::from)?);
        self.0
            .write(move |catalog| {
                catalog.execute(
                    "INSERT INTO health SELECT ?1, ?2 WHERE EXISTS (SELECT 1 FROM connections WHERE id = ?1)
                     ON CONFLICT (connection_id) DO UPDATE SET health = ?2",
                    params![connection.as_str(), health],
                )?;
                Ok(())
            })
            .await
    }

    pub async fn all(&self) -> Answer<HashMap<ConnectionId, Health>> {
        self.0
            .read(|catalog| {
                let mut statement = catalog.prepare_cached("SELECT connection_id, health FROM health")?;
                let mut rows = statement.query([])?;
                let mut found = HashMap::new();
                while let Some(row) = rows.next()? {
                    found.insert(ConnectionId(row.get(0)?), serde_json::from_str(&row.get::<_, String>(1)?)?);
                }
                Ok(found)
            })
            .await
    }
}
