//! What the journal remembers of a change: what every change has, and what each kind has of its own.

use holdfast_contract::backup::TableProof;
use holdfast_contract::import::ImportInto;
use holdfast_contract::restore::RestoreTable;
use holdfast_contract::{ApiError, BackupId};
use holdfast_engine::TableOrder;
use serde::{Deserialize, Serialize};

use super::target::Target;

/// Kept on disk: fields are only ever added, with a default. Forms of before stand in `older`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Facts {
    pub change: Change,
    pub target: Target,
    pub connection_name: String,
    #[serde(default)]
    pub safety_backup: Option<BackupId>,
    #[serde(default)]
    pub proof: Vec<TableProof>,
    #[serde(default)]
    pub remarks: Vec<String>,
    #[serde(default)]
    pub error: Option<ApiError>,
    /// A database that is kept and may be let go: the replaced one, or after an undo the restored one.
    #[serde(default)]
    pub kept: Option<String>,
    /// After an undo the replaced database is live again.
    #[serde(default)]
    pub undone: bool,
    /// What an undo under way gives the present live database as its name.
    #[serde(default)]
    pub undo_keeps_as: Option<String>,
}

/// What is put in place.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub(crate) enum Change {
    /// The whole of a backup.
    Database { from: Stored },
    /// Chosen tables of a backup, into the connection's own database.
    Tables {
        from: Stored,
        /// What exactly is done.
        order: TableOrder,
        /// The same as people are told it.
        chosen: Vec<RestoreTable>,
    },
    /// What somebody's SQL file makes.
    Import(Imported),
}

/// A backup, and how it was called.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Stored {
    pub backup: BackupId,
    pub name: String,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Imported {
    pub file: String,
    pub into: ImportInto,
    /// How to ask the server about the transaction that is being committed.
    #[serde(default)]
    pub mark: Option<String>,
}

impl Change {
    /// The backup that must stay while this is under way.
    pub(crate) fn backup(&self) -> Option<&Stored> {
        match self {
            Self::Database { from } | Self::Tables { from, .. } => Some(from),
            Self::Import(_) => None,
        }
    }

    pub(crate) fn tables(&self) -> Option<&TableOrder> {
        match self {
            Self::Tables { order, .. } => Some(order),
            Self::Database { .. } | Self::Import(_) => None,
        }
    }

    /// Empty: a whole database.
    pub(crate) fn chosen(&self) -> &[RestoreTable] {
        match self {
            Self::Tables { chosen, .. } => chosen,
            Self::Database { .. } | Self::Import(_) => &[],
        }
    }

    pub(crate) fn import(&self) -> Option<&Imported> {
        match self {
            Self::Import(import) => Some(import),
            Self::Database { .. } | Self::Tables { .. } => None,
        }
    }

    /// What people know it by: the backup's name, or the file's.
    pub(crate) fn source_name(&self) -> String {
        match self {
            Self::Database { from } | Self::Tables { from, .. } => from.name.clone(),
            Self::Import(import) => file_name(&import.file),
        }
    }
}

/// The last part of a path, as people speak of a file.
pub(crate) fn file_name(path: &str) -> String {
    let name = std::path::Path::new(path).file_name();
    name.map_or_else(|| path.to_owned(), |name| name.to_string_lossy().into_owned())
}

impl Facts {
    pub(super) fn new(change: Change, target: Target, connection_name: String) -> Self {
        Self {
            change,
            target,
            connection_name,
            safety_backup: None,
            proof: Vec::new(),
            remarks: Vec::new(),
            error: None,
            kept: None,
            undone: false,
            undo_keeps_as: None,
        }
    }
}
