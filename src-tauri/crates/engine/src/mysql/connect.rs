//! One session with the server: resolved, encrypted, signed in, and with every setting pinned that could change
//! what rows or definitions look like.
//!
//! Everything goes through the text protocol: the binary one turns zero dates into NULL. A session that was left
//! in the middle of an answer is dropped, never used again. LOCAL INFILE is never offered to a server.

use std::time::Duration;

use holdfast_contract::connection::TlsMode;
use secrecy::ExposeSecret;
use sqlx::mysql::{MySqlConnectOptions, MySqlRow, MySqlSslMode};
use sqlx::{AssertSqlSafe, ConnectOptions, Connection, MySqlConnection, Row as _};

use super::error;
use super::server::Server;
use crate::reach::{Address, in_time, timed_out};
use crate::tls::{self, Certificates};
use crate::{Access, EngineError, Result};

const BOUND_STATEMENTS: usize = 12;

/// What the session is for; it decides the pinned settings.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Purpose {
    /// Reading definitions and rows: the server itself refuses writes.
    Read,
    /// Creating and filling a database.
    Load,
    /// What comes: reads and, unless the connection is read-only, writes with all that hangs on them.
    Session,
}

/// Values of one row in their text form.
pub type Row = Vec<Option<String>>;

pub struct Session {
    conn: MySqlConnection,
    /// The server's number for this session, for KILL.
    pub id: u64,
    pub server: Server,
    /// In words for people.
    pub transport: String,
    /// It sees one moment, from a savepoint named `holdfast` on.
    pub in_snapshot: bool,
}

impl Session {
    /// Connects to the connection's own database.
    pub async fn open(access: &Access, purpose: Purpose) -> Result<Self> {
        let database = Address::of(access)?.database;
        Self::open_database(access, Some(database), purpose).await
    }

    /// Without a database, names need their database in front.
    pub async fn open_database(access: &Access, database: Option<&str>, purpose: Purpose) -> Result<Self> {
        let address = Address::of(access)?;
        let conn = in_time(&address.place, reach(access, &address, database)).await?;
        let mut session =
            Self { conn, id: 0, server: Server::parse(""), transport: String::new(), in_snapshot: false };
        in_time(&address.place, session.pin(access, &address, purpose)).await?;
        Ok(session)
    }

    async fn pin(&mut self, access: &Access, address: &Address<'_>, purpose: Purpose) -> Result<()> {
        let doing = "Preparing the session";
        let rows = self.rows(doing, "SELECT version(), connection_id()").await?;
        let Some([Some(version), Some(id)]) = rows.first().map(Vec::as_slice) else {
            return Err(EngineError::unexpected("The server does not say what it is."));
        };
        self.server = Server::parse(version);
        self.id = id.parse().unwrap_or(0);
        self.server.require(&address.place)?;
        // Tells our sessions from those of others, whichever process looks. Some clusters know no such locks; then nothing does.
        drop(self.execute(doing, &format!("DO GET_LOCK('holdfast/{}', 0)", self.id)).await);
        self.set_all(purpose).await?;
        if access.read_only || purpose == Purpose::Read {
            self.execute(doing, "SET SESSION TRANSACTION READ ONLY").await?;
        }
        self.transport = self.transport(address).await?;
        Ok(())
    }

    /// Also puts the settings back after a definition that came with its own.
    pub async fn set_all(&mut self, purpose: Purpose) -> Result<()> {
        let list: Vec<String> = settings(&self.server, purpose)
            .into_iter()
            .map(|(name, value)| format!("SESSION {name} = {value}"))
            .collect();
        self.execute("Preparing the session", &format!("SET {}", list.join(", "))).await.map(drop)
    }

    async fn transport(&mut self, address: &Address<'_>) -> Result<String> {
        if address.is_socket() {
            return Ok("unix socket".to_owned());
        }
        let rows = self.rows("Preparing the session", "SHOW SESSION STATUS LIKE 'Ssl_version'").await?;
        let version = rows.into_iter().next().and_then(|row| row.into_iter().nth(1)).flatten();
        Ok(version
            .filter(|version| !version.is_empty())
            .map_or_else(|| "unencrypted".to_owned(), |version| version.replace("TLSv", "TLS ")))
    }

    /// Runs one or more statements; returns the rows that the last one changed.
    pub async fn execute(&mut self, doing: &str, sql: &str) -> Result<u64> {
        let done = sqlx::raw_sql(AssertSqlSafe(sql)).execute(&mut self.conn).await;
        Ok(done.map_err(|error| error::during(doing, error))?.rows_affected())
    }

    /// All rows of all statements, as text.
    pub async fn rows(&mut self, doing: &str, sql: &str) -> Result<Vec<Row>> {
        let rows = sqlx::raw_sql(AssertSqlSafe(sql)).fetch_all(&mut self.conn).await;
        rows.map_err(|error| error::during(doing, error))?
            .iter()
            .map(|row| in_text(doing, row, |_| None))
            .collect()
    }

    /// The first value of the first row.
    pub async fn value(&mut self, doing: &str, sql: &str) -> Result<Option<String>> {
        Ok(self.rows(doing, sql).await?.into_iter().next().and_then(|row| row.into_iter().next()).flatten())
    }

    pub fn raw(&mut self) -> &mut MySqlConnection {
        &mut self.conn
    }

    /// Says goodbye. A failure to do so is of no interest: the work is done and the socket closes anyway.
    pub async fn close(self) {
        drop(tokio::time::timeout(Duration::from_secs(2), self.conn.close()).await);
    }
}

