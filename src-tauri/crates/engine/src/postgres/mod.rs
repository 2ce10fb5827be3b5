//! PostgreSQL 13 and later.
//!
//! [`connect`] makes sessions, [`schema`] captures definitions, [`dump`] streams rows of one exported
//! snapshot, [`load`] makes a database of its own from them, [`fingerprint`] counts and hashes what is
//! there, [`swap`] exchanges databases by renaming, [`tables`] puts single tables into a live one. What a name looks like in SQL is decided in [`sql`] only.

mod advice;
mod clear;
mod connect;
mod copy_out;
mod database;
mod driver;
mod dump;
mod error;
pub mod export;
mod fingerprint;
mod globals;
mod inspect;
mod large_objects;
mod load;
mod maintain;
mod name;
mod others;
mod piece;
mod preflight;
mod properties;
mod requirements;
pub mod schema;
mod script;
mod session;
mod snapshot;
pub mod sql;
mod statements;
mod swap;
mod tables;

use std::collections::BTreeSet;

use async_trait::async_trait;
use holdfast_contract::connection::ConnectionSpec;
use holdfast_contract::snapshot::{
    DumpPlan, EngineKind, SchemaObject, Scope, ServerInfo, Snapshot, TableFingerprint, TableName,
};

pub use driver::PostgresDriver;

use crate::{
    Access, Dump, DumpSink, Engine, EngineError, Globals, Load, LoadReport, NamePurpose, PlaceTables,
    Preflight, Result, SnapshotSource, Swap, SwapState, Work,
};

pub use properties::properties;

/// A database on a PostgreSQL server. Holds no connection: each use makes its own.
pub struct Postgres {
    access: Access,
}

impl Postgres {
    pub fn new(access: Access) -> Result<Self> {
        if !matches!(access.spec, ConnectionSpec::Postgres { .. }) {
            return Err(EngineError::internal("A connection of another kind reached the PostgreSQL driver."));
        }
        Ok(Self { access })
    }
}

#[async_trait]
impl Engine for Postgres {
    fn kind(&self) -> EngineKind {
        EngineKind::Postgres
    }
    async fn ping(&self) -> Result<ServerInfo> {
        inspect::ping(&self.access).await
    }
    async fn advice(&self) -> Result<Vec<String>> {
        inspect::advice(&self.access).await
    }
    async fn connect(&self) -> Result<Box<dyn crate::Session>> {
        Ok(Box::new(session::PgSession::open(&self.access).await?))
    }
    async fn databases(&self) -> Result<Vec<String>> {
        inspect::databases(&self.access).await
    }
    fn dump(&self) -> Option<&dyn Dump> {
        Some(self)
    }
    fn load(&self) -> Option<&dyn Load> {
        Some(self)
    }
    fn swap(&self) -> Option<&dyn Swap> {
        Some(self)
    }
    fn globals(&self) -> Option<&dyn Globals> {
        Some(self)
    }
    fn script(&self) -> Option<&dyn crate::script::RunScript> {
        Some(self)
    }
    fn place_tables(&self) -> Option<&dyn PlaceTables> {
        Some(self)
    }
    fn maintain(&self) -> Option<&dyn crate::Maintain> {
        Some(self)
    }
    fn sessions(&self) -> Option<&dyn crate::Sessions> {
        Some(self)
    }
    fn clear(&self) -> Option<&dyn crate::Clear> {
        Some(self)
    }
}

#[async_trait]
impl Dump for Postgres {
    async fn plan(&self, scope: &Scope) -> Result<DumpPlan> {
        dump::plan(&self.access, scope).await
    }
    async fn dump(&self, scope: &Scope, sink: &dyn DumpSink, work: &Work) -> Result<Snapshot> {
        dump::dump(&self.access, scope, sink, work).await
    }
}

#[async_trait]
impl Load for Postgres {
    fn made_up_name(&self, base: &str, purpose: NamePurpose, tag: &str) -> String {
        name::made_up(base, purpose, tag)
    }
    async fn exists(&self, target: &str) -> Result<bool> {
        database::exists(&self.access, target).await
    }
    async fn preflight(&self, snapshot: &Snapshot, objects: &[SchemaObject]) -> Result<Preflight> {
        preflight::preflight(&self.access, snapshot, objects, &BTreeSet::new()).await
    }
    async fn load(&self, target: &str, source: &dyn SnapshotSource, work: &Work) -> Result<LoadReport> {
        load::load(&self.access, target, source, work).await
    }
    async fn fingerprint(
        &self,
        target: &str,
        tables: &[TableName],
        work: &Work,
    ) -> Result<Vec<TableFingerprint>> {
        fingerprint::fingerprint(&self.access, target, tables, work).await
    }
    async fn rename(&self, from: &str, to: &str) -> Result<()> {
        swap::rename(&self.access, from, to).await
    }
    fn drop_statement(&self, target: &str) -> Option<String> {
        Some(format!("DROP DATABASE {};", sql::Ident(target)))
    }
    async fn drop_database(&self, target: &str) -> Result<()> {
        database::drop(&self.access, target).await
    }
}

#[async_trait]
impl Swap for Postgres {
    async fn swap(&self, staged: &str, kept: &str, work: &Work) -> Result<()> {
        swap::swap(&self.access, staged, kept, work).await
    }
    async fn swap_state(&self, staged: &str, kept: &str) -> Result<SwapState> {
        swap::state(&self.access, staged, kept).await
    }
}
