//! Whole databases on the server: which exist, making room for a new one, dropping.

use std::collections::BTreeMap;

use holdfast_contract::{ApiError, ErrorCode};

use super::connect::{Purpose, Session};
use super::sql::{Ident, Literal};
use super::{inspect, name};
use crate::error::LiveDatabase;
use crate::{Access, EngineError, Result, Work, staging};

/// A session on any database except those named: `CREATE`, `DROP` and `RENAME` must not run inside theirs.
pub async fn elsewhere(access: &Access, avoid: &[&str]) -> Result<Session> {
    let live = inspect::live(access);
    let mut first = None;
    for candidate in ["postgres", live, "template1"] {
        if avoid.contains(&candidate) {
            continue;
        }
        match Session::open_database(access, candidate, Purpose::Load).await {
            Ok(session) => return Ok(session),
            Err(error) if is_about_the_database(&error) => {
                first.get_or_insert(error);
            }
            Err(error) => return Err(error),
        }
    }
    // Unusual servers have neither of these; any database will do.
    if let Ok(others) = inspect::databases(access).await {
        for candidate in others.iter().filter(|other| !avoid.contains(&other.as_str())) {
            if let Ok(session) = Session::open_database(access, candidate, Purpose::Load).await {
                return Ok(session);
            }
        }
    }
    Err(first.unwrap_or_else(|| {
        ApiError::new(ErrorCode::DatabaseMissing, "No other database of this server lets this login in.")
            .hint("Let this login connect to the database postgres.")
            .into()
    }))
}

fn is_about_the_database(error: &EngineError) -> bool {
    matches!(
        error.code(),
        ErrorCode::DatabaseMissing | ErrorCode::PermissionDenied | ErrorCode::AuthenticationFailed
    ) || error.server_code() == Some("55000")
}

pub async fn exists(access: &Access, target: &str) -> Result<bool> {
    let mut session = elsewhere(access, &[]).await?;
    let found = is_there(&mut session, target).await?;
    session.close().await;
    Ok(found)
}

/// A session that may make `target` now: the name is allowed, not the live database's, and free.
pub async fn room_for(access: &Access, target: &str, work: &Work) -> Result<Session> {
    name::check(target)?;
    if target == inspect::live(access) {
        return Err(staging::is_live());
    }
    work.checkpoint()?;
    let mut session = elsewhere(access, &[target]).await?;
    if is_there(&mut session, target).await? {
        return Err(staging::is_taken(target, "42P04"));
    }
    work.progress.phase(&format!("Creating the database {target}"));
    Ok(session)
}

pub async fn is_there(session: &mut Session, target: &str) -> Result<bool> {
    super::connect::refuse_nul(target)?;
    let sql = format!("SELECT 1 FROM pg_catalog.pg_database WHERE datname = {}", Literal(target));
    Ok(session.value("Looking for the database", &sql).await?.is_some())
}

/// Idempotent. Ends sessions on it. Never the live one.
pub async fn drop(access: &Access, target: &str) -> Result<()> {
    name::check(target)?;
    if target == inspect::live(access) {
        return Err(EngineError::Live(LiveDatabase::Dropped));
    }
    let mut session = elsewhere(access, &[target]).await?;
    let sql = format!("DROP DATABASE IF EXISTS {} WITH (FORCE)", Ident(target));
    let doing = format!("Dropping the database {target}");
    match session.execute(&doing, &sql).await {
        // A restored subscription stands in the way even though it is off.
        Err(error) if error.server_code() == Some("55006") => {
            drop_idle_subscriptions(access, target).await?;
            session.execute(&doing, &sql).await?;
        }
        Err(error) => return Err(error),
        Ok(_) => {}
    }
    session.close().await;
    Ok(())
}

