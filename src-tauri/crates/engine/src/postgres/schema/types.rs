//! Enum, domain, composite and range types.

use serde::Deserialize;
use sqlx::PgConnection;

use super::catalog::{Address, FIRST_USER_OID, class, rows};
use super::columns::{ColumnRow, Columns};
use super::draft::{Draft, Node, Rank, Relation, qualified};
use crate::Result;
use crate::postgres::sql::{Ident, literals};

#[derive(Deserialize)]
struct Type {
    oid: u32,
    schema: String,
    name: String,
    owner: String,
    /// `typtype`: `e`num, `d`omain, `c`omposite, `r`ange.
    kind: char,
    relation: u32,
    labels: Vec<String>,
    base: Option<String>,
    default: Option<String>,
    not_null: bool,
    not_null_name: Option<String>,
    collation: Option<String>,
    subtype: Option<String>,
    opclass: Option<String>,
    subtype_collation: Option<String>,
    canonical: Option<String>,
    difference: Option<String>,
    multirange: Option<String>,
}

pub async fn collect(conn: &mut PgConnection, draft: &mut Draft, columns: &Columns) -> Result<()> {
    for found in rows::<Type>(conn, "Reading types", &query(draft.version)).await? {
        if draft.is_member(class::TYPE, found.oid) || draft.is_member(class::RELATION, found.relation) {
            continue;
        }
        let name = qualified(&found.schema, &found.name);
        let (kind, word, sql) = match found.kind {
            'e' => (
                "enum type",
                "TYPE",
                format!("CREATE TYPE {name} AS ENUM ({})", literals(found.labels.iter().map(String::as_str))),
            ),
            'd' => ("domain", "DOMAIN", domain(&name, &found)),
            'c' => ("composite type", "TYPE", composite(&name, columns.of(found.relation))),
            'r' => ("range type", "TYPE", range(&name, &found)),
            _ => continue,
        };
        let address = Address::new(class::TYPE, found.oid);
        let mut node = Node::new(kind, Rank::Type, Some(&found.schema), &found.name).sql(sql);
        // The canonical function takes the type that needs it.
        let shell = found.canonical.is_some().then(|| {
            let shell = Node::new("shell type", Rank::Type, Some(&found.schema), &found.name);
            draft.add(shell.sql(format!("CREATE TYPE {name}")))
        });
        node.needs.extend(shell);
        let index = draft.add_at(address, node);
        draft.shells.extend(shell.map(|shell| (index, shell)));
        let title = format!("{kind} {}.{}", found.schema, found.name);
        let words = format!("{word} {name}");
        if found.kind == 'c' {
            // Its columns hang on the relation behind the type.
            let relation = Relation {
                oid: found.relation,
                schema: found.schema.clone(),
                name: found.name.clone(),
                kind: 'c',
                is_partition: false,
            };
            draft.also(relation.address(), index);
            draft.target(relation.address(), words.clone(), None, title.clone());
            draft.relations.insert(found.relation, relation);
        }
        draft.target(address, words, Some(found.owner), title);
    }
    Ok(())
}

