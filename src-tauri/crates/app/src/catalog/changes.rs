//! Counting what changed, so that each process can tell its listeners, whoever wrote.

use std::collections::BTreeMap;

use holdfast_contract::event::Topic;
use rusqlite::Connection;

use super::error::Result;

pub type Counts = BTreeMap<String, i64>;

pub(super) fn counts(connection: &Connection) -> Result<Counts> {
    let mut statement = connection.prepare_cached("SELECT what, count FROM changes")?;
    let rows = statement.query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?;
    Ok(rows.collect::<rusqlite::Result<_>>()?)
}

/// Kinds whose count differs. A kind this program does not know means: ask for everything.
pub(super) fn moved(told: &Counts, now: &Counts) -> Vec<Topic> {
    let differs = now.iter().filter(|(what, count)| told.get(*what) != Some(count));
    differs
        .flat_map(|(what, _)| match what.as_str() {
            "connections" => &[Topic::Connections][..],
            "backups" => &[Topic::Backups],
            "restores" => &[Topic::Restores],
            "vault" => &[Topic::Vault],
            "settings" => &[Topic::Settings],
            "health" => &[Topic::Health],
            "guards" => &[Topic::Guards],
            // One count for everything that acts by itself.
            "schedules" => &[Topic::Schedules, Topic::Retention, Topic::Cleanup],
            _ => &[Topic::Everything],
        })
        .copied()
        .collect()
}
