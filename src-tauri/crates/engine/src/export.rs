//! A stored snapshot as a file that other programs read.

use holdfast_contract::snapshot::{EngineKind, Snapshot};
use tokio::io::{AsyncWrite, AsyncWriteExt};

use crate::{EngineError, Result, SnapshotSource, Work, mysql, postgres, sqlite};

/// Where a file goes.
pub type Out<'a> = &'a mut (dyn AsyncWrite + Unpin + Send);

/// Plain SQL for the client of the snapshot's own engine. Streams; cancellable between buffers.
pub async fn write_sql(source: &dyn SnapshotSource, out: Out<'_>, work: &Work) -> Result<()> {
    match source.snapshot().server.engine {
        EngineKind::Postgres => postgres::export::write_sql(source, out, work).await,
        EngineKind::Mysql => mysql::export::write_sql(source, out, work).await,
        EngineKind::Sqlite => sqlite::export::write_sql(source, out, work).await,
    }
}

/// The comment that begins a file for a server's client; `load` is the command line that reads it.
pub(crate) fn head(snapshot: &Snapshot, what: &str, load: &str) -> String {
    let server = &snapshot.server;
    let mut head = format!(
        "-- {what} {}, server {}\n-- Load it into an empty database: {load}\n",
        comment(&server.database),
        comment(&server.version)
    );
    for omission in snapshot.omissions.iter().filter(|omission| !omission.by_request) {
        head += &format!(
            "-- not in this file: {} {}: {}\n",
            comment(&omission.kind),
            comment(&omission.name),
            comment(&omission.reason)
        );
    }
    head + "\n"
}

/// What a server that need not be trusted called something, for a comment: a line end inside would begin a command.
pub(crate) fn comment(text: &str) -> String {
    text.chars().map(|letter| if letter.is_control() { ' ' } else { letter }).collect()
}

pub(crate) async fn text(out: Out<'_>, text: &str) -> Result<()> {
    out.write_all(text.as_bytes()).await.map_err(failed)
}

pub(crate) fn failed(error: std::io::Error) -> EngineError {
    EngineError::io("The export cannot be written", error)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_cannot_leave_a_comment() {
        assert_eq!(comment("a\n\\! rm\r"), "a \\! rm ");
    }
}
