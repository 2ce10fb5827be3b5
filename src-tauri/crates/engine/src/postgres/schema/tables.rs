//! Tables of every sort: plain, partitioned, partitions, inheriting, typed, unlogged, foreign.
//!
//! A partition is made alone and attached; defaults and identities are set afterwards ([`super::table_settings`]), so that no
//! circle through a function or a sequence can hold up a table.

use serde::Deserialize;
use sqlx::PgConnection;

use super::catalog::{Address, FIRST_USER_OID, class, rows};
use super::columns::{ColumnRow, Columns};
use super::constraints::{Constraints, options};
use super::draft::{Draft, Node, Rank, Relation, qualified};
use super::table_settings::{attach, row_security, settings};
use super::{foreign, tablespaces};
use crate::Result;
use crate::postgres::sql::Ident;

#[derive(Deserialize)]
pub struct TableRow {
    pub oid: u32,
    pub schema: String,
    pub name: String,
    pub owner: String,
    pub kind: char,
    pub persistence: char,
    pub is_partition: bool,
    pub rows: f64,
    pub pages: i64,
    pub bytes: Option<i64>,
    pub readable: bool,
    pub filtered: bool,
    pub method: Option<String>,
    pub default_method: bool,
    pub tablespace: Option<String>,
    pub replica_identity: char,
    pub row_security: bool,
    pub force_row_security: bool,
    pub of_type: Option<String>,
    pub partition_key: Option<String>,
    /// Hashed by a value whose hash depends on oids of this database.
    pub unstable_hash: bool,
    pub bound: Option<String>,
    /// In their order.
    pub parents: Vec<Parent>,
    pub options: Vec<String>,
    pub toast_options: Vec<String>,
    /// Of a foreign table.
    pub server: Option<String>,
    pub foreign_options: Vec<String>,
    /// Of an extension's table: `WHERE …`, the rows that are the user's and not the extension's.
    pub condition: Option<String>,
}

#[derive(Deserialize)]
pub struct Parent {
    pub oid: u32,
    pub schema: String,
    pub name: String,
}

pub async fn read(conn: &mut PgConnection) -> Result<Vec<TableRow>> {
    let sql = format!(
        "SELECT c.oid::int8 AS oid, n.nspname AS schema, c.relname AS name, pg_catalog.pg_get_userbyid(c.relowner) AS owner, \
         c.relkind::text AS kind, c.relpersistence::text AS persistence, c.relispartition AS is_partition, \
         c.reltuples::float8 AS rows, CASE WHEN c.relkind = 'r' THEN \
           COALESCE(pg_catalog.pg_relation_size(c.oid), 0) / pg_catalog.current_setting('block_size')::int8 ELSE 0 END AS pages, \
         CASE WHEN c.relkind = 'r' THEN pg_catalog.pg_relation_size(c.oid) + COALESCE(pg_catalog.pg_relation_size(NULLIF(c.reltoastrelid, 0)), 0) \
           END AS bytes, \
         pg_catalog.has_schema_privilege(n.oid, 'USAGE') AND (pg_catalog.has_table_privilege(c.oid, 'SELECT') OR NOT EXISTS \
           (SELECT 1 FROM pg_catalog.pg_attribute a WHERE a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped \
            AND NOT pg_catalog.has_column_privilege(c.oid, a.attnum, 'SELECT'))) AS readable, \
         c.relrowsecurity AND NOT (SELECT r.rolsuper OR r.rolbypassrls FROM pg_catalog.pg_roles r WHERE r.rolname = current_user) \
           AND (c.relforcerowsecurity OR NOT pg_catalog.pg_has_role(c.relowner, 'USAGE')) AS filtered, \
         m.amname AS method, COALESCE(m.amname = 'heap', true) AS default_method, s.spcname AS tablespace, \
         c.relreplident::text AS replica_identity, c.relrowsecurity AS row_security, c.relforcerowsecurity AS force_row_security, \
         CASE WHEN c.reloftype <> 0 THEN pg_catalog.format_type(c.reloftype, NULL) END AS of_type, \
         CASE WHEN c.relkind = 'p' THEN pg_catalog.pg_get_partkeydef(c.oid) END AS partition_key, \
         c.relkind = 'p' AND EXISTS (SELECT 1 FROM pg_catalog.pg_partitioned_table p, pg_catalog.unnest(p.partclass::pg_catalog.oid[]) AS k(opclass), \
           pg_catalog.pg_opclass o WHERE p.partrelid = c.oid AND p.partstrat = 'h' AND o.oid = k.opclass \
           AND (o.opcintype = 'pg_catalog.anyenum'::pg_catalog.regtype)) AS unstable_hash, \
         CASE WHEN c.relispartition THEN pg_catalog.pg_get_expr(c.relpartbound, c.oid) END AS bound, \
         COALESCE((SELECT pg_catalog.json_agg(pg_catalog.json_build_object('oid', i.inhparent::int8, 'schema', pn.nspname, 'name', pc.relname) \
           ORDER BY i.inhseqno) FROM pg_catalog.pg_inherits i JOIN pg_catalog.pg_class pc ON pc.oid = i.inhparent \
           JOIN pg_catalog.pg_namespace pn ON pn.oid = pc.relnamespace WHERE i.inhrelid = c.oid), '[]') AS parents, \
         COALESCE(c.reloptions, '{{}}') AS options, COALESCE(x.reloptions, '{{}}') AS toast_options, fs.srvname AS server, \
         COALESCE(f.ftoptions, '{{}}') AS foreign_options, \
         (SELECT NULLIF(e.extcondition[pg_catalog.array_position(e.extconfig, c.oid)], '') FROM pg_catalog.pg_extension e \
           WHERE c.oid = ANY(e.extconfig)) AS condition \
         FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace \
         LEFT JOIN pg_catalog.pg_class x ON x.oid = c.reltoastrelid \
         LEFT JOIN pg_catalog.pg_foreign_table f ON f.ftrelid = c.oid \
         LEFT JOIN pg_catalog.pg_foreign_server fs ON fs.oid = f.ftserver \
         LEFT JOIN pg_catalog.pg_am m ON m.oid = c.relam \
         LEFT JOIN pg_catalog.pg_tablespace s ON s.oid = c.reltablespace \
         WHERE c.oid >= {FIRST_USER_OID} AND c.relkind IN ('r', 'p', 'f') AND c.relpersistence <> 't' \
         ORDER BY n.nspname, c.relname"
    );
    rows(conn, "Reading tables", &sql).await
}

