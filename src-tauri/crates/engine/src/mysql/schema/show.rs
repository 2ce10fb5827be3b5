//! `SHOW CREATE` for many objects with few round trips, and the settings that a definition was made under.

use std::time::Duration;

use holdfast_contract::{ApiError, ErrorCode};

use super::super::connect::{Row, Session};
use super::super::error;
use super::super::sql::{Literal, Name};
use crate::{EngineError, Result};

/// Statements sent together.
const BATCH: usize = 200;

/// One answer for each name, in their order: the row, or why the server would not show it.
pub async fn create(
    session: &mut Session,
    what: &str,
    names: &[String],
) -> Result<Vec<std::result::Result<Row, EngineError>>> {
    let doing = "Reading the definitions";
    let mut found = Vec::with_capacity(names.len());
    for batch in names.chunks(BATCH) {
        let statements: Vec<String> =
            batch.iter().map(|name| format!("SHOW CREATE {what} {}", Name(name))).collect();
        match session.rows(doing, &statements.join(";")).await {
            Ok(rows) if rows.len() == batch.len() => found.extend(rows.into_iter().map(Ok)),
            // One of them cannot be shown: each by itself tells which.
            Ok(_) | Err(_) => {
                for (name, statement) in batch.iter().zip(&statements) {
                    found.push(one(session, what, name, statement).await?);
                }
            }
        }
    }
    Ok(found)
}

async fn one(
    session: &mut Session,
    what: &str,
    name: &str,
    statement: &str,
) -> Result<std::result::Result<Row, EngineError>> {
    match session
        .rows(&format!("Reading the definition of the {} {name}", what.to_lowercase()), statement)
        .await
    {
        Ok(rows) => Ok(rows.into_iter().next().ok_or_else(|| {
            ApiError::new(
                ErrorCode::PermissionDenied,
                format!("The server does not show the {} {name}.", what.to_lowercase()),
            )
            .into()
        })),
        // The server's answer is about this object; a lost connection is about all.
        Err(refusal) if error::native(&refusal).is_some() => Ok(Err(refusal)),
        Err(lost) => Err(lost),
    }
}

/// Waiting for a definition that is being changed or opened.
const ATTEMPTS: u32 = 40;
const PAUSE: Duration = Duration::from_millis(50);

/// All rows of a catalog. The server leaves out, with a warning, tables whose definition it cannot look at now
/// (another session alters them, or is opening them): then it is asked again. `is_whole` says whether an answer
/// without a warning lacks something all the same.
pub async fn catalog(
    session: &mut Session,
    doing: &str,
    sql: &str,
    is_whole: impl Fn(&[Row]) -> bool,
) -> Result<Vec<Row>> {
    let mut attempt = 0;
    loop {
        let rows = session.rows(doing, sql).await?;
        // 1684: skipped since its definition is being modified by a concurrent statement.
        let warnings = session.rows(doing, "SHOW WARNINGS").await?;
        let skipped = warnings.iter().any(|row| row.get(1).and_then(Option::as_deref) == Some("1684"));
        attempt += 1;
        if !skipped && (is_whole(&rows) || attempt >= ATTEMPTS) {
            return Ok(rows);
        }
        if attempt >= ATTEMPTS {
            let error = ApiError::new(
                ErrorCode::DatabaseBusy,
                format!("{doing}: the structure of a table is being changed by another session."),
            );
            return Err(error.hint("Run it again when that is done.").native("1684").retry().into());
        }
        tokio::time::sleep(PAUSE).await;
    }
}

pub fn text(row: &Row, index: usize) -> Option<String> {
    row.get(index).cloned().flatten()
}

/// `charset` and `collation` are what the client that made it spoke.
pub fn charset_settings(
    statement: &str,
    charset: Option<String>,
    collation: Option<String>,
) -> Option<String> {
    let (charset, collation) = (charset?, collation?);
    let spoken = statement.is_ascii() || charset.starts_with("utf8");
    let charset = if spoken { charset.as_str() } else { "utf8mb4" };
    Some(format!("SET character_set_client = {charset}, collation_connection = {collation}"))
}

pub fn mode_setting(mode: Option<String>) -> String {
    format!("SET SESSION sql_mode = {}", Literal(&mode.unwrap_or_default()))
}

/// Frames a definition that was made while the database had another collation: parameters without one take it.
pub fn under_collation(statements: Vec<String>, made_under: Option<String>, own: &str) -> Vec<String> {
    let Some(other) = made_under.filter(|collation| !collation.is_empty() && collation != own) else {
        return statements;
    };
    let mut framed = vec![format!("ALTER DATABASE COLLATE {other}")];
    framed.extend(statements);
    framed.push(format!("ALTER DATABASE COLLATE {own}"));
    framed
}
