//! Deleting rows that are not needed: a whole table after its typed name, old rows by rules. No row goes (no version of a
//! row) that a proven backup does not hold, whoever writes meanwhile; only a rule may say that it wants no archive.
//! [`candidates`] only advises.

pub mod candidates;
pub mod rules;
pub mod table;

use std::collections::BTreeSet;

use holdfast_contract::clearing::{OnDelete, Referring};
use holdfast_contract::connection::Connection;
use holdfast_contract::event::Topic;
use holdfast_contract::snapshot::{Scope, TableName};
use holdfast_contract::{ApiError, BackupId, ErrorCode};
use holdfast_engine::{Clear, Deletion, SnapshotSource as _};
use holdfast_vault::Vault;

use crate::backup::source::VaultSource;
use crate::change::safety::{Safety, safety_backup};
use crate::connections::database::Database;
use crate::cx::Cx;
use crate::jobs::JobContext;
use crate::jobs::stages::Stages;

fn facet(database: &Database) -> Result<&dyn Clear, ApiError> {
    database.engine().clear().ok_or_else(|| {
        let text = format!("Holdfast cannot delete rows of {} yet.", database.kind().product());
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
        for key in clear.referring(&parent).await? {
            if key.on_delete == OnDelete::Cascade && key.rows > 0 && seen.insert(key.table.clone()) {
                open.push(key.table.clone());
            }
            all.push(key);
        }
    }
    Ok(all)
}

/// What a person should know that the archive does not look after.
async fn remarks(
    clear: &dyn Clear,
    table: &TableName,
    referring: &[Referring],
) -> Result<Vec<String>, ApiError> {
    let along = referring.iter().filter(|key| key.on_delete == OnDelete::Cascade).map(|key| &key.table);
    let tables: BTreeSet<&TableName> = along.chain([table]).collect();
    let mut remarks = Vec::new();
    for table in tables {
        remarks.extend(clear.beyond(table).await?);
    }
    Ok(remarks)
}

/// Adds why an archive could not be kept to, or under which conditions.
async fn judge(
    clear: &dyn Clear,
    table: &TableName,
    blockers: &mut Vec<String>,
    remarks: &mut Vec<String>,
) -> Result<(), ApiError> {
    match clear.begin(table).await.map_err(ApiError::from) {
        Ok(deletion) => remarks.extend(deletion.caution()),
        Err(error) if error.code == ErrorCode::Unsupported => blockers.push(error.message),
        Err(other) => return Err(other),
    }
    Ok(())
}

/// What is deleted with an archive: nothing that is not in it, also if others write at the same time.
async fn archive(
    (cx, vault, connection): (&Cx, &Vault, &Connection),
    deletion: &mut dyn Deletion,
    scope: Scope,
    name: &'static str,
    job: &JobContext,
    stages: &Stages,
) -> Result<BackupId, ApiError> {
    let safety = Safety { cx, vault, connection, dump: deletion.dump() };
    let backup = safety_backup(&safety, scope, name, job, stages).await?;
    cx.events().changed(Topic::Backups);
    let source = VaultSource::open(vault, &backup.id).await?;
    deletion.archived(source.snapshot())?;
    Ok(backup.id)
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
