//! Views that do not work, because what they look at is gone: no server makes one from its definition, so it cannot be put aside
//! under another name. Its definition is kept as text in a table beside it, for people.

use holdfast_contract::snapshot::SchemaObject;

use super::super::connect::Session;
use super::super::error;
use super::super::sql::{Literal, Name};
use super::code;
use crate::Result;

/// Chosen so that somebody who finds it knows what it is.
pub const TABLE: &str = "holdfast_views_that_do_not_work";
/// No such table, column, table to drop, function; a view that refers to such.
const BROKEN: [u16; 5] = [1146, 1054, 1051, 1305, 1356];

/// Those that work, with everything that is no view; then those that do not. `session` stands in their database.
pub async fn split(
    session: &mut Session,
    objects: Vec<SchemaObject>,
) -> Result<(Vec<SchemaObject>, Vec<SchemaObject>)> {
    let (mut sound, mut broken) = (Vec::new(), Vec::new());
    for object in objects {
        if object.kind != "view" {
            sound.push(object);
            continue;
        }
        let probe = format!("SELECT 1 FROM {} LIMIT 0", Name(&object.name));
        match session.execute(&format!("Looking at the view {}", object.name), &probe).await {
            Ok(_) => sound.push(object),
            Err(failed) if error::native(&failed).is_some_and(|number| BROKEN.contains(&number)) => {
                broken.push(object);
            }
            Err(failed) => return Err(failed),
        }
    }
    Ok((sound, broken))
}

/// Those of `views` that `database` still has.
pub async fn left(
    session: &mut Session,
    database: &str,
    views: &[SchemaObject],
) -> Result<Vec<SchemaObject>> {
    if views.is_empty() {
        return Ok(Vec::new());
    }
    let present = code::capture(session, database).await?;
    Ok(views.iter().filter(|view| present.contains(view)).cloned().collect())
}

/// Writes down those of `views` that are not in `database` any more. Safe to repeat.
pub async fn note(session: &mut Session, database: &str, views: &[SchemaObject]) -> Result<()> {
    if views.is_empty() {
        return Ok(());
    }
    let doing = "Keeping the definitions of views that do not work";
    let left = left(session, database, views).await?;
    let table = format!("{}.{}", Name(database), Name(TABLE));
    for view in views.iter().filter(|view| !left.contains(view)) {
        let sql = format!(
            "CREATE TABLE IF NOT EXISTS {table} (name VARCHAR(64) PRIMARY KEY, definition LONGTEXT NOT NULL) ENGINE=InnoDB \
             CHARACTER SET utf8mb4 COLLATE utf8mb4_bin COMMENT 'They refer to what is not there, so no server makes them again'"
        );
        session.execute(doing, &sql).await?;
        let definition = Literal(&view.sql.join(";\n")).to_string();
        let sql = format!("REPLACE INTO {table} VALUES ({}, {definition})", Literal(&view.name));
        session.execute(doing, &sql).await?;
    }
    Ok(())
}
