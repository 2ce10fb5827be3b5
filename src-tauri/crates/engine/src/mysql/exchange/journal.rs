//! What an exchange needs to be finished or undone, written down on the server before the first name changes.
//!
//! It is kept in a table of the staged database, which is the last thing that an exchange removes: while the table
//! is there, the exchange is not over.

use std::collections::BTreeMap;

use holdfast_contract::snapshot::SchemaObject;
use holdfast_contract::{ApiError, ErrorCode};
use serde::{Deserialize, Serialize};

use super::super::connect::Session;
use super::super::sql::{Literal, Name};
use super::foreign::ForeignKey;
use crate::{EngineError, Result};

pub const TABLE: &str = "holdfast_exchange";
/// Characters of one row: any server takes a statement of this size.
const PIECE: usize = 100_000;

#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Journal {
    /// The name that the staged database gets.
    pub target: String,
    /// Where the tables go that have that name now. None: nothing has it.
    pub kept: Option<String>,
    pub old: Side,
    pub new: Side,
    /// Of other databases, on tables of the target: renaming takes them along, so they are pointed back.
    pub foreign_keys: Vec<ForeignKey>,
    /// Rights on routines, which end with the routine: `GRANT …` for the target.
    pub grants: Vec<String>,
}

/// What one database holds.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct Side {
    pub facts: BTreeMap<String, String>,
    /// Tables and sequences.
    pub tables: Vec<String>,
    /// Views, triggers, routines and events as they truly are.
    pub objects: Vec<SchemaObject>,
    /// Views that do not work.
    #[serde(default)]
    pub broken: Vec<SchemaObject>,
}

/// On disk when it returns, in whole.
pub async fn write(session: &mut Session, staged: &str, journal: &Journal) -> Result<()> {
    let doing = "Writing down the exchange";
    let text = serde_json::to_string(journal).map_err(|error| broken(staged, &error.to_string()))?;
    let table = format!("{}.{}", Name(staged), Name(TABLE));
    remove(session, staged).await?;
    let sql = format!(
        "CREATE TABLE {table} (number INT UNSIGNED PRIMARY KEY, text LONGTEXT NOT NULL) ENGINE=InnoDB \
         CHARACTER SET utf8mb4 COLLATE utf8mb4_bin COMMENT 'How to finish or undo an exchange of databases'"
    );
    session.execute(doing, &sql).await?;
    session.execute(doing, "START TRANSACTION").await?;
    let mut rest = text.as_str();
    for number in 0.. {
        let mut end = rest.len().min(PIECE);
        while !rest.is_char_boundary(end) {
            end -= 1;
        }
        let sql = format!("INSERT INTO {table} VALUES ({number}, {})", Literal(&rest[..end]));
        session.execute(doing, &sql).await?;
        rest = &rest[end..];
        if rest.is_empty() {
            break;
        }
    }
    session.execute(doing, "COMMIT").await.map(drop)
}

/// None: no exchange of this database has begun, or it is over.
pub async fn read(session: &mut Session, staged: &str) -> Result<Option<Journal>> {
    let doing = "Reading how far the exchange got";
    let there = format!(
        "SELECT 1 FROM information_schema.tables WHERE table_schema = {} AND table_name = {}",
        Literal(staged),
        Literal(TABLE)
    );
    if session.value(doing, &there).await?.is_none() {
        return Ok(None);
    }
    let sql = format!("SELECT text FROM {}.{} ORDER BY number", Name(staged), Name(TABLE));
    let text: String = session.rows(doing, &sql).await?.into_iter().flatten().flatten().collect();
    if text.is_empty() {
        return Ok(None);
    }
    serde_json::from_str(&text).map(Some).map_err(|error| broken(staged, &error.to_string()))
}

pub async fn remove(session: &mut Session, staged: &str) -> Result<()> {
    let sql = format!("DROP TABLE IF EXISTS {}.{}", Name(staged), Name(TABLE));
    session.execute("Clearing up after the exchange", &sql).await.map(drop)
}

fn broken(staged: &str, why: &str) -> EngineError {
    ApiError::new(
        ErrorCode::Interrupted,
        format!("The table {TABLE} in {staged}, which says how to finish an exchange of databases, is unreadable: {why}"),
    )
    .hint("Nothing was dropped. Look at both databases on the server.")
    .into()
}