pub fn add_to(draft: &mut Draft, tables: &[TableRow], columns: &Columns, constraints: &Constraints) {
    for table in tables {
        let relation = Relation {
            oid: table.oid,
            schema: table.schema.clone(),
            name: table.name.clone(),
            kind: table.kind,
            is_partition: table.is_partition,
        };
        if draft.is_member(class::RELATION, table.oid) {
            row_security(draft, table, &relation);
            draft.hosts.insert(table.oid, relation);
            continue;
        }
        let quoted = relation.quoted();
        let kind = if table.server.is_some() { "foreign table" } else { "table" };
        let mut node = Node::new(kind, Rank::Table, Some(&table.schema), &table.name);
        node.table = None;
        let inherits = |column: &ColumnRow| inherits_expression(draft.version, table, column, columns);
        node = node.sql(create(table, &quoted, columns.of(table.oid), constraints, inherits));
        for statement in column_settings(table, &quoted, columns, constraints) {
            node = node.sql(statement);
        }
        if !table.is_partition {
            node.wants.extend(table.parents.iter().map(|parent| Address::relation(parent.oid)));
        }
        draft.add_at(relation.address(), node);
        let title = format!("{kind} {}.{}", table.schema, table.name);
        let words = format!("{} {quoted}", kind.to_uppercase());
        tablespaces::add(draft, &relation, &words, &title, table.tablespace.as_deref());
        draft.target(relation.address(), words, Some(table.owner.clone()), title);
        attach(draft, table, &relation);
        settings(draft, table, &relation);
        draft.relations.insert(table.oid, relation);
    }
}

/// A generated column of a parent is generated here too; saying so again is an error before version 16, and only
/// needed since where the expression is another.
fn inherits_expression(version: u32, table: &TableRow, column: &ColumnRow, columns: &Columns) -> bool {
    let mut of_parents = table
        .parents
        .iter()
        .flat_map(|parent| columns.of(parent.oid))
        .filter(|above| above.name == column.name && !above.generated.is_empty() && !table.is_partition);
    match of_parents.next() {
        Some(_) if version < 160_000 => true,
        Some(first) => {
            first.default == column.default && of_parents.all(|above| above.default == column.default)
        }
        None => false,
    }
}

