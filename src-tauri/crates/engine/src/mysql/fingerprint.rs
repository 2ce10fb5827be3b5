//! Counts and content hashes of tables as they are now, read the very way a dump reads them.

use std::collections::HashSet;

use holdfast_contract::snapshot::{Scope, TableFingerprint, TableName};

use super::connect::{Purpose, Session};
use super::sessions::Sessions;
use super::{dump, schema};
use crate::{Access, Result, Work};

/// Tables that do not exist, and those whose rows cannot be read, are missing from the answer.
pub async fn fingerprint(
    access: &Access,
    target: &str,
    tables: &[TableName],
    work: &Work,
) -> Result<Vec<TableFingerprint>> {
    let sessions = Sessions::default();
    let outcome = work.unless_cancelled(count(access, target, tables, work, &sessions)).await;
    if outcome.is_err() {
        sessions.end(access).await;
    }
    outcome
}

async fn count(
    access: &Access,
    target: &str,
    tables: &[TableName],
    work: &Work,
    sessions: &Sessions,
) -> Result<Vec<TableFingerprint>> {
    let mut session = Session::open_database(access, Some(target), Purpose::Read).await?;
    sessions.note(&session);
    let captured = schema::capture(&mut session, target, &Scope::default()).await?;
    session.close().await;
    let wanted: HashSet<&str> = tables.iter().map(|table| table.name.as_str()).collect();
    let chosen: Vec<usize> = (0..captured.tables.len())
        .filter(|index| {
            captured.tables[*index].readable && wanted.contains(captured.tables[*index].name.as_str())
        })
        .collect();
    work.progress
        .total_bytes(chosen.iter().filter_map(|index| captured.tables[*index].estimated_bytes).sum());
    let read = dump::read(access, target, &captured.tables, &chosen, None, work, sessions).await?;
    if let Some(reader) = read.reader {
        reader.close().await;
    }
    Ok(chosen
        .into_iter()
        .zip(&read.hashers)
        .map(|(index, hasher)| TableFingerprint {
            table: captured.tables[index].table_name(),
            rows: hasher.rows(),
            content_hash: hasher.hex(),
        })
        .collect())
}
