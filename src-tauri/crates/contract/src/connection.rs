//! Connections: how to reach a database, and what Holdfast may do to it. Passwords travel only inwards.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::error::ApiError;
use crate::ids::ConnectionId;
use crate::offers::Offers;
use crate::settings::PoolSettings;
use crate::snapshot::{EngineKind, PlannedTable, ServerInfo};

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Environment {
    #[default]
    Development,
    Staging,
    Production,
}

/// libpq's `sslmode`, by its names.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
pub enum TlsMode {
    Disable,
    Allow,
    #[default]
    Prefer,
    Require,
    VerifyCa,
    VerifyFull,
}

impl TlsMode {
    /// From the weakest to the strongest.
    pub const ALL: [Self; 6] =
        [Self::Disable, Self::Allow, Self::Prefer, Self::Require, Self::VerifyCa, Self::VerifyFull];
}

#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct TlsSettings {
    #[serde(default)]
    pub mode: TlsMode,
    /// PEM file with the certificate authority; None: the system's trust store.
    #[serde(default)]
    pub ca_file: Option<String>,
    #[serde(default)]
    pub client_certificate_file: Option<String>,
    #[serde(default)]
    pub client_key_file: Option<String>,
}

/// Everything needed to connect except the password.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(tag = "engine", rename_all = "snake_case")]
pub enum ConnectionSpec {
    Postgres {
        /// Host name, address, or the absolute path of a socket directory.
        host: String,
        port: u16,
        database: String,
        user: String,
        #[serde(default)]
        tls: TlsSettings,
    },
    /// MySQL or MariaDB: which of the two, the server says.
    Mysql {
        /// Host name, address, or the absolute path of the server's socket.
        host: String,
        /// Not used with a socket.
        port: u16,
        database: String,
        user: String,
        #[serde(default)]
        tls: TlsSettings,
    },
    Sqlite {
        /// Absolute path.
        path: String,
    },
}

impl ConnectionSpec {
    pub fn engine(&self) -> EngineKind {
        match self {
            Self::Postgres { .. } => EngineKind::Postgres,
            Self::Mysql { .. } => EngineKind::Mysql,
            Self::Sqlite { .. } => EngineKind::Sqlite,
        }
    }
    /// The live database's own name: what `--confirm` must spell. For SQLite the file name.
    pub fn database_name(&self) -> &str {
        match self {
            Self::Postgres { database, .. } | Self::Mysql { database, .. } => database,
            Self::Sqlite { path } => path.rsplit(['/', '\\']).next().unwrap_or(path),
        }
    }
    /// The live database as copies beside it are named: a database by its name, a file by its path.
    pub fn live(&self) -> &str {
        match self {
            Self::Postgres { database, .. } | Self::Mysql { database, .. } => database,
            Self::Sqlite { path } => path,
        }
    }
    /// The database called `target` beside the live one, with the same login.
    #[must_use]
    pub fn beside(&self, target: &str) -> Self {
        let mut spec = self.clone();
        match &mut spec {
            Self::Postgres { database, .. } | Self::Mysql { database, .. } => target.clone_into(database),
            Self::Sqlite { path } => target.clone_into(path),
        }
        spec
    }
    /// The server behind it, the same for all of its databases: `postgres://db.example.com:5432`. For SQLite the file.
    pub fn server(&self) -> String {
        match self {
            Self::Postgres { host, port, .. } => format!("postgres://{}:{port}", host.to_lowercase()),
            Self::Mysql { host, .. } if host.starts_with('/') => format!("mysql://{host}"),
            Self::Mysql { host, port, .. } => format!("mysql://{}:{port}", host.to_lowercase()),
            Self::Sqlite { path } => path.clone(),
        }
    }
    /// Where it is, without user or password: `db.example.com:5432/shop`, `/srv/shop.sqlite`.
    pub fn location(&self) -> String {
        match self {
            Self::Mysql { host, database, .. } if host.starts_with('/') => format!("{host}:{database}"),
            Self::Postgres { host, port, database, .. } | Self::Mysql { host, port, database, .. } => {
                format!("{host}:{port}/{database}")
            }
            Self::Sqlite { path } => path.clone(),
        }
    }
}

