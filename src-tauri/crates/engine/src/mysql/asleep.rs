//! Events of a database that has not got its final name yet: they exist, but must not run in a copy that is still to
//! be compared, nor in one that was put aside.
//!
//! Such a database holds them disabled, and their true definitions in a table of its own. Whoever gives the database
//! its final name makes them from there. (Enabling them in place would not do: `ALTER EVENT` makes the one who runs
//! it the definer.)

use holdfast_contract::snapshot::{Phase, SchemaObject};
use holdfast_contract::{ApiError, ErrorCode};

use super::connect::Session;
use super::sql::{Literal, Name};
use super::statements;
use crate::Result;

/// Chosen so that somebody who finds it knows whose it is.
pub const TABLE: &str = "holdfast_events_at_rest";

/// Creates events: those that would run are disabled, and noted down first.
pub async fn create(session: &mut Session, database: &str, events: &[SchemaObject]) -> Result<()> {
    let (awake, resting): (Vec<_>, Vec<_>) =
        events.iter().map(|event| (event, disabled(event))).partition(|(_, disabled)| disabled.is_some());
    let disabled: Vec<SchemaObject> = awake.iter().filter_map(|(_, disabled)| disabled.clone()).collect();
    forget(session, database).await?;
    if !awake.is_empty() {
        let table = format!("{}.{}", Name(database), Name(TABLE));
        let sql = format!(
            "CREATE TABLE {table} (number INT UNSIGNED PRIMARY KEY, object LONGTEXT NOT NULL) \
             ENGINE=InnoDB CHARACTER SET utf8mb4 COLLATE utf8mb4_bin \
             COMMENT 'Events that wait until this database gets its final name'"
        );
        session.execute("Noting down the events", &sql).await?;
        for (number, (event, _)) in awake.iter().enumerate() {
            let text = serde_json::to_string(event)
                .map_err(|error| ApiError::new(ErrorCode::Internal, error.to_string()))?;
            let sql = format!("INSERT INTO {table} VALUES ({number}, {})", Literal(&text));
            session.execute("Noting down the events", &sql).await?;
        }
    }
    statements::run(session, &disabled, None).await?;
    let resting: Vec<SchemaObject> = resting.into_iter().map(|(event, _)| event.clone()).collect();
    statements::run(session, &resting, None).await
}

/// The true definitions of the events that were put to rest there.
pub async fn noted(session: &mut Session, database: &str) -> Result<Vec<SchemaObject>> {
    let sql = format!(
        "SELECT 1 FROM information_schema.tables WHERE table_schema = {} AND table_name = {}",
        Literal(database),
        Literal(TABLE)
    );
    let doing = "Looking for events at rest";
    if session.value(doing, &sql).await?.is_none() {
        return Ok(Vec::new());
    }
    let sql = format!("SELECT object FROM {}.{} ORDER BY number", Name(database), Name(TABLE));
    let rows = session.rows(doing, &sql).await?;
    let parsed = rows.into_iter().flatten().flatten().map(|text| serde_json::from_str(&text));
    parsed.collect::<Result<_, _>>().map_err(|error| {
        ApiError::new(
            ErrorCode::DatabaseDamaged,
            format!("The table {TABLE} in {database} was changed: {error}"),
        )
        .into()
    })
}

pub async fn forget(session: &mut Session, database: &str) -> Result<()> {
    let sql = format!("DROP TABLE IF EXISTS {}.{}", Name(database), Name(TABLE));
    session.execute("Clearing up", &sql).await.map(drop)
}

/// The same event, disabled; None when it does not run anyway.
fn disabled(event: &SchemaObject) -> Option<SchemaObject> {
    let mut event = event.clone();
    event.phase = Phase::After;
    let create = event.sql.iter_mut().find(|sql| sql.starts_with("CREATE "))?;
    // The server prints everything up to DO itself, and no schedule has these words in it; a name may.
    let name = Name(&event.name).to_string();
    let from = create.find(&name)? + name.len();
    let before_body = create[from..].find(" DO ").map_or(create.len(), |at| from + at);
    let at = from + create[from..before_body].find(" PRESERVE ENABLE")? + " PRESERVE ".len();
    create.replace_range(at..at + "ENABLE".len(), "DISABLE");
    Some(event)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn event(name: &str, rest: &str) -> SchemaObject {
        SchemaObject {
            kind: "event".into(),
            schema: None,
            name: name.into(),
            table: None,
            partition_of: None,
            phase: Phase::After,
            sql: vec![
                "SET SESSION sql_mode = ''".into(),
                format!("CREATE DEFINER=`a`@`b` EVENT {} {rest}", Name(name)),
            ],
        }
    }

    #[test]
    fn only_the_status_changes() {
        let tail =
            "ON COMPLETION NOT PRESERVE ENABLE COMMENT 'x PRESERVE ENABLE' DO SELECT ' PRESERVE ENABLE'";
        let odd = event(
            "e PRESERVE ENABLE",
            &format!("ON SCHEDULE EVERY 1 DAY STARTS '2024-01-01 00:00:00' {tail}"),
        );
        let text = disabled(&odd).unwrap().sql.remove(1);
        assert_eq!(text, odd.sql[1].replacen("NOT PRESERVE ENABLE", "NOT PRESERVE DISABLE", 1));
        for quiet in ["DISABLE", "DISABLE ON SLAVE"] {
            let quiet =
                event("e", &format!("ON SCHEDULE EVERY 1 DAY ON COMPLETION PRESERVE {quiet} DO SELECT 1"));
            assert!(disabled(&quiet).is_none());
        }
    }
}
