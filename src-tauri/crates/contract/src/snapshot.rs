//! What an engine captured: the engine-neutral description that is stored in a manifest, shown on
//! screen and proven against.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::offers::Copies;

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum EngineKind {
    Postgres,
    /// MySQL and MariaDB.
    Mysql,
    Sqlite,
}

impl EngineKind {
    /// In the order in which they are offered.
    pub const ALL: [Self; 3] = [Self::Postgres, Self::Mysql, Self::Sqlite];

    /// For people, where the server has not been asked which of two it is.
    pub fn product(self) -> &'static str {
        match self {
            Self::Postgres => "PostgreSQL",
            Self::Mysql => "MySQL or MariaDB",
            Self::Sqlite => "SQLite",
        }
    }
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ServerInfo {
    pub engine: EngineKind,
    /// As the server says it: `15.18`, `10.11.19-MariaDB`, `3.54.1`.
    pub version: String,
    /// Comparable: PostgreSQL's `server_version_num`, SQLite's `sqlite3_libversion_number`; for MySQL and MariaDB
    /// 80036 and 101119 (8.0.36, 10.11.19).
    pub version_number: u32,
    pub database: String,
    /// Bytes on disk.
    pub size_bytes: Option<u64>,
    pub encoding: Option<String>,
    /// Transport in words for people: `TLS 1.3`, `unencrypted`, `unix socket`, `file`.
    pub transport: String,
}

/// Which part of a database a backup holds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum BackupKind {
    #[default]
    Full,
    Schema,
    Data,
}

#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Scope {
    #[serde(default)]
    pub kind: BackupKind,
    /// Empty: all tables. Else `schema.table` or `table`; `*` and `?` match as in a shell.
    #[serde(default)]
    pub tables: Vec<String>,
    #[serde(default)]
    pub exclude: Vec<String>,
}

impl Scope {
    /// What a restore of a backup with this scope can do, in words. Never more than it can.
    pub fn can_restore(&self, copies: Copies) -> String {
        let files = copies == Copies::Files;
        let chosen = !self.tables.is_empty();
        let mut words = match (self.kind, chosen) {
            (BackupKind::Full, false) => "The whole database, beside the live one or in its place, or any of its tables.".to_owned(),
            (BackupKind::Full, true) if files => {
                "The chosen tables: into the live file beside its own or in their place, or a new file in which all other tables are empty.".to_owned()
            }
            (BackupKind::Full, true) => {
                "The chosen tables with what belongs to them: into a live database beside its own or in their place, or a new database that holds nothing else.".to_owned()
            }
            (BackupKind::Schema, false) => "A new database with every object and no rows.".to_owned(),
            (BackupKind::Schema, true) if files => "A new file with every object and no rows.".to_owned(),
            (BackupKind::Schema, true) => "A new database with the definitions of the chosen tables and no rows.".to_owned(),
            (BackupKind::Data, _) => {
                "Rows into tables that are there with the same columns, or beside them as plain tables. No new database: there are no definitions to make one.".to_owned()
            }
        };
        if !self.exclude.is_empty() && self.kind != BackupKind::Schema {
            words += " Tables whose rows are left out come back empty.";
        }
        words
    }
}

/// When an object is created relative to the rows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Phase {
    /// Before any row: schemas, types, tables, functions.
    Before,
    /// Rows are in: indexes, constraints, triggers, policies, materialised contents, ownership.
    After,
}

/// One database object and the statements that make it. Order in the list is load order.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct SchemaObject {
    /// `table`, `view`, `function`, `index`, …: the word people use.
    pub kind: String,
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub schema: Option<String>,
    pub name: String,
    /// The table it belongs to (index, trigger, constraint, policy…), as `schema.table` unquoted parts.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub table: Option<TableName>,
    /// The partitioned table to which this object attaches `table`. Backups of earlier versions do not say it.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub partition_of: Option<TableName>,
    pub phase: Phase,
    /// Complete statements without the final semicolon, run in this order.
    pub sql: Vec<String>,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, ToSchema)]
pub struct TableName {
    /// None where the engine has no schemas (SQLite).
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub schema: Option<String>,
    pub name: String,
}

impl std::fmt::Display for TableName {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match &self.schema {
            Some(schema) => write!(f, "{schema}.{}", self.name),
            None => f.write_str(&self.name),
        }
    }
}

/// The rows of one table as captured.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct TableSnapshot {
    #[serde(flatten)]
    pub table: TableName,
    /// Columns in the order of the COPY text rows.
    pub columns: Vec<Column>,
    pub rows: u64,
    /// Bytes of COPY text, line ends included.
    pub bytes: u64,
    /// Order-free: the sum modulo 2^256 of BLAKE3 of every row's COPY text; 64 hex digits.
    pub content_hash: String,
    /// Names of the streams that hold the rows; empty when the rows travel inside another stream
    /// (SQLite pages) or when the backup holds the schema only.
    pub streams: Vec<String>,
    /// False in a schema-only backup.
    pub has_rows: bool,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Column {
    pub name: String,
    /// As the engine prints the type.
    pub type_name: String,
}

/// Something that exists in the source and is not in the backup. Any omission makes the backup partial.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Omission {
    /// `publication`, `table rows`, …
    pub kind: String,
    pub name: String,
    /// One sentence: why it is not captured and what that means for a restore.
    pub reason: String,
    /// True when the user asked for it (excluded tables, schema only): said, but not partial.
    pub by_request: bool,
}

/// Where in the source's history the snapshot stands.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Position {
    /// `lsn`, `data_version`, …
    pub kind: String,
    pub value: String,
}

/// What a dump yields besides its streams. Serialised into the manifest, with `objects` moved to the
/// stream `schema` (one JSON object a line) so that a schema of many thousand objects is stored once.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Snapshot {
    pub server: ServerInfo,
    /// When the snapshot was exported (ms, UTC), by this machine's clock.
    pub taken_at_ms: i64,
    pub position: Option<Position>,
    pub scope: Scope,
    #[serde(skip_serializing_if = "Vec::is_empty", default)]
    pub objects: Vec<SchemaObject>,
    /// Number of objects of each kind, most telling first.
    pub object_counts: Vec<ObjectCount>,
    pub tables: Vec<TableSnapshot>,
    pub omissions: Vec<Omission>,
    /// What is captured whole and still worth knowing: rows without their parents, a module that only the source's own
    /// program has. One sentence each.
    #[serde(default)]
    pub remarks: Vec<String>,
    /// Streams that are not rows of one table: `pages`, `large-objects`.
    pub extra_streams: Vec<String>,
    /// Engine facts a load needs and nobody else reads (page size, database encoding, locale, …).
    pub engine_facts: std::collections::BTreeMap<String, String>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ObjectCount {
    pub kind: String,
    pub count: u64,
}

/// What a dump would hold, before it starts.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct DumpPlan {
    pub server: ServerInfo,
    pub tables: Vec<PlannedTable>,
    pub object_counts: Vec<ObjectCount>,
    pub omissions: Vec<Omission>,
    /// As far as they show without reading every row; see [`Snapshot::remarks`].
    #[serde(default)]
    pub remarks: Vec<String>,
    /// Estimated bytes to read.
    pub estimated_bytes: u64,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct PlannedTable {
    #[serde(flatten)]
    pub table: TableName,
    /// The engine's estimate.
    pub estimated_rows: Option<u64>,
    pub estimated_bytes: Option<u64>,
}

/// Count and content hash of one table as found in a restored copy.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct TableFingerprint {
    #[serde(flatten)]
    pub table: TableName,
    pub rows: u64,
    pub content_hash: String,
}
