//! Nothing in silence: every object of every catalog is looked at once more, and whoever is not accounted for
//! is listed as omitted.
//!
//! The catalogs are found by asking which of them have an oid, so that kinds of objects which later versions
//! bring are noticed without being known.

use std::collections::{HashMap, HashSet};

use serde::Deserialize;
use sqlx::PgConnection;

use super::catalog::{Address, FIRST_USER_OID, class, rows};
use super::draft::{Draft, Node, Rank};
use crate::Result;
use crate::postgres::sql::Ident;

#[derive(Deserialize)]
struct Catalog {
    oid: u32,
    name: String,
    readable: bool,
}

#[derive(Deserialize)]
struct Found {
    class: u32,
    oids: Vec<u32>,
}

#[derive(Deserialize)]
struct Identity {
    class: u32,
    oid: u32,
    kind: Option<String>,
    identity: Option<String>,
}

pub async fn collect(conn: &mut PgConnection, draft: &mut Draft) -> Result<()> {
    let everything = everything(conn, draft).await?;
    let unknown = unaccounted(draft, everything);
    for identity in identify(conn, &unknown).await? {
        let address = Address::new(identity.class, identity.oid);
        let kind = identity.kind.unwrap_or_else(|| "unrecognised object".to_owned());
        let name =
            identity.identity.unwrap_or_else(|| format!("{} of catalog {}", identity.oid, identity.class));
        let (kind, reason) = consequence(&kind);
        draft.add_at(address, Node::new(kind, Rank::Type, None, &name).lost(reason));
    }
    derive(draft);
    Ok(())
}

async fn everything(conn: &mut PgConnection, draft: &mut Draft) -> Result<Vec<Address>> {
    let sql = "SELECT c.oid::int8 AS oid, c.relname AS name, \
         pg_catalog.has_table_privilege(c.oid, 'SELECT') AS readable FROM pg_catalog.pg_class c \
         JOIN pg_catalog.pg_attribute a ON a.attrelid = c.oid AND a.attname = 'oid' AND NOT a.attisdropped \
         WHERE c.relnamespace = 'pg_catalog'::pg_catalog.regnamespace AND c.relkind = 'r' AND NOT c.relisshared \
         AND c.relname <> 'pg_enum' ORDER BY c.oid";
    let catalogs: Vec<Catalog> = rows(conn, "Listing catalogs", sql).await?;
    // Temporary objects of any session are nobody's to keep.
    let lasting = |catalog: &Catalog| match catalog.name.as_str() {
        "pg_class" => {
            " AND x.relpersistence <> 't' AND x.relnamespace::pg_catalog.regnamespace::text !~ '^pg_toast'"
                .to_owned()
        }
        "pg_namespace" => " AND x.nspname !~ '^pg_(temp_|toast)'".to_owned(),
        "pg_type" => not_temporary("x.typnamespace"),
        "pg_proc" => not_temporary("x.pronamespace"),
        "pg_operator" => not_temporary("x.oprnamespace"),
        "pg_collation" => not_temporary("x.collnamespace"),
        "pg_largeobject_metadata" => " AND false".to_owned(),
        "pg_constraint" => of_lasting(
            "COALESCE(NULLIF(x.conrelid, 0), (SELECT t.typrelid FROM pg_catalog.pg_type t WHERE t.oid = x.contypid))",
        ),
        "pg_attrdef" => of_lasting("x.adrelid"),
        "pg_rewrite" => of_lasting("x.ev_class"),
        "pg_trigger" => of_lasting("x.tgrelid"),
        "pg_policy" => of_lasting("x.polrelid"),
        _ => String::new(),
    };
    let oids = "COALESCE(pg_catalog.array_agg(x.oid::int8), '{}')";
    let mut parts: Vec<String> = Vec::new();
    for catalog in &catalogs {
        let class = catalog.oid;
        if catalog.readable {
            let name = Ident(&catalog.name);
            parts.push(format!(
                "SELECT {class} AS class, {oids} AS oids FROM pg_catalog.{name} x WHERE x.oid >= {FIRST_USER_OID}{}",
                lasting(catalog)
            ));
        } else if catalog.name == "pg_user_mapping" {
            // Superusers only, for the passwords in it; the view shows the rest to everybody.
            parts.push(format!("SELECT {class}, COALESCE(pg_catalog.array_agg(x.umid::int8), '{{}}') FROM pg_catalog.pg_user_mappings x"));
        } else {
            draft.add(
                Node::new("unreadable catalog", Rank::Comment, None, &catalog.name)
                    .lost("This login may not read the catalog, so what it holds is not captured."),
            );
        }
    }
    let found: Vec<Found> =
        rows(conn, "Looking for objects of every kind", &parts.join(" UNION ALL ")).await?;
    let each = |found: &Found| -> Vec<Address> {
        found.oids.iter().map(|oid| Address::new(found.class, *oid)).collect()
    };
    Ok(found.iter().flat_map(each).collect())
}

