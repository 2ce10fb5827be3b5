//! What the server and this login are, without touching any row.

use holdfast_contract::snapshot::{EngineKind, ServerInfo};

use super::connect::{Purpose, Row, Session};
use crate::reach::Address;
use crate::{Access, EngineError, Result, tls};

pub async fn ping(access: &Access) -> Result<ServerInfo> {
    let mut session = Session::open(access, Purpose::Read).await?;
    let info = server_info(&mut session).await?;
    session.close().await;
    Ok(info)
}

/// Also asked inside a dump's transaction.
pub async fn server_info(session: &mut Session) -> Result<ServerInfo> {
    let rows = session.rows(ASKING, INFO).await?;
    info(rows, session.version, session.transport.clone())
}

pub const ASKING: &str = "Asking the server for its version";
pub const INFO: &str = "SELECT pg_catalog.current_setting('server_version'), d.datname, \
                    pg_catalog.pg_database_size(d.oid), pg_catalog.pg_encoding_to_char(d.encoding) \
             FROM pg_catalog.pg_database d WHERE d.datname = pg_catalog.current_database()";

/// What the answer to [`INFO`] says.
pub fn info(rows: Vec<Row>, version_number: u32, transport: String) -> Result<ServerInfo> {
    let mut row = rows.into_iter().next().unwrap_or_default().into_iter();
    let mut next = || row.next().flatten();
    let (Some(version), Some(database)) = (next(), next()) else {
        return Err(EngineError::unexpected("The server does not say what it is."));
    };
    Ok(ServerInfo {
        engine: EngineKind::Postgres,
        // Distributions append their own words: "15.18 (Debian 15.18-0+deb12u1)".
        version: version.split_whitespace().next().unwrap_or_default().to_owned(),
        version_number,
        database,
        size_bytes: next().and_then(|size| size.parse().ok()),
        encoding: next(),
        transport,
    })
}

pub async fn advice(access: &Access) -> Result<Vec<String>> {
    let mut session = Session::open(access, Purpose::Read).await?;
    let doing = "Looking at this login's rights";
    let rows = session
        .rows(
            doing,
            "SELECT r.rolsuper, pg_catalog.pg_is_in_recovery(), pg_catalog.current_setting('fsync'), \
                    pg_catalog.current_setting('full_page_writes') \
             FROM pg_catalog.pg_roles r WHERE r.rolname = current_user",
        )
        .await?;
    let is = |column: usize, value: &str| {
        rows.first().and_then(|row| row.get(column)).is_some_and(|found| found.as_deref() == Some(value))
    };
    let mut advice = Vec::new();
    advice.extend(tls::advice(&Address::of(access)?, &session.transport, "Turn on ssl on the server."));
    if is(0, "t") {
        advice.push("This login is a superuser. For backups alone, a role with pg_read_all_data is enough (PostgreSQL 14 and later).".to_owned());
    }
    if is(1, "t") {
        advice.push(
            "This server is a standby: it can be backed up, but nothing can be restored into it.".to_owned(),
        );
    }
    if is(2, "off") || is(3, "off") {
        advice.push(
            "The server runs with fsync or full_page_writes off: a power cut may damage its data.".to_owned(),
        );
    }
    session.close().await;
    Ok(advice)
}

pub async fn databases(access: &Access) -> Result<Vec<String>> {
    let mut session = Session::open(access, Purpose::Read).await?;
    let rows = session
        .rows(
            "Listing the databases",
            "SELECT datname FROM pg_catalog.pg_database WHERE datallowconn AND NOT datistemplate \
             AND pg_catalog.has_database_privilege(oid, 'CONNECT') ORDER BY 1",
        )
        .await?;
    session.close().await;
    Ok(rows.into_iter().filter_map(|row| row.into_iter().next().flatten()).collect())
}

/// The live database's own name.
pub fn live(access: &Access) -> &str {
    access.spec.database_name()
}
