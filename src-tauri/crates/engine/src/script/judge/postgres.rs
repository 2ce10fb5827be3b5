//! Statements of PostgreSQL and lines for `psql`.

use holdfast_contract::import::SqlDialect;

use super::super::postgres::is_copy_from_stdin;
use super::super::tokens::{Token, Tokens, tokens};
use super::{Judge, Verb, Verdict, changed, first_word, object_kind, skip_existence};

const PG: SqlDialect = SqlDialect::Postgres;
const SERVER: &str = "it changes the server beyond the target database";

impl Judge {
    pub(super) fn postgres_command(&mut self, line: &str) -> Verdict {
        let word = line.split(|letter: char| letter.is_whitespace()).next().unwrap_or_default();
        let rest = line[word.len()..].trim();
        let verdict = Verdict::new("psql command", None);
        let verdict = Verdict { what: word.chars().take(40).collect(), ..verdict };
        match word {
            "\\restrict" | "\\unrestrict" => verdict.leave_out(""),
            "\\encoding"
                if ["utf8", "utf-8", "'utf8'", "unicode"].contains(&rest.to_ascii_lowercase().as_str()) =>
            {
                verdict.leave_out("")
            }
            "\\encoding" => verdict.refuse("only UTF-8 is read; dump with --encoding=UTF8"),
            "\\connect" | "\\c" if self.same_database(&connect_target(rest)) => {
                verdict.leave_out("everything goes into the target database")
            }
            "\\connect" | "\\c" => {
                verdict.refuse("the file goes on in a second database; cut it into one file for each")
            }
            _ => verdict.refuse("commands for psql are not carried out"),
        }
    }

    pub(super) fn postgres(&mut self, sql: &str, head: &str) -> Verdict {
        let (first, mut words) = first_word(head, PG);
        match first.as_str() {
            "CREATE" | "ALTER" | "DROP" => self.definition(&first, words, head),
            "COPY" => copy(sql, words),
            "INSERT" | "UPDATE" | "DELETE" | "TRUNCATE" => {
                let table = changed(&first, &mut words);
                Verdict::new(first, table.clone()).about(Verb::Changes, table)
            }
            "GRANT" | "REVOKE" => self.grant(&first, words),
            "COMMENT" | "SECURITY" => {
                let skipped = words.eat(&["on"]) || words.eat(&["label"]);
                let kind = if skipped { object_kind(&mut words) } else { String::new() };
                let verdict = Verdict::new(format!("{first} ON {kind}"), words.dotted());
                match kind.as_str() {
                    "DATABASE" => verdict.leave_out("it is about the database the file came from"),
                    "ROLE" | "TABLESPACE" => verdict.refuse(SERVER),
                    _ => verdict,
                }
            }
            "BEGIN" | "START" | "COMMIT" | "END" => Verdict { control: true, ..Verdict::new(first, None) },
            "ROLLBACK" | "ABORT" if !words.eat(&["to"]) => {
                Verdict { outside_transaction: true, ..Verdict::new(first, None) }
            }
            "PREPARE" if words.eat(&["transaction"]) => {
                Verdict::new("PREPARE TRANSACTION", None).refuse(SERVER)
            }
            "VACUUM" => Verdict { outside_transaction: true, ..Verdict::new(first, words.dotted()) },
            "CLUSTER" => {
                let table = words.dotted();
                Verdict { outside_transaction: table.is_none(), ..Verdict::new(first, table) }
            }
            "REINDEX" => {
                let outside = tokens(head, PG).take(6).any(|word| {
                    ["concurrently", "database", "system", "schema"].iter().any(|name| word.is(name))
                });
                Verdict { outside_transaction: outside, ..Verdict::new(first, None) }
            }
            "LOAD" => Verdict::new(first, None).refuse("it loads a library into the server"),
            "REASSIGN" | "CHECKPOINT" => Verdict::new(first, None).refuse(SERVER),
            "SET" if words.eat(&["session", "authorization"]) || words.eat(&["role"]) => {
                self.become_other(words)
            }
            "SET" => client_encoding(words),
            "DO" | "CALL" => Verdict {
                warning: Some(
                    "what this code does cannot be told beforehand; it runs with the rights of the login"
                        .into(),
                ),
                ..Verdict::new(first, None)
            },
            _ => Verdict::new(first, None),
        }
    }

