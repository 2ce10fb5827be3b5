//! What a restore was asked for, with every choice made.

use holdfast_contract::backup::Backup;
use holdfast_contract::connection::Connection;
use holdfast_contract::restore::RestorePlanRequest;
use holdfast_contract::{ApiError, BackupId, ErrorCode};
use holdfast_engine::{NamePurpose, Placing, TableWish};
use serde::{Deserialize, Serialize};

use crate::change::target::Target;
use crate::connections::database::{Database, tag};

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Intent {
    pub backup: BackupId,
    #[serde(flatten)]
    pub target: Target,
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
        let target = match (request.replace, &request.database) {
            (true, Some(_)) => {
                return Err(ApiError::new(
                    ErrorCode::BadRequest,
                    "A restore either replaces the live database or makes a new one.",
                )
                .hint("Give a database name or ask for replace, not both."));
            }
            (true, None) => Target::in_place(&connection.id, database, &tag)?,
            (false, name) => {
                // Of the database that comes back, which need not be the connection's.
                let base = if database.is_file() { database.live() } else { backup.database.as_str() };
                let name = match name {
                    Some(name) => database.valid_name(name.clone())?,
                    None => database.load()?.made_up_name(base, NamePurpose::Restored, &tag),
                };
                Target::beside(&connection.id, database, name, base, &tag)?
            }
        };
        Ok(Self {
            backup: backup.id.clone(),
            target,
            tables: None,
            globals: request.globals,
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
        let staging = format!("the restored tables ({tag})");
        let kept = request.replace.then(|| format!("the tables kept by this restore ({tag})"));
        Ok(Self {
            backup: backup.id.clone(),
            target: Target::within(&connection.id, database, staging, kept),
            tables: Some(TableWish { tag, tables: request.tables.clone(), placing }),
            globals: false,
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
