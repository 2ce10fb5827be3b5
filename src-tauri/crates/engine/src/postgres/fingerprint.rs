//! Counts and content hashes of tables as they are now, read the very way a dump reads them.

use holdfast_contract::snapshot::{TableFingerprint, TableName};

use super::copy_out::{Backends, Reading};
use super::{copy_out, large_objects, piece, snapshot};
use crate::content::ContentHasher;
use crate::{Access, EngineError, Result, Work};

/// Tables that do not exist are missing from the answer.
pub async fn fingerprint(
    access: &Access,
    target: &str,
    tables: &[TableName],
    work: &Work,
) -> Result<Vec<TableFingerprint>> {
    let backends = Backends::default();
    let outcome = work.unless_cancelled(count(access, target, tables, work, &backends)).await;
    if matches!(outcome, Err(EngineError::Cancelled)) {
        backends.end(access, target).await;
    }
    outcome
}

async fn count(
    access: &Access,
    target: &str,
    tables: &[TableName],
    work: &Work,
    backends: &Backends,
) -> Result<Vec<TableFingerprint>> {
    let mut exported = snapshot::export(access, target, work, backends).await?;
    let extents = piece::extents(&mut exported.session, tables).await?;
    let mut pieces = Vec::with_capacity(tables.len());
    for (index, table) in tables.iter().enumerate() {
        if large_objects::is_table(table) {
            pieces.push(large_objects::piece(index));
        } else if let Some(extent) = extents.get(table) {
            pieces.extend(piece::cut(index, table, extent, exported.session.version));
        }
    }
    let owners: Vec<usize> = pieces.iter().map(|piece| piece.table).collect();
    work.progress.total_bytes(extents.values().map(|extent| extent.bytes).sum());
    let reading = Reading {
        access: access.clone(),
        database: target.to_owned(),
        snapshot: exported.id.clone(),
        pieces,
        work: work.clone(),
        backends: backends.clone(),
    };
    let hashers = copy_out::read(reading, None, &mut exported.session).await?;
    exported.session.close().await;
    let mut sums = vec![ContentHasher::new(); tables.len()];
    for (owner, hasher) in owners.into_iter().zip(&hashers) {
        sums[owner].merge(hasher);
    }
    let present = |table: &TableName| large_objects::is_table(table) || extents.contains_key(table);
    Ok(tables
        .iter()
        .zip(sums)
        .filter(|(table, _)| present(table))
        .map(|(table, sum)| TableFingerprint {
            table: table.clone(),
            rows: sum.rows(),
            content_hash: sum.hex(),
        })
        .collect())
}
