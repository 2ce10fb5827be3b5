//! What a backup wants of a server besides roles and extensions: collations, libraries, tablespaces, providers of
//! labels, and a login that may make what it holds. Each that is missing is named before a load begins.

use std::collections::BTreeSet;

use holdfast_contract::snapshot::{SchemaObject, Snapshot};

use super::connect::Session;
use super::schema::tablespace_of;
use super::sql::{Ident, literals};
use crate::{Preflight, Result};

pub async fn check(
    session: &mut Session,
    superuser: bool,
    snapshot: &Snapshot,
    objects: &[SchemaObject],
    found: &mut Preflight,
) -> Result<()> {
    provider(session, snapshot, found).await?;
    made_collations(session, objects, found).await?;
    system_collations(session, objects, found).await?;
    tablespaces(session, snapshot, objects, found).await?;
    labels(session, objects, found).await?;
    if superuser {
        libraries(session, objects, found).await?;
    } else {
        for_superusers(objects, found);
    }
    for subscription in objects.iter().filter(|object| object.kind == "subscription") {
        found.warnings.push(format!(
            "The subscription {} is made switched off and without a slot: the copy receives nothing until you enable it.",
            subscription.name
        ));
    }
    Ok(())
}

/// Who decides how the database's text sorts.
async fn provider(session: &mut Session, snapshot: &Snapshot, found: &mut Preflight) -> Result<()> {
    let facts = &snapshot.engine_facts;
    let locale = |fact: &str| facts.get(fact).map_or("", String::as_str).to_owned();
    match facts.get("locale_provider").map(String::as_str) {
        Some("icu") if session.version < 150_000 => found.warnings.push(format!(
            "The database sorts by ICU ({}); this server's databases cannot: text may sort differently.",
            locale("icu_locale")
        )),
        Some("icu") => {
            let sql = "SELECT 1 FROM pg_catalog.pg_collation WHERE collprovider = 'i' LIMIT 1";
            if session.value("Looking for ICU", sql).await?.is_none() {
                found.warnings.push(format!(
                    "The database sorts by ICU ({}), which this server lacks: text may sort differently.",
                    locale("icu_locale")
                ));
            }
        }
        Some("builtin") if session.version < 170_000 => found.warnings.push(format!(
            "The database sorts by the built-in locale {}, which this server lacks: text may sort differently.",
            locale("builtin_locale")
        )),
        _ => {}
    }
    Ok(())
}

/// Tried in a transaction that is given up: nobody else can say whether a locale can be opened.
async fn made_collations(
    session: &mut Session,
    objects: &[SchemaObject],
    found: &mut Preflight,
) -> Result<()> {
    for object in objects.iter().filter(|object| object.kind == "collation") {
        let Some((_, options)) = object.sql.first().and_then(|sql| sql.split_once(" (")) else { continue };
        let doing = "Trying the collations";
        session.execute(doing, "BEGIN").await?;
        let tried = session.execute(doing, &format!("CREATE COLLATION pg_temp.tried ({options}")).await;
        session.execute(doing, "ROLLBACK").await?;
        match tried {
            // The login may not make temporary objects here, or the server takes no writes: said elsewhere.
            Err(error) if matches!(error.server_code(), Some("42501" | "25006")) => return Ok(()),
            Err(error) if error.server_code().is_some() => found.blockers.push(format!(
                "The server cannot make the collation {}: its locale is not installed there, or its provider is missing.",
                full_name(object)
            )),
            Err(error) => return Err(error),
            Ok(_) => {}
        }
    }
    Ok(())
}

/// Collations of the system come from the operating system, and differ from one to the next.
async fn system_collations(
    session: &mut Session,
    objects: &[SchemaObject],
    found: &mut Preflight,
) -> Result<()> {
    let kinds = ["table", "foreign table", "domain", "composite type", "index", "materialised view"];
    let wanted: BTreeSet<String> = objects
        .iter()
        .filter(|object| kinds.contains(&object.kind.as_str()))
        .flat_map(|object| object.sql.iter().flat_map(|sql| collations_in(sql)))
        .collect();
    if wanted.is_empty() {
        return Ok(());
    }
    let sql = format!(
        "SELECT w FROM pg_catalog.unnest(ARRAY[{}]) AS w WHERE NOT EXISTS (SELECT 1 FROM pg_catalog.pg_collation c \
         WHERE c.collname = w AND c.collnamespace = 'pg_catalog'::pg_catalog.regnamespace) ORDER BY 1",
        literals(wanted.iter().map(String::as_str))
    );
    for row in session.rows("Looking for the collations", &sql).await? {
        if let Some(Some(name)) = row.first() {
            found.blockers.push(format!(
                "The server lacks the collation {name}: install the locale there and run pg_import_system_collations."
            ));
        }
    }
    Ok(())
}

/// Names after `COLLATE pg_catalog.`; one that is only a letter's case away from a keyword comes unquoted.
fn collations_in(sql: &str) -> Vec<String> {
    let mut names = Vec::new();
    for after in sql.split("COLLATE pg_catalog.").skip(1) {
        let name = match after.strip_prefix('"') {
            Some(quoted) => quoted.split('"').next(),
            None => after.split(|letter: char| !letter.is_alphanumeric() && letter != '_').next(),
        };
        names.extend(name.filter(|name| !name.is_empty()).map(str::to_owned));
    }
    names
}

