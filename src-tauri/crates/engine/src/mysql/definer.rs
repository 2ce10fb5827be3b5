//! The account that a view, routine, trigger or event runs as: found in a statement, and replaced on request.
//!
//! The server prints `DEFINER=` in one form only, before the object's name, so a text that happens to read like it
//! inside a body is never touched.

use std::collections::BTreeSet;

use holdfast_contract::snapshot::SchemaObject;

/// An account as the server prints it, without quotes. A role has no host.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Account {
    pub user: String,
    pub host: Option<String>,
}

impl std::fmt::Display for Account {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match &self.host {
            Some(host) => write!(f, "{}@{host}", self.user),
            None => f.write_str(&self.user),
        }
    }
}

/// The definers of all objects, in order of their names.
pub fn all(objects: &[SchemaObject]) -> BTreeSet<Account> {
    objects.iter().flat_map(|object| &object.sql).filter_map(|sql| of(sql)).collect()
}

/// The account in `CREATE … DEFINER=…`, if this is such a statement.
pub fn of(sql: &str) -> Option<Account> {
    find(sql).map(|found| found.account)
}

/// The objects, made to run as the account that loads them.
pub fn map_to_loader(mut objects: Vec<SchemaObject>) -> Vec<SchemaObject> {
    for sql in objects.iter_mut().flat_map(|object| &mut object.sql) {
        if let Some(found) = find(sql) {
            sql.replace_range(found.start..found.end, "CURRENT_USER");
        }
    }
    objects
}

/// As a dump program writes it, in a comment for newer servers: `CREATE /*!50013 DEFINER=`a`@`b` … */ VIEW …`. Who
/// runs the statement becomes the definer.
pub fn drop_from_head(sql: &mut String) {
    let Some(at) = sql.to_ascii_uppercase().find("DEFINER") else { return };
    // Before it stand words and signs of comments only: behind a name or a quote, it would be part of something else.
    let head = |c: char| c.is_ascii_alphanumeric() || c.is_ascii_whitespace() || "_=/*!".contains(c);
    let begins = sql.trim_start_matches(|c: char| c.is_ascii_whitespace() || "/*!M0123456789".contains(c));
    if !sql[..at].chars().all(head) || word(begins, "CREATE").is_none() {
        return;
    }
    let Some(after) = sql[at + "DEFINER".len()..].trim_start().strip_prefix('=') else { return };
    let start = sql.len() - after.trim_start().len();
    let Some((_, tail)) = quoted(&sql[start..]) else { return };
    let tail = tail.strip_prefix('@').and_then(quoted).map_or(tail, |(_, tail)| tail);
    let end = sql.len() - tail.len();
    sql.replace_range(start..end, "CURRENT_USER");
}

struct Found {
    account: Account,
    /// Of what follows `DEFINER=`, in bytes.
    start: usize,
    end: usize,
}

/// Words that may stand between `CREATE` and `DEFINER=`.
const BEFORE: &[&str] = &["OR", "REPLACE", "AGGREGATE"];

fn find(sql: &str) -> Option<Found> {
    let mut rest = word(sql.trim_start(), "CREATE")?;
    loop {
        if let Some(after) = word(rest, "DEFINER").and_then(|after| after.strip_prefix('=')) {
            let after = after.trim_start();
            let start = sql.len() - after.len();
            let (user, tail) = quoted(after)?;
            let (host, tail) = match tail.strip_prefix('@') {
                Some(host) => quoted(host).map(|(host, tail)| (Some(host), tail))?,
                None => (None, tail),
            };
            return Some(Found { account: Account { user, host }, start, end: sql.len() - tail.len() });
        }
        rest = match BEFORE.iter().find_map(|known| word(rest, known)) {
            Some(after) => after,
            None => word(rest, "ALGORITHM")?.strip_prefix('=')?.trim_start().split_once(' ')?.1.trim_start(),
        };
    }
}

/// What follows this word.
fn word<'a>(text: &'a str, wanted: &str) -> Option<&'a str> {
    let head = text.get(..wanted.len())?;
    let tail = &text[wanted.len()..];
    let ends = !tail.starts_with(|c: char| c.is_alphanumeric() || c == '_');
    (head.eq_ignore_ascii_case(wanted) && ends).then(|| tail.trim_start())
}

