//! A stored snapshot as a file that other programs read.

use holdfast_contract::snapshot::EngineKind;
use tokio::io::AsyncWrite;

use crate::{Result, SnapshotSource, Work, mysql, postgres, sqlite};

/// Plain SQL for the client of the snapshot's own engine. Streams; cancellable between buffers.
pub async fn write_sql(
    source: &dyn SnapshotSource,
    out: &mut (dyn AsyncWrite + Unpin + Send),
    work: &Work,
) -> Result<()> {
    match source.snapshot().server.engine {
        EngineKind::Postgres => postgres::export::write_sql(source, out, work).await,
        EngineKind::Mysql => mysql::export::write_sql(source, out, work).await,
        EngineKind::Sqlite => sqlite::export::write_sql(source, out, work).await,
    }
}