/// `otherwise` is asked for bytes that are no text; without an answer they are an error.
pub(super) fn in_text(doing: &str, row: &MySqlRow, otherwise: fn(&[u8]) -> Option<String>) -> Result<Row> {
    (0..row.len())
        .map(|index| {
            let bytes: Option<&[u8]> =
                row.try_get_unchecked(index).map_err(|error| error::during(doing, error))?;
            let Some(bytes) = bytes else { return Ok(None) };
            match std::str::from_utf8(bytes) {
                Ok(text) => Ok(Some(text.to_owned())),
                Err(source) => match otherwise(bytes) {
                    Some(text) => Ok(Some(text)),
                    None => Err(error::during(doing, sqlx::Error::Decode(source.into()))),
                },
            }
        })
        .collect()
}

/// Names of variables with their values as SQL. What is set here is set before any definition or row is seen.
fn settings(server: &Server, purpose: Purpose) -> Vec<(&'static str, &'static str)> {
    let mut list = vec![
        // Names in backticks, texts with backslashes, definitions in full.
        ("sql_mode", "''"),
        ("sql_quote_show_create", "1"),
        ("time_zone", "'+00:00'"),
        ("character_set_client", "utf8mb4"),
        ("character_set_connection", "utf8mb4"),
        ("character_set_results", "utf8mb4"),
        ("autocommit", "1"),
        // CHAIN or RELEASE would put other transactions where ours end.
        ("completion_type", "0"),
        ("sql_auto_is_null", "0"),
        ("sql_select_limit", "DEFAULT"),
        ("sql_big_selects", "1"),
        ("lock_wait_timeout", "60"),
        ("wait_timeout", "86400"),
        // A slow store must not make the server hang up, nor a slow network.
        ("net_write_timeout", "86400"),
        ("net_read_timeout", "86400"),
        ("group_concat_max_len", "1048576"),
    ];
    if server.is_mariadb() {
        list.push(("max_statement_time", "0"));
    } else {
        list.push(("max_execution_time", "0"));
    }
    if server.mariadb_since(100_601) {
        list.push(("old_mode", "''"));
    }
    if purpose == Purpose::Load {
        list.extend([("foreign_key_checks", "0"), ("unique_checks", "0")]);
    }
    list.extend(super::mysql8::settings(server));
    list
}

async fn reach(access: &Access, address: &Address<'_>, database: Option<&str>) -> Result<MySqlConnection> {
    address.resolve().await?;
    let options = options(access, address, database).await?;
    let modes: &[MySqlSslMode] = match (address.is_socket(), address.tls.mode) {
        (true, _) | (_, TlsMode::Disable) => &[MySqlSslMode::Disabled],
        (_, TlsMode::Allow) => &[MySqlSslMode::Disabled, MySqlSslMode::Required],
        (_, TlsMode::Prefer) => &[MySqlSslMode::Preferred, MySqlSslMode::Disabled],
        // A certificate authority given with `require` is checked, as for PostgreSQL.
        (_, TlsMode::Require) if address.tls.ca_file.is_none() => &[MySqlSslMode::Required],
        (_, TlsMode::Require | TlsMode::VerifyCa) => &[MySqlSslMode::VerifyCa],
        (_, TlsMode::VerifyFull) => &[MySqlSslMode::VerifyIdentity],
    };
    let failed = |error: &sqlx::Error| {
        error::connecting(&address.place, address.user, database, access.password.is_some(), error)
    };
    let mut first = None;
    for mode in modes {
        match options.clone().ssl_mode(*mode).connect().await {
            Ok(conn) => return Ok(conn),
            // Only `allow` and `prefer` have a second way, and only where the first was refused for its encryption.
            Err(error) if first.is_none() && worth_the_other_way(*mode, &error) => first = Some(error),
            Err(error) => return Err(failed(first.as_ref().unwrap_or(&error))),
        }
    }
    Err(first.as_ref().map_or_else(|| timed_out(&address.place), failed))
}

/// An account that requires TLS is refused with the error of a wrong password.
fn worth_the_other_way(mode: MySqlSslMode, error: &sqlx::Error) -> bool {
    match mode {
        MySqlSslMode::Disabled => matches!(error::number(error), Some(1045 | 1251 | 3159)),
        _ => tls::refused(error),
    }
}

async fn options(
    access: &Access,
    address: &Address<'_>,
    database: Option<&str>,
) -> Result<MySqlConnectOptions> {
    let mut options = MySqlConnectOptions::new()
        .username(address.user)
        // The driver's own additions to sql_mode and time_zone would show in definitions; `pin` sets them all.
        .pipes_as_concat(false)
        .no_engine_substitution(false)
        .timezone(None)
        .set_names(false)
        // Only rows on their way in are bound; the sizes of their statements are few.
        .statement_cache_capacity(BOUND_STATEMENTS)
        // Statements may hold definitions with secrets in them; they go to no log.
        .disable_statement_logging();
    options = if address.is_socket() {
        options.socket(address.host)
    } else {
        options.host(address.bare_host()).port(address.port)
    };
    if let Some(socket) = address.near_end.and_then(|near_end| near_end.socket(&access.spec)) {
        // The host stays the name that the certificate must bear.
        options = options.socket(socket);
    }
    if let Some(database) = database {
        options = options.database(database);
    }
    if let Some(password) = &access.password {
        options = options.password(password.expose_secret());
    }
    let certificates = Certificates::read(address.tls).await?;
    if let Some(pem) = certificates.authority {
        options = options.ssl_ca_from_pem(pem);
    }
    if let Some(pem) = certificates.client {
        options = options.ssl_client_cert_from_pem(pem);
    }
    if let Some(pem) = certificates.client_key {
        options = options.ssl_client_key_from_pem(pem);
    }
    Ok(options)
}
