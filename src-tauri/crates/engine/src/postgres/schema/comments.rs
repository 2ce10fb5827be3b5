//! Comments on whatever was captured, owners, and ties to extensions.

use serde::Deserialize;
use sqlx::PgConnection;

use super::catalog::{Address, FIRST_USER_OID, PUBLIC_SCHEMA, class, rows};
use super::draft::{Draft, Node, Rank, qualified};
use super::{namespaces, roles};
use crate::Result;
use crate::postgres::sql::{Ident, Literal};

#[derive(Deserialize)]
struct Comment {
    class: u32,
    oid: u32,
    sub: i32,
    text: String,
}

pub async fn collect(conn: &mut PgConnection, draft: &mut Draft) -> Result<()> {
    let sql = format!(
        "SELECT classoid::int8 AS class, objoid::int8 AS oid, objsubid AS sub, description AS text \
         FROM pg_catalog.pg_description WHERE objoid >= {FIRST_USER_OID} OR classoid = {} \
         OR (classoid = {} AND objoid = {PUBLIC_SCHEMA}) ORDER BY classoid, objoid, objsubid",
        class::LARGE_OBJECT,
        class::SCHEMA
    );
    for comment in rows::<Comment>(conn, "Reading comments", &sql).await? {
        let address = Address::new(comment.class, comment.oid);
        let Some(target) = draft.targets.get(&address) else { continue };
        let (words, title) = if comment.sub == 0 {
            if namespaces::is_standard_comment(&target.words, &comment.text) {
                continue;
            }
            (target.words.clone(), target.title.clone())
        } else {
            let (Some(relation), Some(column)) =
                (draft.relations.get(&comment.oid), draft.columns.get(&(comment.oid, comment.sub)))
            else {
                continue;
            };
            let words = format!("COLUMN {}.{}", qualified(&relation.schema, &relation.name), Ident(column));
            (words, format!("column {}.{}.{column}", relation.schema, relation.name))
        };
        let sql = format!("COMMENT ON {words} IS {}", Literal(&comment.text));
        draft.add(Node::new("comment", Rank::Comment, None, &title).of(address).sql(sql));
    }
    Ok(())
}

/// Ownership of everything that has an owner of its own.
pub fn owners(draft: &mut Draft) {
    let mut nodes = Vec::new();
    for (address, target) in &draft.targets {
        let Some(owner) = &target.owner else { continue };
        if address.class == class::LARGE_OBJECT {
            continue; // given many at a time
        }
        let sql = format!("ALTER {} OWNER TO {}", target.words, Ident(owner));
        let name = roles::name([owner.as_str()], &target.title);
        nodes.push(Node::new("owner", Rank::Owner, None, &name).of(*address).sql(sql));
    }
    nodes.sort_by(|one, next| one.name.cmp(&next.name));
    draft.nodes.extend(nodes);
}

/// `ALTER … DEPENDS ON EXTENSION`.
pub fn extension_ties(draft: &mut Draft) {
    let mut nodes = Vec::new();
    for row in draft.dependencies.iter().filter(|row| row.kind == 'x') {
        let (Some(object), Some(extension)) = (draft.targets.get(&row.from()), draft.at(row.to())) else {
            continue;
        };
        let extension = draft.nodes[extension].name.clone();
        let sql = format!("ALTER {} DEPENDS ON EXTENSION {}", object.words, Ident(&extension));
        let mut node =
            Node::new("extension tie", Rank::ExtensionTie, None, &object.title).of(row.from()).sql(sql);
        node.wants.push(row.to());
        nodes.push(node);
    }
    draft.nodes.extend(nodes);
}
