//! The scratch database of a proof: where it is made, and that it is gone afterwards, also after a crash.
//!
//! A copy that is a file lives in the job's own folder, which its owner empties. On a server the name is written into the
//! catalog first, and a process that finds the writer dead drops it.

use std::collections::HashSet;
use std::path::Path;
use std::time::Duration;

use holdfast_contract::connection::Connection;
use holdfast_contract::offers::Copies;
use holdfast_contract::snapshot::EngineKind;
use holdfast_contract::{ApiError, ConnectionId, ErrorCode};
use holdfast_engine::{Access, NamePurpose};

use super::verify::Depth;
use crate::catalog::{Catalog, ScratchRow};
use crate::connections::database::{Database, tag};
use crate::connections::offers;
use crate::cx::Cx;
use crate::jobs::stages::Stages;

pub(crate) struct Scratch {
    database: Database,
    name: String,
    /// Under which connection it is written down.
    noted: Option<ConnectionId>,
}

impl Scratch {
    /// `server`: where a server's backup is loaded. A file needs none: any folder will do.
    pub(crate) async fn reserve(
        cx: &Cx,
        kind: EngineKind,
        server: Option<&Connection>,
        folder: &Path,
    ) -> Result<Self, ApiError> {
        if offers::of_kind(kind)?.copies == Copies::Files {
            let path = folder.join("proof.sqlite").to_string_lossy().into_owned();
            let database = Database::new(Access::new(offers::file(kind, &path)))?;
            let name = database.made_up_name(NamePurpose::Scratch, &tag()?)?;
            return Ok(Self { database, name, noted: None });
        }
        let connection = server.ok_or_else(no_server)?;
        if connection.spec.engine() != kind {
            return Err(ApiError::new(
                ErrorCode::BadRequest,
                format!("“{}” holds another kind of database than this backup.", connection.name),
            )
            .hint("Choose a connection of the same kind for the scratch database."));
        }
        if connection.read_only {
            return Err(ApiError::new(
                ErrorCode::ReadOnly,
                format!(
                    "“{}” is read-only, so no scratch database can be made on its server.",
                    connection.name
                ),
            )
            .hint("Give another connection for the scratch database."));
        }
        let database = Database::of(cx, connection).await?;
        let name = database.made_up_name(NamePurpose::Scratch, &tag()?)?;
        let row = ScratchRow {
            name: name.clone(),
            connection_id: connection.id.clone(),
            instance: cx.home().instance().to_owned(),
            made_at_ms: cx.now_ms(),
        };
        cx.catalog().scratch_databases().put(row).await?;
        Ok(Self { database, name, noted: Some(connection.id.clone()) })
    }

    pub(crate) fn depth<'a>(&'a self, stages: &'a Stages) -> Depth<'a> {
        Depth::Restored { database: &self.database, scratch: &self.name, stages }
    }

    /// To be called after the proof, whatever came of it: the note goes when the database is gone.
    pub(crate) async fn settle(self, catalog: &Catalog) -> Result<(), ApiError> {
        let Some(connection) = &self.noted else { return Ok(()) };
        let exists = self.database.load()?.exists(&self.name).await?;
        if exists { Ok(()) } else { catalog.scratch_databases().forget(connection, &self.name).await }
    }
}

fn no_server() -> ApiError {
    ApiError::new(
        ErrorCode::NotFound,
        "The connection this backup was made from is not known here, so there is no server to prove it on.",
    )
    .hint("Give a connection of the same kind for the scratch database.")
}

/// A server goes on with a CREATE DATABASE after the program that asked for it has died, so a name stays on the list
/// for a while after it was dropped for the first time.
const AFTERMATH_MS: i64 = 10 * 60 * 1000;

/// A server that does not answer must not hold up the start.
const PATIENCE: Duration = Duration::from_secs(10);

/// Drops what dead processes left on servers. What cannot be reached now, or only by asking a person for a
/// passphrase, waits for the next start.
pub(crate) async fn sweep(cx: &Cx) -> Result<(), ApiError> {
    let mut silent: HashSet<ConnectionId> = HashSet::new();
    for row in cx.catalog().scratch_databases().list().await? {
        if cx.home().is_alive(&row.instance) || silent.contains(&row.connection_id) {
            continue;
        }
        let Some(connection) = cx.catalog().connections().lookup(row.connection_id.as_str()).await? else {
            // Its connection was removed: nobody can reach it any more.
            cx.catalog().scratch_databases().forget(&row.connection_id, &row.name).await?;
            continue;
        };
        if connection.has_password && !cx.secrets().opens_by_itself().await {
            continue;
        }
        match drop_one(cx, &connection, &row.name).await {
            Ok(()) if cx.now_ms() - row.made_at_ms > AFTERMATH_MS => {
                cx.catalog().scratch_databases().forget(&row.connection_id, &row.name).await?;
            }
            Ok(()) => {}
            Err(error) => {
                tracing::warn!(%error, database = row.name, "a scratch database waits to be dropped");
                silent.insert(row.connection_id);
            }
        }
    }
    Ok(())
}

async fn drop_one(cx: &Cx, connection: &Connection, name: &str) -> Result<(), ApiError> {
    let database = Database::of(cx, connection).await?;
    // The server alone is timed: opening the sealed file takes what it takes.
    match tokio::time::timeout(PATIENCE, database.load()?.drop_database(name)).await {
        Ok(dropped) => dropped.map_err(ApiError::from),
        Err(_) => {
            Err(ApiError::new(ErrorCode::ConnectionTimedOut, "The server did not answer in time.").retry())
        }
    }
}
