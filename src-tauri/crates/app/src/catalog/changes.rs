//! Counting what changed, so that each process can tell its listeners, whoever wrote.

use std::collections::BTreeMap;

use holdfast_contract::event::Changed;
use rusqlite::Connection;

use super::error::Result;

pub type Counts = BTreeMap<String, i64>;

pub(super) fn counts(connection: &Connection) -> Result<Counts> {
    let mut statement = connection.prepare_cached("SELECT what, count FROM changes")?;
    let rows = statement.query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?;
    Ok(rows.collect::<rusqlite::Result<_>>()?)
}

/// Kinds whose count differs. A kind this program does not know means: ask for everything.
pub(super) fn moved(told: &Counts, now: &Counts) -> Vec<Changed> {
    let differs = now.iter().filter(|(what, count)| told.get(*what) != Some(count));
    differs
        .map(|(what, _)| match what.as_str() {
            "connections" => Changed::Connections,
            "backups" => Changed::Backups,
            "restores" => Changed::Restores,
            "vault" => Changed::Vault,
            "settings" => Changed::Settings,
            "health" => Changed::Health,
            "schedules" => Changed::Schedules,
            "guards" => Changed::Guards,
            _ => Changed::Everything,
        })
        .collect()
}
