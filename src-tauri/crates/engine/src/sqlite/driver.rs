//! SQLite as a [`Driver`]: what can be done before there is a connection.

use std::path::Path;

use async_trait::async_trait;
use holdfast_contract::snapshot::EngineKind;

use super::{Sqlite, export};
use crate::export::{Export, Out, WriteFile};
use crate::{Access, Driver, Engine, Result, SnapshotSource, Work};

pub struct SqliteDriver;

impl Driver for SqliteDriver {
    fn kind(&self) -> EngineKind {
        EngineKind::Sqlite
    }
    fn engine(&self, access: Access) -> Result<Box<dyn Engine>> {
        Ok(Box::new(Sqlite::new(access)?))
    }
    fn export(&self) -> &dyn Export {
        self
    }
}

#[async_trait]
impl Export for SqliteDriver {
    async fn sql(&self, source: &dyn SnapshotSource, out: Out<'_>, work: &Work) -> Result<()> {
        export::write_sql(source, out, work).await
    }
    fn file(&self) -> Option<&dyn WriteFile> {
        Some(self)
    }
}

#[async_trait]
impl WriteFile for SqliteDriver {
    async fn write(&self, source: &dyn SnapshotSource, path: &Path, work: &Work) -> Result<()> {
        export::write_file(source, path, work).await
    }
}
