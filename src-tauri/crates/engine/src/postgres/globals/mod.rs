//! What belongs to the whole server and not to one database: roles, who belongs to whom, tablespaces, rights to settings.
//!
//! They travel as the stream [`STREAM`] of a backup, one [`Global`] a line, so that an ordinary restore leaves them
//! alone and a backup without them stays readable. They hold password hashes: nothing of a [`Global`] but its names
//! reaches a plan, a log or an error.

mod capture;
mod restore;

use std::collections::BTreeSet;

use async_trait::async_trait;
use futures::TryStreamExt;
use holdfast_contract::restore::GlobalsPlan;
use holdfast_contract::snapshot::{SchemaObject, Snapshot};
use serde::{Deserialize, Serialize};

pub use capture::{omissions, write};

use super::{Postgres, preflight};
use crate::{EngineError, Globals, Preflight, Result, SnapshotSource, Work};

/// The stream's name within a dump.
pub const STREAM: &str = "globals";

#[derive(Clone, Serialize, Deserialize, PartialEq, Eq)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Global {
    Role {
        name: String,
        /// Needs a superuser to be given: `SUPERUSER`, `REPLICATION`, `BYPASSRLS`.
        #[serde(default)]
        mighty: bool,
        /// After `CREATE ROLE "name"`: attributes with the password hash, settings, comment.
        sql: Vec<String>,
    },
    Membership {
        role: String,
        member: String,
        grantor: String,
        admin: bool,
        /// Since version 16; before it a property of the member.
        inherit: Option<bool>,
        /// May `SET ROLE`; since version 16.
        set: Option<bool>,
    },
    Tablespace {
        name: String,
        owner: String,
        location: String,
        /// Options, grants and comment.
        sql: Vec<String>,
    },
    /// Rights to a setting; since version 15.
    Parameter { role: String, sql: Vec<String> },
}

#[async_trait]
impl Globals for Postgres {
    async fn plan(&self, source: &dyn SnapshotSource) -> Result<Option<GlobalsPlan>> {
        let Some(globals) = read(source).await? else { return Ok(None) };
        restore::plan(&self.access, &globals).await.map(Some)
    }
    async fn preflight(
        &self,
        snapshot: &Snapshot,
        objects: &[SchemaObject],
        plan: &GlobalsPlan,
    ) -> Result<Preflight> {
        let made: BTreeSet<String> = plan.missing_roles.iter().cloned().collect();
        preflight::preflight(&self.access, snapshot, objects, &made).await
    }
    async fn restore(&self, source: &dyn SnapshotSource, work: &Work) -> Result<Vec<String>> {
        let Some(globals) = read(source).await? else { return Ok(Vec::new()) };
        restore::restore(&self.access, &globals, work).await
    }
}

/// None: the backup has none.
async fn read(source: &dyn SnapshotSource) -> Result<Option<Vec<Global>>> {
    if !source.snapshot().extra_streams.iter().any(|stream| stream == STREAM) {
        return Ok(None);
    }
    let bytes: Vec<_> = source.open(STREAM).await?.try_collect().await?;
    let text = bytes.concat();
    let lines = text.split(|byte| *byte == b'\n').filter(|line| !line.is_empty());
    let globals: std::result::Result<Vec<Global>, _> = lines.map(serde_json::from_slice).collect();
    // The reason would quote what it did not understand.
    globals.map(Some).map_err(|_| {
        EngineError::internal(
            "The backup's roles and tablespaces are not understood; a newer Holdfast may have written them.",
        )
    })
}
