//! Backups that a person wants kept whatever the rules say: records in the vault, so that every machine that uses it
//! knows them.

use std::collections::BTreeSet;

use holdfast_contract::{ApiError, BackupId};
use holdfast_vault::{Record, Vault};
use serde::{Deserialize, Serialize};

/// The kind under which pins stand in the vault; the newest record of a backup counts.
const KIND: &str = "pin";

#[derive(Serialize, Deserialize)]
struct Pin {
    pinned: bool,
}

/// Idempotent.
pub(crate) async fn put(vault: &Vault, backup: &BackupId, pinned: bool, now_ms: i64) -> Result<(), ApiError> {
    let value = serde_json::json!(Pin { pinned });
    vault.put_record(KIND, backup, &value, now_ms).await.map(drop).map_err(ApiError::from)
}

/// The backups that the pins among these records keep.
pub(crate) fn among(records: &[Record]) -> BTreeSet<BackupId> {
    let mut pins: Vec<&Record> = records.iter().filter(|record| record.kind == KIND).collect();
    pins.sort_by_key(|record| record.at_ms);
    let mut pinned = BTreeSet::new();
    for record in pins {
        // A record that cannot be read may be a pin: it counts as one.
        let keeps = Pin::deserialize(&record.value).map_or(true, |pin| pin.pinned);
        if keeps {
            pinned.insert(record.backup.clone());
        } else {
            pinned.remove(&record.backup);
        }
    }
    pinned
}
