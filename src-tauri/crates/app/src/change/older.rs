//! Journals as they were written before each kind of change had facts of its own: one record for all, told apart by which of its
//! fields are filled; an import stood in it as a restore of a backup without an id. They are read, and never written again.

use holdfast_contract::backup::TableProof;
use holdfast_contract::restore::RestoreTable;
use holdfast_contract::{ApiError, BackupId, ConnectionId};
use holdfast_engine::TableOrder;
use serde::Deserialize;
use serde_json::Value;

use super::facts::{self, Change, Imported, Stored};
use super::target::Target;

/// Of any version.
pub(super) fn read(value: Value) -> serde_json::Result<facts::Facts> {
    // What was asked for stood under this name.
    match value.get("intent") {
        Some(_) => serde_json::from_value::<Facts>(value).map(facts::Facts::from),
        None => serde_json::from_value(value),
    }
}

#[derive(Deserialize)]
struct Facts {
    intent: Intent,
    backup_name: String,
    connection_name: String,
    #[serde(default)]
    safety_backup: Option<BackupId>,
    #[serde(default)]
    proof: Vec<TableProof>,
    #[serde(default)]
    remarks: Vec<String>,
    #[serde(default)]
    error: Option<ApiError>,
    #[serde(default)]
    kept: Option<String>,
    #[serde(default)]
    undone: bool,
    #[serde(default)]
    undo_keeps_as: Option<String>,
    #[serde(default)]
    import: Option<Imported>,
    #[serde(default)]
    order: Option<TableOrder>,
    #[serde(default)]
    chosen: Vec<RestoreTable>,
}

/// Whether the live database was replaced shows in `kept_as`.
#[derive(Deserialize)]
struct Intent {
    backup: BackupId,
    connection: ConnectionId,
    database: String,
    staging: String,
    kept_as: Option<String>,
}

impl From<Facts> for facts::Facts {
    fn from(old: Facts) -> Self {
        let Intent { backup, connection, database, staging, kept_as } = old.intent;
        let from = Stored { backup, name: old.backup_name };
        let change = match (old.import, old.order) {
            (Some(import), _) => Change::Import(import),
            (None, Some(order)) => Change::Tables { from, order, chosen: old.chosen },
            (None, None) => Change::Database { from },
        };
        Self {
            change,
            target: Target { connection, database, staging, kept_as },
            connection_name: old.connection_name,
            safety_backup: old.safety_backup,
            proof: old.proof,
            remarks: old.remarks,
            error: old.error,
            kept: old.kept,
            undone: old.undone,
            undo_keeps_as: old.undo_keeps_as,
        }
    }
}
