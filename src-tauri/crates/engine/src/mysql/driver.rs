//! MySQL and MariaDB as a [`Driver`]: what can be done before there is a connection.

use async_trait::async_trait;
use holdfast_contract::snapshot::{EngineKind, SchemaObject};

use super::{Mysql, definer, export};
use crate::export::{Export, Out};
use crate::{Access, Driver, Engine, Result, SnapshotSource, Work};

pub struct MysqlDriver;

impl Driver for MysqlDriver {
    fn kind(&self) -> EngineKind {
        EngineKind::Mysql
    }
    fn engine(&self, access: Access) -> Result<Box<dyn Engine>> {
        Ok(Box::new(Mysql::new(access)?))
    }
    fn export(&self) -> &dyn Export {
        self
    }
    fn as_loader(&self, objects: Vec<SchemaObject>) -> Vec<SchemaObject> {
        definer::map_to_loader(objects)
    }
}

#[async_trait]
impl Export for MysqlDriver {
    async fn sql(&self, source: &dyn SnapshotSource, out: Out<'_>, work: &Work) -> Result<()> {
        export::write_sql(source, out, work).await
    }
}
