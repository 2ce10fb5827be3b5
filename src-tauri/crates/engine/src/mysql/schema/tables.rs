//! Tables: definition, columns that travel, and how their rows are read.

use std::collections::{HashMap, HashSet};

use holdfast_contract::snapshot::{Column, Phase};

use super::super::connect::{Row, Session};
use super::super::form::{Declared, Period, type_name};
use super::super::rows::changed;
use super::super::sql::{Literal, Name};
use super::{Draft, Stamp, Table, show, text};
use crate::Result;

/// From here on a session may give rows their period (`system_versioning_insert_history`).
const HISTORY_LOADS: u32 = 101_100;

pub async fn collect(session: &mut Session, draft: &mut Draft<'_>) -> Result<()> {
    let transactional = transactional_engines(session).await?;
    let listed = list(session, draft.database).await?;
    let mut columns = columns(session, draft.database).await?;
    let names: Vec<String> = listed.iter().map(|row| row.name.clone()).collect();
    let shown = show::create(session, "TABLE", &names).await?;
    for (listed, row) in listed.into_iter().zip(shown) {
        let row = match row {
            Ok(row) => row,
            Err(refused) => {
                let reason = format!("Its definition cannot be read, so it is not in the backup: {refused}");
                draft.omit("table", &listed.name, reason);
                continue;
            }
        };
        let Some(create) = show::text(&row, 1) else { continue };
        let columns = columns.remove(&listed.name).unwrap_or_default();
        if columns.is_empty() && draft.rights.has("SELECT") {
            // It appeared between the two lists, or could not be looked at.
            return Err(changed(&format!("Listing the columns of {}", listed.name)));
        }
        let table = table(session, draft, listed, &columns, &create, &transactional);
        draft.add(
            "table",
            &table.name,
            None,
            Phase::Before,
            vec![text::unqualified(&create, draft.database)],
        );
        draft.tables.push(table);
    }
    if !draft.rights.has("SELECT") {
        draft.omit(
            "tables",
            "that this login cannot see",
            "This login has no SELECT on the whole database; tables on which it has no right at all are invisible to it and are not in the backup.",
        );
    }
    Ok(())
}

struct Listed {
    name: String,
    versioned: bool,
    engine: String,
    rows: Option<u64>,
    bytes: Option<u64>,
    created: Option<String>,
}

async fn list(session: &mut Session, database: &str) -> Result<Vec<Listed>> {
    let sql = format!(
        "SELECT table_name, table_type, engine, table_rows, data_length + index_length, create_time \
         FROM information_schema.tables WHERE table_schema = {} \
         AND table_type IN ('BASE TABLE', 'SYSTEM VERSIONED') AND table_name NOT IN ({}) ORDER BY table_name, hex(table_name)",
        Literal(database),
        // What a copy without its final name notes down about itself is no part of the database.
        super::super::own_tables()
    );
    // InnoDB always knows when a table was made: without it, the server could not look.
    let looked_at = |row: &Row| match row[2].as_deref() {
        Some("InnoDB") => row[5].is_some(),
        engine => engine.is_some(),
    };
    let rows = show::catalog(session, "Listing the tables", &sql, |rows| rows.iter().all(looked_at)).await?;
    Ok(rows
        .iter()
        .filter_map(|row| {
            Some(Listed {
                name: show::text(row, 0)?,
                versioned: row[1].as_deref() == Some("SYSTEM VERSIONED"),
                engine: show::text(row, 2).unwrap_or_default(),
                rows: show::text(row, 3).and_then(|rows| rows.parse().ok()),
                bytes: show::text(row, 4).and_then(|bytes| bytes.parse().ok()),
                created: show::text(row, 5),
            })
        })
        .collect())
}

async fn transactional_engines(session: &mut Session) -> Result<HashSet<String>> {
    let sql = "SELECT engine FROM information_schema.engines WHERE transactions = 'YES'";
    Ok(session.rows("Listing the engines", sql).await?.into_iter().flatten().flatten().collect())
}

struct Found {
    name: String,
    column_type: String,
    data_type: String,
    charset: Option<String>,
    generated: Option<String>,
    readable: bool,
}

async fn columns(session: &mut Session, database: &str) -> Result<HashMap<String, Vec<Found>>> {
    let sql = format!(
        "SELECT table_name, column_name, column_type, data_type, character_set_name, generation_expression, privileges \
         FROM information_schema.columns WHERE table_schema = {} ORDER BY table_name, ordinal_position",
        Literal(database)
    );
    let mut found: HashMap<String, Vec<Found>> = HashMap::new();
    for row in show::catalog(session, "Listing the columns", &sql, |_| true).await? {
        let Ok([Some(table), Some(name), Some(column_type), Some(data_type), charset, generated, rights]) =
            <[Option<String>; 7]>::try_from(row)
        else {
            continue;
        };
        found.entry(table).or_default().push(Found {
            name,
            column_type,
            data_type: data_type.to_ascii_lowercase(),
            charset,
            generated: generated.filter(|expression| !expression.is_empty()),
            readable: rights.is_some_and(|rights| rights.split(',').any(|right| right == "select")),
        });
    }
    Ok(found)
}