/// As it is kept.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[schema(as = StoredConnection)]
pub struct Connection {
    pub id: ConnectionId,
    /// Unique, shown everywhere.
    pub name: String,
    pub spec: ConnectionSpec,
    pub environment: Environment,
    #[serde(default)]
    pub group: Option<String>,
    /// Enforced by the server for every session of this connection.
    pub read_only: bool,
    /// Ask for a proof (level *restored*) after each backup.
    pub prove_after_backup: bool,
    pub has_password: bool,
    /// Made by Holdfast to try things on.
    pub sample: bool,
    /// Limits of its own for the sessions that are kept open; None: those of the settings.
    #[serde(default)]
    pub pool: Option<PoolSettings>,
    pub created_at_ms: i64,
}

/// As it is shown: with what can be done with it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[schema(as = Connection)]
pub struct OfferedConnection {
    #[serde(flatten)]
    pub connection: Connection,
    /// Where it is, without user or password: `db.example.com:5432/shop`, `/srv/shop.sqlite`.
    pub location: String,
    /// The live database as copies beside it are named: a database by its name, a file by its path.
    pub live: String,
    pub offers: Offers,
}

#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct ConnectionAddRequest {
    pub name: String,
    /// Either a URL or a spec. A password inside the URL is taken out and kept like any other.
    #[serde(default)]
    pub url: Option<String>,
    #[serde(default)]
    pub spec: Option<ConnectionSpec>,
    #[serde(default)]
    #[schema(write_only)]
    pub password: Option<Password>,
    #[serde(default)]
    pub environment: Environment,
    #[serde(default)]
    pub group: Option<String>,
    #[serde(default)]
    pub read_only: bool,
    #[serde(default)]
    pub prove_after_backup: Option<bool>,
}

#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct ConnectionAddResponse {
    pub id: ConnectionId,
    pub connection: OfferedConnection,
    /// Advice such as "a password in a URL is visible to other users of this machine".
    pub warnings: Vec<String>,
}

/// Absent fields stay as they are.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct ConnectionUpdateRequest {
    pub id: ConnectionId,
    #[serde(default)]
    pub name: Option<String>,
    #[serde(default)]
    pub spec: Option<ConnectionSpec>,
    #[serde(default)]
    #[schema(write_only)]
    pub password: Option<Password>,
    #[serde(default)]
    pub forget_password: bool,
    #[serde(default)]
    pub environment: Option<Environment>,
    /// An empty string removes the group.
    #[serde(default)]
    pub group: Option<String>,
    #[serde(default)]
    pub read_only: Option<bool>,
    #[serde(default)]
    pub prove_after_backup: Option<bool>,
    /// All of it; sessions take it up at their next use.
    #[serde(default)]
    pub pool: Option<PoolSettings>,
    /// The settings' limits again.
    #[serde(default)]
    pub default_pool: bool,
}

#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct ConnectionListResponse {
    pub connections: Vec<OfferedConnection>,
}

/// By id or by name.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct ConnectionRef {
    pub connection: String,
}

/// Tests a saved connection, or one that is still a form.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct ConnectionTestRequest {
    #[serde(default)]
    pub connection: Option<String>,
    #[serde(default)]
    pub url: Option<String>,
    #[serde(default)]
    pub spec: Option<ConnectionSpec>,
    #[serde(default)]
    #[schema(write_only)]
    pub password: Option<Password>,
    #[serde(default)]
    pub read_only: bool,
}

#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct ConnectionTestResponse {
    pub ok: bool,
    pub server: Option<ServerInfo>,
    /// Whole way there and back, in ms.
    pub latency_ms: Option<u64>,
    /// Which step failed and what to do.
    pub error: Option<ApiError>,
    /// Things that work but deserve attention (no TLS to a remote host, superuser, old minor version).
    pub warnings: Vec<String>,
}

#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct ConnectionParseUrlRequest {
    pub url: String,
}

#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct ConnectionParseUrlResponse {
    pub spec: ConnectionSpec,
    pub has_password: bool,
}

#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct ConnectionRemoveResponse {
    pub removed: ConnectionId,
    /// Its backups stay in the vault; None when the vault is locked and nobody could look.
    pub backups_kept: Option<u64>,
}

/// The live structure: tables with sizes, for the database page.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct DatabaseInspectResponse {
    pub server: ServerInfo,
    pub tables: Vec<PlannedTable>,
    /// Databases on the same server that this login may see (empty for SQLite).
    pub databases: Vec<String>,
}

/// A password on its way in. Debug and Serialize never show it.
#[derive(Clone, Deserialize, ToSchema)]
#[serde(transparent)]
#[schema(value_type = String)]
pub struct Password(pub String);

impl std::fmt::Debug for Password {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("***")
    }
}
impl Serialize for Password {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str("***")
    }
}
