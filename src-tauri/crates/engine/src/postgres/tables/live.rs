//! The live tables as they are: columns, and everything that hangs on them.

use holdfast_contract::snapshot::{Column, TableName};
use serde::Deserialize;

use crate::Result;
use crate::postgres::connect::Session;
use crate::postgres::schema::catalog::rows;
use crate::postgres::sql::Literal;

#[derive(Debug, Deserialize)]
pub struct LiveTable {
    pub schema: String,
    pub name: String,
    /// `relkind`.
    pub kind: char,
    pub partition: bool,
    pub owner: String,
    /// This login may act as the owner.
    pub ours: bool,
    /// Policies would hide rows from this login or refuse them.
    pub filtered: bool,
    /// Other tables inherit from it.
    pub parent: bool,
    /// Those with values of their own, in order.
    pub columns: Vec<Column>,
    pub triggers: Vec<Switch>,
    pub rules: Vec<Switch>,
    pub views: Vec<View>,
    /// Owned by its columns.
    pub sequences: Vec<Sequence>,
    /// In the server's words: what else depends on it and would go on pointing to the old table.
    pub others: Vec<String>,
    pub publications: Vec<String>,
}

#[derive(Debug, Deserialize)]
pub struct Switch {
    pub name: String,
    /// `O`rigin, `D`isabled, `R`eplica, `A`lways.
    pub state: char,
}

#[derive(Debug, Deserialize)]
pub struct View {
    pub schema: String,
    pub name: String,
    /// Materialised.
    pub stored: bool,
    pub definition: String,
    pub options: Vec<String>,
}

#[derive(Debug, Deserialize)]
pub struct Sequence {
    pub schema: String,
    pub name: String,
    pub column: String,
    pub identity: bool,
}

impl LiveTable {
    pub fn table(&self) -> TableName {
        TableName { schema: Some(self.schema.clone()), name: self.name.clone() }
    }
}

