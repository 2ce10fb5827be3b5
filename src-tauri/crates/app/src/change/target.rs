//! What is changed, with every name settled: plan, journal and recovery after a crash speak of the same names.

use holdfast_contract::{ApiError, ConnectionId};
use holdfast_engine::NamePurpose;
use serde::{Deserialize, Serialize};

use crate::connections::database::Database;

/// Made up once, with a random tag: nobody else's database has these names.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Target {
    pub connection: ConnectionId,
    /// Final name: the live database's when it is replaced.
    pub database: String,
    /// Where it is loaded.
    pub staging: String,
    /// What the live one is kept as. None: nothing that exists is replaced.
    pub kept_as: Option<String>,
}

impl Target {
    /// In the live database's place.
    pub(crate) fn in_place(
        connection: &ConnectionId,
        database: &Database,
        tag: &str,
    ) -> Result<Self, ApiError> {
        Ok(Self {
            connection: connection.clone(),
            database: database.live().to_owned(),
            staging: database.made_up_name(NamePurpose::Staging, tag)?,
            kept_as: Some(database.made_up_name(NamePurpose::Kept, tag)?),
        })
    }

    /// A new database called `name`, beside the live one. `base`: what its unfinished copy is called after.
    pub(crate) fn beside(
        connection: &ConnectionId,
        database: &Database,
        name: String,
        base: &str,
        tag: &str,
    ) -> Result<Self, ApiError> {
        let staging = database.staging_name(base, &name, tag)?;
        Ok(Self { connection: connection.clone(), database: name, staging, kept_as: None })
    }

    /// Within the live database: tables, which have names of their own, or statements run in it.
    pub(crate) fn within(
        connection: &ConnectionId,
        database: &Database,
        staging: String,
        kept_as: Option<String>,
    ) -> Self {
        let database = database.live().to_owned();
        Self { connection: connection.clone(), database, staging, kept_as }
    }

    pub(crate) fn replaces(&self) -> bool {
        self.kept_as.is_some()
    }
}