/// A name in quotes, and what follows it. `CURRENT_USER` is not one.
fn quoted(text: &str) -> Option<(String, &str)> {
    let quote = text.chars().next()?;
    if !matches!(quote, '`' | '\'' | '"') {
        return None;
    }
    let mut name = String::new();
    let mut chars = text.char_indices().skip(1).peekable();
    while let Some((at, c)) = chars.next() {
        if c != quote {
            name.push(c);
        } else if chars.next_if(|(_, next)| *next == quote).is_some() {
            name.push(quote);
        } else {
            return Some((name, &text[at + 1..]));
        }
    }
    None
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use holdfast_contract::snapshot::Phase;

    use super::*;

    #[test]
    fn definers_are_found_where_the_server_prints_them_and_nowhere_else() {
        let account = |user: &str, host: Option<&str>| {
            Some(Account { user: user.to_owned(), host: host.map(str::to_owned) })
        };
        for (sql, wanted) in [
            (
                "CREATE DEFINER=`root`@`localhost` TRIGGER `x` BEFORE INSERT ON t FOR EACH ROW SET @a=1",
                account("root", Some("localhost")),
            ),
            (
                "CREATE ALGORITHM=MERGE DEFINER=`a``b@c`@`%` SQL SECURITY DEFINER VIEW `v` AS select 1",
                account("a`b@c", Some("%")),
            ),
            ("CREATE OR REPLACE DEFINER=`app_role` PROCEDURE p() SELECT 1", account("app_role", None)),
            ("CREATE DEFINER=`u`@`h` AGGREGATE FUNCTION f() RETURNS int RETURN 1", account("u", Some("h"))),
            ("CREATE PROCEDURE p() SELECT 'CREATE DEFINER=`a`@`b`'", None),
            ("CREATE VIEW definer AS SELECT 1", None),
            ("SET SESSION sql_mode = ''", None),
            ("CREATE TABLE `DEFINER=` (i int)", None),
        ] {
            assert_eq!(of(sql), wanted, "{sql}");
        }
    }

    #[test]
    fn definers_of_foreign_dumps_become_whoever_runs_them() {
        for (sql, wanted) in [
            (
                "/*!50003 CREATE*/ /*!50017 DEFINER=`a`@`%`*/ /*!50003 TRIGGER t BEFORE INSERT ON x FOR EACH ROW SET @a = 1 */",
                "/*!50003 CREATE*/ /*!50017 DEFINER=CURRENT_USER*/ /*!50003 TRIGGER t BEFORE INSERT ON x FOR EACH ROW SET @a = 1 */",
            ),
            (
                "CREATE PROCEDURE p() SELECT 'DEFINER=`a`@`b`'",
                "CREATE PROCEDURE p() SELECT 'DEFINER=`a`@`b`'",
            ),
            ("INSERT INTO definer VALUES (1)", "INSERT INTO definer VALUES (1)"),
        ] {
            let mut text = sql.to_owned();
            drop_from_head(&mut text);
            assert_eq!(text, wanted);
        }
    }

    #[test]
    fn mapping_changes_the_account_alone() {
        let sql = "CREATE DEFINER=`gone`@`%` PROCEDURE `p`()\nSELECT 'DEFINER=`gone`@`%`'".to_owned();
        let object = SchemaObject {
            kind: "procedure".into(),
            schema: None,
            name: "p".into(),
            table: None,
            partition_of: None,
            phase: Phase::After,
            sql: vec!["SET SESSION sql_mode = 'ANSI_QUOTES'".into(), sql],
        };
        assert_eq!(all(std::slice::from_ref(&object)).len(), 1);
        let mapped = map_to_loader(vec![object]);
        assert!(all(&mapped).is_empty());
        assert_eq!(
            mapped[0].sql[1],
            "CREATE DEFINER=CURRENT_USER PROCEDURE `p`()\nSELECT 'DEFINER=`gone`@`%`'"
        );
    }
}
