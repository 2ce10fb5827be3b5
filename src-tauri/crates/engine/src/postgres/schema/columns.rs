//! Columns of tables, views and composite types: read once, used by several families.

use std::collections::HashMap;

use serde::Deserialize;
use sqlx::PgConnection;

use super::catalog::{FIRST_USER_OID, rows};
use super::column_options;
use crate::Result;

#[derive(Deserialize)]
pub struct ColumnRow {
    pub relation: u32,
    pub number: i32,
    pub name: String,
    pub type_name: String,
    pub not_null: bool,
    pub is_local: bool,
    /// `a`lways, by `d`efault, or blank.
    pub identity: String,
    /// `s`tored, `v`irtual, or blank.
    pub generated: String,
    /// `PLAIN`…, when it is not what the type brings.
    pub storage: Option<String>,
    pub compression: Option<String>,
    pub statistics: Option<i32>,
    /// `n_distinct=…`: those that a definition may say.
    pub options: Vec<String>,
    /// Names of the others, where they are not the server's own marks.
    #[serde(skip)]
    pub lost_options: Vec<String>,
    /// Of a foreign table's column.
    pub foreign_options: Vec<String>,
    /// Qualified and quoted, when it is not the type's.
    pub collation: Option<String>,
    pub default: Option<String>,
    pub default_oid: Option<u32>,
}

pub struct Columns {
    by_relation: HashMap<u32, Vec<ColumnRow>>,
}

impl Columns {
    /// In their order; empty for what has none.
    pub fn of(&self, relation: u32) -> &[ColumnRow] {
        self.by_relation.get(&relation).map_or(&[], Vec::as_slice)
    }
    pub fn names(&self) -> HashMap<(u32, i32), String> {
        let all = self.by_relation.values().flatten();
        all.map(|column| ((column.relation, column.number), column.name.clone())).collect()
    }
}

pub async fn read(conn: &mut PgConnection, version: u32) -> Result<Columns> {
    let compression = if version >= 140_000 {
        "CASE a.attcompression WHEN 'p' THEN 'pglz' WHEN 'l' THEN 'lz4' END"
    } else {
        "NULL"
    };
    let sql = format!(
        "SELECT a.attrelid::int8 AS relation, a.attnum AS number, a.attname AS name, \
         pg_catalog.format_type(a.atttypid, a.atttypmod) AS type_name, a.attnotnull AS not_null, a.attislocal AS is_local, \
         a.attidentity::text AS identity, a.attgenerated::text AS generated, \
         CASE WHEN a.attstorage <> t.typstorage THEN CASE a.attstorage WHEN 'p' THEN 'PLAIN' WHEN 'e' THEN 'EXTERNAL' \
           WHEN 'm' THEN 'MAIN' WHEN 'x' THEN 'EXTENDED' END END AS storage, \
         {compression} AS compression, NULLIF(a.attstattarget, -1) AS statistics, \
         COALESCE(a.attoptions, '{{}}') AS options, COALESCE(a.attfdwoptions, '{{}}') AS foreign_options, \
         CASE WHEN a.attcollation <> t.typcollation THEN pg_catalog.quote_ident(cn.nspname) || '.' || pg_catalog.quote_ident(co.collname) END \
           AS collation, \
         pg_catalog.pg_get_expr(d.adbin, d.adrelid) AS default, d.oid::int8 AS default_oid \
         FROM pg_catalog.pg_attribute a JOIN pg_catalog.pg_class c ON c.oid = a.attrelid \
         JOIN pg_catalog.pg_type t ON t.oid = a.atttypid \
         LEFT JOIN pg_catalog.pg_collation co ON co.oid = a.attcollation \
         LEFT JOIN pg_catalog.pg_namespace cn ON cn.oid = co.collnamespace \
         LEFT JOIN pg_catalog.pg_attrdef d ON d.adrelid = a.attrelid AND d.adnum = a.attnum \
         WHERE c.oid >= {FIRST_USER_OID} AND c.relkind IN ('r', 'p', 'v', 'm', 'c', 'f') AND c.relpersistence <> 't' \
         AND a.attnum > 0 AND NOT a.attisdropped ORDER BY a.attrelid, a.attnum"
    );
    let mut by_relation: HashMap<u32, Vec<ColumnRow>> = HashMap::new();
    for mut column in rows::<ColumnRow>(conn, "Reading columns", &sql).await? {
        (column.options, column.lost_options) = column_options::sort(column.options);
        by_relation.entry(column.relation).or_default().push(column);
    }
    Ok(Columns { by_relation })
}
