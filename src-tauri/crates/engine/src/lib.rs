//! Databases: one small mandatory trait and facets that are there or not.
//!
//! What may be offered for a database is computed from which facets are `Some`, so it cannot disagree
//! with the code. Nothing here knows a vault, a job queue, a user or a screen: bytes go out through
//! [`DumpSink`] and come back through [`SnapshotSource`]; both ends are somebody else's.
//!
//! What the engines do alike stands beside their rooms, one file for each idea: `reach` and `tls` (the way to a server),
//! `readers` (rows out of a database), `loaders` and `staging` (rows into one that is gone again on failure), and the files
//! named after a facet. What servers do differently stays in `postgres`, `mysql` and `sqlite`, under the same file names.

mod clear;
pub mod content;
mod driver;
mod drivers;
pub mod error;
pub mod export;
mod loaders;
pub mod maintain;
pub mod mysql;
pub mod pattern;
pub mod postgres;
mod properties;
mod reach;
mod readers;
pub mod script;
pub mod session;
mod sessions;
pub mod sqlite;
mod staging;
pub mod tables;
mod tls;

use std::path::PathBuf;
use std::sync::Arc;

use async_trait::async_trait;
use bytes::Bytes;
use futures::stream::BoxStream;
use holdfast_contract::connection::ConnectionSpec;
use holdfast_contract::restore::GlobalsPlan;
use holdfast_contract::snapshot::{
    DumpPlan, EngineKind, SchemaObject, Scope, ServerInfo, Snapshot, TableFingerprint, TableName,
};
use secrecy::SecretString;
use tokio_util::sync::CancellationToken;

pub use clear::{Clear, Deletion, RowCount, Rows};
pub use driver::Driver;
pub use drivers::{driver, engine, properties};
pub use error::{EngineError, Result};
pub use export::{Export, WriteFile};
pub use maintain::Maintain;
pub use properties::{Properties, RowCounts, TablePlacing, TableStaging};
pub use reach::NearEnd;
pub use session::Session;
pub use sessions::Sessions;
pub use tables::{Arranged, PlaceTables, Placing, TableOrder, TableStep, TableWish, Way};

/// A database that can be reached. Cheap to make; connects on use.
#[async_trait]
pub trait Engine: Send + Sync {
    fn kind(&self) -> EngineKind;
    /// As people call what answered: kinds may stand for several products.
    fn product(&self, _server: &ServerInfo) -> &'static str {
        self.kind().product()
    }
    /// Takes the very path the real work takes: resolve, connect, TLS, authenticate, ask.
    async fn ping(&self) -> Result<ServerInfo>;
    /// Advice about this login or server that does not stop work (superuser, no TLS to a remote host…).
    async fn advice(&self) -> Result<Vec<String>>;
    /// A session of its own, with the settings a person's statements expect. The server refuses writes when the
    /// connection is read-only.
    async fn connect(&self) -> Result<Box<dyn Session>>;
    /// Databases on the same server that this login may connect to; empty where there is only one.
    async fn databases(&self) -> Result<Vec<String>>;
    fn dump(&self) -> Option<&dyn Dump> {
        None
    }
    fn load(&self) -> Option<&dyn Load> {
        None
    }
    fn swap(&self) -> Option<&dyn Swap> {
        None
    }
    fn globals(&self) -> Option<&dyn Globals> {
        None
    }
    /// Running SQL files that others made.
    fn script(&self) -> Option<&dyn script::RunScript> {
        None
    }
    fn place_tables(&self) -> Option<&dyn PlaceTables> {
        None
    }
    fn maintain(&self) -> Option<&dyn Maintain> {
        None
    }
    fn sessions(&self) -> Option<&dyn Sessions> {
        None
    }
    fn clear(&self) -> Option<&dyn Clear> {
        None
    }
}

/// Taking a snapshot.
#[async_trait]
pub trait Dump: Send + Sync {
    /// What [`Dump::dump`] would hold and what it would not, as of now. Reads catalogs only.
    async fn plan(&self, scope: &Scope) -> Result<DumpPlan>;
    /// Streams one consistent snapshot into `sink`. Cancellable. On `Err` nothing that reached the
    /// sink counts. Every table's rows are counted and hashed in the same pass that streams them.
    async fn dump(&self, scope: &Scope, sink: &dyn DumpSink, work: &Work) -> Result<Snapshot>;
}

