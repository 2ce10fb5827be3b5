//! The sentences of a restore plan. Pure: numbers in, words out.

use std::collections::BTreeMap;

use holdfast_contract::backup::Backup;
use holdfast_contract::connection::Connection;
use holdfast_contract::restore::GlobalsPlan;
use holdfast_contract::session::ServerSession;
use holdfast_contract::snapshot::{DumpPlan, Omission, Snapshot, TableName};
use holdfast_engine::RowCounts;

use super::intent::Intent;
use crate::change::words::told_sessions;
use crate::text::{moment, span};

pub(crate) fn steps(
    intent: &Intent,
    connection: &Connection,
    readable: bool,
    sessions: &[ServerSession],
    globals: Option<&GlobalsPlan>,
) -> Vec<String> {
    let name = connection.spec.database_name();
    let mut steps = Vec::new();
    if intent.target.replaces() && readable {
        steps.push(format!("Back up “{name}” as it is now, and prove that backup."));
    }
    if let (Some(globals), true) = (globals, intent.globals) {
        steps.extend(created("roles", &globals.missing_roles));
        steps.extend(created("tablespaces", &globals.missing_tablespaces));
    }
    steps.push(format!("Load the backup beside it, as {}.", intent.target.staging));
    steps.push(
        "Count and compare every table with the snapshot; on any difference remove the copy and stop.".into(),
    );
    match &intent.target.kept_as {
        Some(kept) => {
            steps.push(format!("Put the proven copy in the place of “{name}”; {}.", told_sessions(sessions)));
            steps.push(format!(
                "Keep the replaced database as {kept} until you release it: undo is one step."
            ));
        }
        None => steps.push(format!("Give the proven copy its name: {}.", intent.target.database)),
    }
    steps
}

fn created(what: &str, names: &[String]) -> Option<String> {
    let names: Vec<String> = names.iter().map(|name| format!("“{name}”")).collect();
    (!names.is_empty()).then(|| {
        format!("Create the missing {what} {}; they stay, whatever becomes of the restore.", names.join(", "))
    })
}

pub(crate) fn warnings(backup: &Backup, snapshot: &Snapshot) -> Vec<String> {
    damage(backup).into_iter().chain(snapshot.omissions.iter().map(omitted)).collect()
}

pub(crate) fn damage(backup: &Backup) -> Option<String> {
    let words =
        "The last check found damage in this backup; the restore may stop at it, with nothing changed.";
    backup.damaged.then(|| words.to_owned())
}

pub(crate) fn omitted(omission: &Omission) -> String {
    format!("Not in the backup: {} {}. {}", omission.kind, omission.name, omission.reason)
}

/// What the swap takes away from the live database, in words and, where the engine knows them, numbers.
pub(crate) fn loses(
    connection: &Connection,
    row_counts: RowCounts,
    snapshot: &Snapshot,
    live: Option<&DumpPlan>,
    intent: &Intent,
    now_ms: i64,
) -> String {
    let name = connection.spec.database_name();
    let mut text = format!(
        "What was written to “{name}” after {} ({} ago) is not in the restored database.",
        moment(snapshot.taken_at_ms),
        span(now_ms.saturating_sub(snapshot.taken_at_ms)),
    );
    let by = match row_counts {
        RowCounts::Estimated => "By the server's row estimates, which may be old,",
        RowCounts::Counted => "By row counts,",
    };
    match live.map(|live| differing(snapshot, live)) {
        None => text.push_str(" What that is cannot be told: the live database cannot be read."),
        Some(changes) if changes.is_empty() => text.push_str(&format!(
            " {by} no table has grown or shrunk since; values changed in place do not show there."
        )),
        Some(changes) => {
            let told: Vec<&str> = changes.iter().take(TOLD).map(String::as_str).collect();
            text.push_str(&format!(" {by} since then {}", told.join(", ")));
            match changes.len().saturating_sub(TOLD) {
                0 => text.push('.'),
                more => text.push_str(&format!(", and {more} more.")),
            }
        }
    }
    if let Some(kept) = &intent.target.kept_as {
        text.push_str(&format!(" All of it stays in {kept} and in the safety backup."));
    }
    text
}

/// Tables spelled out before the rest is only counted.
const TOLD: usize = 8;

fn differing(snapshot: &Snapshot, live: &DumpPlan) -> Vec<String> {
    let then: BTreeMap<&TableName, u64> =
        snapshot.tables.iter().map(|table| (&table.table, table.rows)).collect();
    let now: BTreeMap<&TableName, Option<u64>> =
        live.tables.iter().map(|table| (&table.table, table.estimated_rows)).collect();
    let mut changes = Vec::new();
    for (table, rows) in &now {
        match (then.get(*table), rows) {
            (None, _) => changes.push(format!("table {table} is new")),
            (Some(before), Some(rows)) if rows != before => {
                let change = rows.abs_diff(*before);
                let verb = if rows > before { "gained" } else { "lost" };
                changes.push(format!("{table} {verb} {change} {}", if change == 1 { "row" } else { "rows" }));
            }
            _ => {}
        }
    }
    changes.extend(
        then.keys().filter(|table| !now.contains_key(*table)).map(|table| format!("table {table} is gone")),
    );
    changes
}
