//! What exists in MySQL 8 and later alone. Written from its documentation; no test here runs against it.

use super::server::Server;

/// Settings that MariaDB and older MySQL do not know.
pub fn settings(server: &Server) -> Vec<(&'static str, &'static str)> {
    let mut list = Vec::new();
    if server.mysql_since(80_003) {
        // Sizes and row estimates as of now, not as of a day ago.
        list.push(("information_schema_stats_expiry", "0"));
    }
    if server.mysql_since(80_030) {
        // Primary keys that the server made by itself belong to the definition; and none is to be made by us.
        list.push(("show_gipk_in_create_table_and_information_schema", "ON"));
    }
    list
}
