//! Schemas and extensions.

use std::collections::BTreeMap;

use serde::Deserialize;
use sqlx::PgConnection;

use super::catalog::{Address, FIRST_USER_OID, PUBLIC_SCHEMA, class, rows};
use super::draft::{Draft, Node, Rank};
use crate::Result;
use crate::postgres::sql::Ident;

/// What initdb wrote; anything else was said by somebody.
const PUBLIC_COMMENT: &str = "standard public schema";

#[derive(Deserialize)]
struct Schema {
    oid: u32,
    name: String,
    owner: String,
    comment: Option<String>,
}

#[derive(Deserialize)]
struct Extension {
    oid: u32,
    name: String,
    schema: String,
    version: String,
}

pub async fn collect(
    conn: &mut PgConnection,
    draft: &mut Draft,
    facts: &mut BTreeMap<String, String>,
) -> Result<()> {
    schemas(conn, draft).await?;
    extensions(conn, draft, facts).await
}

async fn schemas(conn: &mut PgConnection, draft: &mut Draft) -> Result<()> {
    let sql = "SELECT n.oid::int8 AS oid, n.nspname AS name, pg_catalog.pg_get_userbyid(n.nspowner) AS owner, \
         pg_catalog.obj_description(n.oid, 'pg_namespace') AS comment \
         FROM pg_catalog.pg_namespace n WHERE n.nspname !~ '^pg_' AND n.nspname <> 'information_schema' ORDER BY n.nspname";
    let mut public = false;
    for schema in rows::<Schema>(conn, "Reading schemas", sql).await? {
        let address = Address::new(class::SCHEMA, schema.oid);
        if draft.is_member(class::SCHEMA, schema.oid) {
            continue;
        }
        let words = format!("SCHEMA {}", Ident(&schema.name));
        let mut node = Node::new("schema", Rank::Schema, None, &schema.name);
        let mut owner = Some(schema.owner.clone());
        if schema.name == "public" {
            public = true;
            // What version 15 and later give it; an older server's is kept, as the reference tool keeps it.
            owner = owner.filter(|owner| owner != "pg_database_owner");
            if schema.comment.is_none() {
                node = node.sql(format!("COMMENT ON {words} IS NULL"));
            }
        } else {
            node = node.sql(format!("CREATE {words}"));
        }
        let index = draft.add_at(address, node);
        if schema.name == "public" {
            draft.also(Address::new(class::SCHEMA, PUBLIC_SCHEMA), index);
        }
        draft.target(address, words, owner, format!("schema {}", schema.name));
    }
    if !public {
        draft.add(Node::new("schema", Rank::Schema, None, "public").sql("DROP SCHEMA IF EXISTS \"public\""));
    }
    Ok(())
}

/// True for the comment that a fresh database has on its own.
pub fn is_standard_comment(words: &str, text: &str) -> bool {
    words == "SCHEMA \"public\"" && text == PUBLIC_COMMENT
}

/// Without the version: the server at hand decides, as an upgrade wants it. The source's versions are facts.
async fn extensions(
    conn: &mut PgConnection,
    draft: &mut Draft,
    facts: &mut BTreeMap<String, String>,
) -> Result<()> {
    let sql = format!(
        "SELECT e.oid::int8 AS oid, e.extname AS name, n.nspname AS schema, e.extversion AS version \
         FROM pg_catalog.pg_extension e JOIN pg_catalog.pg_namespace n ON n.oid = e.extnamespace \
         WHERE e.oid >= {FIRST_USER_OID} ORDER BY e.extname"
    );
    for extension in rows::<Extension>(conn, "Reading extensions", &sql).await? {
        let address = Address::new(class::EXTENSION, extension.oid);
        let words = format!("EXTENSION {}", Ident(&extension.name));
        let own_schema =
            draft.members.iter().any(|(member, of)| *of == address && member.class == class::SCHEMA);
        let place =
            if own_schema { String::new() } else { format!(" WITH SCHEMA {}", Ident(&extension.schema)) };
        let sql = format!("CREATE EXTENSION IF NOT EXISTS {}{place}", Ident(&extension.name));
        draft.add_at(address, Node::new("extension", Rank::Extension, None, &extension.name).sql(sql));
        draft.target(address, words, None, format!("extension {}", extension.name));
        facts.insert(format!("extension {}", extension.name), extension.version);
    }
    let members: Vec<_> = draft.members.iter().map(|(member, of)| (*member, *of)).collect();
    for (member, of) in members {
        if let Some(index) = draft.at(of) {
            draft.also(member, index);
        }
    }
    Ok(())
}
