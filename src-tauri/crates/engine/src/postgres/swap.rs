//! Exchanging databases by renaming them in one transaction.
//!
//! `ALTER DATABASE … RENAME` locks the name against new sessions while it waits up to five seconds for the
//! present ones to leave; meanwhile a second session ends them. Nothing else is changed (no connection limit,
//! no permission), so a crash at any moment leaves either the old names or the new ones.

use std::time::Duration;

use super::connect::{Purpose, Session};
use super::sql::{Ident, literals};
use super::{database, inspect, name};
use crate::error::LiveDatabase;
use crate::{Access, EngineError, Result, SwapState, Work};

/// Sessions may sneak in between two attempts; a busy pool reconnects within milliseconds.
const ATTEMPTS: usize = 5;
/// How often sessions are ended while the rename waits.
const END_EVERY: Duration = Duration::from_millis(100);

pub async fn swap(access: &Access, staged: &str, kept: &str, work: &Work) -> Result<()> {
    let live = inspect::live(access);
    [staged, kept].into_iter().try_for_each(name::check)?;
    let mut session = database::elsewhere(access, &[live, staged, kept]).await?;
    if database::is_there(&mut session, kept).await? {
        return Err(taken(kept));
    }
    work.progress.phase("Exchanging the databases");
    let sql = format!(
        "BEGIN; ALTER DATABASE {live} RENAME TO {kept}; ALTER DATABASE {staged} RENAME TO {live}; COMMIT",
        live = Ident(live),
        staged = Ident(staged),
        kept = Ident(kept)
    );
    renamed(access, session, &sql, &[live, staged], Some(work)).await
}

pub async fn rename(access: &Access, from: &str, to: &str) -> Result<()> {
    [from, to].into_iter().try_for_each(name::check)?;
    if from == inspect::live(access) {
        return Err(EngineError::Live(LiveDatabase::Renamed));
    }
    let mut session = database::elsewhere(access, &[from, to]).await?;
    if database::is_there(&mut session, to).await? {
        return Err(taken(to));
    }
    let sql = format!("ALTER DATABASE {} RENAME TO {}", Ident(from), Ident(to));
    renamed(access, session, &sql, &[from], None).await
}

fn taken(name: &str) -> EngineError {
    EngineError::DatabaseTaken { name: name.to_owned(), code: Some("42P04".into()) }
}

/// Runs the renaming while a second session empties the databases. The renaming itself is never given up
/// midway: it takes seconds, and its outcome must be known.
async fn renamed(
    access: &Access,
    mut session: Session,
    sql: &str,
    emptied: &[&str],
    work: Option<&Work>,
) -> Result<()> {
    let doing = "Renaming the database";
    let mut helper = database::elsewhere(access, emptied).await?;
    for attempt in 1.. {
        if let Some(work) = work {
            work.checkpoint()?;
        }
        end_sessions(&mut helper, emptied).await?;
        let mut hindered = None;
        let outcome = {
            let mut renaming = std::pin::pin!(session.execute(doing, sql));
            loop {
                tokio::select! {
                    outcome = &mut renaming => break outcome,
                    () = tokio::time::sleep(END_EVERY) => hindered = end_sessions(&mut helper, emptied).await.err(),
                }
            }
        };
        match outcome {
            Ok(_) => break,
            Err(error) if error.server_code() == Some("55006") && attempt < ATTEMPTS => {
                session.execute(doing, "ROLLBACK").await?;
            }
            // Why a session stayed says more than that one did.
            Err(error) => return Err(hindered.unwrap_or(error)),
        }
    }
    helper.close().await;
    session.close().await;
    Ok(())
}

async fn end_sessions(helper: &mut Session, databases: &[&str]) -> Result<()> {
    let sql = format!(
        "SELECT pg_catalog.pg_terminate_backend(pid) FROM pg_catalog.pg_stat_activity \
         WHERE datname IN ({}) AND pid <> pg_catalog.pg_backend_pid() AND backend_type IN ('client backend', 'walsender')",
        literals(databases.iter().copied())
    );
    helper.rows("Ending the sessions of the database", &sql).await.map(drop)
}

pub async fn state(access: &Access, staged: &str, kept: &str) -> Result<SwapState> {
    let live = inspect::live(access);
    // The live database may be missing just now: ask from another one first.
    let mut session = match database::elsewhere(access, &[live, staged, kept]).await {
        Ok(session) => session,
        Err(_) => Session::open(access, Purpose::Load).await?,
    };
    let sql = format!(
        "SELECT datname FROM pg_catalog.pg_database WHERE datname IN ({})",
        literals([live, staged, kept])
    );
    let rows = session.rows("Looking for the databases", &sql).await?;
    session.close().await;
    let there = |name: &str| rows.iter().flatten().flatten().any(|found| found == name);
    Ok(match (there(live), there(staged), there(kept)) {
        (true, true, false) => SwapState::NotSwapped,
        (true, false, true) => SwapState::Swapped,
        _ => SwapState::Unclear,
    })
}
