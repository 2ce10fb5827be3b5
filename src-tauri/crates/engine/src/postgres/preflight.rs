//! What would stop a load, and what would come out differently, before anything is begun.

use std::collections::{BTreeSet, HashMap, HashSet};

use holdfast_contract::snapshot::{BackupKind, EngineKind, SchemaObject, Snapshot};

use super::connect::{Row, Session};
use super::schema::{roles_needed, roles_of};
use super::sql::literals;
use super::{database, requirements, statements};
use crate::{Access, Preflight, Result};

/// `made`: roles that are created before the load.
pub async fn preflight(
    access: &Access,
    snapshot: &Snapshot,
    objects: &[SchemaObject],
    made: &BTreeSet<String>,
) -> Result<Preflight> {
    let mut found = Preflight::default();
    if snapshot.server.engine != EngineKind::Postgres {
        found.blockers.push("This backup is not one of a PostgreSQL database.".into());
        return Ok(found);
    }
    if snapshot.scope.kind == BackupKind::Data {
        found.blockers.push("This backup holds rows only; a new database needs the definitions too.".into());
    }
    if access.read_only {
        found.blockers.push("The connection is read-only.".into());
    }
    let mut session = database::elsewhere(access, &[]).await?;
    let login = login(&mut session).await?;
    login.rights(&mut found);
    let (ours, theirs) = (session.version / 10_000, snapshot.server.version_number / 10_000);
    if theirs > ours {
        found.warnings.push(format!(
            "The backup comes from PostgreSQL {theirs}, this server is {ours}: what the older version does not know makes the restore fail."
        ));
    }
    locale(&mut session, snapshot, &mut found).await?;
    requirements::check(&mut session, login.superuser, snapshot, objects, &mut found).await?;
    extensions(&mut session, &login, snapshot, objects, &mut found).await?;
    roles(&mut session, &login, objects, made, &mut found).await?;
    session.close().await;
    Ok(found)
}

struct Login {
    superuser: bool,
    creates_databases: bool,
    standby: bool,
}

async fn login(session: &mut Session) -> Result<Login> {
    let rows = session
        .rows(
            "Looking at this login's rights",
            "SELECT rolsuper, rolcreatedb, pg_catalog.pg_is_in_recovery() FROM pg_catalog.pg_roles WHERE rolname = current_user",
        )
        .await?;
    let is = |column: usize| rows.first().and_then(|row| row.get(column)?.as_deref()) == Some("t");
    Ok(Login { superuser: is(0), creates_databases: is(1), standby: is(2) })
}

impl Login {
    fn rights(&self, found: &mut Preflight) {
        if self.standby {
            found.blockers.push("The server is a standby: nothing can be created there.".into());
        }
        if !self.superuser && !self.creates_databases {
            found.blockers.push(
                "This login may not create databases: grant CREATEDB, or use a login that has it.".into(),
            );
        }
    }
}

async fn locale(session: &mut Session, snapshot: &Snapshot, found: &mut Preflight) -> Result<()> {
    let facts = &snapshot.engine_facts;
    let wanted: BTreeSet<&str> =
        ["lc_collate", "lc_ctype"].iter().filter_map(|fact| facts.get(*fact)).map(String::as_str).collect();
    if wanted.is_empty() {
        return Ok(());
    }
    let sql = format!(
        "SELECT w FROM pg_catalog.unnest(ARRAY[{}]) AS w WHERE w NOT IN ('C', 'POSIX') \
         AND NOT EXISTS (SELECT FROM pg_catalog.pg_database d WHERE w IN (d.datcollate::text, d.datctype::text)) \
         AND NOT EXISTS (SELECT FROM pg_catalog.pg_collation c WHERE w IN (c.collcollate::text, c.collname::text))",
        literals(wanted)
    );
    for name in first_column(session.rows("Looking for the locale", &sql).await?) {
        found
            .warnings
            .push(format!("The server does not know the locale {name}: text may sort differently."));
    }
    Ok(())
}

