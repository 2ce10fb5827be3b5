//! Tables `retention` and `group_retention`.

use holdfast_contract::retention::{GroupRetention, Retention};
use holdfast_contract::{Answer, ConnectionId};
use rusqlite::{OptionalExtension, params};

use super::Catalog;

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
                Ok(Some(Retention {
                    connection_id: id,
                    rules: serde_json::from_str(&rules)?,
                    zone,
                    of_group: None,
                    consent: None,
                }))
            })
            .await
    }

    /// Idempotent.
    pub async fn forget(&self, connection: &ConnectionId) -> Answer<()> {
        let id = connection.clone();
        self.0
            .write(move |catalog| {
                catalog.execute("DELETE FROM retention WHERE connection_id = ?1", [id.as_str()])?;
                Ok(())
            })
            .await
    }

    /// By name.
    pub async fn groups(&self) -> Answer<Vec<GroupRetention>> {
        self.0
            .read(|catalog| {
                let sql = "SELECT group_name, rules, zone FROM group_retention ORDER BY 1";
                let mut statement = catalog.prepare_cached(sql)?;
                let mut rows = statement.query([])?;
                let mut found = Vec::new();
                while let Some(row) = rows.next()? {
                    let rules: String = row.get(1)?;
                    found.push(GroupRetention {
                        group: row.get(0)?,
                        rules: serde_json::from_str(&rules)?,
                        zone: row.get(2)?,
                    });
                }
                Ok(found)
            })
            .await
    }

    pub async fn put_group(&self, retention: GroupRetention) -> Answer<()> {
        self.0
            .write(move |catalog| {
                catalog.execute(
                    "INSERT INTO group_retention VALUES (?1, ?2, ?3)
                     ON CONFLICT (group_name) DO UPDATE SET rules = ?2, zone = ?3",
                    params![retention.group, serde_json::to_string(&retention.rules)?, retention.zone],
                )?;
                Ok(())
            })
            .await
    }

    /// Idempotent.
    pub async fn forget_group(&self, group: String) -> Answer<()> {
        self.0
            .write(move |catalog| {
                catalog.execute("DELETE FROM group_retention WHERE group_name = ?1", [group])?;
                Ok(())
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
