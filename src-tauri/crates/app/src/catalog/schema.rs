//! Bringing the catalog's tables to the form this program knows.
//!
//! The numbered files of `migrations/` are embedded; `user_version` counts those that ran. A copy of the
//! file is kept before an upgrade. A newer catalog is refused: guessing at its meaning could lose data.

use std::path::{Path, PathBuf};

use holdfast_contract::{ApiError, ErrorCode};
use rusqlite::{Connection, TransactionBehavior};

use super::error::{CatalogError, Result, damaged};
use crate::home::private_file;

/// Append only; a released file is never edited.
const MIGRATIONS: &[&str] = &[
    include_str!("../../../../../migrations/0001_first_light.sql"),
    include_str!("../../../../../migrations/0002_scratch_databases.sql"),
    include_str!("../../../../../migrations/0003_attempts_of_a_vault.sql"),
    include_str!("../../../../../migrations/0004_schedules.sql"),
    include_str!("../../../../../migrations/0005_maintenance.sql"),
    include_str!("../../../../../migrations/0006_cleanup_rules.sql"),
    include_str!("../../../../../migrations/0007_retention_of_groups.sql"),
    include_str!("../../../../../migrations/0008_job_log.sql"),
    include_str!("../../../../../migrations/0009_standing_consent.sql"),
    include_str!("../../../../../migrations/0010_guards.sql"),
    include_str!("../../../../../migrations/0011_plans_belong_to_somebody.sql"),
    include_str!("../../../../../migrations/0012_pool_of_a_connection.sql"),
];

/// "HFST": tells a catalog from any other SQLite file.
const APPLICATION_ID: i32 = 0x4846_5354;

pub(super) fn upgrade(connection: &mut Connection, path: &Path) -> Result<()> {
    upgrade_with(connection, path, MIGRATIONS)
}

fn upgrade_with(connection: &mut Connection, path: &Path, migrations: &[&str]) -> Result<()> {
    let found = version(connection)?;
    refuse_strangers(connection, found, migrations.len())?;
    if found == migrations.len() {
        return sound(connection);
    }
    if found > 0 {
        sound(connection)?;
        keep_copy(connection, path, found)?;
    }
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    // Another process may have upgraded it between the look and the lock.
    let found = version(&transaction)?;
    refuse_strangers(&transaction, found, migrations.len())?;
    for migration in &migrations[found..] {
        transaction.execute_batch(migration)?;
    }
    transaction.pragma_update(None, "user_version", migrations.len() as i64)?;
    transaction.pragma_update(None, "application_id", APPLICATION_ID)?;
    transaction.commit()?;
    Ok(())
}

fn version(connection: &Connection) -> Result<usize> {
    let version: i64 = connection.pragma_query_value(None, "user_version", |row| row.get(0))?;
    usize::try_from(version)
        .map_err(|_| CatalogError::Api(damaged("The catalog's version is not a version.")))
}

fn refuse_strangers(connection: &Connection, found: usize, known: usize) -> Result<()> {
    if found > known {
        return Err(CatalogError::Api(
            ApiError::new(
                ErrorCode::CatalogTooNew,
                format!("This data folder was used by a newer Holdfast (catalog version {found}, known here: {known})."),
            )
            .hint("Install that version or a later one, or choose another data folder."),
        ));
    }
    let application: i32 = connection.pragma_query_value(None, "application_id", |row| row.get(0))?;
    let tables: i64 = connection.query_row("SELECT count(*) FROM sqlite_schema", [], |row| row.get(0))?;
    if tables > 0 && application != APPLICATION_ID {
        return Err(CatalogError::Api(damaged(
            "catalog.sqlite in the data folder is another program's file.",
        )));
    }
    Ok(())
}

fn sound(connection: &Connection) -> Result<()> {
    let verdict: String = connection.query_row("PRAGMA quick_check(1)", [], |row| row.get(0))?;
    if verdict == "ok" {
        Ok(())
    } else {
        Err(CatalogError::Api(damaged("The catalog is damaged.").native(verdict)))
    }
}

/// `catalog.sqlite.before-2`: what it was before the second migration ran.
fn keep_copy(connection: &Connection, path: &Path, found: usize) -> Result<()> {
    let mut name = path.as_os_str().to_owned();
    name.push(format!(".before-{}", found + 1));
    let kept = PathBuf::from(name);
    // Its owner alone may read it; then SQLite fills the empty file.
    private_file(&kept).and_then(|file| file.set_len(0)).map_err(|error| {
        ApiError::new(ErrorCode::HomeUnusable, format!("Keeping a copy of the catalog failed: {error}."))
    })?;
    connection.backup("main", &kept, None::<fn(rusqlite::backup::Progress)>)?;
    Ok(())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn open(path: &Path) -> Connection {
        Connection::open(path).unwrap()
    }
    fn code(error: CatalogError) -> ErrorCode {
        ApiError::from(error).code
    }

    #[test]
    fn an_upgrade_keeps_a_copy_and_runs_only_what_is_missing() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("catalog.sqlite");
        let first = "CREATE TABLE a (x) STRICT; ".replace("(x)", "(x INTEGER)");
        upgrade_with(&mut open(&path), &path, &[&first]).unwrap();
        open(&path).execute("INSERT INTO a VALUES (7)", []).unwrap();
        let second = "ALTER TABLE a ADD COLUMN y INTEGER";
        upgrade_with(&mut open(&path), &path, &[&first, second]).unwrap();
        upgrade_with(&mut open(&path), &path, &[&first, second]).unwrap();
        let kept = open(&folder.path().join("catalog.sqlite.before-2"));
        assert_eq!(version(&kept).unwrap(), 1);
        assert_eq!(kept.query_row("SELECT x FROM a", [], |row| row.get::<_, i64>(0)).unwrap(), 7);
        assert!(kept.prepare("SELECT y FROM a").is_err(), "the copy is from before");
        assert_eq!(version(&open(&path)).unwrap(), 2);
    }

    #[test]
    fn a_failed_upgrade_changes_nothing() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("catalog.sqlite");
        upgrade_with(&mut open(&path), &path, &["CREATE TABLE a (x INTEGER)"]).unwrap();
        let two = ["CREATE TABLE a (x INTEGER)", "CREATE TABLE b (x INTEGER); CREATE TABLE a (x INTEGER)"];
        upgrade_with(&mut open(&path), &path, &two).unwrap_err();
        assert_eq!(version(&open(&path)).unwrap(), 1);
        assert!(open(&path).prepare("SELECT * FROM b").is_err());
    }

    #[test]
    fn newer_foreign_and_damaged_are_refused() {
        let folder = tempfile::tempdir().unwrap();
        let newer = folder.path().join("newer");
        upgrade(&mut open(&newer), &newer).unwrap();
        open(&newer).pragma_update(None, "user_version", 99).unwrap();
        assert_eq!(code(upgrade(&mut open(&newer), &newer).unwrap_err()), ErrorCode::CatalogTooNew);

        let foreign = folder.path().join("foreign");
        open(&foreign).execute_batch("CREATE TABLE theirs (x)").unwrap();
        assert_eq!(code(upgrade(&mut open(&foreign), &foreign).unwrap_err()), ErrorCode::CatalogDamaged);

        let noise = folder.path().join("noise");
        std::fs::write(&noise, vec![7u8; 8192]).unwrap();
        assert_eq!(code(upgrade(&mut open(&noise), &noise).unwrap_err()), ErrorCode::CatalogDamaged);
    }
}
