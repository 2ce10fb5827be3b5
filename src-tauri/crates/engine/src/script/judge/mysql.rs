//! Statements of MySQL and MariaDB and lines for their client.

use holdfast_contract::import::SqlDialect;

use super::super::tokens::{Token, Tokens, tokens};
use super::{Judge, Verb, Verdict, changed, first_word, object_kind, skip_existence};

const MY: SqlDialect = SqlDialect::Mysql;
const SERVER: &str = "it changes the server beyond the target database";
const FILES: &str = "it reads or writes a file of the server or of this machine";

pub(super) fn command(line: &str) -> Verdict {
    let word = line.split_ascii_whitespace().next().unwrap_or_default();
    let verdict = Verdict { what: word.chars().take(40).collect(), ..Verdict::new("client command", None) };
    if word.eq_ignore_ascii_case("delimiter") || word == "\\d" {
        return verdict.leave_out("");
    }
    verdict.refuse("commands for the mysql client are not carried out")
}

impl Judge {
    pub(super) fn mysql(&mut self, head: &str) -> Verdict {
        let (first, mut words) = first_word(head, MY);
        let server =
            |words: &Tokens<'_>, second: &[&str]| second.iter().any(|word| words.clone().eat(&[word]));
        match first.as_str() {
            "USE" => {
                let name = words.dotted().unwrap_or_default();
                let verdict = Verdict::new("USE", Some(name.clone()));
                if self.same_database(&name) {
                    verdict.leave_out("everything goes into the target database")
                } else {
                    verdict.refuse("the file goes on in a second database; cut it into one file for each")
                }
            }
            "CREATE" | "ALTER" | "DROP" => self.mysql_definition(&first, words, head),
            "INSERT" | "REPLACE" | "UPDATE" | "DELETE" | "TRUNCATE" => {
                let table = changed(&first, &mut words);
                qualified(Verdict::new(first, table.clone()).about(Verb::Changes, table))
            }
            "LOAD" => Verdict::new(first, None).refuse(FILES),
            "SELECT" if head_has(head, &["outfile", "dumpfile"]) => {
                Verdict::new("SELECT INTO", None).refuse(FILES)
            }
            "GRANT" | "REVOKE" if self.without_owners => {
                Verdict::new(first, None).leave_out("ownership and grants are passed over")
            }
            "GRANT" | "REVOKE" | "INSTALL" | "UNINSTALL" | "SHUTDOWN" | "RESTART" | "KILL" | "PURGE"
            | "RESET" | "CHANGE" | "CLONE" | "IMPORT" | "BINLOG" => Verdict::new(first, None).refuse(SERVER),
            "START" | "STOP" if server(&words, &["slave", "replica", "group_replication", "all"]) => {
                Verdict::new(first, None).refuse(SERVER)
            }
            "RENAME" if words.clone().eat(&["table"]) || words.clone().eat(&["tables"]) => {
                reaching(Verdict::new("RENAME TABLE", None), head)
            }
            "PREPARE" | "EXECUTE" => Verdict {
                warning: Some(
                    "it runs text that is made while it runs, and so cannot be looked at beforehand".into(),
                ),
                ..Verdict::new(first, None)
            },
            "RENAME" if server(&words, &["user"]) => Verdict::new("RENAME USER", None).refuse(SERVER),
            // Nobody else is in the target, and a lock keeps the file's own rows from the sequences they need.
            "LOCK" | "UNLOCK" => Verdict::new(first, None).leave_out(""),
            "FLUSH" => Verdict::new(first, None).leave_out("it is about the server, and not needed"),
            "SET" => set(words, head),
            "BEGIN" | "START" | "COMMIT" | "ROLLBACK" => {
                Verdict { control: true, ..Verdict::new(first, None) }
            }
            "CALL" => Verdict {
                warning: Some(
                    "what this code does cannot be told beforehand; it runs with the rights of the login"
                        .into(),
                ),
                ..Verdict::new(first, None)
            },
            _ => Verdict::new(first, None),
        }
    }

    fn mysql_definition(&mut self, first: &str, mut words: Tokens<'_>, head: &str) -> Verdict {
        if let Some(definer) = definer(head).filter(|_| !self.without_owners) {
            self.role(&definer);
        }
        let kind = object_kind(&mut words);
        skip_existence(&mut words);
        let name = words.dotted();
        let verdict = Verdict::new(format!("{first} {kind}"), name.clone());
        match kind.as_str() {
            "DATABASE" | "SCHEMA" => {
                let own = self.same_database(name.as_deref().unwrap_or_default());
                if own && first == "DROP" {
                    verdict.leave_out("the target database is made by the import itself")
                } else if own {
                    // Its defaults become the target's.
                    verdict
                } else {
                    verdict.refuse("it is about another database")
                }
            }
            "USER" | "ROLE" | "SERVER" | "TABLESPACE" | "UNDO" | "LOGFILE GROUP" | "RESOURCE GROUP"
            | "INSTANCE" => verdict.refuse(SERVER),
            "FUNCTION" if head_has(head, &["soname"]) => verdict.refuse("it loads a library into the server"),
            "TABLE" | "VIEW" if first == "CREATE" => qualified(verdict.about(Verb::Creates, name)),
            "TABLE" | "VIEW" if first == "DROP" => reaching(verdict.about(Verb::Drops, name), head),
            _ => qualified(verdict),
        }
    }
}

/// The file's database has another name here until the import has succeeded, so a name with a database in it would
/// reach past the copy.
fn qualified(verdict: Verdict) -> Verdict {
    let name = verdict.what.strip_prefix(&verdict.kind).unwrap_or_default();
    if name.contains('.') {
        return verdict.refuse("it names a database before the table, and so would reach past the target");
    }
    verdict
}

/// For statements that name several tables and nothing else with a dot.
fn reaching(verdict: Verdict, head: &str) -> Verdict {
    if tokens(head, MY).any(|token| token == Token::Sign(b'.')) {
        return verdict.refuse("it names a database before a table, and so would reach past the target");
    }
    verdict
}

fn set(words: Tokens<'_>, head: &str) -> Verdict {
    let verdict = Verdict::new("SET", None);
    if head_has(head, &["gtid_purged"]) {
        return Verdict { what: "SET GTID_PURGED".into(), ..verdict }
            .leave_out("which transactions a server has seen is its own affair");
    }
    if head_has(head, &["sql_log_bin"]) {
        return Verdict { what: "SET SQL_LOG_BIN".into(), ..verdict }
            .leave_out("whether the server logs this is its own affair");
    }
    let mut ahead = words.clone();
    if ahead.next().is_some_and(|word| word.is("password")) {
        return Verdict { what: "SET PASSWORD".into(), ..verdict }.refuse(SERVER);
    }
    if head_has(head, &["global", "persist", "persist_only"]) {
        return Verdict { what: "SET GLOBAL".into(), ..verdict }.refuse(SERVER);
    }
    verdict
}

fn head_has(head: &str, wanted: &[&str]) -> bool {
    tokens(head, MY).any(|token| matches!(token, Token::Word(word) if wanted.iter().any(|name| word.eq_ignore_ascii_case(name))))
}

/// `who@where` of DEFINER=…
fn definer(head: &str) -> Option<String> {
    let mut words = tokens(head, MY).take(40);
    words.find(|word| word.is("definer"))?;
    if words.next()? != Token::Sign(b'=') {
        return None;
    }
    let user = words.next()?.text()?.to_owned();
    match (words.next(), words.next()) {
        (Some(Token::Sign(b'@')), Some(host)) => Some(format!("{user}@{}", host.text()?)),
        _ => Some(user),
    }
}
