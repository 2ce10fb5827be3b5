//! Table `attempts`: backups that are running or did not become good.
//!
//! A good backup is a manifest in the vault; its attempt is forgotten when the manifest is committed, or
//! ignored when the program ended between the two (the manifest wins).

use holdfast_contract::backup::{Backup, BackupState};
use holdfast_contract::{ApiError, BackupId, ConnectionId, JobId};
use rusqlite::params;

use super::{Catalog, json, word};

type Answer<T> = std::result::Result<T, ApiError>;

#[derive(Clone, Debug, PartialEq)]
pub struct Attempt {
    /// The wire's picture of it, with state and error.
    pub backup: Backup,
    pub ended_at_ms: Option<i64>,
    /// The process that runs it.
    pub instance: String,
}

pub struct Attempts<'a>(pub(super) &'a Catalog);

impl Attempts<'_> {
    /// Inserts or replaces by the backup's id.
    pub async fn put(&self, attempt: Attempt) -> Answer<()> {
        self.0
            .write(move |catalog| {
                let backup = &attempt.backup;
                catalog.execute(
                    "INSERT OR REPLACE INTO attempts VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)",
                    params![
                        backup.id.as_str(),
                        backup.connection_id.as_str(),
                        backup.job_id.as_ref().map(JobId::as_str),
                        word(&backup.state)?,
                        backup.created_at_ms,
                        attempt.ended_at_ms,
                        json(backup)?,
                        attempt.instance,
                    ],
                )?;
                Ok(())
            })
            .await
    }

    /// Newest first; all, or those of one connection.
    pub async fn list(&self, connection: Option<&ConnectionId>) -> Answer<Vec<Attempt>> {
        let connection = connection.cloned();
        self.0
            .read(move |catalog| {
                let mut statement = catalog.prepare_cached(
                    "SELECT backup, ended_at_ms, instance FROM attempts WHERE ?1 IS NULL OR connection_id = ?1
                     ORDER BY created_at_ms DESC, backup_id DESC",
                )?;
                let mut rows = statement.query([connection.as_ref().map(ConnectionId::as_str)])?;
                let mut found = Vec::new();
                while let Some(row) = rows.next()? {
                    found.push(Attempt {
                        backup: serde_json::from_str(&row.get::<_, String>(0)?)?,
                        ended_at_ms: row.get(1)?,
                        instance: row.get(2)?,
                    });
                }
                Ok(found)
            })
            .await
    }

    pub async fn running(&self) -> Answer<Vec<Attempt>> {
        let all = self.list(None).await?;
        Ok(all.into_iter().filter(|attempt| attempt.backup.state == BackupState::Running).collect())
    }

    /// It became good, or a person let go of it. Idempotent.
    pub async fn forget(&self, id: &BackupId) -> Answer<()> {
        let id = id.clone();
        self.0
            .write(move |catalog| {
                catalog.execute("DELETE FROM attempts WHERE backup_id = ?1", [id.as_str()])?;
                Ok(())
            })
            .await
    }
}
