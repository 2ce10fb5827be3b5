//! What this login may do, as `SHOW GRANTS` says it.

use std::collections::HashSet;

use holdfast_contract::snapshot::SchemaObject;

use super::super::connect::Session;
use super::super::error;
use super::Settings;
use crate::{Preflight, Result};

pub struct Rights {
    /// `user@host` as the server knows this login.
    pub account: String,
    creates_databases: bool,
    administrator: bool,
    /// May name others as definers.
    pub set_user: bool,
}

pub async fn look(session: &mut Session) -> Result<Rights> {
    let doing = "Looking at this login's rights";
    let account = session.value(doing, "SELECT current_user()").await?.unwrap_or_default();
    let grants: Vec<String> =
        session.rows(doing, "SHOW GRANTS").await?.into_iter().flatten().flatten().collect();
    let any = |wanted: &[&str], everywhere: bool| grants.iter().any(|grant| gives(grant, wanted, everywhere));
    Ok(Rights {
        account,
        creates_databases: any(&["CREATE"], false),
        administrator: any(&["SUPER"], true),
        set_user: any(&["SUPER", "SET USER", "SET_USER_ID", "SET_ANY_DEFINER"], true),
    })
}

/// Whether a line of `SHOW GRANTS` gives one of these rights on databases: on all of them, or on any.
fn gives(grant: &str, wanted: &[&str], everywhere: bool) -> bool {
    let Some((rights, place)) = grant.strip_prefix("GRANT ").and_then(|rest| rest.split_once(" ON ")) else {
        return false;
    };
    let database_wide = if everywhere { place.starts_with("*.* ") } else { place.contains(".* ") };
    let has = |right: &str| right == "ALL PRIVILEGES" || wanted.contains(&right);
    database_wide && rights.split(", ").any(has)
}

pub fn writable(rights: &Rights, settings: &Settings, found: &mut Preflight) {
    if settings.read_only && !rights.administrator {
        found
            .blockers
            .push("The server is read-only (a replica, perhaps): nothing can be created there.".into());
    }
}

pub fn enough(rights: &Rights, settings: &Settings, found: &mut Preflight) {
    writable(rights, settings, found);
    if !rights.creates_databases {
        found.blockers.push(
            "This login may not create databases: grant it CREATE on *.*, or on names like the database's."
                .into(),
        );
    }
}

/// Functions and triggers, where the server logs what changes.
pub fn code(rights: &Rights, settings: &Settings, objects: &[SchemaObject], found: &mut Preflight) {
    let logged = |object: &&SchemaObject| {
        matches!(object.kind.as_str(), "function" | "aggregate function" | "trigger" | "package body")
    };
    let untrusted = settings.log_bin && !settings.trusts_function_creators && !rights.administrator;
    if let Some(object) = objects.iter().find(logged).filter(|_| untrusted) {
        found.blockers.push(format!(
            "The server writes a binary log and lets only SUPER make functions and triggers (the {} {}): set log_bin_trust_function_creators, \
             or use such a login.",
            object.kind, object.name
        ));
    }
}

/// All accounts, as `user@host` (roles without a host). None when this login may not see them.
pub async fn accounts(session: &mut Session) -> Result<Option<HashSet<String>>> {
    let sql = "SELECT if(host = '', user, concat(user, '@', host)) FROM mysql.user";
    match session.rows("Listing the accounts", sql).await {
        Ok(rows) => Ok(Some(rows.into_iter().filter_map(|row| row.into_iter().next().flatten()).collect())),
        Err(denied) if matches!(error::native(&denied), Some(1142 | 1143 | 1044)) => Ok(None),
        Err(failed) => Err(failed),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn grants_as_servers_print_them() {
        let all = "GRANT ALL PRIVILEGES ON *.* TO `root`@`localhost` WITH GRANT OPTION";
        let one = "GRANT SELECT, CREATE, DROP ON `shop\\_%`.* TO `a`@`%`";
        let table = "GRANT CREATE ON `shop`.`t` TO `a`@`%`";
        assert!(gives(all, &["SUPER"], true) && gives(all, &["CREATE"], false));
        assert!(gives(one, &["CREATE"], false) && !gives(one, &["CREATE"], true));
        assert!(!gives(table, &["CREATE"], false) && !gives("GRANT `r` TO `a`@`%`", &["CREATE"], false));
    }
}
