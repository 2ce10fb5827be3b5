//! Where copies are made: one server (or folder) with its engine, and the copies on it opened as databases of
//! their own.

use holdfast_contract::connection::ConnectionSpec;
use holdfast_contract::snapshot::EngineKind;
use holdfast_contract::{ApiError, ErrorCode};
use holdfast_engine::{Access, Dump, Engine, Load, NamePurpose, PlaceTables, Swap};

pub(crate) struct Place {
    access: Access,
    engine: Box<dyn Engine>,
}

impl Place {
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
