//! Large objects: that they exist, whose they are. Their bytes are a stream of the data half.
//!
//! There may be millions, so those that need nothing special are made many at a time.

use serde::Deserialize;
use sqlx::PgConnection;

use super::catalog::{Address, class, rows};
use super::draft::{Draft, Node, Rank};
use super::roles;
use crate::Result;

/// So many are made, or given to their owner, by one object of the schema.
const PER_NODE: usize = 1000;

#[derive(Deserialize)]
struct LargeObject {
    oid: u32,
    owner: String,
    /// A comment or grants: it needs an address of its own.
    special: bool,
}

/// Returns all oids, ascending.
pub async fn collect(conn: &mut PgConnection, draft: &mut Draft) -> Result<Vec<u32>> {
    let sql = format!(
        "SELECT m.oid::int8 AS oid, pg_catalog.pg_get_userbyid(m.lomowner) AS owner, \
         m.lomacl IS NOT NULL OR EXISTS (SELECT 1 FROM pg_catalog.pg_description d \
           WHERE d.classoid = {} AND d.objoid = m.oid) AS special \
         FROM pg_catalog.pg_largeobject_metadata m ORDER BY m.lomowner, m.oid",
        class::LARGE_OBJECT
    );
    let found = rows::<LargeObject>(conn, "Reading large objects", &sql).await?;
    let mut oids: Vec<u32> = found.iter().map(|object| object.oid).collect();
    oids.sort_unstable();
    for batch in oids.chunks(PER_NODE) {
        let list = batch.iter().map(u32::to_string).collect::<Vec<_>>().join(",");
        let sql = format!(
            "SELECT pg_catalog.count(pg_catalog.lo_create(o)) FROM pg_catalog.unnest('{{{list}}}'::pg_catalog.oid[]) AS o"
        );
        let index = draft.add(Node::new("large object", Rank::LargeObject, None, &name_of(batch)).sql(sql));
        for oid in batch {
            draft.also(Address::new(class::LARGE_OBJECT, *oid), index);
            draft.also(Address::new(class::LARGE_OBJECT_METADATA, *oid), index);
        }
    }
    for object in found.iter().filter(|object| object.special) {
        let address = Address::new(class::LARGE_OBJECT, object.oid);
        let words = format!("LARGE OBJECT {}", object.oid);
        // The owner is given below; grants need to know it.
        draft.target(address, words, Some(object.owner.clone()), format!("large object {}", object.oid));
    }
    for of_owner in found.chunk_by(|one, next| one.owner == next.owner) {
        for batch in of_owner.chunks(PER_NODE) {
            let numbers: Vec<u32> = batch.iter().map(|object| object.oid).collect();
            let about = format!("large object {}", name_of(&numbers));
            let owner = batch[0].owner.as_str();
            let mut node = Node::new("owner", Rank::Owner, None, &roles::name([owner], &about));
            let quoted = crate::postgres::sql::Ident(owner);
            node.sql =
                numbers.iter().map(|oid| format!("ALTER LARGE OBJECT {oid} OWNER TO {quoted}")).collect();
            node.wants = numbers.iter().map(|oid| Address::new(class::LARGE_OBJECT, *oid)).collect();
            node.subject = node.wants.first().copied();
            draft.add(node);
        }
    }
    Ok(oids)
}

fn name_of(oids: &[u32]) -> String {
    match oids {
        [one] => one.to_string(),
        [first, .., last] => format!("{first} to {last} ({})", oids.len()),
        [] => String::new(),
    }
}