fn create(
    table: &TableRow,
    quoted: &str,
    columns: &[ColumnRow],
    constraints: &Constraints,
    inherits_expression: impl Fn(&ColumnRow) -> bool,
) -> String {
    let mut lines: Vec<String> = Vec::new();
    for column in columns {
        // Alone, a partition has all columns; an inheriting table gets the others from its parents.
        let local = column.is_local || table.is_partition;
        let not_null = constraints.not_null(table.oid, column.number);
        let own = not_null.filter(|row| {
            let parents = table.parents.iter().map(|parent| parent.oid);
            row.validated && (row.is_local || table.is_partition || constraints.stands_alone(row, parents))
        });
        let named = own.map(|row| {
            let stays = if row.no_inherit { " NO INHERIT" } else { "" };
            (format!("CONSTRAINT {} NOT NULL", Ident(&row.name)), stays)
        });
        if !local {
            if let Some((words, stays)) = named {
                lines.push(format!("{words} {}{stays}", Ident(&column.name)));
            }
            continue;
        }
        let mut line = Ident(&column.name).to_string();
        if table.of_type.is_none() {
            line += &format!(" {}", column.type_name);
            if let Some(collation) = &column.collation {
                line += &format!(" COLLATE {collation}");
            }
        }
        let mut extra = String::new();
        if let Some((words, stays)) = named {
            extra += &format!(" {words}{stays}");
        } else if column.not_null && not_null.is_none() {
            extra += " NOT NULL";
        }
        if let (Some(expression), false) = (&column.default, column.generated.is_empty())
            && !inherits_expression(column)
        {
            let how = if column.generated == "v" { "VIRTUAL" } else { "STORED" };
            extra += &format!(" GENERATED ALWAYS AS ({expression}) {how}");
        }
        if table.of_type.is_some() {
            if extra.is_empty() {
                continue;
            }
            line += " WITH OPTIONS";
        }
        lines.push(line + &extra);
    }
    lines.extend(
        constraints
            .inline(table.oid, table.is_partition)
            .map(|row| format!("CONSTRAINT {} {}", Ident(&row.name), row.definition)),
    );
    let sort = match (table.persistence, &table.server) {
        (_, Some(_)) => "FOREIGN ",
        ('u', None) => "UNLOGGED ",
        _ => "",
    };
    let mut sql = format!("CREATE {sort}TABLE {quoted}");
    if let Some(of_type) = &table.of_type {
        sql += &format!(" OF {of_type}");
    }
    if table.of_type.is_none() || !lines.is_empty() {
        let body =
            if lines.is_empty() { String::new() } else { format!("\n    {}\n", lines.join(",\n    ")) };
        sql += &format!(" ({body})");
    }
    if !table.is_partition && !table.parents.is_empty() {
        let parents: Vec<String> =
            table.parents.iter().map(|parent| qualified(&parent.schema, &parent.name)).collect();
        sql += &format!("\nINHERITS ({})", parents.join(", "));
    }
    if let Some(key) = &table.partition_key {
        sql += &format!("\nPARTITION BY {key}");
    }
    if let Some(server) = &table.server {
        return sql + &format!("\nSERVER {}{}", Ident(server), foreign::options(&table.foreign_options));
    }
    if let (Some(method), false) = (&table.method, table.default_method) {
        sql += &format!("\nUSING {}", Ident(method));
    }
    let all: Vec<String> = table
        .options
        .iter()
        .cloned()
        .chain(table.toast_options.iter().map(|option| format!("toast.{option}")))
        .collect();
    if !all.is_empty() {
        sql += &format!("\nWITH ({})", options(&all));
    }
    sql
}

/// What CREATE TABLE cannot say about columns.
fn column_settings(
    table: &TableRow,
    quoted: &str,
    columns: &Columns,
    constraints: &Constraints,
) -> Vec<String> {
    let mut statements = Vec::new();
    for column in columns.of(table.oid) {
        let mut alter = |what: String| {
            statements.push(format!("ALTER TABLE ONLY {quoted} ALTER COLUMN {} {what}", Ident(&column.name)));
        };
        let inherited = !column.is_local && !table.is_partition;
        // Of a parent's it comes by itself.
        let given = table
            .parents
            .iter()
            .any(|parent| columns.of(parent.oid).iter().any(|one| one.name == column.name && one.not_null));
        if inherited && !given && column.not_null && constraints.not_null(table.oid, column.number).is_none()
        {
            alter("SET NOT NULL".into());
        }
        if let Some(storage) = &column.storage {
            alter(format!("SET STORAGE {storage}"));
        }
        if let Some(compression) = &column.compression {
            alter(format!("SET COMPRESSION {compression}"));
        }
        if let Some(statistics) = column.statistics {
            alter(format!("SET STATISTICS {statistics}"));
        }
        if !column.options.is_empty() {
            alter(format!("SET ({})", options(&column.options)));
        }
        if !column.foreign_options.is_empty() {
            alter(foreign::options(&column.foreign_options).trim_start().to_owned());
        }
    }
    statements
}
