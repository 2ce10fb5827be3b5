//! One session with the server: resolved, encrypted, signed in, and with every setting pinned that could
//! change what rows or definitions look like.
//!
//! Sessions are made per use and closed after anything but a clean end: a COPY that was cut leaves the
//! protocol out of step, so such a session is dropped and never used again.

use std::time::Duration;

use holdfast_contract::connection::TlsMode;
use holdfast_contract::{ApiError, ErrorCode};
use secrecy::ExposeSecret;
use sqlx::postgres::{PgConnectOptions, PgRow, PgSslMode};
use sqlx::{AssertSqlSafe, ConnectOptions, Connection, PgConnection, Row as _, ValueRef as _};

use super::error;
use super::sql::Literal;
use crate::reach::{Address, in_time, timed_out};
use crate::tls::{self, Certificates};
use crate::{Access, EngineError, Result};

pub const APPLICATION: &str = "holdfast";
/// The oldest server whose catalogs and functions the capture knows.
const OLDEST: u32 = 130_000;

/// What the session is for; it decides the pinned settings.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Purpose {
    /// Reading definitions and rows: user-defined views and foreign tables must not run code on us.
    Read,
    /// Creating and filling a database.
    Load,
    /// Running statements that somebody wrote for the server's own settings: only what reading the text right needs.
    Script,
}

/// Identifies a server process over its whole life; a pid alone is reused.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Backend {
    pub pid: i32,
    pub started: String,
}

/// Values of one row in their text form.
pub type Row = Vec<Option<String>>;

pub struct Session {
    conn: PgConnection,
    pub backend: Backend,
    /// `server_version_num`.
    pub version: u32,
    /// In words for people.
    pub transport: String,
}

impl Session {
    /// Connects to the connection's own database.
    pub async fn open(access: &Access, purpose: Purpose) -> Result<Self> {
        let database = Address::of(access)?.database;
        Self::open_database(access, database, purpose).await
    }

    pub async fn open_database(access: &Access, database: &str, purpose: Purpose) -> Result<Self> {
        let address = Address::of(access)?;
        let conn = in_time(&address.place, reach(access, &address, database)).await?;
        let version = conn.server_version_num().unwrap_or(0);
        if version < OLDEST {
            return Err(ApiError::new(
                ErrorCode::VersionUnsupported,
                format!("The server at {} is older than PostgreSQL 13.", address.place),
            )
            .hint("Holdfast works with PostgreSQL 13 and later.")
            .native(version.to_string())
            .into());
        }
        let backend = Backend { pid: 0, started: String::new() };
        let mut session = Self { conn, backend, version, transport: String::new() };
        in_time(&address.place, session.pin(purpose)).await?;
        Ok(session)
    }

    pub(super) async fn pin(&mut self, purpose: Purpose) -> Result<()> {
        let doing = "Preparing the session";
        let wanted: Vec<String> = settings(purpose)
            .iter()
            .map(|(name, value)| format!("({}, {})", Literal(name), Literal(value)))
            .collect();
        // One round trip; settings that this server does not know are passed over.
        // A database without an encoding holds bytes that need not be text: they travel as they are.
        let sql = format!(
            "SELECT count(set_config(s.name, w.value, false)) \
             FROM (VALUES {}) AS w(name, value) JOIN pg_catalog.pg_settings s ON s.name = w.name; \
             SELECT set_config('client_encoding', 'SQL_ASCII', false) WHERE current_setting('server_encoding') = 'SQL_ASCII'; \
             SELECT a.pid, a.backend_start::text, CASE WHEN t.ssl THEN t.version WHEN a.client_addr IS NULL \
             THEN 'unix socket' ELSE 'unencrypted' END \
             FROM pg_catalog.pg_stat_activity a LEFT JOIN pg_catalog.pg_stat_ssl t ON t.pid = a.pid \
             WHERE a.pid = pg_catalog.pg_backend_pid()",
            wanted.join(", ")
        );
        let rows = self.rows(doing, &sql).await?;
        let Some([Some(pid), Some(started), transport]) = rows.last().map(Vec::as_slice) else {
            return Err(EngineError::unexpected("The server does not show this session to itself."));
        };
        self.backend = Backend { pid: pid.parse().unwrap_or(0), started: started.clone() };
        self.transport = transport.as_deref().unwrap_or("unencrypted").replace("TLSv", "TLS ");
        Ok(())
    }

