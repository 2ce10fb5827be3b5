//! SQL files that others made: cut into statements, judged, and run.
//!
//! - `input` decompresses, `feed` is the window, `postgres mysql sqlite` cut at the ends of statements, exactly as
//!   `psql`, `mysql` and `sqlite3` would, and name the line of what is broken;
//! - `tokens` and `judge` say what a statement is and whether it may run; `guess` tells the dialect;
//! - `survey` reads a whole file without running it, `steps` hands it to a runner, `parcels` in messages
//!   for a server.
//!
//! No client program's command is ever carried out here: there is nothing that could. What a statement does on the
//! server is the server's to allow; the judge keeps accidents from reaching beyond the target.

mod excerpt;
mod feed;
mod guess;
mod input;
mod judge;
mod marks;
mod mysql;
mod parcels;
mod postgres;
mod sqlite;
mod steps;
mod survey;
#[cfg(test)]
mod tests;
mod tokens;

use std::path::{Path, PathBuf};

use async_trait::async_trait;
use holdfast_contract::import::{ScriptReport, SqlDialect};
use holdfast_contract::{ApiError, ErrorCode};

pub use guess::guess;
pub(crate) use judge::sqlite::{KEPT as KEPT_SETTINGS, virtual_table};
pub use parcels::{Parcel, Parcels, parcels};
pub use steps::{Step, Steps, Told};
pub use survey::survey;

use crate::{EngineError, Preflight, Result, Work};
use feed::Feed;
use input::Input;

/// Running a script of the engine's own dialect.
#[async_trait]
pub trait RunScript: Send + Sync {
    fn dialect(&self) -> SqlDialect;
    /// What the server lacks for this script (roles, extensions). Changes nothing.
    async fn preflight(&self, report: &ScriptReport) -> Result<Preflight>;
    /// Creates `target`, which must not exist, and runs the script in it. Cancellable. On `Err` it is gone again.
    async fn run_new(&self, target: &str, script: &Script, work: &Work) -> Result<ScriptDone>;
    /// Runs the script in the live database, in one transaction: all or nothing. Cancellable until `committing` was
    /// told, which happens last.
    async fn run_live(&self, script: &Script, committing: &dyn Committing, work: &Work)
    -> Result<ScriptDone>;
    /// What became of a transaction that was about to be committed when the program ended.
    async fn fate(&self, mark: &str) -> Result<Fate>;
}

/// The failure stays the answer; what cannot be dropped now is dropped by who keeps the journal.
pub(crate) async fn or_dropped<T>(
    outcome: Result<T>,
    dropping: impl Future<Output = Result<()>>,
) -> Result<T> {
    if outcome.is_err()
        && let Err(left) = dropping.await
    {
        tracing::warn!(%left, "an unfinished import could not be dropped yet");
    }
    outcome
}

/// Told just before the commit; only after it returns is the commit sent.
#[async_trait]
pub trait Committing: Send + Sync {
    async fn committing(&self, mark: &str) -> Result<()>;
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fate {
    Committed,
    RolledBack,
    /// The server has forgotten, or never knew.
    Unknown,
}

#[derive(Clone, Debug)]
pub struct Script {
    pub file: PathBuf,
    pub dialect: SqlDialect,
    /// The hash that the survey found: a file that has changed since is not run.
    pub hash: String,
    /// Ownership and grants are passed over.
    pub without_owners: bool,
    /// One transaction around everything.
    pub one_transaction: bool,
}

#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ScriptDone {
    pub statements: u64,
    pub rows: u64,
    pub remarks: Vec<String>,
}

/// A stretch of the file. All pieces in order are the whole text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Piece {
    /// Where it begins, from 1.
    pub line: u64,
    /// Bytes of text before it.
    pub offset: u64,
    pub what: What,
    pub text: Vec<u8>,
    /// Bytes of `text` before what ends it (`;` or the delimiter in use).
    pub body: usize,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum What {
    /// White space and comments between statements.
    Space,
    Statement,
    /// Rows for the COPY before it; cut anywhere.
    Rows,
    /// The line `\.`
    RowsEnd,
    /// A line for the client program: `\connect`, `DELIMITER`, `.read`.
    Command,
}

impl Piece {
    /// The statement without what ends it.
    pub fn sql(&self) -> &str {
        std::str::from_utf8(&self.text[..self.body]).unwrap_or_default()
    }
}

/// Cuts a file into pieces.
pub struct Splitter {
    feed: Feed,
    rules: Rules,
}

enum Rules {
    Postgres(postgres::Rules),
    Mysql(mysql::Rules),
    Sqlite,
}

impl Splitter {
    pub fn open(path: &Path, dialect: SqlDialect) -> Result<Self> {
        Ok(Self::new(Feed::new(Input::open(path)?), dialect))
    }

    fn new(feed: Feed, dialect: SqlDialect) -> Self {
        let rules = match dialect {
            SqlDialect::Postgres => Rules::Postgres(postgres::Rules::default()),
            SqlDialect::Mysql => Rules::Mysql(mysql::Rules::default()),
            SqlDialect::Sqlite => Rules::Sqlite,
        };
        Self { feed, rules }
    }

    /// `None` at the end of the file. An error names the line; nothing follows it.
    #[expect(clippy::should_implement_trait, reason = "an iterator cannot end with an error of its own")]
    pub fn next(&mut self) -> Result<Option<Piece>> {
        match &mut self.rules {
            Rules::Postgres(rules) => rules.next(&mut self.feed),
            Rules::Mysql(rules) => rules.next(&mut self.feed),
            Rules::Sqlite => sqlite::next(&mut self.feed),
        }
    }
}

/// A file that is not what it should be, with the line where that shows.
fn broken(line: Option<u64>, text: impl std::fmt::Display, hint: &str) -> EngineError {
    let message = match line {
        Some(line) => format!("Line {line}: {text}"),
        None => text.to_string(),
    };
    ApiError::new(ErrorCode::BadRequest, message).hint(hint).into()
}

fn never_closed(line: u64, what: &str) -> EngineError {
    broken(
        Some(line),
        format!("{what} that opens here is never closed."),
        "The file may be cut short, or be of another dialect.",
    )
}
