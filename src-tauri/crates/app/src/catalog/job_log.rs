//! Table `job_log`: what each job did, line by line.

use holdfast_contract::job::JobLogLine;
use holdfast_contract::{Answer, JobId};
use rusqlite::params;

use super::Catalog;

pub struct JobLog<'a>(pub(super) &'a Catalog);

impl JobLog<'_> {
    pub async fn add(&self, job: &JobId, lines: Vec<JobLogLine>) -> Answer<()> {
        let job = job.clone();
        self.0
            .write(move |catalog| {
                let sql = "INSERT INTO job_log (job, at_ms, step, text) VALUES (?1, ?2, ?3, ?4)";
                let mut statement = catalog.prepare_cached(sql)?;
                for line in &lines {
                    statement.execute(params![job.as_str(), line.at_ms, line.step, line.text])?;
                }
                Ok(())
            })
            .await
    }

    /// Oldest first.
    pub async fn of(&self, job: &JobId) -> Answer<Vec<JobLogLine>> {
        let job = job.clone();
        self.0
            .read(move |catalog| {
                let sql = "SELECT at_ms, step, text FROM job_log WHERE job = ?1 ORDER BY rowid";
                let mut statement = catalog.prepare_cached(sql)?;
                let rows = statement.query_map([job.as_str()], |row| {
                    Ok(JobLogLine { at_ms: row.get(0)?, step: row.get(1)?, text: row.get(2)? })
                })?;
                Ok(rows.collect::<rusqlite::Result<_>>()?)
            })
            .await
    }

    /// Removes lines older than that moment.
    pub async fn forget_before(&self, at_ms: i64) -> Answer<()> {
        self.0
            .write(move |catalog| {
                catalog.execute("DELETE FROM job_log WHERE at_ms < ?1", [at_ms])?;
                Ok(())
            })
            .await
    }
}
