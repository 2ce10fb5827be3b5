//! Statements of SQLite and lines for the `sqlite3` program.

use holdfast_contract::import::SqlDialect;

use super::super::tokens::tokens;
use super::{Verb, Verdict, changed, first_word, object_kind, skip_existence};

const LITE: SqlDialect = SqlDialect::Sqlite;

/// Settings that belong to the database and are taken over.
pub(crate) const KEPT: [&str; 8] = [
    "user_version",
    "application_id",
    "encoding",
    "page_size",
    "auto_vacuum",
    "defer_foreign_keys",
    "legacy_alter_table",
    "recursive_triggers",
];
/// Settings of the session that makes the dump's work quick or safe; the import has its own.
const PASSED_OVER: [&str; 16] = [
    "foreign_keys",
    "journal_mode",
    "synchronous",
    "cache_size",
    "temp_store",
    "locking_mode",
    "busy_timeout",
    "wal_autocheckpoint",
    "wal_checkpoint",
    "optimize",
    "foreign_key_check",
    "integrity_check",
    "quick_check",
    "ignore_check_constraints",
    "automatic_index",
    "mmap_size",
];

pub(super) fn command(line: &str) -> Verdict {
    let word = line.split_ascii_whitespace().next().unwrap_or_default();
    Verdict { what: word.chars().take(40).collect(), ..Verdict::new("sqlite3 command", None) }
        .refuse("commands for the sqlite3 program are not carried out")
}

pub(super) fn statement(sql: &str, head: &str) -> Verdict {
    let (first, mut words) = first_word(head, LITE);
    let verdict = match first.as_str() {
        "CREATE" | "ALTER" | "DROP" => {
            let kind = object_kind(&mut words);
            skip_existence(&mut words);
            let name = words.dotted();
            let verdict = Verdict::new(format!("{first} {kind}"), name.clone());
            match (first.as_str(), kind.as_str()) {
                ("CREATE", "TABLE" | "VIEW" | "VIRTUAL TABLE") => verdict.about(Verb::Creates, name),
                ("DROP", "TABLE" | "VIEW") => verdict.about(Verb::Drops, name),
                _ => verdict,
            }
        }
        "INSERT" | "REPLACE" | "UPDATE" | "DELETE" => {
            let table = changed(&first, &mut words);
            let verdict = Verdict::new(first, table.clone());
            match table.as_deref() {
                Some(name) if is_schema_table(name) => return schema_row(verdict, sql),
                _ => verdict.about(Verb::Changes, table),
            }
        }
        "BEGIN" | "COMMIT" | "END" => Verdict { control: true, ..Verdict::new(first, None) },
        "ROLLBACK" if !tokens(head, LITE).any(|word| word.is("to")) => Verdict::new(first, None).refuse(
            "the file takes everything back: sqlite3 writes this at the end of a dump that met errors",
        ),
        "ATTACH" | "DETACH" => Verdict::new(first, None).refuse("it opens another file"),
        "VACUUM" if tokens(head, LITE).any(|word| word.is("into")) => {
            Verdict::new("VACUUM INTO", None).refuse("it writes another file")
        }
        "VACUUM" => Verdict::new(first, None).leave_out("a new file needs none"),
        "PRAGMA" => pragma(words.dotted()),
        _ => Verdict::new(first, None),
    };
    if loads_code(sql) {
        return verdict.refuse("it loads a library into this program");
    }
    verdict
}

fn pragma(name: Option<String>) -> Verdict {
    let name = name.unwrap_or_default().to_ascii_lowercase();
    let name = name.strip_prefix("main.").unwrap_or(&name).to_owned();
    let verdict = Verdict::new("PRAGMA", Some(name.clone()));
    match name.as_str() {
        // Only for the rows that `schema_row` lets pass.
        "writable_schema" => verdict.leave_out(""),
        _ if KEPT.contains(&name.as_str()) => verdict,
        _ if PASSED_OVER.contains(&name.as_str()) => verdict.leave_out(""),
        _ => verdict.refuse("this setting is not one that a dump needs"),
    }
}

fn is_schema_table(name: &str) -> bool {
    let name = name.to_ascii_lowercase();
    ["sqlite_schema", "sqlite_master", "main.sqlite_schema", "main.sqlite_master"].contains(&name.as_str())
}

/// `sqlite3 .dump` writes virtual tables straight into the schema. That form alone passes.
fn schema_row(verdict: Verdict, sql: &str) -> Verdict {
    match virtual_table(sql) {
        Some((name, _)) => {
            let mut verdict =
                Verdict::new("CREATE VIRTUAL TABLE", Some(name.clone())).about(Verb::Creates, Some(name));
            verdict.what = format!("{} (written into the schema)", verdict.what);
            verdict
        }
        None => verdict.refuse("it writes the schema itself"),
    }
}

/// Name and definition in `INSERT INTO sqlite_schema(type,name,tbl_name,rootpage,sql)VALUES('table','n','n',0,'CREATE VIRTUAL TABLE …')`.
pub(crate) fn virtual_table(sql: &str) -> Option<(String, String)> {
    use super::super::tokens::Token::{Sign, Text, Word};
    let mut words = tokens(sql, LITE);
    if !words.eat(&["insert", "into"]) || !is_schema_table(&words.dotted()?) {
        return None;
    }
    let rest: Vec<_> = words.take(40).collect();
    let columns = ["type", "name", "tbl_name", "rootpage", "sql"];
    let named = columns
        .iter()
        .enumerate()
        .all(|(index, name)| rest.get(1 + 2 * index).is_some_and(|word| word.is(name)));
    match rest.get(11..) {
        Some(
            [
                values,
                Sign(b'('),
                Text("table"),
                _,
                Text(name),
                _,
                Text(table),
                _,
                Word("0"),
                _,
                Text(sql),
                Sign(b')'),
            ],
        ) if named && values.is("values") && name == table => {
            let sql = sql.replace("''", "'");
            let (first, mut words) = first_word(&sql, LITE);
            let virtual_one = first == "CREATE" && object_kind(&mut words) == "VIRTUAL TABLE";
            virtual_one.then(|| (name.replace("''", "'"), sql))
        }
        _ => None,
    }
}

fn loads_code(sql: &str) -> bool {
    const NAME: &[u8] = b"load_extension";
    // Values are long and code is short: look closely only where the word is at all.
    memchr::memchr2_iter(b'l', b'L', sql.as_bytes())
        .any(|at| sql.as_bytes().get(at..at + NAME.len()).is_some_and(|text| text.eq_ignore_ascii_case(NAME)))
        && tokens(sql, LITE).any(|token| token.is("load_extension"))
}
