//! Giving a proven copy its name: the server cannot rename a database, so its tables are moved, and everything that
//! cannot be moved is made again from its definition.
//!
//! The order of things, each safe to repeat:
//! 1. what both databases hold is written down in the staged one ([`journal`]);
//! 2. the database for what is replaced is made; other sessions are ended; triggers go (a table with triggers cannot
//!    leave its database);
//! 3. one `RENAME TABLE` moves all tables of both sides ([`tables`]): before it an interrupted exchange is undone,
//!    after it it is finished;
//! 4. triggers, routines, views and events are made where they belong now ([`place`]), foreign keys of other
//!    databases and rights on routines are put right;
//! 5. the staged database, with what was written down, is dropped.
//!
//! [`settle`] carries on from any of these points, and everybody who looks at a staged database calls it first.

mod broken;
mod code;
mod defaults;
mod foreign;
mod grants;
mod journal;
mod place;
mod tables;
pub mod unqualified;

pub use self::journal::TABLE as JOURNAL;

use std::time::Duration;

use holdfast_contract::{ApiError, ErrorCode};

use self::journal::{Journal, Side};
use self::tables::{Direction, Whereabouts};
use super::connect::{Purpose, Session};
use super::sql::{Literal, Name};
use super::{database, name, statements};
use crate::error::LiveDatabase;
use crate::{Access, EngineError, Result, SwapState, Work};

/// How often sessions are ended while the tables are moved.
const END_EVERY: Duration = Duration::from_millis(100);
/// Seconds that the moving waits for transactions of sessions that this login may not end.
const WAIT: u32 = 30;

pub async fn swap(access: &Access, staged: &str, kept: &str, work: &Work) -> Result<()> {
    [staged, kept].into_iter().try_for_each(name::check)?;
    work.checkpoint()?;
    work.progress.phase("Exchanging the databases");
    exchange(access, staged, database::live(access), Some(kept)).await
}

pub async fn rename(access: &Access, from: &str, to: &str) -> Result<()> {
    [from, to].into_iter().try_for_each(name::check)?;
    if from == database::live(access) {
        return Err(EngineError::Live(LiveDatabase::Renamed));
    }
    exchange(access, from, to, None).await
}

/// Where a swap that was cut short stands, after it has been finished or undone.
pub async fn state(access: &Access, staged: &str, kept: &str) -> Result<SwapState> {
    settle(access, staged).await?;
    let mut session = database::elsewhere(access).await?;
    let live = database::is_there(&mut session, database::live(access)).await?;
    let is_kept = database::is_there(&mut session, kept).await?;
    let mut is_staged = database::is_there(&mut session, staged).await?;
    if is_staged && is_kept && is_empty(&mut session, staged).await? {
        // The very last step, dropping the emptied database, was cut short behind what had been written down.
        drop_emptied(&mut session, staged).await?;
        is_staged = false;
    }
    session.close().await;
    Ok(match (live, is_staged, is_kept) {
        (true, true, false) => SwapState::NotSwapped,
        (true, false, true) => SwapState::Swapped,
        _ => SwapState::Unclear,
    })
}

/// Finishes or undoes what an interrupted exchange of `staged` left half done. Does nothing when there is nothing.
pub async fn settle(access: &Access, staged: &str) -> Result<()> {
    let mut session = database::elsewhere(access).await?;
    if database::is_there(&mut session, staged).await? {
        alone(&mut session, staged).await?;
        match journal::read(&mut session, staged).await? {
            Some(journal) => resolve(access, &mut session, staged, &journal).await?,
            // The table may be there and empty: nothing had begun.
            None => journal::remove(&mut session, staged).await?,
        }
    }
    session.close().await;
    Ok(())
}

