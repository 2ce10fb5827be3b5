//! SQLite files.
use crate::{Access, Engine, Result};
pub struct Sqlite;
impl Sqlite {
    pub fn new(_access: Access) -> Result<Self> {
        Ok(Self)
    }
}
#[async_trait::async_trait]
impl Engine for Sqlite {
    fn kind(&self) -> holdfast_contract::snapshot::EngineKind {
        holdfast_contract::snapshot::EngineKind::Sqlite
    }
    async fn ping(&self) -> Result<holdfast_contract::snapshot::ServerInfo> {
        Err(crate::EngineError::Cancelled)
    }
    async fn advice(&self) -> Result<Vec<String>> {
        Ok(vec![])
    }
    async fn databases(&self) -> Result<Vec<String>> {
        Ok(vec![])
    }
}