/// Putting a snapshot into a database of its own.
#[async_trait]
pub trait Load: Send + Sync {
    /// The name to offer when the user gave none; `tag` is a few hex digits. SQLite: a path.
    fn made_up_name(&self, base: &str, purpose: NamePurpose, tag: &str) -> String;
    async fn exists(&self, target: &str) -> Result<bool>;
    /// What would stop a load (`blockers`) and what would come out differently (`warnings`): missing
    /// extensions, roles, tablespaces, rights, room. Changes nothing.
    async fn preflight(&self, snapshot: &Snapshot, objects: &[SchemaObject]) -> Result<Preflight>;
    /// Creates `target`, which must not exist, and fills it. Cancellable. On `Err` everything that this
    /// call made is gone again. Rows and statements must all succeed: a failed object is an error, but
    /// see [`LoadReport::remarks`] for what preflight had announced (owner that does not exist…).
    async fn load(&self, target: &str, source: &dyn SnapshotSource, work: &Work) -> Result<LoadReport>;
    /// Counts and content hashes of every table in `target`, in the form [`Dump::dump`] took them.
    async fn fingerprint(
        &self,
        target: &str,
        tables: &[TableName],
        work: &Work,
    ) -> Result<Vec<TableFingerprint>>;
    /// Gives a proven copy its final name. `TargetExists` when `to` is taken: nothing is ever replaced. All or
    /// nothing; ends other sessions on `from`; refuses the connection's own live database as `from`.
    async fn rename(&self, from: &str, to: &str) -> Result<()>;
    /// Finishes or undoes what an interrupted [`Load::rename`] or [`Swap::swap`] of `staged` left half done, where these
    /// take several steps. Idempotent; does nothing when there is nothing.
    async fn settle(&self, _staged: &str) -> Result<()> {
        Ok(())
    }
    /// What a person would run to drop `target`; `None` where no statement does it.
    fn drop_statement(&self, _target: &str) -> Option<String> {
        None
    }
    /// Idempotent. Refuses the connection's own live database.
    async fn drop_database(&self, target: &str) -> Result<()>;
}

/// What belongs to the whole server (roles, tablespaces): part of a backup, restored on request only.
#[async_trait]
pub trait Globals: Send + Sync {
    /// What restoring them would make; `None` when the backup holds none. Changes nothing.
    async fn plan(&self, source: &dyn SnapshotSource) -> Result<Option<GlobalsPlan>>;
    /// [`Load::preflight`] as it would be with the missing roles made.
    async fn preflight(
        &self,
        snapshot: &Snapshot,
        objects: &[SchemaObject],
        plan: &GlobalsPlan,
    ) -> Result<Preflight>;
    /// Makes what is missing and alters nothing that exists; idempotent. Roles come all or none. They stay, whatever
    /// becomes of the restore. Returns in sentences what could not be made.
    async fn restore(&self, source: &dyn SnapshotSource, work: &Work) -> Result<Vec<String>>;
}

/// What a made-up name is for; it shows in the name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NamePurpose {
    /// `shop_restored_7c1d`: the user gets it.
    Restored,
    /// `shop_restoring_7c1d`: until proven.
    Staging,
    /// `shop_before_7c1d`: the replaced one.
    Kept,
    /// `shop_proof_7c1d`: scratch, dropped after the proof.
    Scratch,
}

impl NamePurpose {
    /// How it shows in a name.
    pub fn word(self) -> &'static str {
        match self {
            NamePurpose::Restored => "restored",
            NamePurpose::Staging => "restoring",
            NamePurpose::Kept => "before",
            NamePurpose::Scratch => "proof",
        }
    }
}

/// Putting a proven copy in the live database's place, and back.
#[async_trait]
pub trait Swap: Send + Sync {
    /// After it, `live` holds what `staged` held, `kept` what `live` held, and `staged` is gone.
    /// All or nothing, also across a crash. Ends the other sessions that [`Sessions::sessions`] lists. `live` must be the connection's own database.
    async fn swap(&self, staged: &str, kept: &str, work: &Work) -> Result<()>;
    /// Where a swap that was cut short stands.
    async fn swap_state(&self, staged: &str, kept: &str) -> Result<SwapState>;
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SwapState {
    /// `staged` is still there and the live database is the old one.
    NotSwapped,
    Swapped,
    /// Neither: somebody else changed names.
    Unclear,
}

#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Preflight {
    pub blockers: Vec<String>,
    pub warnings: Vec<String>,
}

