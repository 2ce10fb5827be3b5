//! What exists in MySQL 8 and later alone. Written from its documentation; no test here runs against it.

use holdfast_contract::snapshot::Position;

use super::connect::Session;
use super::server::Server;
use crate::Result;

/// Settings that MariaDB and older MySQL do not know.
pub fn settings(server: &Server) -> Vec<(&'static str, &'static str)> {
    let mut list = Vec::new();
    if server.mysql_since(80_003) {
        // Sizes and row estimates as of now, not as of a day ago.
        list.push(("information_schema_stats_expiry", "0"));
    }
    if server.mysql_since(80_030) {
        // Primary keys that the server made by itself belong to the definition.
        list.push(("show_gipk_in_create_table_and_information_schema", "ON"));
    }
    list
}

/// The statement that shows this login's rights, those of its active roles included.
pub async fn grants(session: &mut Session) -> Result<String> {
    if !session.server.mysql_since(80_000) {
        return Ok("SHOW GRANTS".to_owned());
    }
    let roles = session.value("Looking at this login's roles", "SELECT CURRENT_ROLE()").await?;
    Ok(match roles.as_deref() {
        None | Some("NONE" | "") => "SHOW GRANTS".to_owned(),
        // Already quoted: `reader`@`%`.
        Some(roles) => format!("SHOW GRANTS FOR CURRENT_USER() USING {roles}"),
    })
}

/// GTID set or file and offset; ask while nothing can commit. None without the right or without a binary log.
pub async fn position(session: &mut Session) -> Option<Position> {
    let statement =
        if session.server.mysql_since(80_200) { "SHOW BINARY LOG STATUS" } else { "SHOW MASTER STATUS" };
    // Without REPLICATION CLIENT there is no position; the snapshot is as good without it.
    let row = session.rows("Reading the binary log's position", statement).await.ok()?.into_iter().next()?;
    let [Some(file), Some(offset), .., gtids] = row.as_slice() else { return None };
    Some(match gtids.as_deref().map(|set| set.replace('\n', "")).filter(|set| !set.is_empty()) {
        Some(value) => Position { kind: "gtid".into(), value },
        None => Position { kind: "binlog".into(), value: format!("{file}:{offset}") },
    })
}
