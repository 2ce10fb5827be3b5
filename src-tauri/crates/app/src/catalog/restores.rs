//! Table `restores`: the journal of restores. `facts` is the use case's own record; the columns are what
//! is searched by.

use holdfast_contract::restore::RestoreState;
use holdfast_contract::{Answer, ApiError, ConnectionId, ErrorCode, JobId, RestoreId};
use rusqlite::{Row, params};
use serde_json::Value;

use super::error::{CatalogError, Result};
use super::{Catalog, from_word, word};

#[derive(Clone, Debug, PartialEq)]
pub struct RestoreRow {
    pub id: RestoreId,
    pub state: RestoreState,
    pub connection_id: ConnectionId,
    pub job_id: Option<JobId>,
    pub started_at_ms: i64,
    pub ended_at_ms: Option<i64>,
    pub facts: Value,
    /// The process that runs it.
    pub instance: String,
}

impl RestoreRow {
    /// Work is being done, or was when its process ended.
    pub fn active(&self) -> bool {
        use RestoreState as S;
        matches!(
            self.state,
            S::Planned | S::SafetyBackup | S::Loading | S::Proving | S::Swapping | S::Undoing
        )
    }
}

pub struct Restores<'a>(pub(super) &'a Catalog);

const COLUMNS: &str = "id, state, connection_id, job_id, started_at_ms, ended_at_ms, facts, instance";

impl Restores<'_> {
    /// Inserts or replaces by id; on disk when it returns.
    pub async fn put(&self, row: RestoreRow) -> Answer<()> {
        self.0
            .write(move |catalog| {
                catalog.execute(
                    &format!(
                        "INSERT OR REPLACE INTO restores ({COLUMNS}) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)"
                    ),
                    params![
                        row.id.as_str(),
                        word(&row.state)?,
                        row.connection_id.as_str(),
                        row.job_id.as_ref().map(JobId::as_str),
                        row.started_at_ms,
                        row.ended_at_ms,
                        row.facts.to_string(),
                        row.instance,
                    ],
                )?;
                Ok(())
            })
            .await
    }

    /// By id or an unambiguous beginning of one (four digits or more).
    pub async fn find(&self, id: &str) -> Answer<RestoreRow> {
        let wanted = id.to_owned();
        self.0
            .read(move |catalog| {
                let sql = format!("SELECT {COLUMNS} FROM restores WHERE id = ?1 OR (length(?1) >= 4 AND substr(id, 1, length(?1)) = ?1) LIMIT 2");
                let mut statement = catalog.prepare_cached(&sql)?;
                let mut rows = statement.query([&wanted])?;
                let Some(row) = rows.next()? else {
                    let error = ApiError::new(ErrorCode::NotFound, format!("There is no restore {wanted:?}."));
                    return Err(CatalogError::Api(error));
                };
                let found = decode(row)?;
                if rows.next()?.is_some() {
                    let error = ApiError::new(ErrorCode::Ambiguous, format!("Several restores begin with {wanted:?}."));
                    return Err(CatalogError::Api(error.hint("Give more digits of the id.")));
                }
                Ok(found)
            })
            .await
    }

    /// Newest first; all, or those of one connection.
    pub async fn list(&self, connection: Option<&ConnectionId>) -> Answer<Vec<RestoreRow>> {
        let connection = connection.cloned();
        self.0
            .read(move |catalog| {
                let sql = format!(
                    "SELECT {COLUMNS} FROM restores WHERE ?1 IS NULL OR connection_id = ?1
                     ORDER BY started_at_ms DESC, id DESC"
                );
                let mut statement = catalog.prepare_cached(&sql)?;
                statement.query_and_then([connection.as_ref().map(ConnectionId::as_str)], decode)?.collect()
            })
            .await
    }
}

fn decode(row: &Row<'_>) -> Result<RestoreRow> {
    Ok(RestoreRow {
        id: RestoreId(row.get(0)?),
        state: from_word(row.get(1)?)?,
        connection_id: ConnectionId(row.get(2)?),
        job_id: row.get::<_, Option<String>>(3)?.map(JobId),
        started_at_ms: row.get(4)?,
        ended_at_ms: row.get(5)?,
        facts: serde_json::from_str(&row.get::<_, String>(6)?)?,
        instance: row.get(7)?,
    })
}
