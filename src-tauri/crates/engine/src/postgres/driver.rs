//! PostgreSQL as a [`Driver`]: what can be done before there is a connection.

use async_trait::async_trait;
use holdfast_contract::snapshot::EngineKind;

use super::{Postgres, export};
use crate::export::{Export, Out};
use crate::{Access, Driver, Engine, Result, SnapshotSource, Work};

pub struct PostgresDriver;

impl Driver for PostgresDriver {
    fn kind(&self) -> EngineKind {
        EngineKind::Postgres
    }
    fn engine(&self, access: Access) -> Result<Box<dyn Engine>> {
        Ok(Box::new(Postgres::new(access)?))
    }
    fn export(&self) -> &dyn Export {
        self
    }
}

#[async_trait]
impl Export for PostgresDriver {
    async fn sql(&self, source: &dyn SnapshotSource, out: Out<'_>, work: &Work) -> Result<()> {
        export::write_sql(source, out, work).await
    }
}
