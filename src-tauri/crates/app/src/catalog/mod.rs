//! Holdfast's own SQLite database: connections, settings, vaults, plans, jobs, attempts, restores, health,
//! audit.
//!
//! Several processes may share it: WAL, a busy timeout, every write in `BEGIN IMMEDIATE`. SQLite blocks,
//! so all work runs on blocking threads. After each write the listeners of this process are told what
//! changed; triggers count changes, so no repository can forget to. What does not belong here: secrets
//! (never), decisions (the use cases').
//!
//! ```text
//! catalog.connections().find("Shop").await?          one repository per table
//! catalog.write(|tx| { … }).await?                   several rows in one transaction
//! ```

mod attempts;
mod audit;
mod changes;
mod cleanup;
mod connections;
mod consents;
mod error;
mod guards;
mod health;
mod job_log;
mod jobs;
mod maintenance;
mod plans;
mod restores;
mod retention;
mod schedules;
mod schema;
mod scratch;
mod settings;
mod vaults;

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use holdfast_contract::{ApiError, ErrorCode};
use rusqlite::{Connection, OpenFlags, Transaction, TransactionBehavior};

use crate::events::Events;
use crate::home::private_file;

pub use attempts::{Attempt, Attempts};
pub use audit::{Audits, NewAuditEntry};
pub use changes::Counts;
pub use cleanup::CleanupRules;
pub use connections::Connections;
pub use consents::{Consents, Known as KnownConsents, Subject};
pub use error::{CatalogError, Result};
pub use guards::{GuardRow, Guards};
pub use health::HealthCache;
pub use job_log::JobLog;
pub use jobs::{JobAudit, JobRow, Jobs};
pub use maintenance::{KeptRun, MaintenanceRuns};
pub(crate) use plans::moved as plan_moved;
pub use plans::{Plan, Plans};
pub use restores::{RestoreRow, Restores};
pub use retention::RetentionTable;
pub use schedules::{DueRun, ScheduleRow, Schedules};
pub use scratch::{ScratchDatabases, ScratchRow};
pub use settings::SettingsTable;
pub use vaults::{VaultRow, Vaults};

/// How long a statement waits for another process's write.
const BUSY: Duration = Duration::from_secs(10);
/// Readers kept open between reads.
const READERS: usize = 4;

#[derive(Clone)]
pub struct Catalog {
    inner: Arc<Inner>,
}

struct Inner {
    path: PathBuf,
    writer: Mutex<Connection>,
    readers: Mutex<Vec<Connection>>,
    /// Change counts that listeners have been told of.
    told: Mutex<Counts>,
    events: Events,
}

impl Catalog {
    /// Opens the file, making or upgrading it. Blocks.
    pub fn open(path: &Path, events: Events) -> std::result::Result<Self, ApiError> {
        Self::open_file(path, events).map_err(ApiError::from)
    }

    fn open_file(path: &Path, events: Events) -> Result<Self> {
        private_file(path).map_err(|error| {
            ApiError::new(
                ErrorCode::HomeUnusable,
                format!("The catalog {} cannot be opened: {error}.", path.display()),
            )
            .hint("Correct the permissions of the data folder, or choose another.")
        })?;
        let mut writer = Connection::open_with_flags(path, OpenFlags::SQLITE_OPEN_READ_WRITE)?;
        prepare(&writer)?;
        schema::upgrade(&mut writer, path)?;
        let told = changes::counts(&writer)?;
        Ok(Self {
            inner: Arc::new(Inner {
                path: path.to_owned(),
                writer: Mutex::new(writer),
                readers: Mutex::default(),
                told: Mutex::new(told),
                events,
            }),
        })
    }

