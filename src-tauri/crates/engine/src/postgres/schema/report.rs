//! From the ordered draft to what the rest of the engine works with.

use std::collections::{BTreeMap, HashMap, HashSet};

use holdfast_contract::snapshot::{
    BackupKind, Column, ObjectCount, Omission, SchemaObject, Scope, TableName,
};

use super::catalog::{Address, class};
use super::columns::Columns;
use super::draft::{Draft, Node, Rank};
use super::tables::TableRow;
use super::{Captured, CapturedTable, CopySource, select};

/// Most telling first; kinds that are only how another object is said are not counted.
const COUNTED: &[&str] = &[
    "table",
    "partition",
    "view",
    "materialised view",
    "index",
    "primary key",
    "unique constraint",
    "exclusion constraint",
    "foreign key",
    "check constraint",
    "sequence",
    "identity",
    "function",
    "procedure",
    "aggregate",
    "trigger",
    "rule",
    "policy",
    "enum type",
    "domain",
    "composite type",
    "range type",
    "base type",
    "shell type",
    "operator",
    "operator class",
    "operator family",
    "cast",
    "collation",
    "conversion",
    "text search configuration",
    "text search dictionary",
    "text search parser",
    "text search template",
    "language",
    "transform",
    "access method",
    "schema",
    "extension",
    "extended statistics",
    "foreign table",
    "foreign server",
    "foreign-data wrapper",
    "user mapping",
    "publication",
    "subscription",
    "event trigger",
    "comment",
    "grant",
];

pub fn report(
    draft: &Draft,
    ordered: &[usize],
    scope: &Scope,
    tables: &[TableRow],
    columns: &Columns,
    large_objects: Vec<u32>,
    facts: BTreeMap<String, String>,
) -> Captured {
    let mut omissions: Vec<Omission> = Vec::new();
    let chosen = (!scope.tables.is_empty()).then(|| select::named(draft, &scope.tables));
    let captured = captured_tables(draft, scope, tables, columns, chosen.as_ref(), &mut omissions);
    losses(draft, scope, &mut omissions);
    let with_bytes = scope.kind != BackupKind::Schema && scope.tables.is_empty();
    if !with_bytes && !large_objects.is_empty() {
        omissions.push(by_request(
            "large objects",
            format!("{} large objects", large_objects.len()),
            "They are only in a backup of all data.",
        ));
    }
    let objects: Vec<SchemaObject> = ordered
        .iter()
        .map(|index| &draft.nodes[*index])
        .filter(|node| !node.sql.is_empty())
        .map(object)
        .collect();
    let mut object_counts = counts(&objects);
    if with_bytes && !large_objects.is_empty() {
        object_counts.push(ObjectCount { kind: "large object".into(), count: large_objects.len() as u64 });
    }
    Captured {
        object_counts,
        objects,
        tables: captured,
        omissions,
        facts,
        large_objects: if with_bytes { large_objects } else { Vec::new() },
    }
}

fn object(node: &Node) -> SchemaObject {
    SchemaObject {
        kind: node.kind.to_owned(),
        schema: node.schema.clone(),
        name: node.name.clone(),
        table: node.table.clone(),
        partition_of: node.partition_of.clone(),
        phase: node.phase,
        sql: node.sql.clone(),
    }
}

fn counts(objects: &[SchemaObject]) -> Vec<ObjectCount> {
    let mut by_kind: HashMap<&str, u64> = HashMap::new();
    for object in objects {
        *by_kind.entry(object.kind.as_str()).or_default() += 1;
    }
    let counted = COUNTED.iter().filter_map(|kind| {
        by_kind.get(kind).map(|count| ObjectCount { kind: (*kind).into(), count: *count })
    });
    counted.collect()
}

fn by_request(kind: &str, name: String, reason: &str) -> Omission {
    Omission { kind: kind.into(), name, reason: reason.into(), by_request: true }
}

