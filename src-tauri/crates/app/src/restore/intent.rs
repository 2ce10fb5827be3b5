//! What a restore was asked for, with every choice and every made-up name settled: its plan, its journal and its
//! recovery after a crash all speak of the same names.

use holdfast_contract::backup::Backup;
use holdfast_contract::connection::Connection;
use holdfast_contract::restore::RestorePlanRequest;
use holdfast_contract::{ApiError, BackupId, ConnectionId, ErrorCode};
use holdfast_engine::{NamePurpose, Placing, TableWish};
use serde::{Deserialize, Serialize};

use crate::connections::database::{Database, tag};

/// What was asked for, with every choice made.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Intent {
    pub backup: BackupId,
    pub connection: ConnectionId,
    pub replace: bool,
    /// Final name: the live database's with `replace`.
    pub database: String,
    /// Made up here, with a random tag: nobody else's database has this name.
    pub staging: String,
    pub kept_as: Option<String>,
    /// None: the whole database.
    #[serde(default)]
    pub tables: Option<TableWish>,
    /// Roles and tablespaces that the server lacks are created first.
    #[serde(default)]
    pub globals: bool,
    #[serde(default)]
    pub map_definers: bool,
}

impl Intent {
    pub(crate) fn new(
        backup: &Backup,
        connection: &Connection,
        database: &Database,
        request: &RestorePlanRequest,
    ) -> Result<Self, ApiError> {
        fits(connection, database, backup)?;
        let tag = tag()?;
        if !request.tables.is_empty() {
            return Self::of_tables(backup, connection, database, request, tag);
        }
        if request.schema.is_some()
            || request.suffix.is_some()
            || request.table_name.is_some()
            || request.allow_dangling
        {
            return Err(ApiError::new(
                ErrorCode::BadRequest,
                "A schema, a suffix, a table's name and dangling rows are for restores of chosen tables.",
            )
            .hint("Name the tables too."));
        }
        let (replace, name) = (request.replace, request.database.clone());
        // Of the database that comes back, which need not be the connection's.
        let base = if database.is_file() { database.live() } else { backup.database.as_str() };
        let load = database.load()?;
        let name = match (replace, name) {
            (true, Some(_)) => {
                return Err(ApiError::new(
                    ErrorCode::BadRequest,
                    "A restore either replaces the live database or makes a new one.",
                )
                .hint("Give a database name or ask for replace, not both."));
            }
            (true, None) => database.live().to_owned(),
            (false, Some(name)) => database.valid_name(name)?,
            (false, None) => load.made_up_name(base, NamePurpose::Restored, &tag),
        };
        let staging = match replace {
            true => database.made_up_name(NamePurpose::Staging, &tag)?,
            false => database.staging_name(base, &name, &tag)?,
        };
        let kept_as = if replace { Some(database.made_up_name(NamePurpose::Kept, &tag)?) } else { None };
        let (backup, connection) = (backup.id.clone(), connection.id.clone());
        Ok(Self {
            backup,
            connection,
            replace,
            database: name,
            staging,
            kept_as,
            globals: request.globals,
            tables: None,
            map_definers: request.map_definers,
        })
    }

    /// Into the connection's own database.
    fn of_tables(
        backup: &Backup,
        connection: &Connection,
        database: &Database,
        request: &RestorePlanRequest,
        tag: String,
    ) -> Result<Self, ApiError> {
        let bad = |message: &str, hint: &str| Err(ApiError::new(ErrorCode::BadRequest, message).hint(hint));
        if request.globals {
            return bad(
                "Roles and tablespaces are made with a restore of a whole database.",
                "Leave out the tables, or the roles.",
            );
        }
        if request.database.is_some() {
            return bad(
                "Tables are restored into a connection's own database.",
                "Add a connection for the other database and restore to that.",
            );
        }
        let named = request.schema.is_some() || request.suffix.is_some() || request.table_name.is_some();
        if request.replace && named {
            return bad(
                "A restore of tables either replaces those of the same names or makes new ones.",
                "Give new names or ask for replace, not both.",
            );
        }
        if request.allow_dangling && !request.replace {
            return bad("New tables have no foreign keys that could dangle.", "Leave that out.");
        }
        if request.suffix.is_some() && request.table_name.is_some() {
            return bad("A table gets one new name.", "Give a suffix or a name, not both.");
        }
        let placing = if request.replace {
            Placing::Replace { allow_dangling: request.allow_dangling }
        } else {
            Placing::Beside {
                schema: request.schema.clone(),
                suffix: request.suffix.clone(),
                name: request.table_name.clone(),
            }
        };
        let kept = format!("the tables kept by this restore ({tag})");
        Ok(Self {
            backup: backup.id.clone(),
            connection: connection.id.clone(),
            replace: request.replace,
            database: database.live().to_owned(),
            staging: format!("the restored tables ({tag})"),
            kept_as: request.replace.then_some(kept),
            globals: false,
            tables: Some(TableWish { tag, tables: request.tables.clone(), placing }),
            map_definers: request.map_definers,
        })
    }
}

pub(super) fn fits(connection: &Connection, database: &Database, backup: &Backup) -> Result<(), ApiError> {
    if backup.engine != database.kind() {
        return Err(ApiError::new(
            ErrorCode::Unsupported,
            format!("“{}” is no place for this backup: it holds another kind of database.", connection.name),
        )
        .hint("Choose a connection of the same kind."));
    }
    if database.is_read_only() {
        return Err(ApiError::new(
            ErrorCode::ReadOnly,
            format!("“{}” is read-only: Holdfast may not make or change a database there.", connection.name),
        )
        .hint("Choose another connection, or take the read-only switch off this one."));
    }
    Ok(())
}
