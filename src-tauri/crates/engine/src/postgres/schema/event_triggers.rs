//! Event triggers: made last of all, so that nothing of the load sets them off.

use serde::Deserialize;
use sqlx::PgConnection;

use super::catalog::{Address, FIRST_USER_OID, class, rows};
use super::draft::{Draft, Node, Rank};
use super::triggers::firing;
use crate::Result;
use crate::postgres::sql::{Ident, literals};

#[derive(Deserialize)]
struct EventTrigger {
    oid: u32,
    name: String,
    owner: String,
    event: String,
    function: String,
    enabled: char,
    tags: Vec<String>,
}

pub async fn collect(conn: &mut PgConnection, draft: &mut Draft) -> Result<()> {
    let sql = format!(
        "SELECT t.oid::int8 AS oid, t.evtname AS name, pg_catalog.pg_get_userbyid(t.evtowner) AS owner, t.evtevent AS event, \
         pg_catalog.quote_ident(n.nspname) || '.' || pg_catalog.quote_ident(p.proname) AS function, t.evtenabled::text AS enabled, \
         COALESCE(t.evttags, '{{}}') AS tags FROM pg_catalog.pg_event_trigger t \
         JOIN pg_catalog.pg_proc p ON p.oid = t.evtfoid JOIN pg_catalog.pg_namespace n ON n.oid = p.pronamespace \
         WHERE t.oid >= {FIRST_USER_OID} ORDER BY t.evtname"
    );
    for found in rows::<EventTrigger>(conn, "Reading event triggers", &sql).await? {
        if draft.is_member(class::EVENT_TRIGGER, found.oid) {
            continue;
        }
        let words = format!("EVENT TRIGGER {}", Ident(&found.name));
        let tags = match found.tags.as_slice() {
            [] => String::new(),
            tags => format!(" WHEN TAG IN ({})", literals(tags.iter().map(String::as_str))),
        };
        let sql =
            format!("CREATE {words} ON {}{tags} EXECUTE FUNCTION {}()", Ident(&found.event), found.function);
        let mut node = Node::new("event trigger", Rank::EventTrigger, None, &found.name).sql(sql);
        if found.enabled != 'O' {
            node = node.sql(format!("ALTER {words} {}", firing(found.enabled)));
        }
        let address = Address::new(class::EVENT_TRIGGER, found.oid);
        draft.add_at(address, node);
        draft.target(address, words, Some(found.owner), format!("event trigger {}", found.name));
    }
    Ok(())
}