/// What the user asked to leave out is said once; what could not be captured, one by one.
fn losses(draft: &Draft, scope: &Scope, omissions: &mut Vec<Omission>) {
    // A property goes with its object: one line is enough.
    let silent = |node: &Node| {
        let property = matches!(
            node.rank,
            Rank::Comment
                | Rank::Owner
                | Rank::SchemaGrant
                | Rank::Grant
                | Rank::ExtensionTie
                | Rank::SequenceState
                | Rank::SequenceOwner
                | Rank::Partition
                | Rank::Place
                | Rank::PublicationMember
                | Rank::IndexPartition
                | Rank::Refresh
                | Rank::RowSecurity
                | Rank::Default
        );
        property
            && node
                .subject
                .and_then(|subject| draft.at(subject))
                .is_some_and(|index| draft.nodes[index].lost.is_some())
    };
    for node in &draft.nodes {
        let Some(lost) = &node.lost else { continue };
        if lost.by_request || silent(node) {
            continue;
        }
        omissions.push(Omission {
            kind: node.kind.into(),
            name: node.full_name(),
            reason: lost.reason.clone(),
            by_request: false,
        });
    }
    if scope.kind == BackupKind::Data {
        omissions.push(by_request(
            "definitions",
            "all objects".into(),
            "The backup was asked to hold data only.",
        ));
    } else if !scope.tables.is_empty() {
        let left = draft
            .nodes
            .iter()
            .filter(|node| node.rank <= Rank::View && node.lost.as_ref().is_some_and(|lost| lost.by_request))
            .count();
        if left > 0 {
            omissions.push(by_request(
                "objects",
                format!("{left} objects"),
                "The backup was asked to hold chosen tables only.",
            ));
        }
        let crossing = draft.nodes.iter().filter(|node| {
            node.lost.as_ref().is_some_and(|lost| lost.by_request)
                && of_kept_table(draft, node)
                && node.rank > Rank::View
        });
        omissions.extend(crossing.map(|node| by_request(node.kind, node.full_name(), lost_reason(node))));
    } else if !scope.exclude.is_empty() {
        let keys = draft.nodes.iter().filter(|node| {
            node.rank == Rank::ForeignKey && node.lost.as_ref().is_some_and(|lost| lost.by_request)
        });
        omissions.extend(keys.map(|node| by_request(node.kind, node.full_name(), lost_reason(node))));
    }
    if scope.kind == BackupKind::Schema {
        omissions.push(by_request(
            "rows",
            "all rows and sequence values".into(),
            "The backup was asked to hold the schema only.",
        ));
    }
}

fn lost_reason(node: &Node) -> &str {
    match &node.lost {
        Some(lost) if lost.reason != select::CHOSEN_ONLY => &lost.reason,
        _ => "It needs a table or view that the backup was not asked to hold.",
    }
}

fn of_kept_table(draft: &Draft, node: &Node) -> bool {
    let subject = node.subject.and_then(|subject| draft.at(subject));
    node.table.is_some() && subject.is_some_and(|index| draft.nodes[index].lost.is_none())
}

fn captured_tables(
    draft: &Draft,
    scope: &Scope,
    tables: &[TableRow],
    columns: &Columns,
    chosen: Option<&HashSet<u32>>,
    omissions: &mut Vec<Omission>,
) -> Vec<CapturedTable> {
    let trees = trees(tables);
    let excluded = select::named(draft, &scope.exclude);
    let mut captured = Vec::new();
    for table in tables {
        // With data only, definitions are lost by request and rows travel all the same.
        let made = draft.at(Address::relation(table.oid)).is_some_and(|index| {
            draft.nodes[index]
                .lost
                .as_ref()
                .is_none_or(|lost| lost.by_request && scope.kind == BackupKind::Data)
        });
        let root = trees.get(&table.oid).copied();
        let holds_rows = match root {
            Some(root) => root == table.oid,
            None => table.kind == 'r',
        };
        // An extension fills its own tables, but for those that it declares the user's.
        let own = draft.is_member(class::RELATION, table.oid) && !draft.config_tables.contains(&table.oid);
        if !made || !holds_rows || own {
            continue;
        }
        let name = TableName { schema: Some(table.schema.clone()), name: table.name.clone() };
        let wanted =
            chosen.is_none_or(|chosen| chosen.contains(&table.oid)) && !excluded.contains(&table.oid);
        if !wanted {
            if scope.kind != BackupKind::Schema {
                omissions.push(by_request(
                    "table rows",
                    name.to_string(),
                    "The table's rows were not asked for; a restored table is empty.",
                ));
            }
            continue;
        }
        captured.push(CapturedTable {
            oid: table.oid,
            columns: columns
                .of(table.oid)
                .iter()
                .filter(|column| column.generated.is_empty())
                .map(|column| Column { name: column.name.clone(), type_name: column.type_name.clone() })
                .collect(),
            name,
            // -1: never analysed.
            estimated_rows: (table.rows >= 0.0).then_some(table.rows as u64),
            estimated_bytes: table.bytes.and_then(|bytes| u64::try_from(bytes).ok()),
            pages: u64::try_from(table.pages).unwrap_or(0),
            readable: table.readable && !table.filtered,
            condition: table.condition.clone(),
            copy_from: match root {
                Some(_) => CopySource::Tree,
                None if table.default_method => CopySource::Heap,
                None => CopySource::Only,
            },
        });
    }
    captured
}

/// For every table of a tree that is hashed by something unstable: the tree's root.
fn trees(tables: &[TableRow]) -> HashMap<u32, u32> {
    let parents: HashMap<u32, u32> = tables
        .iter()
        .filter(|table| table.is_partition)
        .filter_map(|table| Some((table.oid, table.parents.first()?.oid)))
        .collect();
    let root = |mut oid: u32| {
        while let Some(parent) = parents.get(&oid) {
            oid = *parent;
        }
        oid
    };
    let unstable: HashSet<u32> =
        tables.iter().filter(|table| table.unstable_hash).map(|table| root(table.oid)).collect();
    tables
        .iter()
        .map(|table| (table.oid, root(table.oid)))
        .filter(|(_, root)| unstable.contains(root))
        .collect()
}
