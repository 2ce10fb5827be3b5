//! What users put on tables of extensions: indexes, constraints, triggers, rules, policies, statistics. The table comes
//! with its extension, and so do parts that the extension made itself; the users' own would be lost with it.
//!
//! Whose a part is, shows in the transaction that made it: an extension makes or updates its members in the same.
//! Should that be mistaken for an extension that was carried to a new server by force, nothing breaks: a part that
//! is there already is not made again.

use serde::Deserialize;
use sqlx::PgConnection;

use super::catalog::{Address, FIRST_USER_OID, class, rows};
use super::draft::Draft;
use crate::Result;

#[derive(Deserialize)]
struct Guest {
    class: u32,
    oid: u32,
}

pub async fn collect(conn: &mut PgConnection, draft: &mut Draft) -> Result<()> {
    let extension = class::EXTENSION;
    let sql = format!(
        "SELECT DISTINCT d.classid::int8 AS class, d.objid::int8 AS oid FROM pg_catalog.pg_depend m \
         JOIN pg_catalog.pg_extension x ON x.oid = m.refobjid \
         JOIN pg_catalog.pg_depend d ON d.refclassid = m.classid AND d.refobjid = m.objid AND d.deptype = 'a' \
         WHERE m.refclassid = {extension} AND m.deptype = 'e' AND m.classid = {relation} AND d.objid >= {FIRST_USER_OID} \
         AND (d.classid IN ({constraint}, {trigger}, {rewrite}, {policy}, {statistics}) \
           OR (d.classid = {relation} AND EXISTS (SELECT 1 FROM pg_catalog.pg_index i WHERE i.indexrelid = d.objid))) \
         AND d.xmin::text <> x.xmin::text AND NOT EXISTS (SELECT 1 FROM pg_catalog.pg_depend o \
           WHERE o.refclassid = {extension} AND o.refobjid = x.oid AND o.deptype = 'e' AND o.xmin::text = d.xmin::text)",
        relation = class::RELATION,
        constraint = class::CONSTRAINT,
        trigger = class::TRIGGER,
        rewrite = class::REWRITE,
        policy = class::POLICY,
        statistics = class::STATISTICS,
    );
    let found = rows::<Guest>(conn, "Reading what users added to tables of extensions", &sql).await?;
    draft.guests = found.iter().map(|guest| Address::new(guest.class, guest.oid)).collect();
    Ok(())
}

/// A statement that does nothing where its object is there already.
pub fn unless_there(sql: &str) -> String {
    let mut tag = "holdfast".to_owned();
    while sql.contains(&format!("${tag}$")) {
        tag.push('_');
    }
    format!("DO ${tag}$BEGIN {sql}; EXCEPTION WHEN duplicate_object OR duplicate_table THEN NULL; END${tag}$")
}

/// The statement within one of [`unless_there`].
pub fn inner(sql: &str) -> &str {
    let inside = sql.strip_prefix("DO $holdfast").and_then(|rest| rest.split_once("$BEGIN "));
    inside.map_or(sql, |(_, inside)| inside)
}
