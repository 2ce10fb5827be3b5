//! Extended statistics: plain enough to capture whole.

use serde::Deserialize;
use sqlx::PgConnection;

use super::catalog::{Address, FIRST_USER_OID, class, rows};
use super::draft::{Draft, Node, Rank, qualified};
use crate::Result;

#[derive(Deserialize)]
struct Statistics {
    oid: u32,
    schema: String,
    name: String,
    owner: String,
    table: u32,
    target: Option<i32>,
    definition: String,
}

pub async fn collect(conn: &mut PgConnection, draft: &mut Draft) -> Result<()> {
    let sql = format!(
        "SELECT s.oid::int8 AS oid, n.nspname AS schema, s.stxname AS name, pg_catalog.pg_get_userbyid(s.stxowner) AS owner, \
         s.stxrelid::int8 AS table, NULLIF(s.stxstattarget, -1) AS target, pg_catalog.pg_get_statisticsobjdef(s.oid) AS definition \
         FROM pg_catalog.pg_statistic_ext s JOIN pg_catalog.pg_namespace n ON n.oid = s.stxnamespace \
         WHERE s.oid >= {FIRST_USER_OID} ORDER BY n.nspname, s.stxname"
    );
    for found in rows::<Statistics>(conn, "Reading extended statistics", &sql).await? {
        let address = Address::new(class::STATISTICS, found.oid);
        let Some(table) = draft.home(found.table, address) else { continue };
        let words = format!("STATISTICS {}", qualified(&found.schema, &found.name));
        let mut node =
            Node::new("extended statistics", Rank::Statistics, Some(&found.schema), &found.name).on(table);
        node = node.sql(draft.making(address, found.definition));
        if let Some(target) = found.target {
            node = node.sql(format!("ALTER {words} SET STATISTICS {target}"));
        }
        draft.add_at(address, node);
        draft.target(
            address,
            words,
            Some(found.owner),
            format!("extended statistics {}.{}", found.schema, found.name),
        );
    }
    Ok(())
}
