//! The list of drivers: the one place that knows them all.

use holdfast_contract::snapshot::EngineKind;

use crate::{Access, Driver, Engine, Properties, Result, mysql, postgres, sqlite};

pub fn driver(kind: EngineKind) -> &'static dyn Driver {
    match kind {
        EngineKind::Postgres => &postgres::PostgresDriver,
        EngineKind::Mysql => &mysql::MysqlDriver,
        EngineKind::Sqlite => &sqlite::SqliteDriver,
    }
}

/// Makes the engine for a connection. Does not connect yet.
pub fn engine(access: Access) -> Result<Box<dyn Engine>> {
    driver(access.spec.engine()).engine(access)
}

/// What is true of every database of this kind.
pub fn properties(kind: EngineKind) -> Properties {
    match kind {
        EngineKind::Postgres => postgres::properties(),
        EngineKind::Mysql => mysql::properties(),
        EngineKind::Sqlite => sqlite::properties(),
    }
}
