//! Logical replication: what is published, and what is received from elsewhere.
//!
//! A restored subscription is switched off and has no slot: two databases must not consume one slot, and a restored
//! copy must not begin to receive by itself.

use std::collections::HashMap;

use serde::Deserialize;
use sqlx::PgConnection;

use super::catalog::{Address, class, rows};
use super::draft::{Draft, Node, Rank};
use crate::Result;
use crate::postgres::sql::{Ident, Literal};

#[derive(Deserialize)]
struct Publication {
    oid: u32,
    name: String,
    owner: String,
    all_tables: bool,
    /// `insert`…, in the server's order.
    publish: Vec<String>,
    via_root: bool,
    /// `s`tored or `n`one; since version 18.
    generated: Option<char>,
}

#[derive(Deserialize)]
struct Member {
    oid: u32,
    publication: u32,
    table: u32,
    columns: Option<Vec<i32>>,
    filter: Option<String>,
}

#[derive(Deserialize)]
struct Schema {
    oid: u32,
    publication: u32,
    schema: u32,
    name: String,
}

pub async fn collect(conn: &mut PgConnection, draft: &mut Draft) -> Result<()> {
    let names = publications(conn, draft).await?;
    members(conn, draft, &names).await?;
    if draft.version >= 150_000 {
        schemas(conn, draft, &names).await?;
    }
    subscriptions(conn, draft).await
}

/// Names by oid.
async fn publications(conn: &mut PgConnection, draft: &mut Draft) -> Result<HashMap<u32, String>> {
    let generated = if draft.version >= 180_000 { "p.pubgencols::text" } else { "NULL" };
    let sql = format!(
        "SELECT p.oid::int8 AS oid, p.pubname AS name, pg_catalog.pg_get_userbyid(p.pubowner) AS owner, p.puballtables AS all_tables, \
         pg_catalog.array_remove(ARRAY[CASE WHEN p.pubinsert THEN 'insert' END, CASE WHEN p.pubupdate THEN 'update' END, \
           CASE WHEN p.pubdelete THEN 'delete' END, CASE WHEN p.pubtruncate THEN 'truncate' END], NULL) AS publish, \
         p.pubviaroot AS via_root, {generated} AS generated FROM pg_catalog.pg_publication p ORDER BY p.pubname"
    );
    let mut names = HashMap::new();
    for found in rows::<Publication>(conn, "Reading publications", &sql).await? {
        if draft.is_member(class::PUBLICATION, found.oid) {
            continue;
        }
        let address = Address::new(class::PUBLICATION, found.oid);
        let words = format!("PUBLICATION {}", Ident(&found.name));
        let mut settings = vec![format!("publish = {}", Literal(&found.publish.join(", ")))];
        if found.via_root {
            settings.push("publish_via_partition_root = true".into());
        }
        if found.generated == Some('s') {
            settings.push("publish_generated_columns = stored".into());
        }
        let all = if found.all_tables { " FOR ALL TABLES" } else { "" };
        let sql = format!("CREATE {words}{all} WITH ({})", settings.join(", "));
        draft.add_at(address, Node::new("publication", Rank::Publication, None, &found.name).sql(sql));
        draft.target(address, words, Some(found.owner), format!("publication {}", found.name));
        names.insert(found.oid, found.name);
    }
    Ok(names)
}

async fn members(conn: &mut PgConnection, draft: &mut Draft, names: &HashMap<u32, String>) -> Result<()> {
    let parts = if draft.version >= 150_000 {
        "m.prattrs::pg_catalog.int2[] AS columns, pg_catalog.pg_get_expr(m.prqual, m.prrelid) AS filter"
    } else {
        "NULL AS columns, NULL AS filter"
    };
    let sql = format!(
        "SELECT m.oid::int8 AS oid, m.prpubid::int8 AS publication, m.prrelid::int8 AS table, {parts} \
         FROM pg_catalog.pg_publication_rel m ORDER BY m.prpubid, m.prrelid::pg_catalog.regclass::text"
    );
    for member in rows::<Member>(conn, "Reading what is published", &sql).await? {
        let (Some(name), Some(table)) = (names.get(&member.publication), draft.relations.get(&member.table))
        else {
            continue;
        };
        let mut sql = format!("ALTER PUBLICATION {} ADD TABLE ONLY {}", Ident(name), table.quoted());
        if let Some(columns) = &member.columns {
            let names = columns.iter().filter_map(|number| draft.columns.get(&(member.table, *number)));
            sql +=
                &format!(" ({})", names.map(|name| Ident(name).to_string()).collect::<Vec<_>>().join(", "));
        }
        if let Some(filter) = &member.filter {
            sql += &format!(" WHERE ({filter})");
        }
        let title = format!("{name}: {}", table.table_name());
        let mut node = Node::new("publication member", Rank::PublicationMember, None, &title)
            .of(Address::new(class::PUBLICATION, member.publication))
            .sql(sql);
        node.wants.push(table.address());
        draft.add_at(Address::new(class::PUBLICATION_TABLE, member.oid), node);
    }
    Ok(())
}