    /// Runs one or more statements; several in one call are one transaction.
    pub async fn execute(&mut self, doing: &str, sql: &str) -> Result<u64> {
        refuse_nul(sql)?;
        let done = sqlx::raw_sql(AssertSqlSafe(sql)).execute(&mut self.conn).await;
        Ok(done.map_err(|error| error::during(doing, error))?.rows_affected())
    }

    /// All rows of all statements, as text.
    pub async fn rows(&mut self, doing: &str, sql: &str) -> Result<Vec<Row>> {
        refuse_nul(sql)?;
        let rows = sqlx::raw_sql(AssertSqlSafe(sql)).fetch_all(&mut self.conn).await;
        rows.map_err(|error| error::during(doing, error))?.iter().map(|row| in_text(doing, row)).collect()
    }

    /// The first value of the first row.
    pub async fn value(&mut self, doing: &str, sql: &str) -> Result<Option<String>> {
        Ok(self.rows(doing, sql).await?.into_iter().next().and_then(|row| row.into_iter().next()).flatten())
    }

    pub fn raw(&mut self) -> &mut PgConnection {
        &mut self.conn
    }

    /// Says goodbye. A failure to do so is of no interest: the work is done and the socket closes anyway.
    pub async fn close(self) {
        drop(tokio::time::timeout(Duration::from_secs(2), self.conn.close()).await);
    }
}

pub(super) fn in_text(doing: &str, row: &PgRow) -> Result<Row> {
    (0..row.len())
        .map(|index| {
            let value = row.try_get_raw(index).map_err(|error| error::during(doing, error))?;
            if value.is_null() {
                return Ok(None);
            }
            let text = value.as_str().map_err(|source| error::during(doing, sqlx::Error::Decode(source)))?;
            Ok(Some(text.to_owned()))
        })
        .collect()
}

/// The protocol ends a statement at a NUL: nothing may follow it unseen.
pub fn refuse_nul(sql: &str) -> Result<()> {
    if sql.contains('\0') {
        return Err(EngineError::misuse("A name or text contains a NUL character."));
    }
    Ok(())
}

fn settings(purpose: Purpose) -> Vec<(&'static str, &'static str)> {
    if purpose == Purpose::Script {
        return vec![
            ("client_encoding", "UTF8"),
            ("standard_conforming_strings", "on"),
            ("client_min_messages", "warning"),
            ("statement_timeout", "0"),
            ("lock_timeout", "0"),
            ("idle_in_transaction_session_timeout", "0"),
            ("idle_session_timeout", "0"),
            ("transaction_timeout", "0"),
            ("client_connection_check_interval", "5s"),
        ];
    }
    let mut list = vec![
        ("search_path", ""),
        ("row_security", "off"),
        ("DateStyle", "ISO, MDY"),
        ("IntervalStyle", "postgres"),
        ("TimeZone", "UTC"),
        ("client_encoding", "UTF8"),
        ("extra_float_digits", "3"),
        ("bytea_output", "hex"),
        // Money prints with the locale's digits; any fixed locale reads back what it wrote.
        ("lc_monetary", "C"),
        ("xmlbinary", "base64"),
        ("xmloption", "content"),
        ("array_nulls", "on"),
        ("standard_conforming_strings", "on"),
        ("transform_null_equals", "off"),
        ("quote_all_identifiers", "off"),
        ("statement_timeout", "0"),
        ("lock_timeout", "0"),
        ("idle_in_transaction_session_timeout", "0"),
        ("idle_session_timeout", "0"),
        ("transaction_timeout", "0"),
        ("synchronize_seqscans", "off"),
        ("client_min_messages", "warning"),
        ("default_transaction_isolation", "read committed"),
        ("default_transaction_deferrable", "off"),
        ("jit", "off"),
        // A backend that waits for a lock notices that its client is gone.
        ("client_connection_check_interval", "5s"),
    ];
    match purpose {
        Purpose::Script => {}
        Purpose::Read => list.push(("restrict_nonsystem_relation_kind", "view, foreign-table")),
        Purpose::Load => list.extend([
            ("check_function_bodies", "off"),
            ("synchronous_commit", "off"),
            ("maintenance_work_mem", "256MB"),
            ("default_tablespace", ""),
            ("default_table_access_method", "heap"),
            ("escape_string_warning", "off"),
        ]),
    }
    list
}

