//! What a manifest's head says about a backup, so that lists need no manifest body and no catalog.

use holdfast_contract::backup::{Backup, BackupState};
use holdfast_contract::connection::Connection;
use holdfast_contract::snapshot::{BackupKind, EngineKind, Omission, Snapshot};
use holdfast_contract::{BackupId, ConnectionId};
use serde::{Deserialize, Serialize};

/// Part of the vault format: fields are only ever added, with a default.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Summary {
    pub name: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub note: Option<String>,
    pub connection_id: ConnectionId,
    pub connection_name: String,
    pub engine: EngineKind,
    pub kind: BackupKind,
    pub database: String,
    pub duration_ms: u64,
    pub size_bytes: u64,
    pub table_count: u64,
    pub row_count: u64,
    pub omission_count: u64,
    /// Something that was not excluded by request is missing.
    pub partial: bool,
    /// Of chosen tables. Heads of before this was told are taken for whole ones.
    #[serde(default)]
    pub chosen: bool,
    pub compression: i32,
    pub tool_version: String,
}

/// What is known before a dump: who is backed up, and under which name.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Heading {
    pub name: String,
    pub note: Option<String>,
    pub connection: Connection,
    pub kind: BackupKind,
    pub compression: i32,
}

impl Heading {
    /// The note's first line names the backup; without a note, what it was made for does.
    pub(crate) fn new(
        connection: Connection,
        kind: BackupKind,
        note: Option<String>,
        otherwise: &str,
        compression: i32,
    ) -> Self {
        let note = note.map(|text| text.trim().to_owned()).filter(|text| !text.is_empty());
        let first_line = note.as_deref().and_then(|text| text.lines().next()).map(shortened);
        let name = first_line.unwrap_or_else(|| otherwise.to_owned());
        Self { name, note, connection, kind, compression }
    }

    pub(crate) fn summary(&self, snapshot: &Snapshot, size_bytes: u64, duration_ms: u64) -> Summary {
        Summary {
            name: self.name.clone(),
            note: self.note.clone(),
            connection_id: self.connection.id.clone(),
            connection_name: self.connection.name.clone(),
            engine: snapshot.server.engine,
            kind: self.kind,
            database: snapshot.server.database.clone(),
            duration_ms,
            size_bytes,
            table_count: snapshot.tables.len() as u64,
            row_count: snapshot.tables.iter().map(|table| table.rows).sum(),
            omission_count: snapshot.omissions.len() as u64,
            partial: unasked(&snapshot.omissions).next().is_some(),
            chosen: !snapshot.scope.tables.is_empty(),
            compression: self.compression,
            tool_version: env!("CARGO_PKG_VERSION").to_owned(),
        }
    }
}

/// What is left out although nobody asked for it: what makes a backup partial.
pub(crate) fn unasked(omissions: &[Omission]) -> impl Iterator<Item = &Omission> {
    omissions.iter().filter(|omission| !omission.by_request)
}

impl Summary {
    /// Without standing: level and damage come from the proof records.
    pub(crate) fn into_backup(self, id: BackupId, created_at_ms: i64, stored_bytes: u64) -> Backup {
        Backup {
            id,
            state: if self.partial { BackupState::Partial } else { BackupState::Complete },
            name: self.name,
            note: self.note,
            connection_id: self.connection_id,
            connection_name: self.connection_name,
            engine: self.engine,
            kind: self.kind,
            database: self.database,
            created_at_ms,
            duration_ms: Some(self.duration_ms),
            size_bytes: self.size_bytes,
            stored_bytes,
            table_count: self.table_count,
            row_count: self.row_count,
            omission_count: self.omission_count,
            level: None,
            level_at_ms: None,
            damaged: false,
            job_id: None,
            error: None,
            compression: self.compression,
            pinned: false,
            whole: self.kind == BackupKind::Full && !self.chosen,
        }
    }
}

/// Names stand in one line of a table: the longest that still reads well there.
const NAME_CHARS: usize = 80;

fn shortened(line: &str) -> String {
    if line.chars().count() <= NAME_CHARS {
        return line.trim_end().to_owned();
    }
    let mut text: String = line.chars().take(NAME_CHARS - 1).collect();
    text.push('…');
    text
}
