//! Row policies. Switching row security on is a setting of the table.

use serde::Deserialize;
use sqlx::PgConnection;

use super::catalog::{Address, FIRST_USER_OID, class, rows};
use super::draft::{Draft, Node, Rank};
use super::roles;
use crate::Result;
use crate::postgres::sql::Ident;

#[derive(Deserialize)]
struct Policy {
    oid: u32,
    name: String,
    table: u32,
    command: char,
    permissive: bool,
    /// Empty: everybody.
    roles: Vec<String>,
    using: Option<String>,
    check: Option<String>,
}

pub async fn collect(conn: &mut PgConnection, draft: &mut Draft) -> Result<()> {
    let sql = format!(
        "SELECT p.oid::int8 AS oid, p.polname AS name, p.polrelid::int8 AS table, p.polcmd::text AS command, \
         p.polpermissive AS permissive, \
         ARRAY(SELECT pg_catalog.pg_get_userbyid(r) FROM pg_catalog.unnest(p.polroles) AS r WHERE r <> 0) AS roles, \
         pg_catalog.pg_get_expr(p.polqual, p.polrelid) AS using, pg_catalog.pg_get_expr(p.polwithcheck, p.polrelid) AS check \
         FROM pg_catalog.pg_policy p WHERE p.oid >= {FIRST_USER_OID} ORDER BY p.polrelid, p.polname"
    );
    for policy in rows::<Policy>(conn, "Reading policies", &sql).await? {
        let address = Address::new(class::POLICY, policy.oid);
        let Some(table) = draft.home(policy.table, address) else { continue };
        let command = match policy.command {
            'r' => "SELECT",
            'a' => "INSERT",
            'w' => "UPDATE",
            'd' => "DELETE",
            _ => "ALL",
        };
        // The roles come last but for the expressions, in the form that `roles::of_policy` reads.
        let mut sql = format!(
            "CREATE POLICY {} ON {} AS {} FOR {command} TO {}",
            Ident(&policy.name),
            table.quoted(),
            if policy.permissive { "PERMISSIVE" } else { "RESTRICTIVE" },
            roles::list(&policy.roles)
        );
        if let Some(using) = &policy.using {
            sql += &format!(" USING ({using})");
        }
        if let Some(check) = &policy.check {
            sql += &format!(" WITH CHECK ({check})");
        }
        let sql = draft.making(address, sql);
        let words = format!("POLICY {} ON {}", Ident(&policy.name), table.quoted());
        let title = format!("policy {} on {}", policy.name, table.table_name());
        let node = Node::new("policy", Rank::Policy, Some(&table.schema), &policy.name).on(table).sql(sql);
        draft.add_at(address, node);
        draft.target(address, words, None, title);
    }
    Ok(())
}
