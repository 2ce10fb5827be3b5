//! Indexes, as the server prints them; those of constraints come with the constraint, and only their extras are here.

use serde::Deserialize;
use sqlx::PgConnection;

use super::catalog::{Address, FIRST_USER_OID, class, rows};
use super::draft::{Draft, Node, Rank, Relation, qualified};
use super::tablespaces;
use crate::Result;
use crate::postgres::sql::Ident;

#[derive(Deserialize)]
struct Index {
    oid: u32,
    schema: String,
    name: String,
    table: u32,
    /// None: its constraint makes it.
    definition: Option<String>,
    clustered: bool,
    replica_identity: bool,
    valid: bool,
    parent: Option<u32>,
    parent_schema: Option<String>,
    parent_name: Option<String>,
    tablespace: Option<String>,
    statistics: Vec<ColumnStatistics>,
}

#[derive(Deserialize)]
struct ColumnStatistics {
    number: i32,
    target: i32,
}

pub async fn collect(conn: &mut PgConnection, draft: &mut Draft) -> Result<()> {
    let sql = format!(
        "SELECT c.oid::int8 AS oid, n.nspname AS schema, c.relname AS name, i.indrelid::int8 AS table, \
         CASE WHEN k.oid IS NULL THEN pg_catalog.pg_get_indexdef(c.oid) END AS definition, i.indisclustered AS clustered, i.indisreplident AS replica_identity, \
         i.indisvalid OR c.relkind = 'I' AS valid, \
         h.inhparent::int8 AS parent, pn.nspname AS parent_schema, pc.relname AS parent_name, s.spcname AS tablespace, \
         COALESCE((SELECT pg_catalog.json_agg(pg_catalog.json_build_object('number', a.attnum, 'target', a.attstattarget) ORDER BY a.attnum) \
           FROM pg_catalog.pg_attribute a WHERE a.attrelid = c.oid AND a.attstattarget >= 0), '[]') AS statistics \
         FROM pg_catalog.pg_index i JOIN pg_catalog.pg_class c ON c.oid = i.indexrelid \
         JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace \
         LEFT JOIN pg_catalog.pg_constraint k ON k.conindid = c.oid AND k.conrelid = i.indrelid AND k.contype IN ('p', 'u', 'x') \
         LEFT JOIN pg_catalog.pg_inherits h ON h.inhrelid = c.oid \
         LEFT JOIN pg_catalog.pg_class pc ON pc.oid = h.inhparent \
         LEFT JOIN pg_catalog.pg_namespace pn ON pn.oid = pc.relnamespace \
         LEFT JOIN pg_catalog.pg_tablespace s ON s.oid = c.reltablespace \
         WHERE c.oid >= {FIRST_USER_OID} AND c.relpersistence <> 't' AND n.nspname !~ '^pg_toast' ORDER BY n.nspname, c.relname"
    );
    for index in rows::<Index>(conn, "Reading indexes", &sql).await? {
        if draft.is_member(class::RELATION, index.oid) {
            continue;
        }
        let home = draft.home(index.table, Address::relation(index.oid));
        let Some(table) =
            home.map(|table| Relation { name: table.name.clone(), schema: table.schema.clone(), ..*table })
        else {
            continue;
        };
        add(draft, &index, &table);
    }
    Ok(())
}

fn add(draft: &mut Draft, index: &Index, table: &Relation) {
    let address = Address::relation(index.oid);
    let quoted = qualified(&index.schema, &index.name);
    let part = |kind, rank| {
        let mut node = Node::new(kind, rank, Some(&index.schema), &index.name).on(table);
        node.wants.push(address);
        node
    };
    if let Some(definition) = &index.definition {
        let mut node = Node::new("index", Rank::Index, Some(&index.schema), &index.name).on(table);
        node = if index.valid {
            node.sql(draft.making(address, definition.clone()))
        } else {
            node.lost("The index is not valid (its building failed or still runs), so it cannot be captured; build it again.")
        };
        draft.add_at(address, node);
        draft.target(
            address,
            format!("INDEX {quoted}"),
            None,
            format!("index {}.{}", index.schema, index.name),
        );
    }
    if let (Some(parent), Some(schema), Some(name)) = (index.parent, &index.parent_schema, &index.parent_name)
    {
        let sql = format!("ALTER INDEX {} ATTACH PARTITION {quoted}", qualified(schema, name));
        let mut node = part("index partition", Rank::IndexPartition).sql(sql);
        node.wants.push(Address::relation(parent));
        draft.add(node);
    }
    let word = if table.kind == 'm' { "MATERIALIZED VIEW" } else { "TABLE" };
    if index.clustered {
        let sql = format!("ALTER {word} {} CLUSTER ON {}", table.quoted(), Ident(&index.name));
        draft.add(part("cluster mark", Rank::TableSetting).sql(sql));
    }
    if index.replica_identity {
        let sql = format!(
            "ALTER TABLE ONLY {} REPLICA IDENTITY USING INDEX {}",
            table.quoted(),
            Ident(&index.name)
        );
        draft.add(part("replica identity", Rank::TableSetting).sql(sql));
    }
    if !index.statistics.is_empty() {
        let mut node = part("index statistics", Rank::TableSetting);
        for column in &index.statistics {
            node = node.sql(format!(
                "ALTER INDEX {quoted} ALTER COLUMN {} SET STATISTICS {}",
                column.number, column.target
            ));
        }
        draft.add(node);
    }
    let relation = Relation {
        oid: index.oid,
        schema: index.schema.clone(),
        name: index.name.clone(),
        kind: 'i',
        is_partition: false,
    };
    let title = format!("index {}.{}", index.schema, index.name);
    tablespaces::add(draft, &relation, &format!("INDEX {quoted}"), &title, index.tablespace.as_deref());
}
