//! What this engine offers for putting a snapshot back: each line says which room does it.

use async_trait::async_trait;
use holdfast_contract::snapshot::{SchemaObject, Snapshot, TableFingerprint, TableName};

use super::{Mysql, database, exchange, fingerprint, load, name, preflight};
use crate::{Load, LoadReport, NamePurpose, Preflight, Result, SnapshotSource, Swap, SwapState, Work};

#[async_trait]
impl Load for Mysql {
    fn made_up_name(&self, base: &str, purpose: NamePurpose, tag: &str) -> String {
        name::made_up(base, purpose, tag)
    }
    async fn exists(&self, target: &str) -> Result<bool> {
        database::exists(&self.access, target).await
    }
    async fn preflight(&self, snapshot: &Snapshot, objects: &[SchemaObject]) -> Result<Preflight> {
        preflight::preflight(&self.access, snapshot, objects).await
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
        exchange::rename(&self.access, from, to).await
    }
    async fn settle(&self, staged: &str) -> Result<()> {
        exchange::settle(&self.access, staged).await
    }
    fn drop_statement(&self, target: &str) -> Option<String> {
        Some(format!("DROP DATABASE {};", super::sql::Name(target)))
    }
    async fn drop_database(&self, target: &str) -> Result<()> {
        database::drop(&self.access, target).await
    }
}

#[async_trait]
impl Swap for Mysql {
    async fn swap(&self, staged: &str, kept: &str, work: &Work) -> Result<()> {
        exchange::swap(&self.access, staged, kept, work).await
    }
    async fn swap_state(&self, staged: &str, kept: &str) -> Result<SwapState> {
        exchange::state(&self.access, staged, kept).await
    }
}
