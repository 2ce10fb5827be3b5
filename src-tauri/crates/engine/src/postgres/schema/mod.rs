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
//! - Objects of kind `tablespace` need what [`tablespace_of`] names, `security label` a provider in the server, and
//!   `user mapping`, `publication`, `subscription` and `event trigger` rights that not every login has: they may be
//!   left out with a remark as well. A subscription is made switched off and without a slot.
//! - The tables named by [`extension_tables_in_load_order`] are there as soon as the extension is, keys and all: their
//!   rows go in first, one table after the other.
//! - Large objects are objects of kind `large object` (phase Before: `lo_create`); their bytes are the stream
//!   `large-objects` of the data half.

mod base_types;
pub(super) mod catalog;
mod column_options;
mod columns;
mod comments;
pub(super) mod constraints;
mod conversions;
mod database;
mod draft;
mod event_triggers;
mod extended;
mod extension_tables;
mod foreign;
mod grants;
mod guests;
mod indexes;
mod labels;
mod languages;
mod large_objects;
mod link;
mod namespaces;
mod operator_classes;
mod operators;
mod order;
mod policies;
mod publications;
mod report;
mod roles;
mod routines;
mod select;
mod sequences;
mod sweep;
mod table_settings;
mod tables;
mod tablespaces;
mod text_search;
mod triggers;
mod types;
mod views;

use std::collections::BTreeMap;

use holdfast_contract::snapshot::{Column, ObjectCount, Omission, SchemaObject, Scope, TableName};

pub use catalog::rows as read_rows;
pub use column_options::objects;
pub use database::setting_words;
pub use extension_tables::in_load_order as extension_tables_in_load_order;
pub use roles::{roles_needed, roles_of};
pub use tablespaces::tablespace_of;

use crate::Result;
use draft::Draft;

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
    /// Of an extension's table: `WHERE …`, the rows that travel.
    pub condition: Option<String>,
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

/// Reads everything that `scope` names. A fixed number of queries, but for the state of sequences (one for 500).
pub async fn capture(conn: &mut sqlx::PgConnection, scope: &Scope) -> Result<Captured> {
    let version = conn.server_version_num().unwrap_or(0);
    let mut facts = BTreeMap::new();
    let mut draft = Draft::new(version, catalog::dependencies(conn).await?);
    let columns = columns::read(conn, version).await?;
    draft.columns = columns.names();
    guests::collect(conn, &mut draft).await?;
    namespaces::collect(conn, &mut draft, &mut facts).await?;
    types::collect(conn, &mut draft, &columns).await?;
    base_types::collect(conn, &mut draft).await?;
    routines::collect(conn, &mut draft).await?;
    languages::collect(conn, &mut draft).await?;
    conversions::collect(conn, &mut draft).await?;
    operators::collect(conn, &mut draft).await?;
    operator_classes::collect(conn, &mut draft).await?;
    text_search::collect(conn, &mut draft).await?;
    foreign::collect(conn, &mut draft).await?;
    let constraints = constraints::read(conn, &draft).await?;
    let table_rows = tables::read(conn).await?;
    tables::add_to(&mut draft, &table_rows, &columns, &constraints);
    views::collect(conn, &mut draft, &columns).await?;
    table_settings::add_defaults(&mut draft, &columns);
    column_options::add_losses(&mut draft, &columns);
    sequences::collect(conn, &mut draft, &columns).await?;
    constraints.add_to(&mut draft);
    indexes::collect(conn, &mut draft).await?;
    extended::collect(conn, &mut draft).await?;
    triggers::collect(conn, &mut draft).await?;
    policies::collect(conn, &mut draft).await?;
    publications::collect(conn, &mut draft).await?;
    event_triggers::collect(conn, &mut draft).await?;
    extension_tables::collect(conn, &mut draft, &mut facts).await?;
    let large_objects = large_objects::collect(conn, &mut draft).await?;
    database::collect(conn, &mut draft, &mut facts).await?;
    grants::defaults(conn, &mut draft).await?;
    sweep::collect(conn, &mut draft).await?;
    comments::collect(conn, &mut draft).await?;
    labels::collect(conn, &mut draft).await?;
    comments::owners(&mut draft);
    comments::extension_ties(&mut draft);
    grants::collect(conn, &mut draft).await?;
    link::link(&mut draft);
    link::spread_losses(&mut draft);
    select::require_tables(&draft, scope)?;
    select::select(&mut draft, scope);
    link::spread_losses(&mut draft);
    link::settle_phases(&mut draft);
    let ordered = order::order(&mut draft);
    Ok(report::report(&draft, &ordered, scope, &table_rows, &columns, large_objects, facts))
}

/// The statements of an object, made for the database whose quoted name is given.
pub fn for_database(object: &SchemaObject, quoted: &str) -> Vec<String> {
    let place = format!("DATABASE {DATABASE}");
    let about_it = match object.kind.as_str() {
        "database" | "role setting" => true,
        "owner" | "grant" | "security label" => object.name.ends_with(": database"),
        _ => false,
    };
    let filled = |sql: &String| sql.replacen(&place, &format!("DATABASE {quoted}"), 1);
    if about_it { object.sql.iter().map(filled).collect() } else { object.sql.clone() }
}
