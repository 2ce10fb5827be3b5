//! What a database consists of, and the statements that make it again, as the server prints them.
//!
//! # What the loader must know
//!
//! - Statements name no database: they run in order in a session whose current database is the target, with
//!   `foreign_key_checks = 0` (foreign keys stand in the tables, in any order and in circles), `sql_mode = ''`, UTC.
//! - Routines, triggers, events and views begin with the `SET` statements they were made under; the loader puts its own
//!   settings back after each object. `ALTER DATABASE COLLATE` may frame a routine.
//! - `CREATE DEFINER=` stands as the server prints it.
//! - Text outside ASCII travels as UTF-8, so what was made by a client in another character set is recorded on the
//!   copy as made by one in utf8mb4; texts and names are the same.
//! - Phase Before: database, sequences, tables. Phase After: routines, views, triggers, events.

mod events;
mod routines;
mod sequences;
mod show;
mod tables;
pub mod text;
mod triggers;
mod views;

use std::collections::BTreeMap;

use holdfast_contract::snapshot::{
    BackupKind, Column, ObjectCount, Omission, Phase, SchemaObject, Scope, TableName,
};

use super::connect::Session;
use super::rights::Rights;
use super::sql::Literal;
use crate::{Result, pattern};

pub struct Captured {
    /// In load order: all of phase Before, then all of phase After.
    pub objects: Vec<SchemaObject>,
    pub object_counts: Vec<ObjectCount>,
    pub tables: Vec<Table>,
    pub omissions: Vec<Omission>,
    /// What a restore of complete contents should know.
    pub remarks: Vec<String>,
    /// `flavor` (`mariadb`, `mysql`), `character_set`, `collation`, `lower_case_table_names`.
    pub facts: BTreeMap<String, String>,
}

pub struct Table {
    pub name: String,
    /// Those whose values travel, invisible ones included; not the generated ones.
    pub columns: Vec<Column>,
    /// Yields `0` and then the columns, in their order.
    pub select: String,
    pub engine: String,
    /// Its rows belong to the snapshot; others are locked while they are read.
    pub transactional: bool,
    /// False where there is nothing to read here, or no right to.
    pub readable: bool,
    pub estimated_rows: Option<u64>,
    pub estimated_bytes: Option<u64>,
    pub stamp: Stamp,
}

/// Tells whether a table is still what it was.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stamp {
    pub structure: String,
    /// Absent for some engines, and where the server could not look because the table was being opened.
    pub created: Option<String>,
}

impl Stamp {
    pub fn is_still(&self, before: &Stamp) -> bool {
        let recreated = matches!((&self.created, &before.created), (Some(now), Some(then)) if now != then);
        self.structure == before.structure && !recreated
    }
}

impl Table {
    pub fn table_name(&self) -> TableName {
        TableName { schema: None, name: self.name.clone() }
    }
    pub fn rows_travel(&self, scope: &Scope) -> bool {
        scope.kind != BackupKind::Schema && self.readable && pattern::included(scope, &self.table_name())
    }
}

/// What is being put together, with what all parts look at.
struct Draft<'a> {
    database: &'a str,
    rights: Rights,
    collation: String,
    objects: Vec<SchemaObject>,
    tables: Vec<Table>,
    omissions: Vec<Omission>,
}

impl Draft<'_> {
    fn omit(&mut self, kind: &str, name: &str, reason: impl Into<String>) {
        self.omissions.push(Omission {
            kind: kind.into(),
            name: name.into(),
            reason: reason.into(),
            by_request: false,
        });
    }
    fn add(&mut self, kind: &str, name: &str, table: Option<&str>, phase: Phase, sql: Vec<String>) {
        self.objects.push(SchemaObject {
            kind: kind.into(),
            schema: None,
            name: name.into(),
            table: table.map(|name| TableName { schema: None, name: name.into() }),
            partition_of: None,
            phase,
            sql,
        });
    }
}

/// Reads everything that `scope` names in the session's current database.
pub async fn capture(session: &mut Session, database: &str, scope: &Scope) -> Result<Captured> {
    let rights = Rights::read(session, database).await?;
    let mut draft = Draft {
        database,
        rights,
        collation: String::new(),
        objects: Vec::new(),
        tables: Vec::new(),
        omissions: Vec::new(),
    };
    let facts = add_database(session, &mut draft).await?;
    sequences::collect(session, &mut draft, scope).await?;
    tables::collect(session, &mut draft).await?;
    let names: Vec<TableName> = draft.tables.iter().map(Table::table_name).collect();
    pattern::require_hits(scope, names.iter())?;
    routines::collect(session, &mut draft).await?;
    views::collect(session, &mut draft).await?;
    triggers::collect(session, &mut draft).await?;
    events::collect(session, &mut draft).await?;
    select(&mut draft, scope);
    let object_counts = counts(&draft.objects);
    let remarks = remarks(&draft);
    let Draft { objects, tables, omissions, .. } = draft;
    Ok(Captured { objects, object_counts, tables, omissions, remarks, facts })
}

