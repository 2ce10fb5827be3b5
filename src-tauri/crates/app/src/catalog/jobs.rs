//! Table `jobs`: every piece of long work, by which process it runs, and how it ended.

use holdfast_contract::audit::AuditPhase;
use holdfast_contract::job::{Job, JobState, Progress};
use holdfast_contract::policy::{Principal, Touched};
use holdfast_contract::{Answer, ApiError, ConnectionId, ErrorCode, JobId};
use rusqlite::{OptionalExtension, Row, params};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::error::{CatalogError, Result};
use super::{Catalog, NewAuditEntry, audit, from_word, json, word};

#[derive(Clone, Debug, PartialEq)]
pub struct JobRow {
    pub job: Job,
    pub instance: String,
    pub audit: Option<JobAudit>,
}

/// Who started the job and on what: its end is written into the audit log under these.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct JobAudit {
    pub principal: Principal,
    #[serde(alias = "target", deserialize_with = "super::audit::read_touched")]
    pub touched: Vec<Touched>,
    pub target_name: Option<String>,
}

pub struct Jobs<'a>(pub(super) &'a Catalog);

const COLUMNS: &str = "id, operation, title, connection_id, state, created_at_ms, started_at_ms, ended_at_ms, \
                       progress, error, result, cancellable, instance, audit";

impl Jobs<'_> {
    pub async fn insert(&self, row: JobRow) -> Answer<()> {
        self.0
            .write(move |catalog| {
                let job = &row.job;
                catalog.execute(
                    &format!(
                        "INSERT INTO jobs ({COLUMNS}) VALUES (?1,?2,?3,?4,?5,?6,?7,?8,?9,?10,?11,?12,?13,?14)"
                    ),
                    params![
                        job.id.as_str(),
                        job.operation,
                        job.title,
                        job.connection_id.as_ref().map(ConnectionId::as_str),
                        word(&job.state)?,
                        job.created_at_ms,
                        job.started_at_ms,
                        job.ended_at_ms,
                        json(&job.progress)?,
                        job.error.as_ref().map(json).transpose()?,
                        job.result.as_ref().map(Value::to_string),
                        job.cancellable,
                        row.instance,
                        row.audit.as_ref().map(json).transpose()?,
                    ],
                )?;
                Ok(())
            })
            .await
    }

    /// `NotFound` for an unknown one.
    pub async fn get(&self, id: &JobId) -> Answer<Job> {
        let id = id.clone();
        self.0
            .read(move |catalog| {
                let sql = format!("SELECT {COLUMNS} FROM jobs WHERE id = ?1");
                let mut statement = catalog.prepare_cached(&sql)?;
                let mut rows = statement.query([id.as_str()])?;
                match rows.next()? {
                    Some(row) => Ok(decode(row)?.job),
                    None => Err(CatalogError::Api(ApiError::new(
                        ErrorCode::NotFound,
                        format!("There is no job {id}."),
                    ))),
                }
            })
            .await
    }

    /// Newest first.
    pub async fn list(
        &self,
        connection: Option<ConnectionId>,
        active_only: bool,
        limit: u32,
    ) -> Answer<Vec<Job>> {
        self.0
            .read(move |catalog| {
                let sql = format!(
                    "SELECT {COLUMNS} FROM jobs WHERE (?1 IS NULL OR connection_id = ?1)
                     AND (NOT ?2 OR state IN ('queued', 'running')) ORDER BY created_at_ms DESC, id DESC LIMIT ?3"
                );
                let mut statement = catalog.prepare_cached(&sql)?;
                let mut rows =
                    statement.query(params![connection.as_ref().map(ConnectionId::as_str), active_only, limit])?;
                let mut found = Vec::new();
                while let Some(row) = rows.next()? {
                    found.push(decode(row)?.job);
                }
                Ok(found)
            })
            .await
    }

    /// Queued and running, of every process.
    pub async fn active(&self) -> Answer<Vec<JobRow>> {
        self.0
            .read(|catalog| {
                let sql = format!("SELECT {COLUMNS} FROM jobs WHERE state IN ('queued', 'running')");
                let mut statement = catalog.prepare_cached(&sql)?;
                statement.query_and_then([], decode)?.collect()
            })
            .await
    }

    pub async fn start(&self, id: &JobId, now_ms: i64) -> Answer<()> {
        let id = id.clone();
        self.0
            .write(move |catalog| {
                catalog.execute(
                    "UPDATE jobs SET state = 'running', started_at_ms = ?2 WHERE id = ?1 AND state = 'queued'",
                    params![id.as_str(), now_ms],
                )?;
                Ok(())
            })
            .await
    }

    /// Notes how far it is; true when somebody has asked to stop it.
    pub async fn report(&self, id: &JobId, progress: Option<Progress>) -> Answer<bool> {
        let id = id.clone();
        if let Some(progress) = progress {
            return self
                .0
                .write(move |catalog| {
                    catalog.execute(
                        "UPDATE jobs SET progress = ?2 WHERE id = ?1 AND state IN ('queued', 'running')",
                        params![id.as_str(), json(&progress)?],
                    )?;
                    cancel_requested(catalog, &id)
                })
                .await;
        }
        self.0.read(move |catalog| cancel_requested(catalog, &id)).await
    }

    pub async fn request_cancel(&self, id: &JobId) -> Answer<()> {
        let id = id.clone();
        self.0
            .write(move |catalog| {
                catalog.execute(
                    "UPDATE jobs SET cancel_requested = 1 WHERE id = ?1 AND state IN ('queued', 'running')",
                    [id.as_str()],
                )?;
                Ok(())
            })
            .await
    }

    /// Writes the end and its audit entry in one transaction. A job that has ended stays as it ended: false.
    pub async fn end(&self, job: Job, audit: Option<JobAudit>) -> Answer<bool> {
        self.0
            .write(move |catalog| {
                let ended = catalog.execute(
                    "UPDATE jobs SET state = ?2, ended_at_ms = ?3, progress = ?4, error = ?5, result = ?6
                     WHERE id = ?1 AND state IN ('queued', 'running')",
                    params![
                        job.id.as_str(),
                        word(&job.state)?,
                        job.ended_at_ms,
                        json(&job.progress)?,
                        job.error.as_ref().map(json).transpose()?,
                        job.result.as_ref().map(Value::to_string),
                    ],
                )?;
                if ended == 0 {
                    return Ok(false);
                }
                if let Some(audit) = audit {
                    audit::append(
                        catalog,
                        NewAuditEntry {
                            at_ms: job.ended_at_ms.unwrap_or_default(),
                            principal: audit.principal,
                            operation: job.operation.clone(),
                            touched: audit.touched,
                            target_name: audit.target_name,
                            phase: AuditPhase::Outcome,
                            outcome: Some(word(&job.state)?),
                            error_code: job.error.as_ref().map(|error| word(&error.code)).transpose()?,
                            detail: serde_json::json!({ "job": job.id }).to_string(),
                        },
                    )?;
                }
                Ok(true)
            })
            .await
    }
}

