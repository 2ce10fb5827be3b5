//! Tables change places, forwards and back, and what was cut short is brought to an end.

use holdfast_contract::snapshot::{Scope, TableName};
use holdfast_contract::{ApiError, ErrorCode};

use super::hanging::{self, Hanging, Ledger, ledger};
use super::mark::{self, Direction};
use super::{definition, is_there, keys, triggers};
use crate::mysql::connect::{Purpose, Session};
use crate::mysql::sql::{Literal, Name, Qualified};
use crate::mysql::{schema, statements};
use crate::tables::TableOrder;
use crate::{Access, EngineError, Result, SwapState, Work};

/// Seconds: waiting longer for others' transactions on the tables is told, with nothing changed. Everybody queues behind.
const WAIT: u32 = 15;
/// Seconds for a session of ours whose program has died.
const WAIT_FOR_OURSELVES: u32 = 30;

pub async fn put(access: &Access, order: &TableOrder, work: &Work) -> Result<Vec<String>> {
    work.checkpoint()?;
    work.progress.phase("Putting the tables in place");
    let database = access.spec.database_name();
    let mut session = session(access, order).await?;
    let turns = turns(order, Direction::Forward)?;
    unchanged(&mut session, database, order).await?;
    if !order.allows_dangling()
        && let Some(orphans) = keys::dangling(access, order, true, work).await?.first()
    {
        return Err(ApiError::new(ErrorCode::VerificationFailed, orphans.clone())
            .hint("Nothing was changed. Restore the other table with it, or ask to allow dangling rows.")
            .into());
    }
    for turn in &turns {
        advance(&mut session, turn).await?;
    }
    work.checkpoint()?;
    mark::set(&mut session, database, &order.wish.tag, Direction::Forward).await?;
    for (number, turn) in turns.iter().enumerate() {
        if let Some(incoming) = turn.incoming {
            triggers::stand_in(&mut session, &incoming.name, &turn.wanted, &order.wish.tag, number).await?;
        }
    }
    finish(&mut session, database, &turns).await?;
    session.close().await;
    // What others wrote in between, before the foreign keys were on.
    Ok(if order.replaces() { keys::dangling(access, order, false, work).await? } else { Vec::new() })
}

pub async fn put_back(access: &Access, order: &TableOrder, work: &Work) -> Result<Vec<String>> {
    work.progress.phase("Putting the replaced tables back");
    let database = access.spec.database_name();
    let mut session = session(access, order).await?;
    let turns = turns(order, Direction::Back)?;
    for turn in &turns {
        let coming = turn.incoming.unwrap_or(turn.place);
        if !is_there(&mut session, database, &coming.name).await?
            || !is_there(&mut session, database, &turn.place.name).await?
        {
            return Err(changed(turn.place));
        }
        advance(&mut session, turn).await?;
    }
    mark::set(&mut session, database, &order.wish.tag, Direction::Back).await?;
    for (number, turn) in turns.iter().enumerate() {
        if let Some(incoming) = turn.incoming {
            triggers::stand_in(&mut session, &incoming.name, &turn.wanted, &order.wish.tag, number).await?;
        }
    }
    finish(&mut session, database, &turns).await?;
    session.close().await;
    Ok(Vec::new())
}

pub async fn state(access: &Access, order: &TableOrder) -> Result<SwapState> {
    let database = access.spec.database_name();
    let mut session = settle(access, order).await?;
    let (mut staged, mut placed) = (0, 0);
    for step in &order.tables {
        staged += usize::from(is_there(&mut session, database, &step.staging.name).await?);
        let place = step.kept.as_ref().unwrap_or(&step.to);
        placed += usize::from(is_there(&mut session, database, &place.name).await?);
    }
    session.close().await;
    let all = order.tables.len();
    Ok(match (staged, placed) {
        (0, placed) if placed == all => SwapState::Swapped,
        (staged, _) if staged == all => SwapState::NotSwapped,
        _ => SwapState::Unclear,
    })
}