    fn definition(&mut self, first: &str, mut words: Tokens<'_>, head: &str) -> Verdict {
        if first == "ALTER" && words.eat(&["default", "privileges"]) {
            let verdict = Verdict::new("ALTER DEFAULT PRIVILEGES", None);
            if self.without_owners {
                return verdict.leave_out("ownership and grants are passed over");
            }
            self.grantees(words);
            return verdict;
        }
        let kind = object_kind(&mut words);
        if first == "DROP" && kind == "OWNED" {
            return Verdict::new("DROP OWNED", None).refuse(SERVER);
        }
        let concurrently = words.eat(&["concurrently"]);
        skip_existence(&mut words);
        words.eat(&["only"]);
        let name = words.dotted();
        let verdict = Verdict::new(format!("{first} {kind}"), name.clone());
        match kind.as_str() {
            "DATABASE" if self.same_database(name.as_deref().unwrap_or_default()) => {
                return verdict.leave_out("the target database is made by the import itself");
            }
            "DATABASE" => return verdict.refuse("it is about another database"),
            "ROLE" | "USER" | "GROUP" | "TABLESPACE" | "SYSTEM" => return verdict.refuse(SERVER),
            "SUBSCRIPTION" => {
                return verdict.refuse("a subscription connects this server to another one; make it by hand");
            }
            "EXTENSION" if first == "CREATE" => self.extensions.extend(name.clone()),
            _ => {}
        }
        let mut verdict = verdict;
        if first == "ALTER" {
            let mut rest = words.clone();
            let owner = std::iter::from_fn(|| rest.next().map(|token| (token, rest.clone())))
                .find(|(token, after)| token.is("owner") && after.clone().eat(&["to"]));
            if let Some((_, mut after)) = owner {
                if self.without_owners {
                    return verdict.leave_out("ownership and grants are passed over");
                }
                after.next();
                if let Some(role) = after.next().and_then(|role| role.text().map(str::to_owned)) {
                    self.named_role(&role);
                }
            }
        }
        let detaches = first == "ALTER" && tokens(head, PG).any(|word| word.is("concurrently"));
        verdict.outside_transaction = concurrently || detaches;
        if matches!(kind.as_str(), "TABLE" | "FOREIGN TABLE" | "VIEW" | "MATERIALIZED VIEW") {
            match first {
                "CREATE" => verdict = verdict.about(Verb::Creates, name),
                "DROP" => verdict = verdict.about(Verb::Drops, name),
                _ => {}
            }
        }
        verdict
    }

    fn grant(&mut self, first: &str, words: Tokens<'_>) -> Verdict {
        let verdict = Verdict::new(first, None);
        if self.without_owners {
            return verdict.leave_out("ownership and grants are passed over");
        }
        let on = words.clone().any(|word| word.is("on"));
        if !on {
            return verdict.refuse("it makes a role a member of another, which is the server's affair");
        }
        let mut about = words.clone();
        if about.find(|word| word.is("on")).is_some() {
            if about.eat(&["database"]) {
                return verdict.leave_out("it is about the database the file came from");
            }
            if about.eat(&["tablespace"]) || about.eat(&["parameter"]) {
                return verdict.refuse(SERVER);
            }
        }
        self.grantees(words);
        verdict
    }

    /// The roles behind the last TO or FROM.
    fn grantees(&mut self, mut words: Tokens<'_>) {
        let mut list = None;
        while let Some(token) = words.next() {
            if token.is("to") || token.is("from") {
                list = Some(words.clone());
            }
        }
        let Some(list) = list else { return };
        for token in list {
            match token {
                Token::Sign(b',') => {}
                Token::Word(word) if word.eq_ignore_ascii_case("group") => {}
                Token::Word(word)
                    if ["with", "granted", "cascade", "restrict"]
                        .iter()
                        .any(|end| word.eq_ignore_ascii_case(end)) =>
                {
                    return;
                }
                other => match other.text() {
                    Some(role) => self.named_role(role),
                    None => return,
                },
            }
        }
    }

    fn named_role(&mut self, role: &str) {
        const NOBODY: [&str; 4] = ["public", "current_user", "session_user", "current_role"];
        if !NOBODY.iter().any(|name| role.eq_ignore_ascii_case(name)) {
            self.role(role);
        }
    }

    fn become_other(&mut self, mut words: Tokens<'_>) -> Verdict {
        let verdict = Verdict::new("SET ROLE", None);
        if self.without_owners {
            return verdict.leave_out("ownership and grants are passed over");
        }
        if let Some(role) = words.next().and_then(|role| role.text().map(str::to_owned))
            && !role.eq_ignore_ascii_case("default")
            && !role.eq_ignore_ascii_case("none")
        {
            self.named_role(&role);
        }
        verdict
    }
}

/// `shop`, `-reuse-previous=on "dbname='shop'"`
fn connect_target(rest: &str) -> String {
    let rest = rest.strip_prefix("-reuse-previous=on").unwrap_or(rest).trim().trim_matches('"');
    let rest = rest.strip_prefix("dbname=").unwrap_or(rest);
    rest.trim_matches('\'').to_owned()
}

fn copy(sql: &str, mut words: Tokens<'_>) -> Verdict {
    let mut ahead = words.clone();
    // COPY (query) TO …
    let table = if ahead.next() == Some(Token::Sign(b'(')) { None } else { words.dotted() };
    let verdict = Verdict::new("COPY", table.clone());
    if is_copy_from_stdin(sql) {
        return verdict.about(Verb::Changes, table);
    }
    let program = tokens(sql, PG).any(|word| word.is("program"));
    verdict.refuse(if program {
        "it runs a program on the server"
    } else {
        "it reads or writes a file of the server, or writes to the client"
    })
}

fn client_encoding(mut words: Tokens<'_>) -> Verdict {
    let verdict = Verdict::new("SET", None);
    if !words.eat(&["client_encoding"]) {
        return verdict;
    }
    let value = words.nth(1).and_then(|value| value.text().map(str::to_ascii_lowercase)).unwrap_or_default();
    match value.as_str() {
        "utf8" | "utf-8" | "unicode" => verdict,
        "sql_ascii" => verdict.leave_out("the file is read as UTF-8"),
        _ => Verdict { what: "SET client_encoding".into(), ..verdict }
            .refuse("only UTF-8 is read; dump with --encoding=UTF8"),
    }
}
