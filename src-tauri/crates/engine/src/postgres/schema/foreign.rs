//! Other servers: foreign-data wrappers, the servers reached through them, and as whom. Foreign tables are tables.
//!
//! Options may hold passwords. They are statements of the backup like any other (encrypted in the vault), and
//! reach no name, no reason and no error.

use serde::Deserialize;
use sqlx::PgConnection;

use super::catalog::{Address, FIRST_USER_OID, class, rows};
use super::draft::{Draft, Node, Rank};
use super::roles;
use crate::Result;
use crate::postgres::sql::{Ident, Literal};

#[derive(Deserialize)]
struct Wrapper {
    oid: u32,
    name: String,
    owner: String,
    handler: Option<String>,
    validator: Option<String>,
    options: Vec<String>,
}

#[derive(Deserialize)]
struct Server {
    oid: u32,
    name: String,
    owner: String,
    wrapper: String,
    kind: Option<String>,
    version: Option<String>,
    options: Vec<String>,
}

#[derive(Deserialize)]
struct Mapping {
    oid: u32,
    server: String,
    server_oid: u32,
    /// None: PUBLIC.
    role: Option<String>,
    visible: bool,
    options: Vec<String>,
}

pub async fn collect(conn: &mut PgConnection, draft: &mut Draft) -> Result<()> {
    wrappers(conn, draft).await?;
    servers(conn, draft).await?;
    mappings(conn, draft).await
}

async fn wrappers(conn: &mut PgConnection, draft: &mut Draft) -> Result<()> {
    let function = |column: &str| {
        format!(
            "(SELECT pg_catalog.quote_ident(n.nspname) || '.' || pg_catalog.quote_ident(p.proname) FROM pg_catalog.pg_proc p \
             JOIN pg_catalog.pg_namespace n ON n.oid = p.pronamespace WHERE p.oid = w.{column})"
        )
    };
    let sql = format!(
        "SELECT w.oid::int8 AS oid, w.fdwname AS name, pg_catalog.pg_get_userbyid(w.fdwowner) AS owner, {} AS handler, \
         {} AS validator, COALESCE(w.fdwoptions, '{{}}') AS options FROM pg_catalog.pg_foreign_data_wrapper w \
         WHERE w.oid >= {FIRST_USER_OID} ORDER BY w.fdwname",
        function("fdwhandler"),
        function("fdwvalidator")
    );
    for wrapper in rows::<Wrapper>(conn, "Reading foreign-data wrappers", &sql).await? {
        if draft.is_member(class::FOREIGN_DATA_WRAPPER, wrapper.oid) {
            continue;
        }
        let words = format!("FOREIGN DATA WRAPPER {}", Ident(&wrapper.name));
        let mut sql = format!("CREATE {words}");
        for (word, name) in [("HANDLER", &wrapper.handler), ("VALIDATOR", &wrapper.validator)] {
            sql += &name.as_ref().map_or(String::new(), |name| format!(" {word} {name}"));
        }
        sql += &options(&wrapper.options);
        let address = Address::new(class::FOREIGN_DATA_WRAPPER, wrapper.oid);
        draft.add_at(
            address,
            Node::new("foreign-data wrapper", Rank::ForeignServer, None, &wrapper.name).sql(sql),
        );
        let title = format!("foreign-data wrapper {}", wrapper.name);
        draft.target(address, words, Some(wrapper.owner), title);
    }
    Ok(())
}

async fn servers(conn: &mut PgConnection, draft: &mut Draft) -> Result<()> {
    let sql = format!(
        "SELECT s.oid::int8 AS oid, s.srvname AS name, pg_catalog.pg_get_userbyid(s.srvowner) AS owner, w.fdwname AS wrapper, \
         s.srvtype AS kind, s.srvversion AS version, COALESCE(s.srvoptions, '{{}}') AS options \
         FROM pg_catalog.pg_foreign_server s JOIN pg_catalog.pg_foreign_data_wrapper w ON w.oid = s.srvfdw \
         WHERE s.oid >= {FIRST_USER_OID} ORDER BY s.srvname"
    );
    for server in rows::<Server>(conn, "Reading foreign servers", &sql).await? {
        if draft.is_member(class::FOREIGN_SERVER, server.oid) {
            continue;
        }
        let words = format!("SERVER {}", Ident(&server.name));
        let mut sql = format!("CREATE {words}");
        for (word, value) in [("TYPE", &server.kind), ("VERSION", &server.version)] {
            sql += &value.as_ref().map_or(String::new(), |value| format!(" {word} {}", Literal(value)));
        }
        sql += &format!(" FOREIGN DATA WRAPPER {}{}", Ident(&server.wrapper), options(&server.options));
        let address = Address::new(class::FOREIGN_SERVER, server.oid);
        draft.add_at(address, Node::new("foreign server", Rank::ForeignServer, None, &server.name).sql(sql));
        draft.target(address, words, Some(server.owner), format!("foreign server {}", server.name));
    }
    Ok(())
}

/// The view shows options to those who may see them, and that a mapping exists to everybody; its own rule is
/// repeated here, since hidden options and none look the same.
async fn mappings(conn: &mut PgConnection, draft: &mut Draft) -> Result<()> {
    let sql = format!(
        "SELECT m.umid::int8 AS oid, m.srvname AS server, m.srvid::int8 AS server_oid, \
         CASE WHEN m.umuser <> 0 THEN m.usename END AS role, \
         CASE WHEN m.umuser <> 0 AND m.usename = current_user THEN pg_catalog.pg_has_role(s.srvowner, 'USAGE') \
              OR pg_catalog.has_server_privilege(s.oid, 'USAGE') WHEN m.umuser = 0 THEN pg_catalog.pg_has_role(s.srvowner, 'USAGE') \
              ELSE false END OR (SELECT r.rolsuper FROM pg_catalog.pg_roles r WHERE r.rolname = current_user) AS visible, \
         COALESCE(m.umoptions, '{{}}') AS options FROM pg_catalog.pg_user_mappings m \
         JOIN pg_catalog.pg_foreign_server s ON s.oid = m.srvid WHERE m.umid >= {FIRST_USER_OID} ORDER BY m.srvname, m.usename"
    );
    for mapping in rows::<Mapping>(conn, "Reading user mappings", &sql).await? {
        let role = mapping.role.as_ref().map_or("PUBLIC".to_owned(), |role| Ident(role).to_string());
        let about = format!("server {}", mapping.server);
        let name = match &mapping.role {
            Some(role) => roles::name([role.as_str()], &about),
            None => format!("PUBLIC: {about}"),
        };
        let node = Node::new("user mapping", Rank::UserMapping, None, &name)
            .of(Address::new(class::FOREIGN_SERVER, mapping.server_oid));
        let sql = format!(
            "CREATE USER MAPPING FOR {role} SERVER {}{}",
            Ident(&mapping.server),
            options(&mapping.options)
        );
        let node = if mapping.visible {
            node.sql(sql)
        } else {
            node.lost("Its options (where a password is) are shown to a superuser only; create it again after a restore.")
        };
        draft.add_at(Address::new(class::USER_MAPPING, mapping.oid), node);
    }
    Ok(())
}

/// ` OPTIONS ("host" 'far')` for every `host=far`; nothing for none.
pub fn options(options: &[String]) -> String {
    if options.is_empty() {
        return String::new();
    }
    let one = |option: &String| {
        let (name, value) = option.split_once('=').unwrap_or((option, ""));
        format!("{} {}", Ident(name), Literal(value))
    };
    format!(" OPTIONS ({})", options.iter().map(one).collect::<Vec<_>>().join(", "))
}
