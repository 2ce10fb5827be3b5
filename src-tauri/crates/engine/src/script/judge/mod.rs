//! What a piece of a script is, and whether it may run: the same verdict when a file is looked through and when it is
//! run, so that what was shown is what happens.
//!
//! Refused is what reaches beyond the target database by its very words (other databases, roles, the server's files and
//! settings) and every command for a client program. Code inside functions and `DO` blocks is not looked into.

mod mysql;
mod postgres;
pub(super) mod sqlite;

use std::collections::BTreeSet;

use holdfast_contract::import::SqlDialect;

use super::tokens::{Token, Tokens, tokens};
use super::{Piece, What};

/// Words looked at to say what a statement is; values come later.
const HEAD: usize = 16 << 10;
/// Names are kept up to here: enough to say what is missing.
const NAMES: usize = 500;

#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Action {
    Run,
    /// Passed over, with the reason. Empty: nothing worth telling (`DELIMITER`).
    LeaveOut(String),
    Refuse(String),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Verb {
    Creates,
    Drops,
    Changes,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Verdict {
    /// `CREATE TABLE`, `INSERT`: bounded in number.
    pub kind: String,
    /// With the name it is about; never data.
    pub what: String,
    pub action: Action,
    pub table: Option<(Verb, String)>,
    pub warning: Option<String>,
    /// The server does not run it inside a transaction.
    pub outside_transaction: bool,
    /// BEGIN, COMMIT and the like.
    pub control: bool,
}

impl Verdict {
    fn new(kind: impl Into<String>, name: Option<String>) -> Self {
        let kind = kind.into();
        let what = match name {
            Some(name) => format!("{kind} {}", name.chars().take(200).collect::<String>()),
            None => kind.clone(),
        };
        Self {
            kind,
            what,
            action: Action::Run,
            table: None,
            warning: None,
            outside_transaction: false,
            control: false,
        }
    }

    fn refuse(mut self, why: impl Into<String>) -> Self {
        self.action = Action::Refuse(why.into());
        self
    }

    fn leave_out(mut self, why: impl Into<String>) -> Self {
        self.action = Action::LeaveOut(why.into());
        self
    }

    fn about(mut self, verb: Verb, table: Option<String>) -> Self {
        self.table = table.map(|table| (verb, table));
        self
    }
}

pub(super) struct Judge {
    dialect: SqlDialect,
    without_owners: bool,
    /// Transaction control of the file is passed over: there is one transaction around everything.
    one_transaction: bool,
    /// The database the file says it is about; it becomes the target.
    database: Option<String>,
    pub roles: BTreeSet<String>,
    pub extensions: BTreeSet<String>,
}

impl Judge {
    pub fn new(dialect: SqlDialect, without_owners: bool, one_transaction: bool) -> Self {
        Self {
            dialect,
            without_owners,
            one_transaction,
            database: None,
            roles: BTreeSet::new(),
            extensions: BTreeSet::new(),
        }
    }

    /// None for pieces that are no statement.
    pub fn judge(&mut self, piece: &Piece) -> Option<Verdict> {
        match piece.what {
            What::Space | What::Rows | What::RowsEnd => None,
            What::Command => {
                let line = String::from_utf8_lossy(&piece.text).trim().to_owned();
                Some(match self.dialect {
                    SqlDialect::Postgres => self.postgres_command(&line),
                    SqlDialect::Mysql => mysql::command(&line),
                    SqlDialect::Sqlite => sqlite::command(&line),
                })
            }
            What::Statement => {
                let sql = piece.sql();
                let head = &sql[..sql.floor_char_boundary(HEAD)];
                if tokens(head, self.dialect).next().is_none() {
                    // An empty statement: `;;`
                    return Some(Verdict::new("", None).leave_out(""));
                }
                let mut verdict = match self.dialect {
                    SqlDialect::Postgres => self.postgres(sql, head),
                    SqlDialect::Mysql => self.mysql(head),
                    SqlDialect::Sqlite => sqlite::statement(sql, head),
                };
                if verdict.control && self.one_transaction && verdict.action == Action::Run {
                    verdict.action = Action::LeaveOut(String::new());
                }
                Some(verdict)
            }
        }
    }

    /// The first database that a file names is the one that becomes the target.
    fn same_database(&mut self, name: &str) -> bool {
        self.database.get_or_insert_with(|| name.to_owned()) == name
    }

    fn role(&mut self, name: &str) {
        if self.roles.len() < NAMES && !name.is_empty() {
            self.roles.insert(name.to_owned());
        }
    }
}

/// Words between CREATE and what is created.
const MODIFIERS: [&str; 17] = [
    "or",
    "replace",
    "temp",
    "temporary",
    "unlogged",
    "unique",
    "global",
    "local",
    "recursive",
    "constraint",
    "trusted",
    "procedural",
    "fulltext",
    "spatial",
    "aggregate",
    "definer",
    "if",
];
/// What takes two words.
const PAIRS: [(&str, &str); 15] = [
    ("materialized", "view"),
    ("foreign", "table"),
    ("foreign", "data"),
    ("event", "trigger"),
    ("access", "method"),
    ("text", "search"),
    ("operator", "class"),
    ("operator", "family"),
    ("default", "privileges"),
    ("default", "conversion"),
    ("user", "mapping"),
    ("virtual", "table"),
    ("large", "object"),
    ("logfile", "group"),
    ("resource", "group"),
];

/// `TABLE`, `MATERIALIZED VIEW`: what a CREATE, ALTER, DROP or COMMENT ON is about. `words` stands behind it afterwards.
fn object_kind(words: &mut Tokens<'_>) -> String {
    loop {
        let Some(token) = words.next() else { return String::new() };
        let Token::Word(word) = token else {
            continue;
        };
        if word.eq_ignore_ascii_case("definer") {
            // DEFINER = `who`@`where`
            let mut ahead = words.clone();
            if ahead.next() == Some(Token::Sign(b'=')) {
                ahead.next();
                *words = ahead.clone();
                if ahead.next() == Some(Token::Sign(b'@')) {
                    ahead.next();
                    *words = ahead;
                }
            }
            continue;
        }
        let lower = word.to_ascii_lowercase();
        if lower == "algorithm"
            || lower == "sql"
            || lower == "security"
            || lower == "undefined"
            || lower == "merge"
        {
            continue;
        }
        if lower == "temptable" || lower == "invoker" || MODIFIERS.contains(&lower.as_str()) {
            continue;
        }
        if let Some((_, second)) =
            PAIRS.iter().find(|(first, second)| *first == lower && words.clone().eat(&[second]))
        {
            words.eat(&[second]);
            return format!("{lower} {second}").to_ascii_uppercase();
        }
        return lower.to_ascii_uppercase();
    }
}

fn skip_existence(words: &mut Tokens<'_>) {
    let _ = words.eat(&["if", "not", "exists"]) || words.eat(&["if", "exists"]);
}

fn first_word(head: &str, dialect: SqlDialect) -> (String, Tokens<'_>) {
    let mut words = tokens(head, dialect);
    let first = match words.next() {
        Some(Token::Word(word)) => word.to_ascii_uppercase(),
        Some(Token::Sign(b'(')) => "SELECT".into(),
        _ => "?".into(),
    };
    // A made-up word is not a kind of its own: a broken file must not make a long list.
    let known = first.len() <= 20 && first.bytes().all(|byte| byte.is_ascii_alphabetic());
    (if known { first } else { "?".into() }, words)
}

/// INSERT, UPDATE, DELETE, TRUNCATE, REPLACE: the table they change.
fn changed(first: &str, words: &mut Tokens<'_>) -> Option<String> {
    match first {
        "INSERT" | "REPLACE" => {
            for _ in 0..4 {
                if words.eat(&["into"]) {
                    break;
                }
                let mut ahead = words.clone();
                match ahead.next() {
                    Some(token)
                        if [
                            "or",
                            "ignore",
                            "replace",
                            "low_priority",
                            "delayed",
                            "high_priority",
                            "abort",
                            "fail",
                            "rollback",
                        ]
                        .iter()
                        .any(|word| token.is(word)) =>
                    {
                        *words = ahead
                    }
                    _ => break,
                }
            }
        }
        "UPDATE" | "TRUNCATE" => {
            words.eat(&["table"]);
            words.eat(&["only"]);
        }
        "DELETE" => {
            words.eat(&["from"]);
            words.eat(&["only"]);
        }
        _ => return None,
    }
    words.dotted()
}