fn remarks(draft: &Draft<'_>) -> Vec<String> {
    let mut remarks = vec![
        "Accounts, roles and grants belong to the server, not to one database: they are not in this backup, and a restore does not change them.".to_owned(),
    ];
    let stubborn: Vec<String> = draft
        .objects
        .iter()
        .filter(|object| {
            matches!(object.kind.as_str(), "procedure" | "function" | "package body" | "trigger" | "event")
        })
        .filter(|object| {
            object.sql.iter().any(|sql| sql.starts_with("CREATE ") && text::mentions(sql, draft.database))
        })
        .map(|object| format!("{} {}", object.kind, object.name))
        .collect();
    if !stubborn.is_empty() {
        remarks.push(format!(
            "These name their own database ({}) in their text, and would go on meaning it from a restored copy under another name: {}.",
            draft.database,
            stubborn.join(", ")
        ));
    }
    let merged: Vec<&str> = draft
        .tables
        .iter()
        .filter(|table| table.engine.eq_ignore_ascii_case("MRG_MYISAM"))
        .map(|table| table.name.as_str())
        .collect();
    if !merged.is_empty() {
        remarks.push(format!(
            "The rows of MERGE tables are those of their members and travel with these: {}.",
            merged.join(", ")
        ));
    }
    remarks
}

async fn add_database(session: &mut Session, draft: &mut Draft<'_>) -> Result<BTreeMap<String, String>> {
    let comment = if session.server.mariadb_since(100_500) { "schema_comment" } else { "''" };
    let sql = format!(
        "SELECT default_character_set_name, default_collation_name, @@lower_case_table_names, {comment} \
         FROM information_schema.schemata WHERE schema_name = {}",
        Literal(draft.database)
    );
    let row =
        session.rows("Reading the database's settings", &sql).await?.into_iter().next().unwrap_or_default();
    let text = |index: usize| row.get(index).cloned().flatten().unwrap_or_default();
    let (charset, collation, comment) = (text(0), text(1), text(3));
    let mut statement = format!("ALTER DATABASE CHARACTER SET {charset} COLLATE {collation}");
    if !comment.is_empty() {
        statement += &format!(" COMMENT {}", Literal(&comment));
    }
    draft.collation.clone_from(&collation);
    draft.add("database", draft.database, None, Phase::Before, vec![statement]);
    let flavor = if session.server.is_mariadb() { "mariadb" } else { "mysql" };
    Ok([
        ("flavor", flavor.to_owned()),
        ("character_set", charset),
        ("collation", collation),
        ("lower_case_table_names", text(2)),
    ]
    .map(|(name, value)| (name.to_owned(), value))
    .into())
}

/// Chosen tables come with their triggers and nothing else; a data-only backup holds no definitions.
fn select(draft: &mut Draft<'_>, scope: &Scope) {
    let mut left_out = Vec::new();
    let mut keep = |object: &SchemaObject| {
        let table = match (object.kind.as_str(), &object.table) {
            ("table", _) => Some(TableName { schema: None, name: object.name.clone() }),
            (_, table) => table.clone(),
        };
        let reason = match (scope.kind, table) {
            (BackupKind::Data, _) => Some("The backup was asked to hold data only."),
            (_, Some(table)) if !scope.tables.is_empty() => {
                let chosen = scope.tables.iter().any(|wanted| pattern::matches(wanted, &table));
                (!chosen).then_some("The backup was asked to hold chosen tables only.")
            }
            (_, None) if !scope.tables.is_empty() && object.kind != "database" => {
                // Column defaults may need a sequence; functions cannot stand in definitions of tables.
                (object.kind != "sequence").then_some("The backup was asked to hold chosen tables only.")
            }
            _ => None,
        };
        if let Some(reason) = reason
            && object.kind != "database"
        {
            left_out.push(Omission {
                kind: object.kind.clone(),
                name: object.name.clone(),
                reason: reason.into(),
                by_request: true,
            });
        }
        reason.is_none()
    };
    draft.objects.retain(&mut keep);
    draft.omissions.extend(left_out);
    if !scope.tables.is_empty() {
        draft
            .tables
            .retain(|table| scope.tables.iter().any(|wanted| pattern::matches(wanted, &table.table_name())));
    }
    for table in &draft.tables {
        if scope.kind != BackupKind::Schema && !pattern::included(scope, &table.table_name()) {
            draft.omissions.push(Omission {
                kind: "table rows".into(),
                name: table.name.clone(),
                reason: "The table was excluded; a restore makes it empty.".into(),
                by_request: true,
            });
        }
    }
}

fn counts(objects: &[SchemaObject]) -> Vec<ObjectCount> {
    const ORDER: [&str; 9] =
        ["table", "view", "procedure", "function", "trigger", "event", "sequence", "package", "package body"];
    ORDER
        .iter()
        .map(|kind| (kind, objects.iter().filter(|object| object.kind == **kind).count() as u64))
        .filter(|(_, count)| *count > 0)
        .map(|(kind, count)| ObjectCount { kind: (*kind).into(), count })
        .collect()
}

pub use tables::stamps;
