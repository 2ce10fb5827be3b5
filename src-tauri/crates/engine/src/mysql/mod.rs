//! MariaDB 10.3 and MySQL 5.7, and later.
//!
//! [`connect`] makes sessions, [`server`] tells the two products and their versions apart, [`inspect`] looks without
//! reading rows. What a name looks like in SQL is decided in [`sql`] only. What exists in MySQL alone stands in
//! files of its own, because no test here runs against it.

pub mod connect;
pub mod error;
mod inspect;
mod mysql8;
pub mod name;
pub mod server;
pub mod sql;

use async_trait::async_trait;
use holdfast_contract::ErrorCode;
use holdfast_contract::connection::ConnectionSpec;
use holdfast_contract::snapshot::{EngineKind, ServerInfo};

use crate::{Access, Engine, EngineError, Result};

/// A database on a MySQL or MariaDB server. Holds no connection: each use makes its own.
pub struct Mysql {
    access: Access,
}

impl Mysql {
    pub fn new(access: Access) -> Result<Self> {
        if !matches!(access.spec, ConnectionSpec::Mysql { .. }) {
            return Err(EngineError::new(
                ErrorCode::Internal,
                "A connection of another kind reached the MySQL driver.",
            ));
        }
        Ok(Self { access })
    }
}

#[async_trait]
impl Engine for Mysql {
    fn kind(&self) -> EngineKind {
        EngineKind::Mysql
    }
    async fn ping(&self) -> Result<ServerInfo> {
        inspect::ping(&self.access).await
    }
    async fn advice(&self) -> Result<Vec<String>> {
        inspect::advice(&self.access).await
    }
    async fn databases(&self) -> Result<Vec<String>> {
        inspect::databases(&self.access).await
    }
}