async fn exchange(access: &Access, staged: &str, target: &str, kept: Option<&str>) -> Result<()> {
    settle(access, staged).await?;
    let mut session = database::elsewhere(access).await?;
    alone(&mut session, staged).await?;
    if let Some(taken) = taken(&mut session, target, kept).await? {
        return Err(EngineError::DatabaseTaken { name: taken.to_owned(), code: Some("1007".into()) });
    }
    let new = side(access, &mut session, staged).await?;
    let old = match kept {
        Some(_) => side(access, &mut session, target).await?,
        None => Side::default(),
    };
    let journal = Journal {
        target: target.to_owned(),
        kept: kept.map(str::to_owned),
        foreign_keys: foreign::on(&mut session, target, &[staged, kept.unwrap_or(staged)]).await?,
        grants: grants::on_routines(&mut session, target).await?,
        old,
        new,
    };
    journal::write(&mut session, staged, &journal).await?;
    match finish(access, &mut session, staged, &journal).await {
        Ok(()) => {
            session.close().await;
            Ok(())
        }
        Err(failure) => Err(back_out(access, staged, &journal, failure).await),
    }
}

/// Makes a database that was filled by others' statements like one that was loaded here: defaults take numbers from its own
/// sequences, and events rest until it has its final name.
pub async fn make_own(access: &Access, database: &str) -> Result<()> {
    let mut inside = Session::open_database(access, Some(database), Purpose::Load).await?;
    statements::prepare(&mut inside).await?;
    for other in defaults::others(&mut inside, database).await? {
        defaults::point(&mut inside, database, &other).await?;
    }
    let objects = code::objects(&mut inside, database).await?;
    inside.close().await;
    if objects.iter().any(|object| object.kind == "event") {
        place::place(access, database, &objects, false).await?;
    }
    Ok(())
}

/// The name that must be free and is not.
async fn taken<'a>(session: &mut Session, target: &'a str, kept: Option<&'a str>) -> Result<Option<&'a str>> {
    let free = kept.unwrap_or(target);
    Ok(database::is_there(session, free).await?.then_some(free))
}

/// The failure itself stays the answer. The session it happened on may be gone.
async fn back_out(access: &Access, staged: &str, journal: &Journal, failure: EngineError) -> EngineError {
    let undone = async {
        let mut session = database::elsewhere(access).await?;
        undo(access, &mut session, staged, journal).await?;
        session.close().await;
        Ok::<(), EngineError>(())
    };
    match undone.await {
        Ok(()) => failure,
        Err(left) => failure.hinting(format!(
            "What had been begun could not be taken back yet ({left}). It is written down on the server and finished or undone at the next start."
        )),
    }
}

/// After an interruption: forwards once tables have moved, else back; if one way is barred, the other.
async fn resolve(access: &Access, session: &mut Session, staged: &str, journal: &Journal) -> Result<()> {
    if Whereabouts::look(session, staged, journal).await?.has_moved(journal) {
        let Err(barred) = finish(access, session, staged, journal).await else { return Ok(()) };
        let mut session = database::elsewhere(access).await?;
        return undo(access, &mut session, staged, journal).await.map_err(|_| barred);
    }
    undo(access, session, staged, journal).await
}

/// Everything from the written journal to the end.
async fn finish(access: &Access, session: &mut Session, staged: &str, journal: &Journal) -> Result<()> {
    let Journal { target, kept, old, new, .. } = journal;
    let (aside, facts) = match kept {
        Some(kept) => (kept, &old.facts),
        None => (target, &new.facts),
    };
    if !database::is_there(session, aside).await? {
        database::create(session, aside, facts).await?;
    }
    move_tables(access, session, staged, journal, Direction::Forward).await?;
    defaults::point(session, target, staged).await?;
    // The database's defaults first: routines are made under them.
    database::alter(session, target, &new.facts).await?;
    place::place(access, target, &new.objects, true).await?;
    if let Some(kept) = kept {
        defaults::point(session, kept, target).await?;
        place::place(access, kept, &old.objects, false).await?;
        broken::note(session, kept, &old.broken).await?;
    }
    foreign::point_at(session, target, &journal.foreign_keys).await?;
    grants::give(session, &journal.grants).await?;
    place::remove_all(access, staged).await?;
    drop_emptied(session, staged).await
}

async fn drop_emptied(session: &mut Session, emptied: &str) -> Result<()> {
    let sql = format!("DROP DATABASE IF EXISTS {}", Name(emptied));
    session.execute("Dropping the emptied database", &sql).await.map(drop)
}

