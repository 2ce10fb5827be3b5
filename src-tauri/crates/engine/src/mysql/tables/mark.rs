//! A table in the live database that is there while tables change places: whoever finds it knows that triggers and foreign
//! keys may still be missing.

use holdfast_contract::{ApiError, ErrorCode};

use crate::Result;
use crate::mysql::connect::Session;
use crate::mysql::error;
use crate::mysql::sql::{Literal, Qualified};

/// Chosen so that somebody who finds it knows whose it is.
pub const TABLE: &str = "holdfast_tables_moving";

/// `Table already exists`, `Table doesn't exist`.
const EXISTS: u16 = 1050;
const MISSING: u16 = 1146;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Direction {
    Forward,
    Back,
}

impl Direction {
    fn word(self) -> &'static str {
        match self {
            Self::Forward => "put",
            Self::Back => "put back",
        }
    }
}

/// On disk when it returns. Refuses while another restore of tables is under way in this database.
pub async fn set(session: &mut Session, database: &str, tag: &str, direction: Direction) -> Result<()> {
    let doing = "Writing down what is begun";
    // The words stand in the definition itself: there is no moment in which the table is there without them.
    let words = format!("{} {tag}", direction.word());
    let sql = format!(
        "CREATE TABLE {} (moving INT) ENGINE=InnoDB COMMENT={}",
        Qualified(database, TABLE),
        Literal(&words)
    );
    match session.execute(doing, &sql).await {
        Ok(_) => Ok(()),
        Err(taken) if error::native(&taken) == Some(EXISTS) => Err(ApiError::new(
            ErrorCode::DatabaseBusy,
            "Another restore of tables is under way in this database, or was interrupted.",
        )
        .hint(format!(
            "Wait for it, or start Holdfast where it was begun: that brings it to an end. Where that is gone for good, look at the tables and drop {TABLE} by hand."
        ))
        .native(EXISTS.to_string())
        .retry()
        .into()),
        Err(failed) => Err(failed),
    }
}

/// None: nothing of this restore is under way.
pub async fn read(session: &mut Session, database: &str, tag: &str) -> Result<Option<Direction>> {
    let sql = format!("SHOW CREATE TABLE {}", Qualified(database, TABLE));
    let shown = match session.rows("Looking how far it got", &sql).await {
        Ok(rows) => {
            rows.into_iter().next().and_then(|row| row.into_iter().nth(1)).flatten().unwrap_or_default()
        }
        Err(gone) if error::native(&gone) == Some(MISSING) => return Ok(None),
        Err(failed) => return Err(failed),
    };
    let says = |direction: Direction| shown.contains(&format!("'{} {tag}'", direction.word()));
    Ok([Direction::Forward, Direction::Back].into_iter().find(|direction| says(*direction)))
}

pub async fn remove(session: &mut Session, database: &str) -> Result<()> {
    let sql = format!("DROP TABLE IF EXISTS {}", Qualified(database, TABLE));
    session.execute("Clearing up", &sql).await.map(drop)
}
