//! Table `attempts`: backups that are running or did not become good.
//!
//! A good backup is a manifest in the vault; its attempt is forgotten when the manifest is committed, or
//! ignored when the program ended between the two (the manifest wins).

use holdfast_contract::backup::{Backup, BackupState};
use holdfast_contract::{Answer, BackupId, JobId};
use rusqlite::params;

use super::{Catalog, json, word};

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
    /// Inserts or replaces by the backup's id. It stays with the vault that was in use when it began.
    pub async fn put(&self, attempt: Attempt) -> Answer<()> {
        self.0
            .write(move |catalog| {
                let backup = &attempt.backup;
                catalog.execute(
                    "INSERT INTO attempts (backup_id, connection_id, job_id, state, created_at_ms, ended_at_ms, backup,
                         instance, vault_id)
                     VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, (SELECT id FROM vaults WHERE current = 1))
                     ON CONFLICT (backup_id) DO UPDATE SET connection_id = ?2, job_id = ?3, state = ?4,
                         created_at_ms = ?5, ended_at_ms = ?6, backup = ?7, instance = ?8",
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

    /// Those meant for the vault in use, newest first.
    pub async fn list(&self) -> Answer<Vec<Attempt>> {
        self.select("vault_id IS (SELECT id FROM vaults WHERE current = 1)").await
    }

    /// Whatever vault they are meant for.
    pub async fn running(&self) -> Answer<Vec<Attempt>> {
        let all = self.select("TRUE").await?;
        Ok(all.into_iter().filter(|attempt| attempt.backup.state == BackupState::Running).collect())
    }

    async fn select(&self, condition: &'static str) -> Answer<Vec<Attempt>> {
        self.0
            .read(move |catalog| {
                let mut statement = catalog.prepare_cached(&format!(
                    "SELECT backup, ended_at_ms, instance FROM attempts WHERE {condition}
                     ORDER BY created_at_ms DESC, backup_id DESC",
                ))?;
                let mut rows = statement.query([])?;
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
