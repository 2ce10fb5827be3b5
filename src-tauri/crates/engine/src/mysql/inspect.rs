//! What the server and this login are, without touching any row.

use holdfast_contract::snapshot::{EngineKind, ServerInfo};
use holdfast_contract::{ApiError, ErrorCode};

use super::connect::{Purpose, Row, Session};
use crate::reach::Address;
use crate::{Access, Result, tls};

pub async fn ping(access: &Access) -> Result<ServerInfo> {
    let mut session = Session::open(access, Purpose::Read).await?;
    let info = server_info(&mut session).await?;
    session.close().await;
    Ok(info)
}

/// Of the session's current database.
pub async fn server_info(session: &mut Session) -> Result<ServerInfo> {
    let rows = session.rows(ASKING, INFO).await?;
    info(rows, &session.server.text, session.server.number, session.transport.clone())
}

pub const ASKING: &str = "Asking the server what it holds";
pub const INFO: &str = "SELECT s.schema_name, s.default_character_set_name, \
                    (SELECT sum(t.data_length + t.index_length) FROM information_schema.tables t \
                     WHERE t.table_schema = s.schema_name AND t.table_type <> 'VIEW') \
             FROM information_schema.schemata s WHERE s.schema_name = database()";

/// What the answer to [`INFO`] says.
pub fn info(rows: Vec<Row>, version: &str, version_number: u32, transport: String) -> Result<ServerInfo> {
    let mut row = rows.into_iter().next().unwrap_or_default().into_iter();
    let mut next = || row.next().flatten();
    let Some(database) = next() else {
        return Err(ApiError::new(
            ErrorCode::PermissionDenied,
            "The server does not show this login the database it is in.",
        )
        .into());
    };
    Ok(ServerInfo {
        engine: EngineKind::Mysql,
        version: version.to_owned(),
        version_number,
        database,
        encoding: next(),
        size_bytes: next().and_then(|size| size.parse().ok()),
        transport,
    })
}

pub async fn advice(access: &Access) -> Result<Vec<String>> {
    let mut session = Session::open(access, Purpose::Read).await?;
    let doing = "Looking at this login's rights";
    let mut advice = Vec::new();
    advice.extend(tls::advice(
        &Address::of(access)?,
        &session.transport,
        "Give it a certificate (ssl_cert, ssl_key).",
    ));
    let grants = session.rows(doing, "SHOW GRANTS").await?;
    let everything = |grant: &Option<String>| {
        grant.as_deref().is_some_and(|text| text.starts_with("GRANT ALL PRIVILEGES ON *.*"))
    };
    if grants.iter().flatten().any(everything) {
        advice.push(
            "This login may do everything on the server. For backups alone SELECT, SHOW VIEW, TRIGGER, EVENT, LOCK TABLES, \
             RELOAD and BINLOG MONITOR (MySQL: REPLICATION CLIENT) are enough."
                .to_owned(),
        );
    }
    let rows = session
        .rows(
            doing,
            "SELECT @@global.read_only, @@global.innodb_flush_log_at_trx_commit, @@global.innodb_doublewrite",
        )
        .await?;
    let is = |column: usize, values: &[&str]| {
        let found = rows.first().and_then(|row| row.get(column)).and_then(Option::as_deref);
        found.is_some_and(|found| values.contains(&found))
    };
    if is(0, &["1", "ON"]) {
        advice.push(
            "This server is set read_only, as replicas are: it can be backed up, but nothing can be restored into it."
                .to_owned(),
        );
    }
    if is(1, &["0", "2"]) || is(2, &["0", "OFF"]) {
        advice.push(
            "The server does not write every commit through to disk, or runs without InnoDB's doublewrite: a power cut may \
             cost or damage data."
                .to_owned(),
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
            "SELECT schema_name FROM information_schema.schemata \
             WHERE schema_name NOT IN ('mysql', 'information_schema', 'performance_schema', 'sys') ORDER BY 1",
        )
        .await?;
    session.close().await;
    Ok(rows.into_iter().filter_map(|row| row.into_iter().next().flatten()).collect())
}