async fn schemas(conn: &mut PgConnection, draft: &mut Draft, names: &HashMap<u32, String>) -> Result<()> {
    let sql = "SELECT m.oid::int8 AS oid, m.pnpubid::int8 AS publication, m.pnnspid::int8 AS schema, n.nspname AS name \
         FROM pg_catalog.pg_publication_namespace m JOIN pg_catalog.pg_namespace n ON n.oid = m.pnnspid ORDER BY m.pnpubid, n.nspname";
    for member in rows::<Schema>(conn, "Reading published schemas", sql).await? {
        let Some(name) = names.get(&member.publication) else { continue };
        let sql = format!("ALTER PUBLICATION {} ADD TABLES IN SCHEMA {}", Ident(name), Ident(&member.name));
        let title = format!("{name}: schema {}", member.name);
        let mut node = Node::new("publication member", Rank::PublicationMember, None, &title)
            .of(Address::new(class::PUBLICATION, member.publication))
            .sql(sql);
        node.wants.push(Address::new(class::SCHEMA, member.schema));
        draft.add_at(Address::new(class::PUBLICATION_SCHEMA, member.oid), node);
    }
    Ok(())
}

#[derive(Deserialize)]
struct Subscription {
    oid: u32,
    name: String,
    owner: String,
    /// None: this login may not read it.
    connection: Option<String>,
    publications: Vec<String>,
    /// What follows in `WITH`, already in words.
    settings: Vec<String>,
}

async fn subscriptions(conn: &mut PgConnection, draft: &mut Draft) -> Result<()> {
    let allowed: Vec<bool> = rows(
        conn,
        "Looking at the rights on subscriptions",
        "SELECT pg_catalog.has_column_privilege('pg_catalog.pg_subscription', 'subconninfo', 'SELECT') AS v",
    )
    .await?
    .into_iter()
    .map(|Allowed { v }| v)
    .collect();
    let readable = allowed.first() == Some(&true);
    let connection = if readable { "s.subconninfo" } else { "NULL" };
    let sql = format!(
        "SELECT s.oid::int8 AS oid, s.subname AS name, pg_catalog.pg_get_userbyid(s.subowner) AS owner, {connection} AS connection, \
         s.subpublications AS publications, pg_catalog.array_remove(ARRAY[{}], NULL) AS settings FROM pg_catalog.pg_subscription s \
         WHERE s.subdbid = (SELECT d.oid FROM pg_catalog.pg_database d WHERE d.datname = pg_catalog.current_database()) \
         ORDER BY s.subname",
        settings(draft.version).join(", ")
    );
    for found in rows::<Subscription>(conn, "Reading subscriptions", &sql).await? {
        let address = Address::new(class::SUBSCRIPTION, found.oid);
        let words = format!("SUBSCRIPTION {}", Ident(&found.name));
        let node = Node::new("subscription", Rank::Subscription, None, &found.name);
        let Some(connection) = &found.connection else {
            draft.add_at(address, node.lost("Its connection (where a password is) is shown to a superuser only; create it again after a restore if the copy shall receive changes."));
            continue;
        };
        let publications: Vec<String> =
            found.publications.iter().map(|name| Ident(name).to_string()).collect();
        let mut with = vec!["connect = false".to_owned(), "slot_name = NONE".to_owned()];
        with.extend(found.settings);
        let sql = format!(
            "CREATE {words} CONNECTION {} PUBLICATION {} WITH ({})",
            Literal(connection),
            publications.join(", "),
            with.join(", ")
        );
        draft.add_at(address, node.sql(sql));
        draft.target(address, words, Some(found.owner), format!("subscription {}", found.name));
    }
    Ok(())
}

#[derive(Deserialize)]
struct Allowed {
    v: bool,
}

/// Expressions of what differs from the defaults, by version.
fn settings(version: u32) -> Vec<String> {
    let mut list = vec![
        "CASE WHEN s.subsynccommit <> 'off' THEN 'synchronous_commit = ' || pg_catalog.quote_literal(s.subsynccommit) END".to_owned(),
    ];
    let mut since = |first: u32, expression: &str| {
        if version >= first {
            list.push(expression.to_owned());
        }
    };
    since(140_000, "CASE WHEN s.subbinary THEN 'binary = true' END");
    if version >= 160_000 {
        since(
            160_000,
            "CASE s.substream WHEN 't' THEN 'streaming = on' WHEN 'p' THEN 'streaming = parallel' ELSE 'streaming = off' END",
        );
    } else {
        since(140_000, "CASE WHEN s.substream THEN 'streaming = on' ELSE 'streaming = off' END");
    }
    since(150_000, "CASE WHEN s.subtwophasestate <> 'd' THEN 'two_phase = on' END");
    since(150_000, "CASE WHEN s.subdisableonerr THEN 'disable_on_error = true' END");
    since(160_000, "CASE WHEN NOT s.subpasswordrequired THEN 'password_required = false' END");
    since(160_000, "CASE WHEN s.subrunasowner THEN 'run_as_owner = true' END");
    since(
        160_000,
        "CASE WHEN s.suborigin <> 'any' THEN 'origin = ' || pg_catalog.quote_literal(s.suborigin) END",
    );
    since(170_000, "CASE WHEN s.subfailover THEN 'failover = true' END");
    list
}
