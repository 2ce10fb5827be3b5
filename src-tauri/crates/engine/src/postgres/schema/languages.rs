//! Languages, transforms of values for them, and access methods of tables and indexes: what a library of the server
//! brings and no extension claims.

use serde::Deserialize;
use sqlx::PgConnection;

use super::catalog::{Address, FIRST_USER_OID, class, rows};
use super::draft::{Draft, Node, Rank};
use crate::Result;
use crate::postgres::sql::Ident;

#[derive(Deserialize)]
struct Language {
    oid: u32,
    name: String,
    owner: String,
    trusted: bool,
    handler: Option<String>,
    inline: Option<String>,
    validator: Option<String>,
}

#[derive(Deserialize)]
struct Transform {
    oid: u32,
    of_type: String,
    language: String,
    from_sql: Option<String>,
    to_sql: Option<String>,
}

#[derive(Deserialize)]
struct AccessMethod {
    oid: u32,
    name: String,
    /// `i`ndex or `t`able.
    kind: char,
    handler: String,
}

pub async fn collect(conn: &mut PgConnection, draft: &mut Draft) -> Result<()> {
    access_methods(conn, draft).await?;
    languages(conn, draft).await?;
    transforms(conn, draft).await
}

async fn access_methods(conn: &mut PgConnection, draft: &mut Draft) -> Result<()> {
    let sql = format!(
        "SELECT m.oid::int8 AS oid, m.amname AS name, m.amtype::text AS kind, m.amhandler::text AS handler \
         FROM pg_catalog.pg_am m WHERE m.oid >= {FIRST_USER_OID} ORDER BY m.amname"
    );
    for found in rows::<AccessMethod>(conn, "Reading access methods", &sql).await? {
        if draft.is_member(class::ACCESS_METHOD, found.oid) {
            continue;
        }
        let address = Address::new(class::ACCESS_METHOD, found.oid);
        let words = format!("ACCESS METHOD {}", Ident(&found.name));
        let kind = if found.kind == 't' { "TABLE" } else { "INDEX" };
        let node = Node::new("access method", Rank::AccessMethod, None, &found.name);
        draft.add_at(address, node.sql(format!("CREATE {words} TYPE {kind} HANDLER {}", found.handler)));
        draft.target(address, words, None, format!("access method {}", found.name));
    }
    Ok(())
}

async fn languages(conn: &mut PgConnection, draft: &mut Draft) -> Result<()> {
    let function = |column: &str| format!("NULLIF(l.{column}, 0)::pg_catalog.regproc::text");
    let sql = format!(
        "SELECT l.oid::int8 AS oid, l.lanname AS name, pg_catalog.pg_get_userbyid(l.lanowner) AS owner, l.lanpltrusted AS trusted, \
         {} AS handler, {} AS inline, {} AS validator \
         FROM pg_catalog.pg_language l WHERE l.oid >= {FIRST_USER_OID} AND l.lanispl ORDER BY l.lanname",
        function("lanplcallfoid"),
        function("laninline"),
        function("lanvalidator")
    );
    for found in rows::<Language>(conn, "Reading languages", &sql).await? {
        let (false, Some(handler)) = (draft.is_member(class::LANGUAGE, found.oid), &found.handler) else {
            continue;
        };
        let address = Address::new(class::LANGUAGE, found.oid);
        let mut sql = format!(
            "CREATE {}LANGUAGE {} HANDLER {handler}",
            if found.trusted { "TRUSTED " } else { "" },
            Ident(&found.name)
        );
        for (word, function) in [("INLINE", &found.inline), ("VALIDATOR", &found.validator)] {
            sql += &function.as_ref().map_or(String::new(), |function| format!(" {word} {function}"));
        }
        draft.add_at(address, Node::new("language", Rank::Language, None, &found.name).sql(sql));
        let title = format!("language {}", found.name);
        draft.target(address, format!("LANGUAGE {}", Ident(&found.name)), Some(found.owner), title);
    }
    Ok(())
}

async fn transforms(conn: &mut PgConnection, draft: &mut Draft) -> Result<()> {
    let function =
        |column: &str| format!("NULLIF(t.{column}::pg_catalog.oid, 0)::pg_catalog.regprocedure::text");
    let sql = format!(
        "SELECT t.oid::int8 AS oid, pg_catalog.format_type(t.trftype, NULL) AS of_type, l.lanname AS language, \
         {} AS from_sql, {} AS to_sql \
         FROM pg_catalog.pg_transform t JOIN pg_catalog.pg_language l ON l.oid = t.trflang \
         WHERE t.oid >= {FIRST_USER_OID} ORDER BY 2, 3",
        function("trffromsql"),
        function("trftosql")
    );
    for found in rows::<Transform>(conn, "Reading transforms", &sql).await? {
        if draft.is_member(class::TRANSFORM, found.oid) {
            continue;
        }
        let address = Address::new(class::TRANSFORM, found.oid);
        let words = format!("TRANSFORM FOR {} LANGUAGE {}", found.of_type, Ident(&found.language));
        let ways = [("FROM", &found.from_sql), ("TO", &found.to_sql)];
        let list: Vec<String> = ways
            .into_iter()
            .filter_map(|(way, function)| Some(format!("{way} SQL WITH FUNCTION {}", function.as_ref()?)))
            .collect();
        let shown = format!("{} for {}", found.of_type, found.language);
        let node = Node::new("transform", Rank::Transform, None, &shown);
        draft.add_at(address, node.sql(format!("CREATE {words} ({})", list.join(", "))));
        draft.target(address, words, None, format!("transform {shown}"));
    }
    Ok(())
}
