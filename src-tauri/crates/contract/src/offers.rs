//! What can be done with a connection, or with a kind of database before there is one: plain facts that window and
//! command line ask, so that nobody asks for an engine's name.
//!
//! They are computed from what the engine really has; a screen that follows them cannot disagree with the code.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::backup::ExportFormat;
use crate::connection::TlsMode;
use crate::import::{ImportInto, SqlDialect};
use crate::snapshot::{BackupKind, EngineKind};

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Offers {
    /// Where a backup goes back to: a connection of the same kind.
    pub engine: EngineKind,
    /// As people call it. For a connection: what its server said when it was last asked.
    pub product: String,
    /// The versions that are looked after: "13 and later".
    pub versions: String,
    pub address: AddressForm,
    pub copies: Copies,
    /// None: no backups.
    pub backup: Option<BackupOffers>,
    /// None: no restores, so no proofs and no drills either.
    pub restore: Option<RestoreOffers>,
    /// None: no SQL files of others.
    pub import: Option<ImportOffers>,
    /// What a whole backup can be saved as; those of single kinds of backups are among them.
    pub exports: Vec<ExportOffer>,
    /// `maintenance.list` tells which actions.
    pub maintenance: bool,
    /// None: no clearing of tables and no rules.
    pub clearing: Option<ClearingOffers>,
    /// Sessions of others can be listed and closed.
    pub sessions: bool,
    /// Why nothing may be changed through this connection; None: it may. Taking backups changes nothing.
    pub changes_refused: Option<String>,
}

/// How a database is found, and so which fields a form has.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(tag = "by", rename_all = "snake_case")]
pub enum AddressForm {
    /// Host, port, database and login.
    Server {
        default_port: u16,
        /// What may stand in the host's place.
        socket: SocketForm,
        tls_modes: Vec<TlsMode>,
    },
    /// The absolute path of a file on this machine: no login, nothing on the way that could be encrypted.
    File,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum SocketForm {
    /// The folder that holds the socket.
    Folder,
    /// The socket itself.
    File,
}

/// What a database beside the live one is: a restored copy, a scratch copy of a proof, the replaced one that is kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Copies {
    /// A database of a server, made through a connection that may write.
    Databases { longest_name: u32, counted_in: NameUnit },
    /// A file, named by its absolute path. A scratch copy needs no connection.
    Files,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum NameUnit {
    /// Of UTF-8.
    Bytes,
    Characters,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct BackupOffers {
    pub kinds: Vec<BackupKind>,
    /// Some tables only.
    pub tables: bool,
    /// With roles and tablespaces of the whole server.
    pub globals: bool,
    /// What a new connection does after each backup when nobody says: proofs that cost little are on.
    pub proves_unless_told: bool,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct RestoreOffers {
    /// In the live database's place; false: beside it only.
    pub replace: bool,
    /// A live database that is gone or damaged can be replaced as well.
    pub replace_unreadable: bool,
    /// Single tables into a live database.
    pub tables: bool,
    /// Single tables into another schema of it.
    pub schemas: bool,
    /// Roles and tablespaces that the server lacks.
    pub globals: bool,
    /// Views, routines, triggers and events can run as the login that restores them (`map_definers`).
    pub definers: bool,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ImportOffers {
    pub dialect: SqlDialect,
    pub into: Vec<ImportInto>,
    /// Files may give objects to roles; these statements can be passed over (`without_owners`).
    pub owners: bool,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ExportOffer {
    pub format: ExportFormat,
    /// Which backups; others cannot be saved in this form.
    pub kinds: Vec<BackupKind>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ClearingOffers {
    /// Columns that hold a time say so by their type; false: any column may hold one.
    pub typed_times: bool,
}
