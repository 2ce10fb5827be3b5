//! What would stop a load, and what would come out differently, before anything is begun.

mod rights;
mod words;

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

use holdfast_contract::snapshot::{BackupKind, EngineKind, SchemaObject, Snapshot};

use self::rights::Rights;
use super::connect::Session;
use super::{database, definer};
use crate::{Access, Preflight, Result};

pub async fn preflight(access: &Access, snapshot: &Snapshot, objects: &[SchemaObject]) -> Result<Preflight> {
    let mut found = Preflight::default();
    if snapshot.server.engine != EngineKind::Mysql {
        found.blockers.push("This backup is not one of a MySQL or MariaDB database.".into());
        return Ok(found);
    }
    if snapshot.scope.kind == BackupKind::Data {
        found.blockers.push("This backup holds rows only; a new database needs the definitions too.".into());
    }
    if access.read_only {
        found.blockers.push("The connection is read-only.".into());
    }
    let mut session = database::elsewhere(access).await?;
    let settings = settings(&mut session).await?;
    let rights = rights::look(&mut session).await?;
    rights::enough(&rights, &settings, &mut found);
    rights::code(&rights, &settings, objects, &mut found);
    versions(&session, snapshot, &mut found);
    words::known(&mut session, &snapshot.engine_facts, objects, &mut found).await?;
    definers(&mut session, &rights, objects, &mut found).await?;
    names(&settings, snapshot, &mut found);
    packets(&settings, snapshot, &mut found);
    history(&session, snapshot, &mut found);
    events(objects, &mut found);
    session.close().await;
    Ok(found)
}

/// What would stop these triggers and tables from being made in a database that is there.
pub async fn of_tables(session: &mut Session, objects: &[SchemaObject]) -> Result<Preflight> {
    let mut found = Preflight::default();
    let settings = settings(session).await?;
    let rights = rights::look(session).await?;
    rights::writable(&rights, &settings, &mut found);
    rights::code(&rights, &settings, objects, &mut found);
    words::known(session, &BTreeMap::new(), objects, &mut found).await?;
    definers(session, &rights, objects, &mut found).await?;
    Ok(found)
}

/// What would stop a script from being run in a database of its own: `accounts` are the definers that it names.
pub async fn of_script(session: &mut Session, accounts: &[String]) -> Result<Preflight> {
    let mut found = Preflight::default();
    let settings = settings(session).await?;
    let rights = rights::look(session).await?;
    rights::enough(&rights, &settings, &mut found);
    if let Some(other) =
        accounts.iter().find(|account| **account != rights.account).filter(|_| !rights.set_user)
    {
        found.blockers.push(format!(
            "This login may not make views, routines, triggers or events that run as {other}: grant it SET USER (MySQL: SET_ANY_DEFINER), \
             or pass over ownership and grants (--without-owners)."
        ));
        return Ok(found);
    }
    let known = rights::accounts(session).await?;
    let missing: Vec<&str> = accounts
        .iter()
        .filter(|account| known.as_ref().is_some_and(|known| !known.contains(*account)))
        .map(String::as_str)
        .collect();
    if !missing.is_empty() {
        found.warnings.push(format!(
            "What runs as these accounts fails when it is used, until they exist on this server: {}. Or pass over ownership (--without-owners).",
            missing.join(", ")
        ));
    }
    Ok(found)
}

/// Of the server.
pub struct Settings {
    pub log_bin: bool,
    pub trusts_function_creators: bool,
    pub lower_case_table_names: String,
    pub max_allowed_packet: u64,
    pub read_only: bool,
}

async fn settings(session: &mut Session) -> Result<Settings> {
    let sql = "SELECT @@log_bin, @@log_bin_trust_function_creators, @@lower_case_table_names, @@max_allowed_packet, \
               @@global.read_only";
    let row =
        session.rows("Looking at the server's settings", sql).await?.into_iter().next().unwrap_or_default();
    let at = |index: usize| row.get(index).cloned().flatten().unwrap_or_default();
    Ok(Settings {
        log_bin: at(0) == "1",
        trusts_function_creators: at(1) == "1",
        lower_case_table_names: at(2),
        max_allowed_packet: at(3).parse().unwrap_or(u64::MAX),
        // MariaDB 11.7 has words here.
        read_only: !matches!(at(4).as_str(), "0" | "OFF" | ""),
    })
}

