//! The way to a database server, for the engines that speak to one through sqlx: where it is, how long it may take to
//! answer, and what people are told when the way ends early or is cut. What the server itself says is read by its own
//! engine; encryption is explained in [`crate::tls`].

use std::path::{Path, PathBuf};
use std::time::Duration;

use holdfast_contract::connection::{ConnectionSpec, TlsSettings};

use crate::error::{Product, Unreached};
use crate::{Access, EngineError, Result};

/// For each step of connecting; [`Unreached::Silent`] says it in words.
const PATIENCE: Duration = Duration::from_secs(10);

/// Where a tunnel to a server begins on this machine: a private folder with one socket in it, so that the address that is
/// dialled and the name that certificates are checked against stay two things.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NearEnd {
    folder: PathBuf,
}

impl NearEnd {
    pub fn new(folder: PathBuf) -> Self {
        Self { folder }
    }

    /// What the tunnel listens on for this server. `None` for a file: it is on this machine.
    pub fn socket(&self, spec: &ConnectionSpec) -> Option<PathBuf> {
        match spec {
            // The client library finds the file by the folder and the port.
            ConnectionSpec::Postgres { port, .. } => Some(self.folder.join(format!(".s.PGSQL.{port}"))),
            ConnectionSpec::Mysql { .. } => Some(self.folder.join("mysql.sock")),
            ConnectionSpec::Sqlite { .. } => None,
        }
    }

    pub(crate) fn folder(&self) -> &Path {
        &self.folder
    }
}

/// One server, and the database and login that a connection names on it.
pub(crate) struct Address<'a> {
    /// The server's own name. What is dialled may be the near end of a tunnel.
    pub host: &'a str,
    pub port: u16,
    pub database: &'a str,
    pub user: &'a str,
    pub tls: &'a TlsSettings,
    /// In words for people.
    pub place: String,
    /// Of the tunnel to it.
    pub near_end: Option<&'a NearEnd>,
}

impl<'a> Address<'a> {
    pub fn of(access: &'a Access) -> Result<Self> {
        let spec = &access.spec;
        let (ConnectionSpec::Postgres { host, port, database, user, tls }
        | ConnectionSpec::Mysql { host, port, database, user, tls }) = spec
        else {
            return Err(EngineError::internal("A file was taken for a server."));
        };
        // PostgreSQL's socket is a folder in which the port names the file; MySQL's is the file.
        let is_file = host.starts_with('/') && matches!(spec, ConnectionSpec::Mysql { .. });
        let place = if is_file { host.clone() } else { format!("{host}:{port}") };
        let near_end = access.near_end.as_ref();
        Ok(Self { host, port: *port, database, user, tls, place, near_end })
    }

    pub fn is_socket(&self) -> bool {
        self.host.starts_with('/')
    }

    pub fn bare_host(&self) -> &'a str {
        self.host.trim_start_matches('[').trim_end_matches(']')
    }

    /// On the server's own machine, or on the one where the tunnel ends: what is sent there passes no open network.
    pub fn is_here(&self) -> bool {
        self.is_socket()
            || self.host == "localhost"
            || self.host.starts_with("127.")
            || self.bare_host() == "::1"
    }

    /// Asked before connecting, because the driver does not tell an unknown name from a network that is down.
    pub async fn resolve(&self) -> Result<()> {
        // Names at the far end of a tunnel are for that end.
        if self.is_socket() || self.near_end.is_some() {
            return Ok(());
        }
        let found = tokio::net::lookup_host((self.bare_host(), self.port)).await;
        let words = match found.map(|mut addresses| addresses.next().is_some()) {
            Ok(true) => return Ok(()),
            Ok(false) => "has no address",
            Err(_) => "is not known",
        };
        Err(Unreached::Name { host: self.host.to_owned(), words }.into())
    }
}

pub(crate) async fn in_time<T>(place: &str, step: impl Future<Output = Result<T>>) -> Result<T> {
    tokio::time::timeout(PATIENCE, step).await.unwrap_or_else(|_| Err(timed_out(place)))
}

pub(crate) fn timed_out(place: &str) -> EngineError {
    Unreached::Silent { place: place.to_owned() }.into()
}

impl Product {
    /// An error of work on an established connection, other than an answer of the server's.
    pub fn lost(&'static self, doing: &str, error: &sqlx::Error) -> Unreached {
        let doing = doing.to_owned();
        match error {
            sqlx::Error::Io(source) => Unreached::Lost { doing, kind: source.kind() },
            sqlx::Error::Protocol(_) => Unreached::Garbled { doing, product: self },
            other => Unreached::Client { doing, reason: other.to_string() },
        }
    }

    /// An error before the session stood, other than an answer of the server's: every step of the way is told apart.
    pub fn not_reached(&'static self, place: &str, error: &sqlx::Error) -> Unreached {
        let place = place.to_owned();
        if let Some(reason) = crate::tls::reason(error) {
            return Unreached::Tls { place, reason: reason.to_string() };
        }
        match error {
            sqlx::Error::Io(source) => Unreached::Closed {
                place,
                kind: source.kind(),
                os_code: source.raw_os_error(),
                product: self,
            },
            sqlx::Error::Protocol(_) => Unreached::OtherProtocol { place, product: self },
            _ => Unreached::NoSession { place },
        }
    }
}
