//! A stored snapshot as a file that other programs read.

use std::path::Path;

use async_trait::async_trait;
use holdfast_contract::snapshot::Snapshot;
use tokio::io::{AsyncWrite, AsyncWriteExt};

use crate::{EngineError, Result, SnapshotSource, Work};

/// Where a file goes.
pub type Out<'a> = &'a mut (dyn AsyncWrite + Unpin + Send);

/// Making files of a stored snapshot; needs no connection.
#[async_trait]
pub trait Export: Send + Sync {
    /// Plain SQL for the client of the snapshot's own engine. Streams; cancellable between buffers.
    async fn sql(&self, source: &dyn SnapshotSource, out: Out<'_>, work: &Work) -> Result<()>;
    /// `None` where a database is not a file.
    fn file(&self) -> Option<&dyn WriteFile> {
        None
    }
}

/// A database that is a file of its own.
#[async_trait]
pub trait WriteFile: Send + Sync {
    /// Makes the database at `path`, an absolute path where nothing is yet. Cancellable; on `Err` what is there is of no use.
    async fn write(&self, source: &dyn SnapshotSource, path: &Path, work: &Work) -> Result<()>;
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
