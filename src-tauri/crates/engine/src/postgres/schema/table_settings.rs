//! What is said about tables once they are there: defaults, places of partitions, replica identity, row security.

use holdfast_contract::snapshot::TableName;

use super::catalog::{Address, class};
use super::columns::Columns;
use super::draft::{Draft, Node, Rank, Relation, qualified};
use super::tables::TableRow;
use crate::postgres::sql::Ident;

/// Circles through a default are cut by setting it later, so all are set later.
pub fn add_defaults(draft: &mut Draft, columns: &Columns) {
    let mut nodes = Vec::new();
    for relation in draft.relations.values() {
        for column in columns.of(relation.oid) {
            let (Some(expression), Some(oid)) = (&column.default, column.default_oid) else { continue };
            let address = Address::new(class::DEFAULT, oid);
            if !column.generated.is_empty() {
                nodes.push((address, Err(relation.address())));
                continue;
            }
            let name = format!("{}.{}", relation.name, column.name);
            let sql = format!(
                "ALTER TABLE ONLY {} ALTER COLUMN {} SET DEFAULT {expression}",
                relation.quoted(),
                Ident(&column.name)
            );
            let mut node =
                Node::new("default", Rank::Default, Some(&relation.schema), &name).on(relation).sql(sql);
            if relation.kind == 'v' {
                node.sql = vec![node.sql[0].replacen("ALTER TABLE ONLY", "ALTER VIEW", 1)];
            }
            nodes.push((address, Ok(node)));
        }
    }
    for (address, node) in nodes {
        match node {
            Ok(node) => {
                draft.add_at(address, node);
            }
            Err(table) => {
                if let Some(index) = draft.at(table) {
                    draft.also(address, index);
                }
            }
        }
    }
}

/// A partition to its parent.
pub fn attach(draft: &mut Draft, table: &TableRow, relation: &Relation) {
    let (true, Some(parent), Some(bound)) = (table.is_partition, table.parents.first(), &table.bound) else {
        return;
    };
    let sql = format!(
        "ALTER TABLE ONLY {} ATTACH PARTITION {} {bound}",
        qualified(&parent.schema, &parent.name),
        relation.quoted()
    );
    let mut node =
        Node::new("partition", Rank::Partition, Some(&table.schema), &table.name).on(relation).sql(sql);
    node.partition_of = Some(TableName { schema: Some(parent.schema.clone()), name: parent.name.clone() });
    node.wants.push(Address::relation(parent.oid));
    draft.add(node);
}

pub fn settings(draft: &mut Draft, table: &TableRow, relation: &Relation) {
    let quoted = relation.quoted();
    let identity = match table.replica_identity {
        'f' => Some("FULL"),
        // A foreign table has no other.
        'n' if table.server.is_none() => Some("NOTHING"),
        _ => None,
    };
    if let Some(identity) = identity {
        let sql = format!("ALTER TABLE ONLY {quoted} REPLICA IDENTITY {identity}");
        draft.add(
            Node::new("replica identity", Rank::TableSetting, Some(&table.schema), &table.name)
                .on(relation)
                .sql(sql),
        );
    }
    row_security(draft, table, relation);
}

pub fn row_security(draft: &mut Draft, table: &TableRow, relation: &Relation) {
    let quoted = relation.quoted();
    let mut security = Vec::new();
    if table.row_security {
        security.push(format!("ALTER TABLE {quoted} ENABLE ROW LEVEL SECURITY"));
    }
    if table.force_row_security {
        security.push(format!("ALTER TABLE ONLY {quoted} FORCE ROW LEVEL SECURITY"));
    }
    if !security.is_empty() {
        let mut node =
            Node::new("row security", Rank::RowSecurity, Some(&table.schema), &table.name).on(relation);
        node.sql = security;
        draft.add(node);
    }
}
