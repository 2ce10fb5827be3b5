//! The database itself: what CREATE DATABASE wants, its comment, settings and its roles' settings in it.

use std::collections::BTreeMap;

use serde::Deserialize;
use sqlx::PgConnection;

use super::DATABASE;
use super::catalog::{Address, class, rows};
use super::draft::{Draft, Node, Rank};
use super::roles;
use crate::Result;
use crate::postgres::sql::{Ident, Literal, literals};

#[derive(Deserialize)]
struct Database {
    oid: u32,
    owner: String,
    limit: i32,
    comment: Option<String>,
    facts: BTreeMap<String, Option<String>>,
    tablespace: String,
}

#[derive(Deserialize)]
struct Setting {
    role: Option<String>,
    setting: String,
}

pub async fn collect(
    conn: &mut PgConnection,
    draft: &mut Draft,
    facts: &mut BTreeMap<String, String>,
) -> Result<()> {
    let provider = "CASE datlocprovider WHEN 'i' THEN 'icu' WHEN 'b' THEN 'builtin' ELSE 'libc' END";
    let locale = match draft.version {
        version if version >= 170_000 => format!(
            ", 'locale_provider', {provider}, 'icu_locale', CASE WHEN datlocprovider = 'i' THEN datlocale END, \
             'builtin_locale', CASE WHEN datlocprovider = 'b' THEN datlocale END, 'icu_rules', daticurules"
        ),
        version if version >= 160_000 => {
            format!(", 'locale_provider', {provider}, 'icu_locale', daticulocale, 'icu_rules', daticurules")
        }
        version if version >= 150_000 => {
            format!(", 'locale_provider', {provider}, 'icu_locale', daticulocale")
        }
        _ => String::new(),
    };
    let sql = format!(
        "SELECT d.oid::int8 AS oid, pg_catalog.pg_get_userbyid(d.datdba) AS owner, d.datconnlimit AS limit, \
         pg_catalog.shobj_description(d.oid, 'pg_database') AS comment, pg_catalog.json_build_object( \
           'encoding', pg_catalog.pg_encoding_to_char(d.encoding), 'lc_collate', d.datcollate, 'lc_ctype', d.datctype{locale}) AS facts, \
         t.spcname AS tablespace \
         FROM pg_catalog.pg_database d JOIN pg_catalog.pg_tablespace t ON t.oid = d.dattablespace \
         WHERE d.datname = pg_catalog.current_database()"
    );
    for found in rows::<Database>(conn, "Reading the database", &sql).await? {
        facts.extend(found.facts.into_iter().filter_map(|(name, value)| Some((name, value?))));
        let address = Address::new(class::DATABASE, found.oid);
        let mut node = Node::new("database", Rank::Database, None, "database");
        if let Some(comment) = &found.comment {
            node = node.sql(format!("COMMENT ON DATABASE {DATABASE} IS {}", Literal(comment)));
        }
        if found.limit != -1 {
            node = node.sql(format!("ALTER DATABASE {DATABASE} CONNECTION LIMIT {}", found.limit));
        }
        settings(conn, draft, &mut node).await?;
        draft.add_at(address, node);
        draft.target(address, format!("DATABASE {DATABASE}"), Some(found.owner), "database".to_owned());
        if found.tablespace != "pg_default" {
            facts.insert("tablespace".into(), found.tablespace);
        }
    }
    Ok(())
}

async fn settings(conn: &mut PgConnection, draft: &mut Draft, database: &mut Node) -> Result<()> {
    let sql = "SELECT CASE WHEN s.setrole <> 0 THEN pg_catalog.pg_get_userbyid(s.setrole) END AS role, c.setting \
         FROM pg_catalog.pg_db_role_setting s CROSS JOIN LATERAL pg_catalog.unnest(s.setconfig) WITH ORDINALITY AS c(setting, n) \
         WHERE s.setdatabase = (SELECT d.oid FROM pg_catalog.pg_database d WHERE d.datname = pg_catalog.current_database()) \
         ORDER BY 1, c.n";
    for setting in rows::<Setting>(conn, "Reading settings of the database", sql).await? {
        let (Some((name, _)), Some(change)) =
            (setting.setting.split_once('='), setting_words(&setting.setting))
        else {
            continue;
        };
        match setting.role {
            None => database.sql.push(format!("ALTER DATABASE {DATABASE} {change}")),
            Some(role) => {
                let sql = format!("ALTER ROLE {} IN DATABASE {DATABASE} {change}", Ident(&role));
                let node =
                    Node::new("role setting", Rank::RoleSetting, None, &roles::name([role.as_str()], name));
                draft.add(node.sql(sql));
            }
        }
    }
    Ok(())
}

/// Settings whose values are lists of names: flag 2 (GUC_LIST_QUOTE) is shown nowhere; these are all that have it.
const LISTS: [&str; 6] = [
    "search_path",
    "temp_tablespaces",
    "local_preload_libraries",
    "session_preload_libraries",
    "shared_preload_libraries",
    "unix_socket_directories",
];

/// `SET "work_mem" TO '4MB'` for a stored `work_mem=4MB`.
pub fn setting_words(stored: &str) -> Option<String> {
    let (name, value) = stored.split_once('=')?;
    let value =
        if LISTS.contains(&name.to_lowercase().as_str()) { list(value) } else { Literal(value).to_string() };
    Some(format!("SET {} TO {value}", guc(name)))
}

/// `work_mem`, `my.setting`: each part quoted.
fn guc(name: &str) -> String {
    name.split('.').map(|part| Ident(part).to_string()).collect::<Vec<_>>().join(".")
}

/// A stored list has its elements quoted as names; SET wants them as strings.
fn list(value: &str) -> String {
    let mut elements: Vec<String> = Vec::new();
    let mut current = String::new();
    let (mut quoted, mut was_quoted) = (false, false);
    let mut letters = value.chars().peekable();
    while let Some(letter) = letters.next() {
        match letter {
            '"' if quoted && letters.peek() == Some(&'"') => {
                letters.next();
                current.push('"');
            }
            '"' => {
                quoted = !quoted;
                was_quoted = true;
            }
            ',' if !quoted => {
                elements.push(std::mem::take(&mut current));
                was_quoted = false;
            }
            letter if !quoted && letter.is_whitespace() => {}
            letter => current.push(letter),
        }
    }
    if was_quoted || !current.is_empty() || !elements.is_empty() {
        elements.push(current);
    }
    if elements.is_empty() { "''".to_owned() } else { literals(elements.iter().map(String::as_str)) }
}

#[cfg(test)]
mod tests {
    use super::list;

    #[test]
    fn list_settings_keep_their_elements() {
        assert_eq!(list("\"$user\", public, \"a\"\"b, c\""), "'$user', 'public', 'a\"b, c'");
        assert_eq!(list("\"\""), "''");
        assert_eq!(list(""), "''");
    }
}
