//! Deleting rows that are not needed: a whole table after its typed name, old rows by rules. What goes is in a proven backup
//! first, and the counts are looked at before and after. [`candidates`] only advises.

pub mod candidates;
pub mod rules;
pub mod table;

use std::collections::BTreeSet;

use holdfast_contract::clearing::{OnDelete, Referring};
use holdfast_contract::connection::Connection;
use holdfast_contract::snapshot::TableName;
use holdfast_contract::{ApiError, ErrorCode};
use holdfast_engine::{Clear, EngineError};

use crate::proof::place::Place;

fn facet(place: &Place) -> Result<&dyn Clear, ApiError> {
    place.engine().clear().ok_or_else(|| {
        let text = format!("Holdfast cannot delete rows of {} yet.", place.kind().product());
        ApiError::new(ErrorCode::Unsupported, text)
    })
}

fn may_write(connection: &Connection) -> Result<(), ApiError> {
    if !connection.read_only {
        return Ok(());
    }
    let text =
        format!("The connection {:?} is marked read-only: no row is deleted through it.", connection.name);
    Err(ApiError::new(ErrorCode::ReadOnly, text).hint("Use a connection that may write."))
}

/// Everything that hangs on the table, through tables whose rows go with it.
async fn hanging_on(clear: &dyn Clear, table: &TableName) -> Result<Vec<Referring>, ApiError> {
    let (mut open, mut seen, mut all) = (vec![table.clone()], BTreeSet::from([table.clone()]), Vec::new());
    while let Some(parent) = open.pop() {
        for key in clear.referring(&parent).await.map_err(EngineError::into_api)? {
            if key.on_delete == OnDelete::Cascade && key.rows > 0 && seen.insert(key.table.clone()) {
                open.push(key.table.clone());
            }
            all.push(key);
        }
    }
    Ok(all)
}

/// Tables that lose rows: the one itself and those it takes along.
fn losing(table: &TableName, referring: &[Referring]) -> Vec<TableName> {
    let along = referring.iter().filter(|key| key.on_delete == OnDelete::Cascade && key.rows > 0);
    let mut tables: Vec<TableName> = along.map(|key| key.table.clone()).collect();
    tables.push(table.clone());
    tables.sort();
    tables.dedup();
    tables
}

/// What a foreign key means for a deletion, in a sentence.
fn in_words(key: &Referring) -> String {
    let Referring { table, constraint, on_delete, rows } = key;
    match on_delete {
        OnDelete::Cascade => format!("Up to {rows} rows of {table} go too ({constraint})."),
        OnDelete::Unset => format!("Up to {rows} rows of {table} lose what they point at ({constraint})."),
        OnDelete::Refuse => format!("{rows} rows of {table} may stand in the way ({constraint})."),
    }
}
