//! Which tables' rows a backup of this scope takes, and what it therefore leaves out.

use holdfast_contract::snapshot::{BackupKind, Omission, Scope, TableName};

use super::introspect::{Table, TableKind};
use crate::{Result, pattern};

/// Rows of a virtual table are in its shadow tables, so they go together.
pub(super) struct Choice<'a> {
    scope: &'a Scope,
    virtuals: Vec<&'a str>,
}

impl<'a> Choice<'a> {
    pub(super) fn new(scope: &'a Scope, tables: &'a [Table]) -> Self {
        let virtuals =
            tables.iter().filter(|table| table.kind == TableKind::Virtual).map(|table| table.name.as_str());
        Self { scope, virtuals: virtuals.collect() }
    }

    pub(super) fn is_all(scope: &Scope) -> bool {
        scope.kind == BackupKind::Full && scope.tables.is_empty() && scope.exclude.is_empty()
    }

    pub(super) fn rows(&self, table: &Table) -> bool {
        let owner = match table.kind {
            TableKind::Shadow => owner(&table.name, &self.virtuals).unwrap_or(&table.name),
            _ => &table.name,
        };
        if self.scope.kind == BackupKind::Schema {
            return false;
        }
        // The counters of AUTOINCREMENT belong to the chosen tables; for the others, which come empty, they do no harm.
        let counters = table.name == "sqlite_sequence" && self.scope.exclude.is_empty();
        counters || pattern::included(self.scope, &TableName { schema: None, name: owner.to_owned() })
    }

    pub(super) fn omissions(&self, tables: &[Table]) -> Vec<Omission> {
        let left_out = |table: &&Table| table.kind != TableKind::Virtual && !self.rows(table);
        if self.scope.kind == BackupKind::Schema {
            return vec![Omission {
                kind: "table rows".into(),
                name: "all tables".into(),
                reason: "Only the schema was asked for: a restore makes empty tables.".into(),
                by_request: true,
            }];
        }
        tables
            .iter()
            .filter(left_out)
            .map(|table| Omission {
                kind: "table rows".into(),
                name: table.name.clone(),
                reason: "The table was not chosen: a restore makes it empty.".into(),
                by_request: true,
            })
            .collect()
    }
}

/// Every pattern names a table that a person can see.
pub(super) fn require_tables(scope: &Scope, tables: &[Table]) -> Result<()> {
    let names: Vec<TableName> =
        tables.iter().filter(|table| table.kind != TableKind::Shadow).map(Table::key).collect();
    pattern::require_hits(scope, names.iter())
}

/// `products_fts` for `products_fts_data`.
pub(super) fn owner<'a>(shadow: &str, virtuals: &[&'a str]) -> Option<&'a str> {
    virtuals
        .iter()
        .filter(|name| shadow.strip_prefix(**name).is_some_and(|rest| rest.starts_with('_')))
        .max_by_key(|name| name.len())
        .copied()
}