async fn is_empty(session: &mut Session, database: &str) -> Result<bool> {
    let sql = format!(
        "SELECT (SELECT count(*) FROM information_schema.tables WHERE table_schema = {0}) \
         + (SELECT count(*) FROM information_schema.routines WHERE routine_schema = {0})",
        Literal(database)
    );
    Ok(session.value("Looking at the emptied database", &sql).await?.as_deref() == Some("0"))
}

async fn undo(access: &Access, session: &mut Session, staged: &str, journal: &Journal) -> Result<()> {
    let Journal { target, kept, old, new, .. } = journal;
    if database::is_there(session, target).await? {
        move_tables(access, session, staged, journal, Direction::Backward).await?;
    }
    defaults::point(session, staged, target).await?;
    if let Some(kept) = kept {
        defaults::point(session, target, kept).await?;
        database::alter(session, target, &old.facts).await?;
        // Those that do not work stay if they are still there, and are not made if they are not.
        let left = broken::left(session, target, &old.broken).await?;
        place::place(access, target, &[old.objects.as_slice(), &left].concat(), true).await?;
        broken::note(session, target, &old.broken).await?;
        grants::give(session, &journal.grants).await?;
    }
    place::place(access, staged, &new.objects, false).await?;
    foreign::point_at(session, target, &journal.foreign_keys).await?;
    let aside = kept.as_ref().unwrap_or(target);
    if database::is_there(session, aside).await? && tables::list(session, aside).await?.is_empty() {
        drop_emptied(session, aside).await?;
    }
    journal::remove(session, staged).await
}

async fn move_tables(
    access: &Access,
    session: &mut Session,
    staged: &str,
    journal: &Journal,
    direction: Direction,
) -> Result<()> {
    let mut databases = vec![staged, journal.target.as_str()];
    databases.extend(journal.kept.as_deref());
    let Some(sql) = tables::statement(session, staged, journal, direction).await? else { return Ok(()) };
    let mut second = database::elsewhere(access).await?;
    database::end_sessions(&mut second, &databases).await?;
    for database in &databases {
        drop_triggers(session, database).await?;
    }
    let doing = "Moving the tables";
    session.execute(doing, &format!("SET SESSION lock_wait_timeout = {WAIT}")).await?;
    let mut moving = std::pin::pin!(session.execute(doing, &sql));
    let outcome = loop {
        tokio::select! {
            outcome = &mut moving => break outcome,
            // Sessions that come back meanwhile would hold it up.
            () = tokio::time::sleep(END_EVERY) => database::end_sessions(&mut second, &databases).await?,
        }
    };
    second.close().await;
    outcome.map(drop)
}

/// Their definitions are in the journal.
async fn drop_triggers(session: &mut Session, database: &str) -> Result<()> {
    let sql = format!(
        "SELECT trigger_name FROM information_schema.triggers WHERE trigger_schema = {}",
        Literal(database)
    );
    for name in session.rows("Listing the triggers", &sql).await?.into_iter().flatten().flatten() {
        let sql = format!("DROP TRIGGER IF EXISTS {}.{}", Name(database), Name(&name));
        session.execute("Taking the triggers away", &sql).await?;
    }
    Ok(())
}

/// What `database` holds.
async fn side(access: &Access, session: &mut Session, database: &str) -> Result<Side> {
    let facts = database::facts(session, database).await?;
    let tables = tables::list(session, database).await?;
    let mut inside = Session::open_database(access, Some(database), Purpose::Load).await?;
    statements::prepare(&mut inside).await?;
    let objects = code::objects(&mut inside, database).await?;
    let (objects, broken) = broken::split(&mut inside, objects).await?;
    inside.close().await;
    Ok(Side { facts, tables, objects, broken })
}

/// One exchange of a staged database at a time: another program may be at it, or tidying up after us.
async fn alone(session: &mut Session, staged: &str) -> Result<()> {
    let lock = format!("holdfast {}", &blake3::hash(staged.as_bytes()).to_hex()[..32]);
    let sql = format!("SELECT GET_LOCK({}, {WAIT})", Literal(&lock));
    match session.value("Waiting for another exchange", &sql).await?.as_deref() {
        Some("1") => Ok(()),
        _ => Err(ApiError::new(
            ErrorCode::VaultBusy,
            format!("Another program is giving {staged} its name just now."),
        )
        .retry()
        .into()),
    }
}
