//! The database of a connection with its engine: what it can do, and the copies beside it, on the same server (or in the
//! same folder), opened as databases of their own.

use holdfast_contract::connection::{Connection, ConnectionSpec};
use holdfast_contract::offers::{Copies, NameUnit};
use holdfast_contract::snapshot::EngineKind;
use holdfast_contract::{ApiError, ErrorCode};
use holdfast_engine::{Access, Dump, Engine, Load, NamePurpose, PlaceTables, Properties, Swap};

use super::offers;
use crate::cx::Cx;

pub struct Database {
    access: Access,
    engine: Box<dyn Engine>,
}

impl Database {
    /// Nothing is asked of the server yet. `SecretMissing` when its password should be kept and is not. Whoever asks is
    /// about to work on the database as a whole: idle sessions of ours must neither be in the way of a rename nor be
    /// listed among those that it ends.
    pub(crate) async fn of(cx: &Cx, connection: &Connection) -> Result<Self, ApiError> {
        cx.pools().leave(&connection.spec).await;
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
        self.engine.dump().ok_or_else(|| offers::lacking(self.kind(), "back up"))
    }

    pub(crate) fn load(&self) -> Result<&dyn Load, ApiError> {
        self.engine.load().ok_or_else(|| offers::lacking(self.kind(), "load a backup into"))
    }

    pub(crate) fn swap(&self) -> Result<&dyn Swap, ApiError> {
        self.engine.swap().ok_or_else(|| offers::lacking(self.kind(), "replace"))
    }

    pub(crate) fn tables(&self) -> Result<&dyn PlaceTables, ApiError> {
        self.engine.place_tables().ok_or_else(|| offers::lacking(self.kind(), "restore single tables into"))
    }

    /// What is true of every database of this kind.
    pub(crate) fn properties(&self) -> Properties {
        holdfast_engine::properties(self.kind())
    }

    /// Copies are files of this machine, and the live database is one.
    pub(crate) fn is_file(&self) -> bool {
        self.properties().copies == Copies::Files
    }

    /// The live database as [`Load`] and [`Swap`] name it: a file by its path.
    pub(crate) fn live(&self) -> &str {
        self.access.spec.live()
    }

    /// What a copy has for a name until it is proven and called `name`. Files are renamed within their folder, so there
    /// it is made from the name itself; on a server from `base`.
    pub(crate) fn staging_name(&self, base: &str, name: &str, tag: &str) -> Result<String, ApiError> {
        let of = if self.is_file() { name } else { base };
        Ok(self.load()?.made_up_name(of, NamePurpose::Staging, tag))
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
        if name == self.live() {
            return bad("it is the live database; restoring over it is called replace");
        }
        let (length, most, unit) = match self.properties().copies {
            Copies::Files if std::path::Path::new(&name).is_absolute() => return Ok(name),
            Copies::Files => return bad("a database file is given by its full path"),
            Copies::Databases { longest_name, counted_in: NameUnit::Bytes } => {
                (name.len(), longest_name, "bytes")
            }
            Copies::Databases { longest_name, counted_in: NameUnit::Characters } => {
                (name.chars().count(), longest_name, "characters")
            }
        };
        if length > most as usize {
            return bad(&format!("{} names have at most {most} {unit}", self.kind().product()));
        }
        Ok(name)
    }

    /// The database `target` beside the live one, to be read.
    pub(crate) fn copy(&self, target: &str) -> Result<Box<dyn Engine>, ApiError> {
        let access = self.access.beside(target);
        holdfast_engine::engine(access).map_err(|error| error.into_api())
    }
}

/// A few hex digits that make a name unlike any other.
pub(crate) fn tag() -> Result<String, ApiError> {
    let mut bytes = [0u8; 4];
    getrandom::fill(&mut bytes).map_err(|error| {
        ApiError::new(ErrorCode::Internal, "The system gives no random numbers.").native(error.to_string())
    })?;
    Ok(bytes.iter().map(|byte| format!("{byte:02x}")).collect())
}
