//! Imports: SQL files that other programs made, looked through, planned and run.
//!
//! An import is kept, undone and released as a restore whose rows come from a file.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::ids::{ConnectionId, PlanId};
use crate::session::ServerSession;

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum SqlDialect {
    Postgres,
    /// MySQL and MariaDB.
    Mysql,
    Sqlite,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Compression {
    None,
    Gzip,
    Zstd,
}

/// Where the statements go.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum ImportInto {
    /// A database of its own, which gets its name when everything has succeeded.
    #[default]
    New,
    /// The live database, in one transaction, after a proven safety backup.
    Live,
    /// A database of its own that then takes the live one's place; the replaced one is kept.
    Replace,
}

#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct ImportPlanRequest {
    /// Absolute path of the file on the machine Holdfast runs on.
    pub file: String,
    /// The connection (id or name) that receives it.
    pub to: String,
    /// None: guessed from the file.
    #[serde(default)]
    pub dialect: Option<SqlDialect>,
    #[serde(default)]
    pub into: ImportInto,
    /// Name of the new database (SQLite: absolute path). None: made up. Only for `new`.
    #[serde(default)]
    pub database: Option<String>,
    /// Pass over ownership and grants.
    #[serde(default)]
    pub without_owners: bool,
}

/// The plan that a job of `import.plan` has made.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct ImportPlanRef {
    pub job: String,
}

/// Something at a place in the file.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ScriptFinding {
    /// From 1.
    pub line: u64,
    /// What is there, without data: `\! …`, `COPY public.orders FROM PROGRAM`.
    pub what: String,
    pub why: String,
}

/// What happens to one table.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ScriptTable {
    pub name: String,
    pub created: bool,
    pub dropped: bool,
    /// INSERT, UPDATE, DELETE, TRUNCATE and COPY statements on it.
    pub changes: u64,
    /// Rows of COPY data.
    pub rows: u64,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct KindCount {
    /// `CREATE TABLE`, `INSERT`…
    pub kind: String,
    pub count: u64,
}

/// What reading the whole file found; nothing was run.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ScriptReport {
    pub dialect: SqlDialect,
    /// Why this dialect, in words.
    pub dialect_because: String,
    pub compression: Compression,
    pub file_bytes: u64,
    pub text_bytes: u64,
    pub lines: u64,
    pub statements: u64,
    /// Rows in COPY data.
    pub rows: u64,
    /// Most frequent first.
    pub kinds: Vec<KindCount>,
    /// In order of appearance; at most 500, `tables_total` counts all.
    pub tables: Vec<ScriptTable>,
    pub tables_total: u64,
    /// What Holdfast will not run: it stops the import. At most 100; the total counts all.
    pub refused: Vec<ScriptFinding>,
    pub refused_total: u64,
    /// Passed over knowingly.
    pub left_out: Vec<ScriptFinding>,
    pub left_out_total: u64,
    pub warnings: Vec<ScriptFinding>,
    pub warnings_total: u64,
    /// What cannot run inside a transaction.
    pub outside_transaction: Vec<ScriptFinding>,
    /// Where the text itself is broken (a quote never closed, a file cut short).
    pub broken: Option<String>,
    /// Roles that statements name as owners or grantees; at most 500.
    pub roles: Vec<String>,
    pub extensions: Vec<String>,
    /// Of the file's bytes.
    pub hash: String,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct ImportPlan {
    pub plan_id: PlanId,
    /// Present what the gate will want back.
    pub digest: String,
    pub file: String,
    pub report: ScriptReport,
    pub connection_id: ConnectionId,
    pub connection_name: String,
    pub into: ImportInto,
    /// Final name of the database that receives it.
    pub database: String,
    /// Name it has until everything has succeeded; None for `live`.
    pub staging: Option<String>,
    pub kept_as: Option<String>,
    /// All statements run in one transaction.
    pub one_transaction: bool,
    pub safety_backup: bool,
    pub sessions_to_end: Vec<ServerSession>,
    pub blockers: Vec<String>,
    pub warnings: Vec<String>,
    /// Steps in order, one sentence each.
    pub steps: Vec<String>,
    pub loses: Option<String>,
    /// The name a person must type; None when nothing that exists is touched.
    pub confirm_name: Option<String>,
    /// A guess from the size of the text.
    pub estimated_ms: u64,
}
