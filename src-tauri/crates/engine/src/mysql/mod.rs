//! MariaDB 10.3 and MySQL 5.7, and later.
//!
//! [`connect`] makes sessions, [`server`] tells the two products and their versions apart, [`inspect`] looks without
//! reading rows, [`rights`] says what this login may see; [`schema`] captures definitions, [`snapshot`] fixes one moment
//! for several sessions, [`rows`] streams tables in the [`form`] that is stored and hashed, [`dump`] and [`fingerprint`]
//! are made of these, [`load`] makes a database of its own from a snapshot, [`exchange`] gives a proven one its
//! name, [`tables`] puts single tables into the live one, [`script`] runs what others wrote. What a name looks like in SQL is decided in [`sql`] only. What exists in MySQL alone stands in
//! files of its own, because no test here runs against it.

mod asleep;
mod clear;
pub mod connect;
mod copy_in;
mod database;
pub mod definer;
mod driver;
mod dump;
pub mod error;
mod exchange;
pub mod export;
pub mod fingerprint;
pub mod form;
mod inspect;
pub mod literal;
mod load;
mod maintain;
mod mysql8;
pub mod name;
mod others;
mod preflight;
mod properties;
mod restoring;
mod rights;
mod rows;
pub mod schema;
mod script;
pub mod server;
mod session;
mod sessions;
mod snapshot;
pub mod sql;
mod statements;
mod tables;

use async_trait::async_trait;
use holdfast_contract::connection::ConnectionSpec;
use holdfast_contract::snapshot::{DumpPlan, EngineKind, Scope, ServerInfo, Snapshot};

pub use driver::MysqlDriver;

use crate::script::RunScript;
use crate::{Access, Dump, DumpSink, Engine, EngineError, Load, PlaceTables, Result, Swap, Work};

pub use properties::properties;

/// A database on a MySQL or MariaDB server. Holds no connection: each use makes its own.
pub struct Mysql {
    access: Access,
}

impl Mysql {
    pub fn new(access: Access) -> Result<Self> {
        if !matches!(access.spec, ConnectionSpec::Mysql { .. }) {
            return Err(EngineError::internal("A connection of another kind reached the MySQL driver."));
        }
        Ok(Self { access })
    }
}

/// The tables in which Holdfast notes down what it has not finished, as a list of literals.
fn own_tables() -> String {
    database::list(&[asleep::TABLE, exchange::JOURNAL, tables::MARK])
}

#[async_trait]
impl Engine for Mysql {
    fn kind(&self) -> EngineKind {
        EngineKind::Mysql
    }
    fn product(&self, server: &ServerInfo) -> &'static str {
        if server.version.contains("MariaDB") { "MariaDB" } else { "MySQL" }
    }
    async fn ping(&self) -> Result<ServerInfo> {
        inspect::ping(&self.access).await
    }
    async fn advice(&self) -> Result<Vec<String>> {
        inspect::advice(&self.access).await
    }
    async fn connect(&self) -> Result<Box<dyn crate::Session>> {
        Ok(Box::new(session::MysqlSession::open(&self.access).await?))
    }
    async fn databases(&self) -> Result<Vec<String>> {
        inspect::databases(&self.access).await
    }
    fn load(&self) -> Option<&dyn Load> {
        Some(self)
    }
    fn swap(&self) -> Option<&dyn Swap> {
        Some(self)
    }
    fn dump(&self) -> Option<&dyn Dump> {
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
    fn script(&self) -> Option<&dyn RunScript> {
        Some(self)
    }
    fn place_tables(&self) -> Option<&dyn PlaceTables> {
        Some(self)
    }
}

#[async_trait]
impl Dump for Mysql {
    async fn plan(&self, scope: &Scope) -> Result<DumpPlan> {
        dump::plan(&self.access, scope).await
    }
    async fn dump(&self, scope: &Scope, sink: &dyn DumpSink, work: &Work) -> Result<Snapshot> {
        dump::dump(&self.access, scope, sink, work).await
    }
}
