//! Making the views, triggers, routines and events of a database exactly those of a list.
//!
//! What is there already as it should be is left alone: nothing is away for a moment that need not be, and rights
//! on routines stay. Safe to repeat after any interruption.

use std::collections::BTreeSet;

use holdfast_contract::snapshot::SchemaObject;

use super::super::connect::{Purpose, Session};
use super::super::sql::Qualified;
use super::super::{asleep, error, statements};
use super::code;
use crate::{Access, Result};

/// `Table doesn't exist`, `View's … references invalid table(s)`, `FUNCTION … does not exist`.
const NOT_THERE_YET: [u16; 3] = [1146, 1356, 1305];

/// `awake`: events run as they are defined; else they are put to rest.
pub async fn place(access: &Access, database: &str, wanted: &[SchemaObject], awake: bool) -> Result<()> {
    let mut session = Session::open_database(access, Some(database), Purpose::Load).await?;
    statements::prepare(&mut session).await?;
    let noted = asleep::noted(&mut session, database).await?;
    let present = code::capture(&mut session, database).await?;
    // Events at rest are all made anew when they shall run, and when the list of them may be another one.
    let settled = |object: &SchemaObject| {
        wanted.contains(object) && (object.kind != "event" || (awake && noted.is_empty()))
    };
    let mut stay: Vec<&SchemaObject> = present.iter().filter(|object| settled(object)).collect();
    // The order of a table's triggers is the order of their creation.
    let disturbed: BTreeSet<_> = present
        .iter()
        .chain(wanted)
        .filter(|object| object.kind == "trigger" && !stay.contains(object))
        .map(|object| object.table.clone())
        .collect();
    stay.retain(|object| object.kind != "trigger" || !disturbed.contains(&object.table));

    for object in present.iter().filter(|object| !stay.contains(object)) {
        remove(&mut session, database, object).await?;
    }
    let missing: Vec<SchemaObject> = wanted.iter().filter(|object| !stay.contains(object)).cloned().collect();
    let (events, others): (Vec<_>, Vec<_>) = missing.into_iter().partition(|object| object.kind == "event");
    let (views, others): (Vec<_>, Vec<_>) = others.into_iter().partition(|object| object.kind == "view");
    // Triggers first: tables without them must not be written to.
    let (triggers, routines): (Vec<_>, Vec<_>) =
        others.into_iter().partition(|object| object.kind == "trigger");
    statements::run(&mut session, &triggers, None).await?;
    statements::run(&mut session, &routines, None).await?;
    create_views(&mut session, views).await?;
    if awake {
        statements::run(&mut session, &events, None).await?;
        asleep::forget(&mut session, database).await?;
    } else {
        asleep::create(&mut session, database, &events).await?;
    }
    session.close().await;
    Ok(())
}

/// Views of views, in whatever order they are listed.
async fn create_views(session: &mut Session, mut views: Vec<SchemaObject>) -> Result<()> {
    while !views.is_empty() {
        let before = views.len();
        let mut waiting = Vec::new();
        let mut first = None;
        for view in views {
            match statements::run(session, std::slice::from_ref(&view), None).await {
                Ok(()) => {}
                Err(failed)
                    if error::native(&failed).is_some_and(|number| NOT_THERE_YET.contains(&number)) =>
                {
                    first.get_or_insert(failed);
                    waiting.push(view);
                }
                Err(failed) => return Err(failed),
            }
        }
        match first {
            Some(failed) if waiting.len() == before => return Err(failed),
            _ => views = waiting,
        }
    }
    Ok(())
}

pub async fn remove_all(access: &Access, database: &str) -> Result<()> {
    place(access, database, &[], true).await
}

pub async fn remove(session: &mut Session, database: &str, object: &SchemaObject) -> Result<()> {
    let word = match object.kind.as_str() {
        "aggregate function" => "FUNCTION".to_owned(),
        kind => kind.to_uppercase(),
    };
    let sql = format!("DROP {word} IF EXISTS {}", Qualified(database, &object.name));
    session.execute(&format!("Taking the {} {} away", object.kind, object.name), &sql).await.map(drop)
}