#[derive(Clone, Debug, Default)]
pub struct LoadReport {
    pub server: Option<ServerInfo>,
    pub remarks: Vec<String>,
}

/// Receives a dump. Calls for different streams may run at the same time.
#[async_trait]
pub trait DumpSink: Send + Sync {
    /// Names are unique within a dump: `t/<number>/<part>`, `pages`, `large-objects`.
    async fn open(&self, name: &str, unit: Unit) -> Result<Box<dyn StreamSink>>;
}

#[async_trait]
pub trait StreamSink: Send {
    /// Fragments need not align with units. Waits when the far end is behind.
    async fn write(&mut self, data: Bytes) -> Result<()>;
    /// The stream is complete. Dropping a stream without this abandons it.
    async fn finish(self: Box<Self>) -> Result<()>;
}

/// Where a stream may be cut without splitting a meaning.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unit {
    /// After each `\n` (COPY text rows).
    Line,
    /// After each `n` bytes (database pages).
    Fixed(u32),
}

/// A stored snapshot, readable any number of times.
#[async_trait]
pub trait SnapshotSource: Send + Sync {
    /// Without `objects`.
    fn snapshot(&self) -> &Snapshot;
    async fn objects(&self) -> Result<Vec<SchemaObject>>;
    /// Exactly the bytes that were written, verified before they are handed out.
    async fn open(&self, stream: &str) -> Result<BoxStream<'static, Result<Bytes>>>;
}

/// Told how far the work is. Called often: implementations throttle.
pub trait Progress: Send + Sync {
    /// A new phase in words: "Reading public.orders". `total_bytes` is for the whole job when known.
    fn phase(&self, text: &str);
    fn total_bytes(&self, total: u64);
    fn advance(&self, bytes: u64, rows: u64);
}

/// What a piece of long work is given.
#[derive(Clone)]
pub struct Work {
    pub cancel: CancellationToken,
    pub progress: Arc<dyn Progress>,
    /// A private folder for temporary files (0700), emptied by its owner.
    pub scratch_dir: PathBuf,
    /// Connections to one server at the same time, at least 1.
    pub parallel: usize,
    /// Read when a snapshot is fixed.
    pub clock: Clock,
}

/// Milliseconds since 1970, UTC: whoever starts the work decides what time it is.
pub type Clock = Arc<dyn Fn() -> i64 + Send + Sync>;

impl Work {
    /// `Err(EngineError::Cancelled)` once the user has asked to stop.
    pub fn checkpoint(&self) -> Result<()> {
        if self.cancel.is_cancelled() { Err(EngineError::Cancelled) } else { Ok(()) }
    }

    /// As [`Work::checkpoint`], at any moment: a step that is given up is dropped where it stands.
    pub async fn unless_cancelled<T>(&self, step: impl Future<Output = Result<T>>) -> Result<T> {
        tokio::select! {
            biased;
            () = self.cancel.cancelled() => Err(EngineError::Cancelled),
            outcome = step => outcome,
        }
    }
}

/// How to reach a database: the spec, the secret, whether the server must refuse writes, and the tunnel it is reached through.
#[derive(Clone)]
pub struct Access {
    pub spec: ConnectionSpec,
    pub password: Option<SecretString>,
    pub read_only: bool,
    /// Private: whoever makes one says so by [`Access::through`], and every session of it goes that way.
    near_end: Option<NearEnd>,
}

impl Access {
    /// Straight to it, without a password, and it may be written to.
    pub fn new(spec: ConnectionSpec) -> Self {
        Self { spec, password: None, read_only: false, near_end: None }
    }

    #[must_use]
    pub fn password(self, password: Option<SecretString>) -> Self {
        Self { password, ..self }
    }

    #[must_use]
    pub fn read_only(self, read_only: bool) -> Self {
        Self { read_only, ..self }
    }

    /// Dials the near end of a tunnel. The server keeps its name: certificates are checked against it, and errors tell it.
    #[must_use]
    pub fn through(self, near_end: NearEnd) -> Self {
        Self { near_end: Some(near_end), ..self }
    }

    /// Another database of the same server, or a file, reached the same way.
    #[must_use]
    pub fn beside(&self, database: &str) -> Self {
        Self { spec: self.spec.beside(database), ..self.clone() }
    }
}