fn cancel_requested(catalog: &rusqlite::Connection, id: &JobId) -> Result<bool> {
    let mut statement = catalog.prepare_cached("SELECT cancel_requested FROM jobs WHERE id = ?1")?;
    Ok(statement.query_row([id.as_str()], |row| row.get(0)).optional()?.unwrap_or(false))
}

fn decode(row: &Row<'_>) -> Result<JobRow> {
    let error: Option<String> = row.get(9)?;
    let result: Option<String> = row.get(10)?;
    let audit: Option<String> = row.get(13)?;
    Ok(JobRow {
        job: Job {
            id: JobId(row.get(0)?),
            operation: row.get(1)?,
            title: row.get(2)?,
            connection_id: row.get::<_, Option<String>>(3)?.map(ConnectionId),
            state: from_word::<JobState>(row.get(4)?)?,
            created_at_ms: row.get(5)?,
            started_at_ms: row.get(6)?,
            ended_at_ms: row.get(7)?,
            progress: serde_json::from_str(&row.get::<_, String>(8)?)?,
            error: error.map(|error| serde_json::from_str(&error)).transpose()?,
            result: result.map(|result| serde_json::from_str(&result)).transpose()?,
            cancellable: row.get(11)?,
        },
        instance: row.get(12)?,
        audit: audit.map(|audit| serde_json::from_str(&audit)).transpose()?,
    })
}