    /// Runs `work` in one transaction that no other writer overlaps; all or nothing.
    pub async fn write<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Transaction<'_>) -> Result<T> + Send + 'static,
    ) -> std::result::Result<T, ApiError> {
        let inner = self.inner.clone();
        blocking(move || {
            let mut writer = lock(&inner.writer);
            let transaction = writer.transaction_with_behavior(TransactionBehavior::Immediate)?;
            let value = work(&transaction)?;
            let now = changes::counts(&transaction)?;
            transaction.commit()?;
            inner.tell(now);
            Ok(value)
        })
        .await
    }

    /// Runs `work` on a connection that cannot write.
    pub async fn read<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Connection) -> Result<T> + Send + 'static,
    ) -> std::result::Result<T, ApiError> {
        let inner = self.inner.clone();
        blocking(move || {
            let kept = lock(&inner.readers).pop();
            let reader = match kept {
                Some(reader) => reader,
                None => {
                    let reader = Connection::open_with_flags(&inner.path, OpenFlags::SQLITE_OPEN_READ_WRITE)?;
                    prepare(&reader)?;
                    reader.pragma_update(None, "query_only", true)?;
                    reader
                }
            };
            let value = work(&reader);
            let mut readers = lock(&inner.readers);
            if readers.len() < READERS {
                readers.push(reader);
            }
            value
        })
        .await
    }

    /// Looks whether another process has written; tells the listeners what changed. `seen` is the caller's
    /// memory between two looks. True when anything was written by others.
    pub async fn poll(&self, seen: Option<i64>) -> std::result::Result<(i64, bool), ApiError> {
        let inner = self.inner.clone();
        blocking(move || {
            let writer = lock(&inner.writer);
            // On this very connection: its own writes do not count, those of others do.
            let version: i64 = writer.pragma_query_value(None, "data_version", |row| row.get(0))?;
            let moved = seen.is_some_and(|seen| seen != version);
            if moved {
                inner.tell(changes::counts(&writer)?);
            }
            Ok((version, moved))
        })
        .await
    }

    pub fn connections(&self) -> Connections<'_> {
        Connections(self)
    }
    pub fn settings(&self) -> SettingsTable<'_> {
        SettingsTable(self)
    }
    pub fn vaults(&self) -> Vaults<'_> {
        Vaults(self)
    }
    pub fn plans(&self) -> Plans<'_> {
        Plans(self)
    }
    pub fn jobs(&self) -> Jobs<'_> {
        Jobs(self)
    }
    pub fn job_log(&self) -> JobLog<'_> {
        JobLog(self)
    }
    pub fn attempts(&self) -> Attempts<'_> {
        Attempts(self)
    }
    pub fn restores(&self) -> Restores<'_> {
        Restores(self)
    }
    pub fn scratch_databases(&self) -> ScratchDatabases<'_> {
        ScratchDatabases(self)
    }
    pub fn retention(&self) -> RetentionTable<'_> {
        RetentionTable(self)
    }
    pub fn consents(&self) -> Consents<'_> {
        Consents(self)
    }
    pub fn cleanup_rules(&self) -> CleanupRules<'_> {
        CleanupRules(self)
    }
    pub fn maintenance(&self) -> MaintenanceRuns<'_> {
        MaintenanceRuns(self)
    }
    pub fn schedules(&self) -> Schedules<'_> {
        Schedules(self)
    }
    pub fn guards(&self) -> Guards<'_> {
        Guards(self)
    }
    pub fn health(&self) -> HealthCache<'_> {
        HealthCache(self)
    }
    pub fn audit(&self) -> Audits<'_> {
        Audits(self)
    }
}

impl Inner {
    fn tell(&self, now: Counts) {
        let mut told = lock(&self.told);
        for what in changes::moved(&told, &now) {
            self.events.changed(what);
        }
        *told = now;
    }
}

fn prepare(connection: &Connection) -> Result<()> {
    connection.busy_timeout(BUSY)?;
    connection.pragma_update(None, "journal_mode", "wal")?;
    // The audit intent must be on disk before the deed it announces.
    connection.pragma_update(None, "synchronous", "full")?;
    connection.pragma_update(None, "foreign_keys", true)?;
    Ok(())
}

/// A panic inside a transaction has rolled it back: the connection itself is sound.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> Result<T> + Send + 'static,
) -> std::result::Result<T, ApiError> {
    match tokio::task::spawn_blocking(work).await {
        Ok(result) => result.map_err(ApiError::from),
        Err(error) => {
            Err(ApiError::new(ErrorCode::Internal, format!("The catalog's thread ended early: {error}.")))
        }
    }
}

/// A value as the JSON text a column holds.
fn json<T: serde::Serialize>(value: &T) -> Result<String> {
    Ok(serde_json::to_string(value)?)
}

/// A fieldless enum as the bare word a column holds.
fn word<T: serde::Serialize>(value: &T) -> Result<String> {
    match serde_json::to_value(value)? {
        serde_json::Value::String(word) => Ok(word),
        other => Ok(other.to_string()),
    }
}

fn from_word<T: serde::de::DeserializeOwned>(word: String) -> Result<T> {
    Ok(serde_json::from_value(serde_json::Value::String(word))?)
}
