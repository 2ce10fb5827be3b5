//! The views, triggers, routines and events of one database, as statements that name no database.

use holdfast_contract::snapshot::{Phase, SchemaObject, TableName};
use holdfast_contract::{ApiError, ErrorCode};

use super::super::asleep;
use super::super::connect::{Row, Session};
use super::super::sql::{Literal, Name, Qualified};
use super::unqualified;
use crate::Result;

/// With events as they are defined, also where they are at rest. `session` stands in `database`.
pub async fn objects(session: &mut Session, database: &str) -> Result<Vec<SchemaObject>> {
    let mut objects = capture(session, database).await?;
    for event in asleep::noted(session, database).await? {
        match objects.iter_mut().find(|object| object.kind == "event" && object.name == event.name) {
            Some(resting) => *resting = event,
            None => objects.push(event),
        }
    }
    Ok(objects)
}

/// As they are.
pub async fn capture(session: &mut Session, database: &str) -> Result<Vec<SchemaObject>> {
    let mut found = Vec::new();
    let collation =
        session.value("Looking at the database", "SELECT @@collation_database").await?.unwrap_or_default();
    for kind in KINDS {
        let sql = kind.list.replace("{}", &Literal(database).to_string());
        for row in session.rows(&format!("Listing the {}s", kind.word), &sql).await? {
            let mut row = row.into_iter();
            let (Some(name), table) = (row.next().flatten(), row.next().flatten()) else { continue };
            let doing = format!("Reading the {} {name}", kind.word);
            let show = format!("SHOW CREATE {} {}", kind.word.to_uppercase(), Qualified(database, &name));
            let shown = session.rows(&doing, &show).await?.into_iter().next().unwrap_or_default();
            let sql = kind.statements(database, &collation, shown).ok_or_else(|| hidden(kind.word, &name))?;
            let table = table.map(|name| TableName { schema: None, name });
            found.push(SchemaObject {
                kind: kind.word.to_owned(),
                schema: None,
                name,
                table,
                partition_of: None,
                phase: Phase::After,
                sql,
            });
        }
    }
    Ok(found)
}

struct Kind {
    word: &'static str,
    list: &'static str,
    /// Columns of `SHOW CREATE …`: sql_mode, statement, character set; then two collations. Views have no mode.
    mode: Option<usize>,
    statement: usize,
    client: usize,
}

const KINDS: &[Kind] = &[
    Kind {
        word: "trigger",
        list: "SELECT trigger_name, event_object_table FROM information_schema.triggers WHERE trigger_schema = {} \
               ORDER BY event_object_table, event_manipulation, action_timing, action_order",
        mode: Some(1),
        statement: 2,
        client: 3,
    },
    routine(
        "package",
        "SELECT routine_name FROM information_schema.routines WHERE routine_schema = {} AND routine_type = 'PACKAGE' ORDER BY 1",
    ),
    routine(
        "function",
        "SELECT routine_name FROM information_schema.routines WHERE routine_schema = {} AND routine_type = 'FUNCTION' ORDER BY 1",
    ),
    routine(
        "procedure",
        "SELECT routine_name FROM information_schema.routines WHERE routine_schema = {} AND routine_type = 'PROCEDURE' ORDER BY 1",
    ),
    routine(
        "package body",
        "SELECT routine_name FROM information_schema.routines WHERE routine_schema = {} AND routine_type = 'PACKAGE BODY' ORDER BY 1",
    ),
    Kind {
        word: "view",
        list: "SELECT table_name FROM information_schema.views WHERE table_schema = {} ORDER BY 1",
        mode: None,
        statement: 1,
        client: 2,
    },
    Kind {
        word: "event",
        list: "SELECT event_name FROM information_schema.events WHERE event_schema = {} ORDER BY 1",
        mode: Some(1),
        statement: 3,
        client: 4,
    },
];

const fn routine(word: &'static str, list: &'static str) -> Kind {
    Kind { word, list, mode: Some(1), statement: 2, client: 3 }
}

impl Kind {
    /// None when the server keeps the text from this login.
    fn statements(&self, database: &str, collation: &str, shown: Row) -> Option<Vec<String>> {
        let at = |index: usize| shown.get(index).cloned().flatten();
        let text = at(self.statement).filter(|text| !text.is_empty())?;
        let mut sql = Vec::new();
        if let Some(mode) = self.mode {
            sql.push(format!("SET SESSION sql_mode = {}", Literal(&at(mode)?)));
        }
        if self.word == "event" {
            sql.push(format!("SET SESSION time_zone = {}", Literal(&at(2)?)));
        }
        // The session speaks utf8mb4; any other set is that of a text that reads the same in both.
        if let Some(client) = at(self.client).filter(|_| text.is_ascii()) {
            sql.push(format!("SET SESSION character_set_client = {client}"));
        }
        if let Some(connection) = at(self.client + 1) {
            sql.push(format!("SET SESSION collation_connection = {connection}"));
        }
        let text = match self.word {
            "trigger" => unqualified::trigger(&text),
            "view" => unqualified::view(&text, database),
            _ => text,
        };
        let made_under = at(self.client + 2).filter(|own| self.word != "view" && own != collation);
        match made_under {
            // The defaults of the database at the time are those of the routine's variables.
            Some(own) => {
                sql.push(format!("ALTER DATABASE COLLATE {}", Name(&own)));
                sql.push(text);
                sql.push(format!("ALTER DATABASE COLLATE {}", Name(collation)));
            }
            None => sql.push(text),
        }
        Some(sql)
    }
}

fn hidden(kind: &str, name: &str) -> ApiError {
    ApiError::new(ErrorCode::PermissionDenied, format!("The server does not show this login the {kind} {name}."))
        .hint("Use a login that owns it, or one that may read the definitions of all routines (SELECT on mysql.proc).")
}