pub async fn back_state(access: &Access, order: &TableOrder) -> Result<SwapState> {
    let database = access.spec.database_name();
    let mut session = settle(access, order).await?;
    let mut staged = 0;
    for step in &order.tables {
        staged += usize::from(is_there(&mut session, database, &step.staging.name).await?);
    }
    session.close().await;
    Ok(match staged {
        0 => SwapState::NotSwapped,
        all if all == order.tables.len() => SwapState::Swapped,
        _ => SwapState::Unclear,
    })
}

/// Brings to an end what was cut short: forwards once a table has moved, else to where it came from; if one way is
/// barred, the other. Does nothing when there is nothing.
pub async fn settle(access: &Access, order: &TableOrder) -> Result<Session> {
    let database = access.spec.database_name();
    let mut session = session(access, order).await?;
    let Some(direction) = mark::read(&mut session, database, &order.wish.tag).await? else {
        return Ok(session);
    };
    let ahead = turns(order, direction)?;
    if has_moved(&mut session, database, &ahead).await? {
        let Err(barred) = finish(&mut session, database, &ahead).await else { return Ok(session) };
        session = self::session(access, order).await?;
        let behind = turns(
            order,
            match direction {
                Direction::Forward => Direction::Back,
                Direction::Back => Direction::Forward,
            },
        )?;
        return finish(&mut session, database, &behind).await.map(|()| session).map_err(|_| barred);
    }
    for turn in &ahead {
        // The table that did not come has only what was put on it for the purpose.
        if let Some(incoming) = turn.incoming {
            triggers::hand_over(&mut session, database, &incoming.name, None, &Hanging::default()).await?;
        }
    }
    mark::remove(&mut session, database).await?;
    Ok(session)
}

pub fn changed(table: &TableName) -> EngineError {
    EngineError::source_changed(
        format!("{table} is not as it was when the restore was planned."),
        "Nothing was changed. Plan the restore again.",
    )
}

/// One at a time for each restore: a session whose program died may still be at it.
async fn session(access: &Access, order: &TableOrder) -> Result<Session> {
    let mut session = Session::open(access, Purpose::Load).await?;
    statements::prepare(&mut session).await?;
    let lock = Literal(&format!("holdfast tables {}", order.wish.tag)).to_string();
    let sql = format!("SELECT GET_LOCK({lock}, {WAIT_FOR_OURSELVES})");
    match session.value("Waiting for another restore of these tables", &sql).await?.as_deref() {
        Some("1") => Ok(session),
        _ => Err(ApiError::new(ErrorCode::DatabaseBusy, "Another program is moving these tables just now.")
            .retry()
            .into()),
    }
}

/// One name, the table that comes to have it and the one that has it until then.
struct Turn<'a> {
    place: &'a TableName,
    incoming: Option<&'a TableName>,
    outgoing: Option<&'a TableName>,
    /// What is on the table that comes.
    wanted: Hanging,
    /// Foreign keys of tables that stay.
    pointing: Vec<keys::ForeignKey>,
}

fn turns(order: &TableOrder, direction: Direction) -> Result<Vec<Turn<'_>>> {
    order
        .tables
        .iter()
        .map(|step| {
            let Ledger { old, new, incoming: pointing, .. } = ledger(step)?;
            let (incoming, outgoing, wanted) = match direction {
                Direction::Forward => (Some(&step.staging), step.kept.as_ref(), new),
                Direction::Back => (step.kept.as_ref(), Some(&step.staging), old),
            };
            Ok(Turn { place: &step.to, incoming, outgoing, wanted, pointing })
        })
        .collect()
}

