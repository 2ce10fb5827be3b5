//! Views and materialised views, as the server prints them, with a stand-in for circles.

use serde::Deserialize;
use sqlx::PgConnection;

use super::catalog::{Address, FIRST_USER_OID, class, rows};
use super::columns::Columns;
use super::constraints::options;
use super::draft::{Draft, Node, Rank, Relation};
use super::tablespaces;
use crate::Result;
use crate::postgres::sql::Ident;

#[derive(Deserialize)]
struct View {
    oid: u32,
    schema: String,
    name: String,
    owner: String,
    kind: char,
    populated: bool,
    method: Option<String>,
    options: Vec<String>,
    toast_options: Vec<String>,
    definition: String,
    rule: u32,
    tablespace: Option<String>,
}

pub async fn collect(conn: &mut PgConnection, draft: &mut Draft, columns: &Columns) -> Result<()> {
    let sql = format!(
        "SELECT c.oid::int8 AS oid, n.nspname AS schema, c.relname AS name, pg_catalog.pg_get_userbyid(c.relowner) AS owner, \
         c.relkind::text AS kind, c.relispopulated AS populated, NULLIF(m.amname, 'heap') AS method, \
         COALESCE(c.reloptions, '{{}}') AS options, COALESCE(x.reloptions, '{{}}') AS toast_options, \
         pg_catalog.pg_get_viewdef(c.oid) AS definition, r.oid::int8 AS rule, s.spcname AS tablespace \
         FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace \
         JOIN pg_catalog.pg_rewrite r ON r.ev_class = c.oid AND r.ev_type = '1' \
         LEFT JOIN pg_catalog.pg_class x ON x.oid = c.reltoastrelid \
         LEFT JOIN pg_catalog.pg_am m ON m.oid = c.relam \
         LEFT JOIN pg_catalog.pg_tablespace s ON s.oid = c.reltablespace \
         WHERE c.oid >= {FIRST_USER_OID} AND c.relkind IN ('v', 'm') AND c.relpersistence <> 't' \
         ORDER BY n.nspname, c.relname"
    );
    for view in rows::<View>(conn, "Reading views", &sql).await? {
        if draft.is_member(class::RELATION, view.oid) {
            continue;
        }
        let relation = Relation {
            oid: view.oid,
            schema: view.schema.clone(),
            name: view.name.clone(),
            kind: view.kind,
            is_partition: false,
        };
        let materialised = view.kind == 'm';
        let kind = if materialised { "materialised view" } else { "view" };
        let mut node =
            Node::new(kind, Rank::View, Some(&view.schema), &view.name).sql(create(&view, &relation));
        if !materialised {
            node.placeholder = Some(placeholder(&relation, columns));
        }
        for column in columns.of(view.oid).iter().filter(|_| materialised) {
            node.sql.extend(stored_settings(&relation, column));
        }
        let index = draft.add_at(relation.address(), node);
        draft.also(Address::new(class::REWRITE, view.rule), index);
        let words =
            format!("{} {}", if materialised { "MATERIALIZED VIEW" } else { "VIEW" }, relation.quoted());
        let title = format!("{kind} {}.{}", view.schema, view.name);
        tablespaces::add(draft, &relation, &words, &title, view.tablespace.as_deref());
        draft.target(relation.address(), words, Some(view.owner.clone()), title);
        if materialised && view.populated {
            let sql = format!("REFRESH MATERIALIZED VIEW {}", relation.quoted());
            let node = Node::new("materialised rows", Rank::Refresh, Some(&view.schema), &view.name);
            draft.add(node.on(&relation).sql(sql));
        }
        draft.relations.insert(view.oid, relation);
    }
    Ok(())
}

fn create(view: &View, relation: &Relation) -> String {
    let all: Vec<String> = view
        .options
        .iter()
        .cloned()
        .chain(view.toast_options.iter().map(|option| format!("toast.{option}")))
        .collect();
    let with = if all.is_empty() { String::new() } else { format!(" WITH ({})", options(&all)) };
    let body = view.definition.trim_end().trim_end_matches(';');
    let name = relation.quoted();
    if view.kind == 'm' {
        let method = view.method.as_ref().map_or(String::new(), |method| format!(" USING {}", Ident(method)));
        format!("CREATE MATERIALIZED VIEW {name}{method}{with} AS\n{body}\nWITH NO DATA")
    } else {
        format!("CREATE OR REPLACE VIEW {name}{with} AS\n{body}")
    }
}

/// Same columns, no rows, needs nothing but types.
fn placeholder(relation: &Relation, columns: &Columns) -> String {
    let list: Vec<String> = columns
        .of(relation.oid)
        .iter()
        .map(|column| {
            let collation =
                column.collation.as_ref().map_or(String::new(), |name| format!(" COLLATE {name}"));
            format!("NULL::{}{collation} AS {}", column.type_name, Ident(&column.name))
        })
        .collect();
    format!("CREATE VIEW {} AS\nSELECT {}", relation.quoted(), list.join(", "))
}

fn stored_settings(relation: &Relation, column: &super::columns::ColumnRow) -> Vec<String> {
    let alter = |what: String| {
        format!("ALTER MATERIALIZED VIEW {} ALTER COLUMN {} {what}", relation.quoted(), Ident(&column.name))
    };
    let mut statements = Vec::new();
    statements.extend(column.storage.as_ref().map(|storage| alter(format!("SET STORAGE {storage}"))));
    statements.extend(column.compression.as_ref().map(|name| alter(format!("SET COMPRESSION {name}"))));
    statements.extend(column.statistics.map(|target| alter(format!("SET STATISTICS {target}"))));
    if !column.options.is_empty() {
        statements.push(alter(format!("SET ({})", options(&column.options))));
    }
    statements
}
