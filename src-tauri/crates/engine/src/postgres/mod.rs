//! PostgreSQL 13 and later.
pub mod schema;

use crate::{Access, Engine, Result};
pub struct Postgres;
impl Postgres {
    pub fn new(_access: Access) -> Result<Self> {
        Ok(Self)
    }
}
#[async_trait::async_trait]
impl Engine for Postgres {
    fn kind(&self) -> holdfast_contract::snapshot::EngineKind {
        holdfast_contract::snapshot::EngineKind::Postgres
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
