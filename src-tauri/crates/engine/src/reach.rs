//! The way to a database server, for the engines that speak to one through sqlx: where it is, how long it may take to
//! answer, and what people are told when the way ends early or is cut. What the server itself says is read by its own
//! engine; encryption is explained in [`crate::tls`].

use std::io::ErrorKind;
use std::time::Duration;

use holdfast_contract::connection::{ConnectionSpec, TlsSettings};
use holdfast_contract::{ApiError, ErrorCode};

use crate::{EngineError, Result};

/// For each step of connecting; [`in_time`] says it in words.
const PATIENCE: Duration = Duration::from_secs(10);

/// One server, and the database and login that a connection names on it.
pub(crate) struct Address<'a> {
    pub host: &'a str,
    pub port: u16,
    pub database: &'a str,
    pub user: &'a str,
    pub tls: &'a TlsSettings,
    /// In words for people.
    pub place: String,
}

impl<'a> Address<'a> {
    pub fn of(spec: &'a ConnectionSpec) -> Result<Self> {
        let (ConnectionSpec::Postgres { host, port, database, user, tls }
        | ConnectionSpec::Mysql { host, port, database, user, tls }) = spec
        else {
            return Err(EngineError::new(ErrorCode::Internal, "A file was taken for a server."));
        };
        // PostgreSQL's socket is a folder in which the port names the file; MySQL's is the file.
        let is_file = host.starts_with('/') && matches!(spec, ConnectionSpec::Mysql { .. });
        let place = if is_file { host.clone() } else { format!("{host}:{port}") };
        Ok(Self { host, port: *port, database, user, tls, place })
    }

    pub fn is_socket(&self) -> bool {
        self.host.starts_with('/')
    }

    pub fn bare_host(&self) -> &'a str {
        self.host.trim_start_matches('[').trim_end_matches(']')
    }

    /// On this machine: what is sent there passes no network.
    pub fn is_here(&self) -> bool {
        self.is_socket()
            || self.host == "localhost"
            || self.host.starts_with("127.")
            || self.bare_host() == "::1"
    }

    /// Asked before connecting, because the driver does not tell an unknown name from a network that is down.
    pub async fn resolve(&self) -> Result<()> {
        if self.is_socket() {
            return Ok(());
        }
        let found = tokio::net::lookup_host((self.bare_host(), self.port)).await;
        let words = match found.map(|mut addresses| addresses.next().is_some()) {
            Ok(true) => return Ok(()),
            Ok(false) => "has no address",
            Err(_) => "is not known",
        };
        let message = format!("The host name {} {words}.", self.host);
        Err(ApiError::new(ErrorCode::ConnectionNameResolution, message)
            .hint("Check the spelling, the DNS and a VPN.")
            .retry()
            .into())
    }
}

pub(crate) async fn in_time<T>(place: &str, step: impl Future<Output = Result<T>>) -> Result<T> {
    tokio::time::timeout(PATIENCE, step).await.unwrap_or_else(|_| Err(timed_out(place)))
}

pub(crate) fn timed_out(place: &str) -> EngineError {
    ApiError::new(
        ErrorCode::ConnectionTimedOut,
        format!("The server at {place} did not answer within ten seconds."),
    )
    .hint("Check host, port and firewalls.")
    .retry()
    .into()
}

/// What differs between products before they have said a word.
pub(crate) struct Product {
    pub name: &'static str,
    /// Hints for when nothing listens, there is no socket, and the socket may not be used.
    pub listens: &'static str,
    pub socket: &'static str,
    pub socket_rights: &'static str,
    /// What commonly stands between a client and this product's servers.
    pub between: &'static str,
}

impl Product {
    /// An error of work on an established connection, other than an answer of the server's.
    pub fn lost(&self, doing: &str, error: &sqlx::Error) -> ApiError {
        match error {
            sqlx::Error::Io(source) => ApiError::new(
                ErrorCode::ConnectionLost,
                format!("{doing}: the connection to the server was lost."),
            )
            .hint("Check that the server is running and reachable, then run it again.")
            .native(format!("{:?}", source.kind()))
            .retry(),
            sqlx::Error::Protocol(_) => ApiError::new(
                ErrorCode::ConnectionLost,
                format!("{doing}: the server's answer ended or was not understood."),
            )
            .hint(format!("{} between here and the server may have interfered.", self.between))
            .retry(),
            other => ApiError::new(ErrorCode::ServerError, format!("{doing}: {other}")),
        }
    }

    /// An error before the session stood, other than an answer of the server's: every step of the way has its own code.
    pub fn not_reached(&self, place: &str, error: &sqlx::Error) -> ApiError {
        if let Some(reason) = crate::tls::reason(error) {
            return ApiError::new(
                ErrorCode::TlsFailed,
                format!("The encrypted connection to {place} failed: {reason}."),
            )
            .hint("Check the TLS mode, the certificate authority and the server's certificate.");
        }
        match error {
            sqlx::Error::Io(source) => self.refused(place, source),
            sqlx::Error::Protocol(_) => ApiError::new(
                ErrorCode::ConnectionLost,
                format!("What answers at {place} does not speak {}'s protocol.", self.name),
            )
            .hint("Check host and port."),
            _ => ApiError::new(ErrorCode::ServerError, format!("Connecting to {place} failed.")),
        }
    }

    fn refused(&self, place: &str, source: &std::io::Error) -> ApiError {
        let (code, words, hint) = match source.kind() {
            ErrorKind::ConnectionRefused => {
                (ErrorCode::ConnectionRefused, "nothing listens there", self.listens)
            }
            ErrorKind::NotFound => (ErrorCode::ConnectionRefused, "there is no server socket", self.socket),
            ErrorKind::PermissionDenied => (
                ErrorCode::ConnectionRefused,
                "this user may not use the server's socket",
                self.socket_rights,
            ),
            ErrorKind::TimedOut => (
                ErrorCode::ConnectionTimedOut,
                "there was no answer in time",
                "Check host, port and firewalls.",
            ),
            ErrorKind::HostUnreachable | ErrorKind::NetworkUnreachable | ErrorKind::AddrNotAvailable => (
                ErrorCode::ConnectionRefused,
                "no network route leads there",
                "Check the network, a VPN and the address.",
            ),
            _ => (
                ErrorCode::ConnectionLost,
                "the connection was closed while signing in",
                "The server, a firewall or a proxy closed it; the server's log may say why.",
            ),
        };
        let mut error =
            ApiError::new(code, format!("Connecting to {place} failed: {words}.")).hint(hint).retry();
        error.native = source.raw_os_error().map(|number| format!("os error {number}"));
        error
    }
}