fn query(version: u32) -> String {
    let multirange = if version >= 140_000 {
        "(SELECT pg_catalog.quote_ident(mn.nspname) || '.' || pg_catalog.quote_ident(m.typname) FROM pg_catalog.pg_type m \
          JOIN pg_catalog.pg_namespace mn ON mn.oid = m.typnamespace WHERE m.oid = r.rngmultitypid)"
    } else {
        "NULL"
    };
    let collation = |oid: &str| {
        format!(
            "(SELECT pg_catalog.quote_ident(cn.nspname) || '.' || pg_catalog.quote_ident(co.collname) FROM pg_catalog.pg_collation co \
             JOIN pg_catalog.pg_namespace cn ON cn.oid = co.collnamespace WHERE co.oid = {oid})"
        )
    };
    format!(
        "SELECT t.oid::int8 AS oid, n.nspname AS schema, t.typname AS name, pg_catalog.pg_get_userbyid(t.typowner) AS owner, \
         t.typtype::text AS kind, t.typrelid::int8 AS relation, \
         ARRAY(SELECT e.enumlabel FROM pg_catalog.pg_enum e WHERE e.enumtypid = t.oid ORDER BY e.enumsortorder) AS labels, \
         CASE WHEN t.typtype = 'd' THEN pg_catalog.format_type(t.typbasetype, t.typtypmod) END AS base, \
         COALESCE(pg_catalog.pg_get_expr(t.typdefaultbin, 'pg_catalog.pg_type'::pg_catalog.regclass), \
           pg_catalog.quote_literal(t.typdefault)) AS default, \
         t.typnotnull AS not_null, \
         (SELECT k.conname FROM pg_catalog.pg_constraint k WHERE k.contypid = t.oid AND k.contype = 'n') AS not_null_name, \
         CASE WHEN t.typtype = 'd' AND t.typcollation <> b.typcollation THEN {domain_collation} END AS collation, \
         pg_catalog.format_type(r.rngsubtype, NULL) AS subtype, \
         CASE WHEN NOT o.opcdefault THEN pg_catalog.quote_ident(opn.nspname) || '.' || pg_catalog.quote_ident(o.opcname) END AS opclass, \
         CASE WHEN r.rngcollation <> s.typcollation THEN {range_collation} END AS subtype_collation, \
         NULLIF(r.rngcanonical::pg_catalog.oid, 0)::pg_catalog.regproc::text AS canonical, \
         CASE WHEN r.rngsubdiff::pg_catalog.oid <> 0 THEN r.rngsubdiff::text END AS difference, \
         {multirange} AS multirange \
         FROM pg_catalog.pg_type t JOIN pg_catalog.pg_namespace n ON n.oid = t.typnamespace \
         LEFT JOIN pg_catalog.pg_type b ON b.oid = t.typbasetype \
         LEFT JOIN pg_catalog.pg_range r ON r.rngtypid = t.oid \
         LEFT JOIN pg_catalog.pg_type s ON s.oid = r.rngsubtype \
         LEFT JOIN pg_catalog.pg_opclass o ON o.oid = r.rngsubopc \
         LEFT JOIN pg_catalog.pg_namespace opn ON opn.oid = o.opcnamespace \
         LEFT JOIN pg_catalog.pg_class c ON c.oid = t.typrelid \
         WHERE t.oid >= {FIRST_USER_OID} AND t.typtype IN ('e', 'd', 'r', 'c') AND (t.typtype <> 'c' OR c.relkind = 'c') \
         AND n.nspname !~ '^pg_(temp_|toast)' ORDER BY n.nspname, t.typname",
        domain_collation = collation("t.typcollation"),
        range_collation = collation("r.rngcollation"),
    )
}

fn domain(name: &str, found: &Type) -> String {
    let mut sql = format!("CREATE DOMAIN {name} AS {}", found.base.as_deref().unwrap_or_default());
    if let Some(collation) = &found.collation {
        sql += &format!(" COLLATE {collation}");
    }
    if found.not_null {
        if let Some(name) = &found.not_null_name {
            sql += &format!(" CONSTRAINT {}", Ident(name));
        }
        sql += " NOT NULL";
    }
    if let Some(default) = &found.default {
        sql += &format!(" DEFAULT {default}");
    }
    sql
}

fn composite(name: &str, columns: &[ColumnRow]) -> String {
    let attributes: Vec<String> = columns
        .iter()
        .map(|column| {
            let collation =
                column.collation.as_ref().map_or(String::new(), |name| format!(" COLLATE {name}"));
            format!("{} {}{collation}", Ident(&column.name), column.type_name)
        })
        .collect();
    format!("CREATE TYPE {name} AS ({})", attributes.join(", "))
}

fn range(name: &str, found: &Type) -> String {
    let mut options = vec![format!("SUBTYPE = {}", found.subtype.as_deref().unwrap_or_default())];
    let mut option = |word: &str, value: &Option<String>| {
        if let Some(value) = value {
            options.push(format!("{word} = {value}"));
        }
    };
    option("MULTIRANGE_TYPE_NAME", &found.multirange);
    option("SUBTYPE_OPCLASS", &found.opclass);
    option("COLLATION", &found.subtype_collation);
    option("CANONICAL", &found.canonical);
    option("SUBTYPE_DIFF", &found.difference);
    format!("CREATE TYPE {name} AS RANGE ({})", options.join(", "))
}
