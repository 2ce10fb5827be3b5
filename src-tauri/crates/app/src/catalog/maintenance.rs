//! Table `maintenance`: what a job was about. How it ended is the job's row, which also a crash leaves true.

use holdfast_contract::job::JobState;
use holdfast_contract::maintenance::{MaintenanceKind, MaintenanceReport, MaintenanceRun};
use holdfast_contract::snapshot::TableName;
use holdfast_contract::{Answer, ConnectionId, JobId};
use rusqlite::{Row, params};

use super::error::Result;
use super::{Catalog, from_word, json, word};

pub struct MaintenanceRuns<'a>(pub(super) &'a Catalog);

/// A run with the size of what it worked on.
pub struct KeptRun {
    pub run: MaintenanceRun,
    pub bytes: Option<u64>,
}

impl MaintenanceRuns<'_> {
    pub async fn note(
        &self,
        job: JobId,
        connection: ConnectionId,
        action: MaintenanceKind,
        tables: Vec<TableName>,
        bytes: Option<u64>,
    ) -> Answer<()> {
        self.0
            .write(move |catalog| {
                catalog.execute(
                    "INSERT INTO maintenance VALUES (?1, ?2, ?3, ?4, ?5)",
                    params![
                        job.as_str(),
                        connection.as_str(),
                        word(&action)?,
                        json(&tables)?,
                        bytes.map(|bytes| bytes as i64)
                    ],
                )?;
                Ok(())
            })
            .await
    }

    /// Newest first.
    pub async fn list(
        &self,
        connection: Option<ConnectionId>,
        action: Option<MaintenanceKind>,
        limit: u32,
    ) -> Answer<Vec<KeptRun>> {
        self.0
            .read(move |catalog| {
                let mut statement = catalog.prepare_cached(
                    "SELECT m.job_id, m.connection_id, m.action, m.tables, j.state, j.created_at_ms,
                            j.ended_at_ms - coalesce(j.started_at_ms, j.ended_at_ms), j.result, j.error, m.bytes
                     FROM maintenance m JOIN jobs j ON j.id = m.job_id
                     WHERE (?1 IS NULL OR m.connection_id = ?1) AND (?2 IS NULL OR m.action = ?2)
                     ORDER BY j.created_at_ms DESC, m.rowid DESC LIMIT ?3",
                )?;
                statement.query_and_then(params![
                    connection.as_ref().map(ConnectionId::as_str),
                    action.as_ref().map(word).transpose()?,
                    limit
                ], decode)?.collect()
            })
            .await
    }
}

fn decode(row: &Row<'_>) -> Result<KeptRun> {
    let report: Option<String> = row.get(7)?;
    let error: Option<String> = row.get(8)?;
    let run = MaintenanceRun {
        job_id: JobId(row.get(0)?),
        connection_id: ConnectionId(row.get(1)?),
        action: from_word(row.get(2)?)?,
        tables: serde_json::from_str(&row.get::<_, String>(3)?)?,
        state: from_word::<JobState>(row.get(4)?)?,
        created_at_ms: row.get(5)?,
        duration_ms: row.get::<_, Option<i64>>(6)?.map(|ms| ms.max(0) as u64),
        report: report.map(|text| serde_json::from_str::<MaintenanceReport>(&text)).transpose()?,
        error: error.map(|text| serde_json::from_str(&text)).transpose()?,
    };
    Ok(KeptRun { run, bytes: row.get::<_, Option<i64>>(9)?.map(|bytes| bytes.max(0) as u64) })
}
