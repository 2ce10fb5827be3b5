//! Table `guards`: guarded commands under way and of before.

use holdfast_contract::guard::Guard;
use holdfast_contract::{ApiError, ConnectionId, ErrorCode, GuardId};
use rusqlite::{Row, params};

use super::Catalog;
use super::error::{CatalogError, Result};

type Answer<T> = std::result::Result<T, ApiError>;

#[derive(Clone, Debug, PartialEq)]
pub struct GuardRow {
    pub guard: Guard,
    /// The process that prepares it, and for which the command runs.
    pub instance: String,
}

pub struct Guards<'a>(pub(super) &'a Catalog);

impl Guards<'_> {
    /// Inserts or replaces by id; on disk when it returns.
    pub async fn put(&self, row: GuardRow) -> Answer<()> {
        self.0
            .write(move |catalog| {
                catalog.execute(
                    "INSERT INTO guards (id, connection_id, started_at_ms, guard, instance) VALUES (?1, ?2, ?3, ?4, ?5)
                     ON CONFLICT (id) DO UPDATE SET guard = ?4, instance = ?5",
                    params![
                        row.guard.id.as_str(),
                        row.guard.connection_id.as_str(),
                        row.guard.started_at_ms,
                        serde_json::to_string(&row.guard)?,
                        row.instance,
                    ],
                )?;
                Ok(())
            })
            .await
    }

    /// `NotFound` for an unknown one.
    pub async fn get(&self, id: &GuardId) -> Answer<GuardRow> {
        let wanted = id.clone();
        self.0
            .read(move |catalog| {
                let mut statement =
                    catalog.prepare_cached("SELECT guard, instance FROM guards WHERE id = ?1")?;
                let found = statement.query_and_then([wanted.as_str()], decode)?.next();
                found.unwrap_or_else(|| {
                    let text = format!("There is no guard {:?}.", wanted.as_str());
                    let error = ApiError::new(ErrorCode::NotFound, text);
                    Err(CatalogError::Api(error.hint("guard.list tells of those there are.")))
                })
            })
            .await
    }

    /// Newest first; all, or those of one connection.
    pub async fn list(&self, connection: Option<&ConnectionId>) -> Answer<Vec<GuardRow>> {
        let connection = connection.cloned();
        self.0
            .read(move |catalog| {
                let sql = "SELECT guard, instance FROM guards WHERE ?1 IS NULL OR connection_id = ?1
                           ORDER BY started_at_ms DESC, id DESC";
                let mut statement = catalog.prepare_cached(sql)?;
                statement.query_and_then([connection.as_ref().map(ConnectionId::as_str)], decode)?.collect()
            })
            .await
    }
}

fn decode(row: &Row<'_>) -> Result<GuardRow> {
    Ok(GuardRow { guard: serde_json::from_str(&row.get::<_, String>(0)?)?, instance: row.get(1)? })
}