fn versions(session: &Session, snapshot: &Snapshot, found: &mut Preflight) {
    let from_mariadb = snapshot.server.version.contains("MariaDB");
    let (from, to) = (&snapshot.server.version, &session.server.text);
    if from_mariadb != session.server.is_mariadb() {
        found.warnings.push(format!(
            "The backup comes from {}, and this server is {}: what only one of the two knows makes the restore fail.",
            product(from_mariadb, from),
            product(session.server.is_mariadb(), to)
        ));
    } else if snapshot.server.version_number / 100 > session.server.number / 100 {
        found.warnings.push(format!(
            "The backup comes from {from}, and this server is {to}: what the older version does not know makes the restore fail."
        ));
    }
}

fn product(mariadb: bool, version: &str) -> String {
    if mariadb { version.to_owned() } else { format!("MySQL {version}") }
}

async fn definers(
    session: &mut Session,
    rights: &Rights,
    objects: &[SchemaObject],
    found: &mut Preflight,
) -> Result<()> {
    let wanted = definer::all(objects);
    let own = rights.account.as_str();
    if let Some(other) = wanted.iter().find(|account| account.to_string() != own).filter(|_| !rights.set_user)
    {
        found.blockers.push(format!(
            "This login may not make views, routines, triggers or events that run as {other}: grant it SET USER (MySQL: SET_ANY_DEFINER), \
             or let them run as this login (--map-definers)."
        ));
        return Ok(());
    }
    let Some(accounts) = rights::accounts(session).await? else { return Ok(()) };
    for missing in wanted.iter().filter(|account| !accounts.contains(&account.to_string())) {
        let of_it =
            |object: &&SchemaObject| object.sql.iter().any(|sql| definer::of(sql).as_ref() == Some(missing));
        let count = objects.iter().filter(of_it).count();
        found.warnings.push(format!(
            "The account {missing} does not exist on this server: what runs as it ({count} objects) is restored and fails when it is \
             used, until the account exists. Or let them run as this login (--map-definers)."
        ));
    }
    Ok(())
}

/// Servers on other systems may fold the case of names.
fn names(settings: &Settings, snapshot: &Snapshot, found: &mut Preflight) {
    if settings.lower_case_table_names == "0" {
        return;
    }
    let mut seen: HashMap<String, &str> = HashMap::new();
    for table in &snapshot.tables {
        let name = table.table.name.as_str();
        if let Some(other) = seen.insert(name.to_lowercase(), name) {
            found.blockers.push(format!(
                "This server does not tell {other} from {name} (lower_case_table_names = {}); the backup has both.",
                settings.lower_case_table_names
            ));
        }
    }
    let folded =
        snapshot.tables.iter().filter(|table| table.table.name != table.table.name.to_lowercase()).count();
    if folded > 0 && settings.lower_case_table_names == "1" {
        found.warnings.push(format!(
            "This server writes table names in lower case (lower_case_table_names = 1): {folded} tables are named differently."
        ));
    }
}

/// A row travels in one packet: its values as they are, so a row of binary ones is about half as long as its text.
fn packets(settings: &Settings, snapshot: &Snapshot, found: &mut Preflight) {
    let longest = snapshot.engine_facts.get("longest_row").and_then(|bytes| bytes.parse::<u64>().ok());
    if let Some(longest) = longest.filter(|longest| *longest > settings.max_allowed_packet) {
        found.warnings.push(format!(
            "The longest row of the backup has {longest} bytes as text; this server takes {} in one packet and may refuse it: raise max_allowed_packet.",
            settings.max_allowed_packet
        ));
    }
}

/// Rows of the past can be written only where the server lets them be.
fn history(session: &Session, snapshot: &Snapshot, found: &mut Preflight) {
    let versioned: HashSet<&str> = snapshot
        .tables
        .iter()
        .filter(|table| table.columns.iter().any(|column| column.name.eq_ignore_ascii_case("row_start")))
        .map(|table| table.table.name.as_str())
        .collect();
    if session.server.is_mariadb() && !session.server.mariadb_since(101_100) && !versioned.is_empty() {
        let list: BTreeSet<&str> = versioned.into_iter().collect();
        found.blockers.push(format!(
            "This server cannot take the history of system-versioned tables (MariaDB 10.11 and later can): {}.",
            list.into_iter().collect::<Vec<_>>().join(", ")
        ));
    }
}

/// A copy of a database whose events run is one that changes by itself.
fn events(objects: &[SchemaObject], found: &mut Preflight) {
    let enabled = |object: &&SchemaObject| {
        object.kind == "event" && object.sql.iter().any(|sql| sql.contains(" PRESERVE ENABLE"))
    };
    match objects.iter().filter(enabled).count() {
        0 => {}
        1 => found
            .warnings
            .push("One event runs in the restored database once it has its name, as in the original.".into()),
        count => found.warnings.push(format!(
            "{count} events run in the restored database once it has its name, as in the original."
        )),
    }
}
