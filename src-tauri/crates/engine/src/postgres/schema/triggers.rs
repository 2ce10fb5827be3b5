//! Triggers and rules, with whether they fire.

use serde::Deserialize;
use sqlx::PgConnection;

use super::catalog::{Address, FIRST_USER_OID, class, rows};
use super::draft::{Draft, Node, Rank};
use crate::Result;
use crate::postgres::sql::Ident;

#[derive(Deserialize)]
struct Trigger {
    oid: u32,
    name: String,
    table: u32,
    /// When it fires: `O`rigin, `D`isabled, `R`eplica, `A`lways.
    enabled: char,
    internal: bool,
    constraint: u32,
    /// The trigger of the parent table that this one was cloned from.
    parent: u32,
    parent_enabled: Option<char>,
    definition: Option<String>,
}

#[derive(Deserialize)]
struct Rule {
    oid: u32,
    name: String,
    table: u32,
    enabled: char,
    definition: String,
}

pub async fn collect(conn: &mut PgConnection, draft: &mut Draft) -> Result<()> {
    let sql = format!(
        "SELECT t.oid::int8 AS oid, t.tgname AS name, t.tgrelid::int8 AS table, t.tgenabled::text AS enabled, \
         t.tgisinternal AND t.tgparentid = 0 AS internal, t.tgconstraint::int8 AS constraint, t.tgparentid::int8 AS parent, \
         p.tgenabled::text AS parent_enabled, \
         CASE WHEN NOT t.tgisinternal THEN pg_catalog.pg_get_triggerdef(t.oid) END AS definition \
         FROM pg_catalog.pg_trigger t LEFT JOIN pg_catalog.pg_trigger p ON p.oid = t.tgparentid \
         WHERE t.oid >= {FIRST_USER_OID} AND (NOT t.tgisinternal OR t.tgenabled <> COALESCE(p.tgenabled, 'O')) \
         ORDER BY t.tgrelid, t.tgname"
    );
    for trigger in rows::<Trigger>(conn, "Reading triggers", &sql).await? {
        add_trigger(draft, &trigger);
    }
    let sql = format!(
        "SELECT r.oid::int8 AS oid, r.rulename AS name, r.ev_class::int8 AS table, r.ev_enabled::text AS enabled, \
         pg_catalog.pg_get_ruledef(r.oid) AS definition FROM pg_catalog.pg_rewrite r \
         WHERE r.oid >= {FIRST_USER_OID} AND r.ev_type <> '1' ORDER BY r.ev_class, r.rulename"
    );
    for rule in rows::<Rule>(conn, "Reading rules", &sql).await? {
        add_rule(draft, &rule);
    }
    Ok(())
}

/// The words of ALTER for `pg_trigger.tgenabled` and its like.
pub fn firing(letter: char) -> &'static str {
    match letter {
        'D' => "DISABLE",
        'R' => "ENABLE REPLICA",
        'A' => "ENABLE ALWAYS",
        _ => "ENABLE",
    }
}

fn add_trigger(draft: &mut Draft, trigger: &Trigger) {
    let address = Address::new(class::TRIGGER, trigger.oid);
    let Some(table) = draft.home(trigger.table, address) else { return };
    let quoted = table.quoted();
    let state = format!("ALTER TABLE {quoted} {} TRIGGER {}", firing(trigger.enabled), Ident(&trigger.name));
    let (schema, title) =
        (table.schema.clone(), format!("trigger {} on {}", trigger.name, table.table_name()));
    if trigger.parent != 0 {
        if trigger.parent_enabled != Some(trigger.enabled) {
            let mut node =
                Node::new("trigger state", Rank::Trigger, Some(&schema), &trigger.name).on(table).sql(state);
            // After the parent's trigger, and after that one's own state was set.
            node.wants.push(Address::new(class::TRIGGER, trigger.parent));
            draft.add(node);
        }
        return;
    }
    if trigger.internal {
        let node = Node::new("trigger state", Rank::Trigger, Some(&schema), &trigger.name).on(table);
        draft.add(node.lost("A constraint's own trigger is switched off or to replica mode; after a restore the constraint is enforced as usual."));
        return;
    }
    let Some(definition) = &trigger.definition else { return };
    let mut node = Node::new("trigger", Rank::Trigger, Some(&schema), &trigger.name)
        .on(table)
        .sql(draft.making(address, definition.clone()));
    if trigger.enabled != 'O' {
        node = node.sql(state);
    }
    let words = format!("TRIGGER {} ON {quoted}", Ident(&trigger.name));
    let index = draft.add_at(address, node);
    if trigger.constraint != 0 {
        draft.also(Address::new(class::CONSTRAINT, trigger.constraint), index);
    }
    draft.target(address, words, None, title);
}

fn add_rule(draft: &mut Draft, rule: &Rule) {
    let address = Address::new(class::REWRITE, rule.oid);
    let Some(table) = draft.home(rule.table, address) else { return };
    let quoted = table.quoted();
    let mut node = Node::new("rule", Rank::Rule, Some(&table.schema), &rule.name).on(table);
    node = node.sql(draft.making(address, rule.definition.trim_end().trim_end_matches(';').to_owned()));
    if rule.enabled != 'O' {
        node = node.sql(format!("ALTER TABLE {quoted} {} RULE {}", firing(rule.enabled), Ident(&rule.name)));
    }
    let title = format!("rule {} on {}", rule.name, table.table_name());
    let words = format!("RULE {} ON {quoted}", Ident(&rule.name));
    draft.add_at(address, node);
    draft.target(address, words, None, title);
}