async fn reach(access: &Access, address: &Address<'_>, database: &str) -> Result<PgConnection> {
    address.resolve().await?;
    let options = options(access, address, database).await?;
    let modes: &[PgSslMode] = match (address.is_socket(), address.tls.mode) {
        (true, _) | (_, TlsMode::Disable) => &[PgSslMode::Disable],
        (_, TlsMode::Allow) => &[PgSslMode::Disable, PgSslMode::Require],
        (_, TlsMode::Prefer) => &[PgSslMode::Prefer, PgSslMode::Disable],
        // As libpq: a certificate authority given with `require` is checked.
        (_, TlsMode::Require) if address.tls.ca_file.is_none() => &[PgSslMode::Require],
        (_, TlsMode::Require | TlsMode::VerifyCa) => &[PgSslMode::VerifyCa],
        (_, TlsMode::VerifyFull) => &[PgSslMode::VerifyFull],
    };
    let failed = |error: &sqlx::Error| {
        error::connecting(&address.place, address.user, database, access.password.is_some(), error)
    };
    let mut first = None;
    for mode in modes {
        match options.clone().ssl_mode(*mode).connect().await {
            Ok(conn) => return Ok(conn),
            // Only `allow` and `prefer` have a second way, and only where the first was refused for its encryption.
            Err(error) if first.is_none() && worth_the_other_way(&error) => first = Some(error),
            // The answer that came further along the way says more.
            Err(error) if sent_further(&error) => return Err(failed(&error)),
            Err(error) => return Err(failed(first.as_ref().unwrap_or(&error))),
        }
    }
    Err(first.as_ref().map_or_else(|| timed_out(&address.place), failed))
}

fn worth_the_other_way(error: &sqlx::Error) -> bool {
    tls::refused(error) || error::sqlstate(error).as_deref() == Some("28000")
}

fn sent_further(error: &sqlx::Error) -> bool {
    error::sqlstate(error).is_some_and(|state| state != "28000")
}

async fn options(access: &Access, address: &Address<'_>, database: &str) -> Result<PgConnectOptions> {
    let certificates = Certificates::read(address.tls).await?;
    // The environment's PG* variables fill the defaults: each is overridden here, an empty password included.
    let mut options = PgConnectOptions::new_without_pgpass()
        .host(if address.is_socket() { address.host } else { address.bare_host() })
        .port(address.port)
        .database(database)
        .username(address.user)
        .password(access.password.as_ref().map_or("", |password| password.expose_secret()))
        .application_name(APPLICATION)
        .extra_float_digits(None)
        .statement_cache_capacity(16)
        // Statements may hold definitions with secrets in them; they go to no log.
        .disable_statement_logging();
    if let Some(near_end) = address.near_end {
        // The host stays the name that the certificate must bear.
        options = options.socket(near_end.folder());
    }
    if access.read_only {
        options = options.options([("default_transaction_read_only", "on")]);
    }
    options = options.ssl_root_cert_from_pem(certificates.authority.unwrap_or_default());
    if let Some(pem) = certificates.client {
        options = options.ssl_client_cert_from_pem(pem);
    }
    if let Some(pem) = certificates.client_key {
        options = options.ssl_client_key_from_pem(pem);
    }
    Ok(options)
}
