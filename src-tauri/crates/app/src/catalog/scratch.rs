//! Table `scratch_databases`: what a proof makes on a server, so that a crash leaves nothing behind for ever.

use holdfast_contract::{Answer, ConnectionId};
use rusqlite::params;

use super::Catalog;

#[derive(Clone, Debug, PartialEq)]
pub struct ScratchRow {
    pub name: String,
    pub connection_id: ConnectionId,
    /// The process that makes and drops it.
    pub instance: String,
    pub made_at_ms: i64,
}

pub struct ScratchDatabases<'a>(pub(super) &'a Catalog);

impl ScratchDatabases<'_> {
    /// On disk when it returns: the database may be made.
    pub async fn put(&self, row: ScratchRow) -> Answer<()> {
        self.0
            .write(move |catalog| {
                catalog.execute(
                    "INSERT OR REPLACE INTO scratch_databases VALUES (?1, ?2, ?3, ?4)",
                    params![row.name, row.connection_id.as_str(), row.instance, row.made_at_ms],
                )?;
                Ok(())
            })
            .await
    }

    /// Oldest first.
    pub async fn list(&self) -> Answer<Vec<ScratchRow>> {
        self.0
            .read(|catalog| {
                let mut statement = catalog.prepare_cached(
                    "SELECT name, connection_id, instance, made_at_ms FROM scratch_databases ORDER BY made_at_ms",
                )?;
                let mut rows = statement.query([])?;
                let mut found = Vec::new();
                while let Some(row) = rows.next()? {
                    found.push(ScratchRow {
                        name: row.get(0)?,
                        connection_id: ConnectionId(row.get(1)?),
                        instance: row.get(2)?,
                        made_at_ms: row.get(3)?,
                    });
                }
                Ok(found)
            })
            .await
    }

    /// It is dropped. Idempotent.
    pub async fn forget(&self, connection: &ConnectionId, name: &str) -> Answer<()> {
        let (connection, name) = (connection.clone(), name.to_owned());
        self.0
            .write(move |catalog| {
                let gone = params![connection.as_str(), name];
                catalog
                    .execute("DELETE FROM scratch_databases WHERE connection_id = ?1 AND name = ?2", gone)?;
                Ok(())
            })
            .await
    }
}
