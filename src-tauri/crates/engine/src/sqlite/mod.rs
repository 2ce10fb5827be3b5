//! SQLite files: copied by the backup API, kept as pages, proven by reading every row.
//!
//! - `connect` opens, `introspect` looks, `scan` and `text` turn rows into lines;
//! - `dump`, `load`, `swap`, `tables` are the facets; `shot`, `copy`, `check`, `choice`, `files`, `rows` are what they stand on;
//! - `refused`, `damage`, `remarks` say what is wrong with a file, or unusual;
//! - `export` makes files for other programs.
//!
//! All SQLite work blocks, so it runs on the blocking pool. What does not belong here: anything that would open the live
//! file behind SQLite's back.

mod check;
mod choice;
mod clear;
mod connect;
mod copy;
mod damage;
mod driver;
mod dump;
mod error;
pub mod export;
mod files;
mod introspect;
mod load;
mod maintain;
mod properties;
mod reading;
mod refused;
mod remarks;
mod rows;
mod scan;
mod script;
mod session;
mod shot;
mod swap;
mod tables;
mod text;

use std::path::{Path, PathBuf};
use std::time::Duration;

use async_trait::async_trait;
use holdfast_contract::ErrorCode;
use holdfast_contract::connection::ConnectionSpec;
use holdfast_contract::snapshot::{EngineKind, ServerInfo};
use rusqlite::Connection;
use tokio_util::sync::CancellationToken;

pub use driver::SqliteDriver;

use crate::{Access, Dump, Engine, EngineError, Load, PlaceTables, Result, Swap};
use connect::{Mode, Patience};
use introspect::Header;

pub use properties::properties;

/// Long enough for a checkpoint or a bulk import elsewhere, short enough to be told.
const WAIT: Duration = Duration::from_secs(10);

#[derive(Clone)]
pub struct Sqlite {
    path: PathBuf,
    read_only: bool,
    wait: Duration,
}

impl Sqlite {
    pub fn new(access: Access) -> Result<Self> {
        connect::assert_version()?;
        let ConnectionSpec::Sqlite { path } = &access.spec else {
            return Err(EngineError::misuse("This is not the description of a SQLite file."));
        };
        let path = files::absolute(path)?.to_path_buf();
        Ok(Self { path, read_only: access.read_only, wait: WAIT })
    }

    /// How long to wait for a lock that another program holds.
    pub fn with_wait(mut self, wait: Duration) -> Self {
        self.wait = wait;
        self
    }

    fn patience(&self, cancel: &CancellationToken) -> Patience {
        Patience { wait: self.wait, cancel: cancel.clone() }
    }

    /// The live database, for reading. A crash of its program may have left a journal that only a writer may roll back:
    /// then, unless the connection is read-only, recovery is let happen as any reader would.
    fn open_live(&self, cancel: &CancellationToken) -> Result<Connection> {
        let patience = self.patience(cancel);
        match connect::open(&self.path, Mode::Read, &patience) {
            Err(error) if error.code() == ErrorCode::ReadOnly && !self.read_only => {
                drop(connect::open(&self.path, Mode::ReadOwn, &patience)?);
                connect::open(&self.path, Mode::Read, &patience)
            }
            other => other,
        }
    }

    fn is_live(&self, path: &Path) -> bool {
        files::same(path, &self.path)
    }

    /// The connection's own database, or a file of ours beside it.
    fn open_any(&self, path: &Path, cancel: &CancellationToken) -> Result<Connection> {
        if self.is_live(path) {
            return self.open_live(cancel);
        }
        connect::open(path, Mode::ReadOwn, &self.patience(cancel))
    }
}

/// Runs SQLite work where it may block.
async fn blocking<T: Send + 'static>(work: impl FnOnce() -> Result<T> + Send + 'static) -> Result<T> {
    tokio::task::spawn_blocking(work).await.unwrap_or_else(|error| {
        Err(EngineError::internal(format!("Work on a SQLite file ended unexpectedly: {error}.")))
    })
}

#[async_trait]
impl Engine for Sqlite {
    fn kind(&self) -> EngineKind {
        EngineKind::Sqlite
    }

    async fn ping(&self) -> Result<ServerInfo> {
        let this = self.clone();
        blocking(move || {
            let connection = this.open_live(&CancellationToken::new())?;
            let header = Header::read(&connection, &this.path)?;
            Ok(introspect::server(&this.path, Some(header.encoding)))
        })
        .await
    }

    async fn advice(&self) -> Result<Vec<String>> {
        let this = self.clone();
        blocking(move || {
            let connection = this.open_live(&CancellationToken::new())?;
            let header = Header::read(&connection, &this.path)?;
            let mut advice = Vec::new();
            if header.journal_mode != "wal" && !this.read_only {
                advice.push(format!(
                    "It keeps a rollback journal ({}): a restore that replaces it needs a moment in which no other program reads it; WAL mode would not.",
                    header.journal_mode
                ));
            }
            if files::taken(&files::beside(&this.path, "-journal")) {
                advice.push("A journal lies beside it: another program is writing, or one has crashed while writing.".into());
            }
            Ok(advice)
        })
        .await
    }

    async fn connect(&self) -> Result<Box<dyn crate::Session>> {
        Ok(Box::new(session::SqliteSession::open(self.clone()).await?))
    }

    async fn databases(&self) -> Result<Vec<String>> {
        Ok(vec![])
    }

    fn dump(&self) -> Option<&dyn Dump> {
        Some(self)
    }

    fn load(&self) -> Option<&dyn Load> {
        Some(self)
    }

    fn swap(&self) -> Option<&dyn Swap> {
        Some(self)
    }

    fn script(&self) -> Option<&dyn crate::script::RunScript> {
        Some(self)
    }

    fn place_tables(&self) -> Option<&dyn PlaceTables> {
        Some(self)
    }
    fn maintain(&self) -> Option<&dyn crate::Maintain> {
        Some(self)
    }
    fn clear(&self) -> Option<&dyn crate::Clear> {
        Some(self)
    }
}
