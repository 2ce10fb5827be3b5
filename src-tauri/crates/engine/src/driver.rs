//! A kind of database, before there is any connection: the way from a connection to its [`Engine`], and what can be done
//! with a stored snapshot alone.

use holdfast_contract::snapshot::{EngineKind, SchemaObject};

use crate::export::Export;
use crate::{Access, Engine, Result};

/// One for each kind. What can do nothing without a connection belongs to a facet of [`Engine`].
pub trait Driver: Send + Sync {
    fn kind(&self) -> EngineKind;
    /// Does not connect yet. `Err` when the description is not one of this kind.
    fn engine(&self, access: Access) -> Result<Box<dyn Engine>>;
    /// Stored snapshots of this kind as files for other programs.
    fn export(&self) -> &dyn Export;
    /// The objects of a snapshot, changed so that what runs as the account that made it runs as the one that loads it.
    /// As they are where accounts are no part of definitions.
    fn as_loader(&self, objects: Vec<SchemaObject>) -> Vec<SchemaObject> {
        objects
    }
}
