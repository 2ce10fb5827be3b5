//! Which roles a statement needs, kept in the object's name where a loader can read it back.
//!
//! Objects of kind `owner`, `grant`, `default privileges`, `role setting` and `user mapping` are named
//! `"role", "another role": what it is about`: every role in double quotes, quotes inside doubled. A policy keeps its own name; its
//! roles stand in its statement.

use std::collections::BTreeSet;

use holdfast_contract::snapshot::SchemaObject;

use super::guests::inner;
use crate::postgres::sql::Ident;

/// The kinds whose names begin with roles.
const NAMED: [&str; 5] = ["owner", "grant", "default privileges", "role setting", "user mapping"];

/// `"a", "b"`, or `PUBLIC` for nobody in particular.
pub fn list(roles: &[String]) -> String {
    if roles.is_empty() {
        return "PUBLIC".to_owned();
    }
    roles.iter().map(|role| Ident(role).to_string()).collect::<Vec<_>>().join(", ")
}

/// The name of an object that needs roles.
pub fn name<'a>(roles: impl IntoIterator<Item = &'a str>, about: &str) -> String {
    let unique: BTreeSet<&str> = roles.into_iter().collect();
    let quoted: Vec<String> = unique.into_iter().map(|role| Ident(role).to_string()).collect();
    format!("{}: {about}", quoted.join(", "))
}

/// Roles that must exist before the object's statements can run, for the kinds that name any.
pub fn roles_of(object: &SchemaObject) -> BTreeSet<String> {
    if NAMED.contains(&object.kind.as_str()) {
        return names_in(&object.name);
    }
    match (object.kind.as_str(), object.sql.first()) {
        ("policy", Some(sql)) => of_policy(sql).unwrap_or_default(),
        _ => BTreeSet::new(),
    }
}

/// Over all objects.
pub fn roles_needed(objects: &[SchemaObject]) -> BTreeSet<String> {
    objects.iter().flat_map(roles_of).collect()
}

/// The quoted names at the beginning of an object's name.
pub fn names_in(name: &str) -> BTreeSet<String> {
    quoted_list(name).0
}

fn of_policy(sql: &str) -> Option<BTreeSet<String>> {
    let (_, rest) = quoted_name(inner(sql).strip_prefix("CREATE POLICY ")?)?;
    let (_, rest) = quoted_name(rest.strip_prefix(" ON ")?)?;
    let (_, rest) = quoted_name(rest.strip_prefix('.')?)?;
    let (_, rest) = rest.split_once(" TO ")?;
    Some(quoted_list(rest).0)
}

fn quoted_list(text: &str) -> (BTreeSet<String>, &str) {
    let mut found = BTreeSet::new();
    let mut rest = text;
    while let Some((name, after)) = quoted_name(rest) {
        found.insert(name);
        match after.strip_prefix(", ") {
            Some(more) => rest = more,
            None => return (found, after),
        }
    }
    (found, rest)
}

fn quoted_name(text: &str) -> Option<(String, &str)> {
    let mut rest = text.strip_prefix('"')?;
    let mut name = String::new();
    loop {
        let end = rest.find('"')?;
        name.push_str(&rest[..end]);
        rest = &rest[end + 1..];
        match rest.strip_prefix('"') {
            Some(more) => {
                name.push('"');
                rest = more;
            }
            None => return Some((name, rest)),
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use holdfast_contract::snapshot::Phase;

    use super::*;

    #[test]
    fn odd_roles_come_back_from_names_and_policies() {
        let object = |kind: &str, name: String, sql: &str| SchemaObject {
            kind: kind.into(),
            schema: None,
            name,
            table: None,
            partition_of: None,
            phase: Phase::After,
            sql: vec![sql.into()],
        };
        let roles = ["a\"b, \"c", "plain", "x: y"];
        let wanted: BTreeSet<String> = roles.iter().map(|role| (*role).to_owned()).collect();
        assert_eq!(roles_of(&object("grant", name(roles, "table public.\"t\": 1"), "")), wanted);
        let sql = format!(
            "CREATE POLICY \"p TO \"\"q\" ON \"s\".\"t TO \" AS PERMISSIVE FOR ALL TO {} USING (true)",
            list(&roles.map(str::to_owned))
        );
        assert_eq!(roles_of(&object("policy", "p".into(), &sql)), wanted);
        let public = "CREATE POLICY \"p\" ON \"s\".\"t\" AS PERMISSIVE FOR ALL TO PUBLIC USING (x = \"y\")";
        assert!(roles_of(&object("policy", "p".into(), public)).is_empty());
        assert!(roles_of(&object("table", "\"x\"".into(), "")).is_empty());
    }
}