fn not_temporary(column: &str) -> String {
    format!(" AND {column}::pg_catalog.regnamespace::text !~ '^pg_(temp_|toast)'")
}

fn of_lasting(column: &str) -> String {
    format!(
        " AND NOT EXISTS (SELECT 1 FROM pg_catalog.pg_class c WHERE c.oid = {column} AND c.relpersistence = 't')"
    )
}

/// What neither was captured nor comes by itself with something that was, or with an extension.
fn unaccounted(draft: &mut Draft, everything: Vec<Address>) -> Vec<Address> {
    derive(draft);
    let unknown: HashSet<Address> = everything
        .into_iter()
        .filter(|address| !draft.is_accounted(*address) && !draft.members.contains_key(address))
        .collect();
    // A part of something that is itself unknown is covered by its name.
    let mut parts: HashMap<Address, Address> = HashMap::new();
    let mut of_extension: HashMap<Address, usize> = HashMap::new();
    for row in draft.dependencies.iter().filter(|row| matches!(row.kind, 'a' | 'i' | 'P' | 'S')) {
        if !unknown.contains(&row.from()) || row.from() == row.to() {
            continue;
        }
        let operators = matches!(row.class, class::ACCESS_METHOD_OPERATOR | class::ACCESS_METHOD_PROCEDURE)
            && draft.is_accounted(row.to());
        if unknown.contains(&row.to()) {
            parts.insert(row.from(), row.to());
        } else if let Some(index) =
            draft.at(row.to()).filter(|_| draft.members.contains_key(&row.to()) || operators)
        {
            of_extension.insert(row.from(), index);
        }
    }
    for (address, index) in &of_extension {
        draft.also(*address, *index);
    }
    let mut roots: Vec<Address> = unknown
        .into_iter()
        .filter(|address| !of_extension.contains_key(address))
        .filter(|address| {
            // Two that are parts of each other have no root above them.
            parts.get(address).is_none_or(|above| parts.get(above) == Some(address) && address < above)
        })
        .collect();
    roots.sort_unstable();
    roots
}

/// What the server makes along with an object (row and array types, toast, clones on partitions) is made by its node.
fn derive(draft: &mut Draft) {
    loop {
        let new: Vec<(Address, usize)> = draft
            .dependencies
            .iter()
            .filter(|row| matches!(row.kind, 'i' | 'P') && !draft.is_accounted(row.from()))
            .filter_map(|row| Some((row.from(), draft.at(row.to())?)))
            .collect();
        if new.is_empty() {
            return;
        }
        for (address, index) in new {
            draft.also(address, index);
        }
    }
}

async fn identify(conn: &mut PgConnection, unknown: &[Address]) -> Result<Vec<Identity>> {
    if unknown.is_empty() {
        return Ok(Vec::new());
    }
    let classes: Vec<String> = unknown.iter().map(|address| address.class.to_string()).collect();
    let oids: Vec<String> = unknown.iter().map(|address| address.oid.to_string()).collect();
    let sql = format!(
        "SELECT u.class::int8 AS class, u.oid::int8 AS oid, i.type AS kind, i.identity AS identity \
         FROM unnest('{{{}}}'::pg_catalog.oid[], '{{{}}}'::pg_catalog.oid[]) AS u(class, oid) \
         CROSS JOIN LATERAL pg_catalog.pg_identify_object(u.class, u.oid, 0) AS i ORDER BY 3, 4",
        classes.join(","),
        oids.join(",")
    );
    rows(conn, "Naming objects that are not captured", &sql).await
}

/// The kind in a word, and what its absence means.
fn consequence(kind: &str) -> (&'static str, &'static str) {
    match kind {
        "statistics object" => (
            "extended statistics",
            "The statistics object could not be captured; the planner estimates without it.",
        ),
        _ => (
            "unrecognised object",
            "Holdfast does not know this kind of object; it is missing from a restored database.",
        ),
    }
}
