//! Tables of extensions whose rows are the user's (`pg_extension_config_dump`): rows travel, the tables come with the
//! extension.

use std::collections::{BTreeMap, BTreeSet};

use holdfast_contract::snapshot::TableName;
use serde::Deserialize;
use sqlx::PgConnection;

use super::catalog::rows;
use super::draft::Draft;
use crate::Result;

/// The fact that holds the tables' order.
const FACT: &str = "extension_tables";

#[derive(Deserialize)]
struct ConfigTable {
    oid: u32,
    schema: String,
    name: String,
    /// Other configuration tables that its foreign keys refer to.
    refers_to: BTreeSet<u32>,
}

/// Foreign keys of these tables are there before their rows: the referring come after the referred.
pub async fn collect(
    conn: &mut PgConnection,
    draft: &mut Draft,
    facts: &mut BTreeMap<String, String>,
) -> Result<()> {
    let sql = "SELECT c.oid::int8 AS oid, n.nspname AS schema, c.relname AS name, \
         ARRAY(SELECT k.confrelid::int8 FROM pg_catalog.pg_constraint k WHERE k.conrelid = c.oid AND k.contype = 'f' \
           AND k.confrelid <> c.oid AND k.confrelid = ANY(e.extconfig)) AS refers_to \
         FROM pg_catalog.pg_extension e JOIN pg_catalog.pg_class c ON c.oid = ANY(e.extconfig) AND c.relkind IN ('r', 'p') \
         JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace ORDER BY n.nspname, c.relname";
    let mut waiting = rows::<ConfigTable>(conn, "Reading configuration tables of extensions", sql).await?;
    draft.config_tables.extend(waiting.iter().map(|table| table.oid));
    let mut order: Vec<(String, String)> = Vec::new();
    while !waiting.is_empty() {
        let open: BTreeSet<u32> = waiting.iter().map(|table| table.oid).collect();
        // A circle has no right order; any member of it is as good as another.
        let next = waiting.iter().position(|table| table.refers_to.is_disjoint(&open)).unwrap_or(0);
        let table = waiting.remove(next);
        order.push((table.schema, table.name));
    }
    if let (false, Ok(text)) = (order.is_empty(), serde_json::to_string(&order)) {
        facts.insert(FACT.into(), text);
    }
    Ok(())
}

/// Read back from a snapshot's facts.
pub fn in_load_order(facts: &BTreeMap<String, String>) -> Vec<TableName> {
    let stored = facts.get(FACT).and_then(|text| serde_json::from_str::<Vec<(String, String)>>(text).ok());
    let tables = stored.unwrap_or_default().into_iter();
    tables.map(|(schema, name)| TableName { schema: Some(schema), name }).collect()
}
