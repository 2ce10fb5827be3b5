//! Running the statements of objects in a database, in order, on one session.
//!
//! Definitions of routines, triggers and events come with the settings they were written under; after each such
//! object the session's own settings are put back.

use holdfast_contract::snapshot::SchemaObject;

use super::connect::{Purpose, Session};
use crate::{Result, Work};

/// Engines are never exchanged in silence; definitions of older servers are taken as they are.
const OBJECTS: &str =
    "SET SESSION sql_mode = 'NO_ENGINE_SUBSTITUTION,NO_AUTO_VALUE_ON_ZERO,ALLOW_INVALID_DATES'";

/// A session for definitions: `database` is its current one.
pub async fn prepare(session: &mut Session) -> Result<()> {
    let doing = "Preparing the session";
    session.set_all(Purpose::Load).await?;
    session.execute(doing, OBJECTS).await?;
    if session.server.is_mariadb() {
        // A table that an older server let grow too wide is still a table.
        session.execute(doing, "SET SESSION innodb_strict_mode = 0").await?;
    }
    Ok(())
}

pub async fn run(session: &mut Session, objects: &[SchemaObject], work: Option<&Work>) -> Result<()> {
    for object in objects {
        if let Some(work) = work {
            work.checkpoint()?;
            work.progress.phase(&doing(object));
        }
        one(session, object).await?;
    }
    Ok(())
}

async fn one(session: &mut Session, object: &SchemaObject) -> Result<()> {
    let mut outcome = Ok(0);
    for (index, sql) in object.sql.iter().enumerate() {
        let mut doing = doing(object);
        if object.sql.len() > 1 {
            doing += &format!(" (statement {} of {})", index + 1, object.sql.len());
        }
        outcome = session.execute(&doing, sql).await;
        if outcome.is_err() {
            break;
        }
    }
    if object.sql.iter().any(|sql| sql.get(..4).is_some_and(|head| head.eq_ignore_ascii_case("SET "))) {
        match &outcome {
            Ok(_) => prepare(session).await?,
            // The first failure is the answer; a session that is gone cannot be put in order.
            Err(_) => drop(prepare(session).await),
        }
    }
    outcome.map(drop)
}

pub fn doing(object: &SchemaObject) -> String {
    format!("Creating the {} {}", object.kind, object.name)
}