async fn extensions(
    session: &mut Session,
    login: &Login,
    snapshot: &Snapshot,
    objects: &[SchemaObject],
    found: &mut Preflight,
) -> Result<()> {
    let wanted: BTreeSet<&str> = objects
        .iter()
        .filter(|object| object.kind == "extension")
        .map(|object| object.name.as_str())
        .collect();
    if wanted.is_empty() {
        return Ok(());
    }
    let sql = format!(
        "SELECT v.name, bool_or(v.trusted OR NOT v.superuser), max(a.default_version) \
         FROM pg_catalog.pg_available_extension_versions v JOIN pg_catalog.pg_available_extensions a ON a.name = v.name \
         WHERE v.name IN ({}) GROUP BY 1",
        literals(wanted.iter().copied())
    );
    let known: HashMap<String, (bool, Option<String>)> = session
        .rows("Looking for the extensions", &sql)
        .await?
        .into_iter()
        .filter_map(|row| match <[Option<String>; 3]>::try_from(row) {
            Ok([Some(name), allowed, version]) => Some((name, (allowed.as_deref() == Some("t"), version))),
            _ => None,
        })
        .collect();
    for name in wanted {
        match known.get(name) {
            None => {
                found.blockers.push(format!("The server lacks the extension {name}: install it there first."))
            }
            Some((false, _)) if !login.superuser => {
                found.blockers.push(format!("Only a superuser may create the extension {name}."));
            }
            Some((_, version)) => {
                let theirs = snapshot.engine_facts.get(&format!("extension {name}"));
                if let (Some(theirs), Some(ours)) = (theirs, version)
                    && theirs != ours
                {
                    found.warnings.push(format!(
                        "The extension {name} has version {theirs} in the backup; this server makes version {ours}."
                    ));
                }
            }
        }
    }
    Ok(())
}

async fn roles(
    session: &mut Session,
    login: &Login,
    objects: &[SchemaObject],
    made: &BTreeSet<String>,
    found: &mut Preflight,
) -> Result<()> {
    let wanted: BTreeSet<String> = roles_needed(objects).difference(made).cloned().collect();
    if wanted.is_empty() {
        return Ok(());
    }
    let names: HashSet<String> =
        first_column(session.rows("Listing the roles", "SELECT rolname FROM pg_catalog.pg_roles").await?)
            .collect();
    let missing: BTreeSet<&String> = wanted.iter().filter(|role| !names.contains(*role)).collect();
    for role in &missing {
        let needs = |object: &&SchemaObject| roles_of(object).contains(*role);
        let count = objects.iter().filter(|object| statements::may_be_left_out(object)).filter(needs).count();
        if let Some(object) = objects.iter().filter(|object| !statements::may_be_left_out(object)).find(needs)
        {
            found.blockers.push(format!(
                "The role {role} does not exist on this server, and the {} {} needs it: create the role first.",
                object.kind, object.name
            ));
        } else {
            found.warnings.push(format!(
                "The role {role} does not exist on this server: what it owns will belong to this login, and its rights are left out ({count} objects)."
            ));
        }
    }
    if login.superuser {
        return Ok(());
    }
    let present: Vec<&str> =
        wanted.iter().filter(|role| !missing.contains(role)).map(String::as_str).collect();
    if present.is_empty() {
        return Ok(());
    }
    let sql = format!(
        "SELECT rolname FROM pg_catalog.pg_roles WHERE rolname IN ({}) AND NOT pg_catalog.pg_has_role(oid, 'MEMBER') ORDER BY 1",
        literals(present)
    );
    for role in first_column(session.rows("Looking at memberships", &sql).await?) {
        found.warnings.push(format!(
            "This login is not a member of {role}: what that role owns will belong to this login."
        ));
    }
    Ok(())
}

fn first_column(rows: Vec<Row>) -> impl Iterator<Item = String> {
    rows.into_iter().filter_map(|row| row.into_iter().next().flatten())
}
