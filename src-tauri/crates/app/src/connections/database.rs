//! The database of a connection with its engine: what it can do, and the copies beside it, on the same server (or in the
//! same folder), opened as databases of their own.

use holdfast_contract::connection::{Connection, ConnectionSpec};
use holdfast_contract::snapshot::EngineKind;
use holdfast_contract::{ApiError, ErrorCode};
use holdfast_engine::{Access, Dump, Engine, Load, NamePurpose, PlaceTables, Swap};

use crate::cx::Cx;

/// PostgreSQL cuts longer names silently: two names could become one.
const POSTGRES_NAME_BYTES: usize = 63;
/// MySQL and MariaDB refuse longer ones.
const MYSQL_NAME_CHARACTERS: usize = 64;

pub struct Database {
    access: Access,
    engine: Box<dyn Engine>,
}

impl Database {
    /// Nothing is asked of the server yet. `SecretMissing` when its password should be kept and is not.
    pub(crate) async fn of(cx: &Cx, connection: &Connection) -> Result<Self, ApiError> {
        Self::new(super::access(cx, connection).await?)
    }

    pub(crate) fn new(access: Access) -> Result<Self, ApiError> {
        let engine = holdfast_engine::engine(access.clone())?;
        Ok(Self { access, engine })
    }

    pub(crate) fn kind(&self) -> EngineKind {
        self.engine.kind()
    }

    pub(crate) fn spec(&self) -> &ConnectionSpec {
        &self.access.spec
    }

    pub(crate) fn is_read_only(&self) -> bool {
        self.access.read_only
    }

    pub(crate) fn engine(&self) -> &dyn Engine {
        self.engine.as_ref()
    }

    pub(crate) fn dump(&self) -> Result<&dyn Dump, ApiError> {
        self.engine.dump().ok_or_else(|| lacks(self.kind(), "back up"))
    }

    pub(crate) fn load(&self) -> Result<&dyn Load, ApiError> {
        self.engine.load().ok_or_else(|| lacks(self.kind(), "load a backup into"))
    }

    pub(crate) fn swap(&self) -> Result<&dyn Swap, ApiError> {
        self.engine.swap().ok_or_else(|| lacks(self.kind(), "replace"))
    }

    pub(crate) fn tables(&self) -> Result<&dyn PlaceTables, ApiError> {
        self.engine.place_tables().ok_or_else(|| lacks(self.kind(), "restore single tables into"))
    }

    /// The live database as [`Load`] and [`Swap`] name it: a SQLite file by its path.
    pub(crate) fn live(&self) -> &str {
        match &self.access.spec {
            ConnectionSpec::Postgres { database, .. } | ConnectionSpec::Mysql { database, .. } => database,
            ConnectionSpec::Sqlite { path } => path,
        }
    }

    pub(crate) fn made_up_name(&self, purpose: NamePurpose, tag: &str) -> Result<String, ApiError> {
        Ok(self.load()?.made_up_name(self.live(), purpose, tag))
    }

    /// A name that somebody gives to a new database beside the live one.
    pub(crate) fn valid_name(&self, name: String) -> Result<String, ApiError> {
        let bad = |why: &str| {
            Err(ApiError::new(
                ErrorCode::BadRequest,
                format!("“{}” cannot be the new database: {why}.", name.escape_debug()),
            ))
        };
        if name.is_empty() || name.contains('\0') {
            return bad("a name needs at least one character and no zero byte");
        }
        match self.spec() {
            ConnectionSpec::Postgres { .. } if name.len() > POSTGRES_NAME_BYTES => {
                bad("PostgreSQL names have at most 63 bytes")
            }
            ConnectionSpec::Mysql { .. } if name.chars().count() > MYSQL_NAME_CHARACTERS => {
                bad("MySQL names have at most 64 characters")
            }
            ConnectionSpec::Postgres { database, .. } | ConnectionSpec::Mysql { database, .. }
                if *database == name =>
            {
                bad("it is the live database; restoring over it is called replace")
            }
            ConnectionSpec::Sqlite { .. } if !std::path::Path::new(&name).is_absolute() => {
                bad("a SQLite file is given by its full path")
            }
            ConnectionSpec::Sqlite { path } if *path == name => {
                bad("it is the live database; restoring over it is called replace")
            }
            ConnectionSpec::Postgres { .. }
            | ConnectionSpec::Mysql { .. }
            | ConnectionSpec::Sqlite { .. } => Ok(name),
        }
    }

    /// The database `target` beside the live one, to be read.
    pub(crate) fn copy(&self, target: &str) -> Result<Box<dyn Engine>, ApiError> {
        let mut access = self.access.clone();
        match &mut access.spec {
            ConnectionSpec::Postgres { database, .. } | ConnectionSpec::Mysql { database, .. } => {
                target.clone_into(database)
            }
            ConnectionSpec::Sqlite { path } => target.clone_into(path),
        }
        holdfast_engine::engine(access).map_err(|error| error.into_api())
    }
}

fn lacks(kind: EngineKind, what: &str) -> ApiError {
    ApiError::new(
        ErrorCode::Unsupported,
        format!("Holdfast cannot {what} a {} database yet.", kind.product()),
    )
}

/// A few hex digits that make a name unlike any other.
pub(crate) fn tag() -> Result<String, ApiError> {
    let mut bytes = [0u8; 4];
    getrandom::fill(&mut bytes).map_err(|error| {
        ApiError::new(ErrorCode::Internal, "The system gives no random numbers.").native(error.to_string())
    })?;
    Ok(bytes.iter().map(|byte| format!("{byte:02x}")).collect())
}