/// Still what the order was made for, and the names that are needed are free.
async fn unchanged(session: &mut Session, database: &str, order: &TableOrder) -> Result<()> {
    let live = schema::capture(session, database, &Scope::default()).await?;
    for step in &order.tables {
        let ledger = ledger(step)?;
        let incoming = match step.kept {
            Some(_) => super::arrange::outside(session, database, order, &step.to.name).await?,
            None => Vec::new(),
        };
        let free = |name: &TableName| {
            !live.objects.iter().any(|object| {
                object.name == name.name && matches!(object.kind.as_str(), "table" | "view" | "sequence")
            })
        };
        let still = match &step.kept {
            Some(kept) => hanging::is_still(&ledger, &live, &step.to.name, &incoming) && free(kept),
            None => free(&step.to),
        };
        if !still || free(&step.staging) {
            return Err(changed(&step.to));
        }
    }
    // Reading definitions leaves the session's own settings alone, but not those for making them.
    statements::prepare(session).await
}

/// Numbers that were given out stay used.
async fn advance(session: &mut Session, turn: &Turn<'_>) -> Result<()> {
    let Some(incoming) = turn.incoming.filter(|_| turn.outgoing.is_some()) else { return Ok(()) };
    let doing = format!("Setting the next number of {}", turn.place);
    let mut numbers = Vec::new();
    for table in [turn.place, incoming] {
        let shown = session.rows(&doing, &format!("SHOW CREATE TABLE {}", Name(&table.name))).await?;
        let create = shown.into_iter().next().and_then(|row| row.into_iter().nth(1)).flatten();
        numbers.push(create.and_then(|create| definition::next_number(&create)));
    }
    if let [Some(used), Some(next)] = numbers[..]
        && used > next
    {
        let sql = format!("ALTER TABLE {} AUTO_INCREMENT = {used}", Name(&incoming.name));
        session.execute(&doing, &sql).await?;
    }
    Ok(())
}

async fn has_moved(session: &mut Session, database: &str, turns: &[Turn<'_>]) -> Result<bool> {
    for turn in turns {
        let moved = match (turn.outgoing, turn.incoming) {
            (Some(outgoing), _) => is_there(session, database, &outgoing.name).await?,
            (None, Some(incoming)) => !is_there(session, database, &incoming.name).await?,
            (None, None) => false,
        };
        if moved {
            return Ok(true);
        }
    }
    Ok(false)
}

/// The one statement, as far as it is still to be done, and everything behind it. Safe to repeat.
async fn finish(session: &mut Session, database: &str, turns: &[Turn<'_>]) -> Result<()> {
    let mut moves = Vec::new();
    for turn in turns {
        let comes = match turn.incoming {
            Some(incoming) => is_there(session, database, &incoming.name).await?,
            None => false,
        };
        if let Some(outgoing) = turn.outgoing
            && (comes || turn.incoming.is_none())
            && !is_there(session, database, &outgoing.name).await?
        {
            moves.push((turn.place, outgoing));
        }
        moves.extend(turn.incoming.filter(|_| comes).map(|incoming| (incoming, turn.place)));
    }
    if !moves.is_empty() {
        let each = moves.iter().map(|(from, to)| {
            format!("{} TO {}", Qualified(database, &from.name), Qualified(database, &to.name))
        });
        let sql = format!("RENAME TABLE {}", each.collect::<Vec<_>>().join(", "));
        session.execute("Preparing the session", &format!("SET SESSION lock_wait_timeout = {WAIT}")).await?;
        session.execute("Moving the tables", &sql).await?;
        // What follows must not be given up for others' patience.
        statements::prepare(session).await?;
    }
    for turn in turns {
        if let Some(outgoing) = turn.outgoing {
            keys::take_off(session, database, &outgoing.name).await?;
        }
    }
    for turn in turns {
        let aside = turn.outgoing.map(|outgoing| outgoing.name.as_str());
        match turn.incoming {
            Some(_) => {
                triggers::hand_over(session, database, &turn.place.name, aside, &turn.wanted).await?;
                keys::put_on(session, database, &turn.wanted.keys).await?;
                for key in &turn.pointing {
                    keys::point(session, database, key).await?;
                }
            }
            None => {
                if let Some(aside) = aside {
                    triggers::hand_over(session, database, aside, None, &Hanging::default()).await?;
                }
            }
        }
    }
    mark::remove(session, database).await
}