/// Those that are off and have no slot, as a restore makes them; one with a slot would leave it behind at the publisher,
/// and stays.
async fn drop_idle_subscriptions(access: &Access, target: &str) -> Result<()> {
    let mut session = Session::open_database(access, target, Purpose::Load).await?;
    let doing = "Removing subscriptions that are switched off";
    let sql = "SELECT s.subname FROM pg_catalog.pg_subscription s WHERE NOT s.subenabled AND s.subslotname IS NULL \
         AND s.subdbid = (SELECT d.oid FROM pg_catalog.pg_database d WHERE d.datname = pg_catalog.current_database())";
    for row in session.rows(doing, sql).await? {
        if let Some(Some(name)) = row.first() {
            session.execute(doing, &format!("DROP SUBSCRIPTION {}", Ident(name))).await?;
        }
    }
    session.close().await;
    Ok(())
}

/// Encoding and locale of the source, as `CREATE DATABASE` wants them. Returns what had to be given up.
pub async fn create(
    session: &mut Session,
    target: &str,
    facts: &BTreeMap<String, String>,
) -> Result<Vec<String>> {
    let doing = format!("Creating the database {target}");
    let (place, mut remarks) = place(session, facts).await?;
    let start = format!("CREATE DATABASE {} WITH TEMPLATE template0{place}", Ident(target));
    let encoding = option(facts, "encoding", "ENCODING");
    let exact = format!("{start}{encoding}{}", locale(facts, session.version));
    match session.execute(&doing, &exact).await {
        Ok(_) => Ok(remarks),
        // An unknown locale; sorting differs from the source, the rows do not.
        Err(error) if matches!(error.server_code(), Some("42809" | "22023" | "42704" | "0A000")) => {
            match session.execute(&doing, &format!("{start}{encoding}")).await {
                Ok(_) => {}
                Err(_) => {
                    // The server's default locale may not allow the encoding; "C" allows all.
                    session
                        .execute(&doing, &format!("{start}{encoding} LC_COLLATE 'C' LC_CTYPE 'C'"))
                        .await?;
                }
            }
            remarks.push(format!(
                "The server does not know the locale {}; text sorts by another one in the restored database.",
                facts.get("lc_collate").map_or("of the source", String::as_str)
            ));
            Ok(remarks)
        }
        Err(error) => Err(error),
    }
}

/// The source's tablespace, where there is one of that name that this login may use.
async fn place(session: &mut Session, facts: &BTreeMap<String, String>) -> Result<(String, Vec<String>)> {
    let Some(wanted) = facts.get("tablespace") else { return Ok((String::new(), Vec::new())) };
    let sql = format!(
        "SELECT 1 FROM pg_catalog.pg_tablespace t WHERE t.spcname = {} AND pg_catalog.has_tablespace_privilege(t.oid, 'CREATE')",
        Literal(wanted)
    );
    if session.value("Looking for the tablespace", &sql).await?.is_some() {
        return Ok((format!(" TABLESPACE {}", Ident(wanted)), Vec::new()));
    }
    let remark = format!(
        "The server has no tablespace {wanted} that this login may use; the database lies in the default one."
    );
    Ok((String::new(), vec![remark]))
}

fn option(facts: &BTreeMap<String, String>, fact: &str, word: &str) -> String {
    facts
        .get(fact)
        .filter(|value| !value.is_empty())
        .map_or(String::new(), |value| format!(" {word} {}", Literal(value)))
}

fn locale(facts: &BTreeMap<String, String>, version: u32) -> String {
    let mut text = option(facts, "lc_collate", "LC_COLLATE") + &option(facts, "lc_ctype", "LC_CTYPE");
    match facts.get("locale_provider").map(String::as_str) {
        Some("icu") if version >= 150_000 => {
            text += " LOCALE_PROVIDER icu";
            text += &option(facts, "icu_locale", "ICU_LOCALE");
            if version >= 160_000 {
                text += &option(facts, "icu_rules", "ICU_RULES");
            }
        }
        Some("builtin") if version >= 170_000 => {
            text += " LOCALE_PROVIDER builtin";
            text += &option(facts, "builtin_locale", "BUILTIN_LOCALE");
        }
        // An older server has no other provider to name.
        _ if version >= 150_000 => text += " LOCALE_PROVIDER libc",
        _ => {}
    }
    text
}
