//! Databases as a whole: there or not, made, emptied of sessions, dropped.

use std::collections::BTreeMap;

use super::connect::{Purpose, Session};
use super::sql::{Literal, Name};
use super::{error, exchange, name};
use crate::error::LiveDatabase;
use crate::{Access, EngineError, Result, Work, staging};

/// `Unknown thread id`: it ended by itself.
const NO_SUCH_SESSION: u16 = 1094;

/// A session that stands in no database: none of them may be there.
pub async fn elsewhere(access: &Access) -> Result<Session> {
    Session::open_database(access, None, Purpose::Load).await
}

/// The connection's own database.
pub fn live(access: &Access) -> &str {
    access.spec.database_name()
}

pub async fn exists(access: &Access, target: &str) -> Result<bool> {
    let mut session = elsewhere(access).await?;
    let found = is_there(&mut session, target).await?;
    session.close().await;
    Ok(found)
}

/// A session that may make `target` now: the name is allowed, not the live database's, and free.
pub async fn room_for(access: &Access, target: &str, work: &Work) -> Result<Session> {
    name::check(target)?;
    if target == live(access) {
        return Err(staging::is_live());
    }
    work.checkpoint()?;
    let mut session = elsewhere(access).await?;
    if is_there(&mut session, target).await? {
        return Err(staging::is_taken(target, "1007"));
    }
    work.progress.phase(&format!("Creating the database {target}"));
    Ok(session)
}

pub async fn is_there(session: &mut Session, target: &str) -> Result<bool> {
    let sql = format!(
        "SELECT schema_name, @@lower_case_table_names FROM information_schema.schemata WHERE schema_name = {}",
        Literal(target)
    );
    // The comparison above may ignore case where the server's names do not.
    let rows = session.rows("Looking for the database", &sql).await?;
    Ok(rows.iter().any(|row| match row.as_slice() {
        [Some(found), Some(mode)] => found == target || mode != "0",
        _ => false,
    }))
}

/// Idempotent. Ends sessions on it. Never the live one. What an interrupted exchange left in it is settled first:
/// it may be all that is left of the live database's definitions.
pub async fn drop(access: &Access, target: &str) -> Result<()> {
    name::check(target)?;
    if target == live(access) {
        return Err(EngineError::Live(LiveDatabase::Dropped));
    }
    exchange::settle(access, target).await?;
    let mut session = elsewhere(access).await?;
    if is_there(&mut session, target).await? {
        end_sessions(&mut session, &[target]).await?;
    }
    let sql = format!("DROP DATABASE IF EXISTS {}", Name(target));
    session.execute(&format!("Dropping the database {target}"), &sql).await?;
    session.close().await;
    Ok(())
}

/// With the source's character set, collation and comment: `character_set`, `collation`, `comment`.
pub async fn create(session: &mut Session, target: &str, facts: &BTreeMap<String, String>) -> Result<()> {
    let sql = format!("CREATE DATABASE {}{}", Name(target), options(session, facts));
    session.execute(&format!("Creating the database {target}"), &sql).await.map(std::mem::drop)
}

/// Makes an existing database as [`create`] would have made it.
pub async fn alter(session: &mut Session, target: &str, facts: &BTreeMap<String, String>) -> Result<()> {
    let options = options(session, facts);
    if options.is_empty() {
        return Ok(());
    }
    let sql = format!("ALTER DATABASE {}{options}", Name(target));
    session.execute(&format!("Setting the defaults of {target}"), &sql).await.map(std::mem::drop)
}

/// What [`create`] needs to make another one like it.
pub async fn facts(session: &mut Session, database: &str) -> Result<BTreeMap<String, String>> {
    let comments = session.server.mariadb_since(100_500);
    let comment = if comments { "schema_comment" } else { "''" };
    let sql = format!(
        "SELECT default_character_set_name, default_collation_name, {comment} FROM information_schema.schemata \
         WHERE schema_name = {}",
        Literal(database)
    );
    let rows = session.rows("Looking at the database", &sql).await?;
    let row = rows.into_iter().next().unwrap_or_default();
    let names = ["character_set", "collation", "comment"];
    let found = names.into_iter().zip(row).filter_map(|(name, value)| Some((name.to_owned(), value?)));
    Ok(found.filter(|(name, _)| comments || name != "comment").collect())
}

fn options(session: &Session, facts: &BTreeMap<String, String>) -> String {
    let mut text = String::new();
    for (fact, word) in [("character_set", "CHARACTER SET"), ("collation", "COLLATE")] {
        if let Some(value) = facts.get(fact).filter(|value| !value.is_empty()) {
            text += &format!(" {word} {}", Name(value));
        }
    }
    if let Some(comment) = facts.get("comment").filter(|_| session.server.mariadb_since(100_500)) {
        text += &format!(" COMMENT {}", Literal(comment));
    }
    text
}

/// Ends every other session that stands in one of these databases. Those that this login may not end stay.
pub async fn end_sessions(session: &mut Session, databases: &[&str]) -> Result<()> {
    let doing = "Ending the sessions of the database";
    let sql = format!(
        "SELECT id FROM information_schema.processlist WHERE db IN ({}) AND id <> connection_id()",
        list(databases)
    );
    for id in session.rows(doing, &sql).await?.into_iter().flatten().flatten() {
        match session.execute(doing, &format!("KILL CONNECTION {id}")).await {
            Ok(_) => {}
            Err(failed) if matches!(error::native(&failed), Some(NO_SUCH_SESSION | NOT_OWNER)) => {}
            Err(failed) => return Err(failed),
        }
    }
    Ok(())
}

/// `You are not owner of thread`: it can only be waited for.
const NOT_OWNER: u16 = 1095;

pub fn list(names: &[&str]) -> String {
    names.iter().map(|name| Literal(name).to_string()).collect::<Vec<_>>().join(", ")
}