/// Those of `tables` that exist, whatever kind of relation they are.
pub async fn read(session: &mut Session, tables: &[&TableName]) -> Result<Vec<LiveTable>> {
    if tables.is_empty() {
        return Ok(Vec::new());
    }
    let wanted: Vec<String> = tables
        .iter()
        .map(|table| format!("({}, {})", Literal(super::schema_of(table)), Literal(&table.name)))
        .collect();
    let list = |select: &str, from: &str| {
        format!("COALESCE((SELECT pg_catalog.json_agg({select}) FROM {from}), '[]')")
    };
    let sql = format!(
        "SELECT n.nspname AS schema, c.relname AS name, c.relkind::text AS kind, c.relispartition AS partition, \
         pg_catalog.pg_get_userbyid(c.relowner) AS owner, pg_catalog.pg_has_role(c.relowner, 'USAGE') AS ours, \
         c.relrowsecurity AND NOT (SELECT r.rolsuper OR r.rolbypassrls FROM pg_catalog.pg_roles r WHERE r.rolname = current_user) \
           AND (c.relforcerowsecurity OR NOT pg_catalog.pg_has_role(c.relowner, 'USAGE')) AS filtered, \
         EXISTS (SELECT FROM pg_catalog.pg_inherits i WHERE i.inhparent = c.oid) AS parent, \
         {columns} AS columns, {triggers} AS triggers, {rules} AS rules, {views} AS views, {sequences} AS sequences, \
         {others} AS others, {publications} AS publications \
         FROM (VALUES {wanted}) AS w(nspname, relname) JOIN pg_catalog.pg_namespace n ON n.nspname = w.nspname::name \
         JOIN pg_catalog.pg_class c ON c.relnamespace = n.oid AND c.relname = w.relname::name ORDER BY 1, 2",
        columns = list(
            "pg_catalog.json_build_object('name', a.attname, 'type_name', pg_catalog.format_type(a.atttypid, a.atttypmod)) ORDER BY a.attnum",
            "pg_catalog.pg_attribute a WHERE a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped AND a.attgenerated = ''"
        ),
        triggers = list(
            "pg_catalog.json_build_object('name', t.tgname, 'state', t.tgenabled) ORDER BY t.tgname",
            "pg_catalog.pg_trigger t WHERE t.tgrelid = c.oid AND NOT t.tgisinternal"
        ),
        rules = list(
            "pg_catalog.json_build_object('name', r.rulename, 'state', r.ev_enabled) ORDER BY r.rulename",
            "pg_catalog.pg_rewrite r WHERE r.ev_class = c.oid AND r.rulename <> '_RETURN'"
        ),
        views = list(
            "pg_catalog.json_build_object('schema', vn.nspname, 'name', v.relname, 'stored', v.relkind = 'm', \
             'definition', pg_catalog.pg_get_viewdef(v.oid), 'options', COALESCE(v.reloptions, '{}')) ORDER BY vn.nspname, v.relname",
            "pg_catalog.pg_class v JOIN pg_catalog.pg_namespace vn ON vn.oid = v.relnamespace WHERE v.relkind IN ('v', 'm') \
             AND v.oid IN (SELECT r.ev_class FROM pg_catalog.pg_depend d JOIN pg_catalog.pg_rewrite r ON r.oid = d.objid \
             WHERE d.classid = 'pg_catalog.pg_rewrite'::pg_catalog.regclass \
             AND d.refclassid = 'pg_catalog.pg_class'::pg_catalog.regclass AND d.refobjid = c.oid)"
        ),
        sequences = list(
            "pg_catalog.json_build_object('schema', sn.nspname, 'name', s.relname, 'column', a.attname, 'identity', d.deptype = 'i') \
             ORDER BY sn.nspname, s.relname",
            "pg_catalog.pg_depend d JOIN pg_catalog.pg_class s ON s.oid = d.objid AND s.relkind = 'S' \
             JOIN pg_catalog.pg_namespace sn ON sn.oid = s.relnamespace \
             JOIN pg_catalog.pg_attribute a ON a.attrelid = c.oid AND a.attnum = d.refobjsubid \
             WHERE d.classid = 'pg_catalog.pg_class'::pg_catalog.regclass AND d.deptype IN ('a', 'i') \
             AND d.refclassid = 'pg_catalog.pg_class'::pg_catalog.regclass AND d.refobjid = c.oid"
        ),
        others = list(
            "DISTINCT pg_catalog.pg_describe_object(d.classid, d.objid, 0)",
            "pg_catalog.pg_depend d WHERE (d.refclassid = 'pg_catalog.pg_class'::pg_catalog.regclass AND d.refobjid = c.oid \
             AND d.deptype = 'n' AND d.classid IN ('pg_catalog.pg_proc'::pg_catalog.regclass, 'pg_catalog.pg_policy'::pg_catalog.regclass, \
             'pg_catalog.pg_trigger'::pg_catalog.regclass)) \
             OR (d.refclassid = 'pg_catalog.pg_type'::pg_catalog.regclass AND d.refobjid = c.reltype AND d.deptype = 'n')"
        ),
        publications = list(
            "p.pubname ORDER BY p.pubname",
            "pg_catalog.pg_publication_rel r JOIN pg_catalog.pg_publication p ON p.oid = r.prpubid WHERE r.prrelid = c.oid"
        ),
        wanted = wanted.join(", ")
    );
    rows(session.raw(), "Looking at the tables", &sql).await
}

/// The same names with the same types; their order does not matter, for rows are moved by name.
pub fn same_columns(one: &[Column], other: &[Column]) -> bool {
    let sorted = |columns: &[Column]| {
        let mut pairs: Vec<(String, String)> =
            columns.iter().map(|column| (column.name.clone(), column.type_name.clone())).collect();
        pairs.sort();
        pairs
    };
    sorted(one) == sorted(other)
}