async fn tablespaces(
    session: &mut Session,
    snapshot: &Snapshot,
    objects: &[SchemaObject],
    found: &mut Preflight,
) -> Result<()> {
    let mut wanted: BTreeSet<String> = objects.iter().filter_map(tablespace_of).collect();
    wanted.extend(snapshot.engine_facts.get("tablespace").cloned());
    if wanted.is_empty() {
        return Ok(());
    }
    let sql = format!(
        "SELECT w FROM pg_catalog.unnest(ARRAY[{}]) AS w WHERE w NOT IN (SELECT spcname FROM pg_catalog.pg_tablespace) ORDER BY 1",
        literals(wanted.iter().map(String::as_str))
    );
    for row in session.rows("Looking for the tablespaces", &sql).await? {
        if let Some(Some(name)) = row.first() {
            found.warnings.push(format!(
                "The server has no tablespace {name}: what lies there goes into the default one."
            ));
        }
    }
    Ok(())
}

/// A label on a table that cannot exist: the server looks for the provider first, and changes nothing either way.
async fn labels(session: &mut Session, objects: &[SchemaObject], found: &mut Preflight) -> Result<()> {
    let mut by_provider: std::collections::BTreeMap<&str, u64> = std::collections::BTreeMap::new();
    for object in objects.iter().filter(|object| object.kind == "security label") {
        let provider = object.name.split('"').nth(1).unwrap_or_default();
        *by_provider.entry(provider).or_default() += 1;
    }
    for (provider, count) in by_provider {
        let sql =
            format!("SECURITY LABEL FOR {} ON TABLE pg_catalog.\"no such table\" IS NULL", Ident(provider));
        let tried = session.execute("Looking for the provider of labels", &sql).await;
        if tried.is_err_and(|error| error.server_code() == Some("22023")) {
            found.warnings.push(format!(
                "The provider {provider} of security labels is not loaded in this server: its labels ({count}) are left out."
            ));
        }
    }
    Ok(())
}

/// Functions in C are made without a look at their library; they would fail when called.
async fn libraries(session: &mut Session, objects: &[SchemaObject], found: &mut Preflight) -> Result<()> {
    let functions = objects.iter().filter(|object| matches!(object.kind.as_str(), "function" | "procedure"));
    let libraries: BTreeSet<String> =
        functions.filter_map(|object| library_of(object.sql.first()?)).collect();
    for library in libraries {
        let sql = format!("LOAD {}", super::sql::Literal(&library));
        let tried = session.execute("Looking for the libraries", &sql).await;
        if tried.is_err_and(|error| error.server_code().is_some()) {
            found.warnings.push(format!(
                "The server lacks the library {library}, or cannot load it: functions written in it fail until it is installed."
            ));
        }
    }
    Ok(())
}

/// `$libdir/pgcrypto` from ` LANGUAGE c … AS '$libdir/pgcrypto', $function$pg_digest$function$`.
fn library_of(sql: &str) -> Option<String> {
    let (_, rest) = sql.split_once("\n LANGUAGE c\n")?;
    let (_, library) = rest.rsplit_once("\nAS '")?;
    library.split('\'').next().map(str::to_owned)
}

/// What the server lets nobody else make. Of what is not listed here a refusal is a remark of the restore.
fn for_superusers(objects: &[SchemaObject], found: &mut Preflight) {
    let kinds = [
        "foreign-data wrapper",
        "base type",
        "language",
        "access method",
        "operator class",
        "operator family",
    ];
    for object in objects {
        let in_c = object.kind == "function" && object.sql.first().and_then(|sql| library_of(sql)).is_some();
        if in_c || kinds.contains(&object.kind.as_str()) {
            found.blockers.push(format!(
                "Only a superuser may create the {} {}.",
                object.kind,
                full_name(object)
            ));
        }
    }
    let count = objects.iter().filter(|object| object.kind == "event trigger").count();
    if count > 0 {
        found.warnings.push(format!("Only a superuser may create event triggers: {count} are left out."));
    }
}

fn full_name(object: &SchemaObject) -> String {
    object.schema.as_ref().map_or(object.name.clone(), |schema| format!("{schema}.{}", object.name))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_read_out_of_statements() {
        let sql = "CREATE TABLE t (a text COLLATE pg_catalog.\"de_DE\", b text COLLATE pg_catalog.ucs_basic NOT NULL)";
        assert_eq!(collations_in(sql), ["de_DE", "ucs_basic"]);
        let sql = "CREATE FUNCTION f()\n RETURNS void\n LANGUAGE c\n STRICT\nAS '$libdir/x', $function$y$function$\n";
        assert_eq!(library_of(sql).as_deref(), Some("$libdir/x"));
        assert_eq!(library_of("CREATE FUNCTION f()\n LANGUAGE sql\nAS 'x'"), None);
    }
}