fn table(
    session: &Session,
    draft: &mut Draft<'_>,
    listed: Listed,
    found: &[Found],
    create: &str,
    transactional: &HashSet<String>,
) -> Table {
    let name = listed.name;
    // Who may not SELECT any of them does not even see their names.
    let readable = !found.is_empty() && found.iter().all(|column| column.readable);
    if !readable {
        draft.omit(
            "table rows",
            &name,
            "This login may not SELECT all of its columns; a restore makes the table empty.",
        );
    }
    let here = rows_are_here(draft, &name, &listed.engine);
    let history = listed.versioned && history(session, draft, &name, found);
    let mut columns = Vec::new();
    let mut selected = vec!["0".to_owned()];
    let mut take = |name: &str, declared: &Declared<'_>| {
        columns.push(Column { name: name.to_owned(), type_name: type_name(declared) });
        // The server prints a FLOAT with six digits, a DOUBLE with all of them; times one keeps the sign of zero.
        let factor = if declared.data_type == "float" { "*1e0" } else { "" };
        selected.push(format!("{}{factor}", Name(name)));
    };
    let mut implicit = history;
    for column in found {
        let period = match column.generated.as_deref() {
            None => None,
            Some("ROW START") if history => Some(Period::Start),
            Some("ROW END") if history => Some(Period::End),
            Some(_) => continue,
        };
        implicit &= period.is_none();
        let charset = column.charset.as_deref();
        let (column_type, data_type) = (column.column_type.as_str(), column.data_type.as_str());
        take(&column.name, &Declared { column_type, data_type, charset, period });
    }
    if implicit {
        for (name, period) in [("row_start", Period::Start), ("row_end", Period::End)] {
            let kind = Declared {
                column_type: "timestamp(6)",
                data_type: "timestamp",
                charset: None,
                period: Some(period),
            };
            take(name, &kind);
        }
    }
    let all = if history { " FOR SYSTEM_TIME ALL" } else { "" };
    Table {
        select: format!("SELECT {} FROM {}{all}", selected.join(", "), Name(&name)),
        columns,
        transactional: transactional.contains(&listed.engine),
        engine: listed.engine,
        readable: readable && here,
        estimated_rows: listed.rows,
        estimated_bytes: listed.bytes,
        stamp: Stamp { structure: text::structure(create), created: listed.created },
        name,
    }
}

/// Rows of a MERGE table are those of its members; others live on another server.
fn rows_are_here(draft: &mut Draft<'_>, name: &str, engine: &str) -> bool {
    match engine.to_ascii_uppercase().as_str() {
        "MRG_MYISAM" => false,
        "FEDERATED" | "CONNECT" | "SPIDER" | "SPHINX" | "S3" | "OQGRAPH" => {
            let reason = format!(
                "The engine {engine} keeps its rows elsewhere; only the definition is in the backup."
            );
            draft.omit("table rows", name, reason);
            false
        }
        _ => true,
    }
}

fn history(session: &Session, draft: &mut Draft<'_>, name: &str, found: &[Found]) -> bool {
    let by_transaction = found
        .iter()
        .any(|column| column.generated.as_deref() == Some("ROW START") && column.data_type == "bigint");
    let reason = if by_transaction {
        "Its history is kept by transaction numbers, which mean nothing on another server; the current rows are in the backup."
    } else if !session.server.mariadb_since(HISTORY_LOADS) {
        "Only MariaDB 10.11 and later can load the history of a system-versioned table; the current rows are in the backup."
    } else {
        return true;
    };
    draft.omit("row history", name, reason);
    false
}

/// What the named tables are now; those that are gone are missing.
pub async fn stamps(
    session: &mut Session,
    database: &str,
    names: &[String],
) -> Result<HashMap<String, Stamp>> {
    let created: HashMap<String, Option<String>> =
        list(session, database).await?.into_iter().map(|row| (row.name, row.created)).collect();
    let shown = show::create(session, "TABLE", names).await?;
    let mut found = HashMap::new();
    for (name, row) in names.iter().zip(shown) {
        let create = row.ok().and_then(|row: Row| show::text(&row, 1));
        if let (Some(create), Some(created)) = (create, created.get(name)) {
            let stamp = Stamp { structure: text::structure(&create), created: created.clone() };
            found.insert(name.clone(), stamp);
        }
    }
    Ok(found)
}
