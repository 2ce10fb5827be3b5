//! Column defaults that take the next value of a sequence. The server keeps them with the database's name in them,
//! and moving the table does not change that.

use std::collections::BTreeSet;

use super::super::connect::Session;
use super::super::schema::text::names;
use super::super::sql::{Literal, Name, Qualified};
use crate::Result;

/// Databases from whose sequences tables of `database` take numbers, though it has sequences of the same names.
pub async fn others(session: &mut Session, database: &str) -> Result<BTreeSet<String>> {
    let mut found = BTreeSet::new();
    if !session.server.is_mariadb() {
        return Ok(found);
    }
    let doing = "Looking for defaults from sequences";
    let sql = format!(
        "SELECT column_default FROM information_schema.columns WHERE table_schema = {0} AND locate('val(`', column_default) > 0",
        Literal(database)
    );
    let own = format!(
        "SELECT table_name FROM information_schema.tables WHERE table_schema = {} AND table_type = 'SEQUENCE'",
        Literal(database)
    );
    let own: BTreeSet<String> = session.rows(doing, &own).await?.into_iter().flatten().flatten().collect();
    for default in session.rows(doing, &sql).await?.into_iter().flatten().flatten() {
        for at in default.match_indices("val(`").map(|(at, _)| at + "val(".len()) {
            if let [place, sequence, ..] = &names(&default[at..])[..]
                && place != database
                && own.contains(sequence)
            {
                found.insert(place.clone());
            }
        }
    }
    Ok(found)
}

/// In tables of `database`: what refers to sequences of `before`, where the tables come from, refers to its own.
/// Safe to repeat.
pub async fn point(session: &mut Session, database: &str, before: &str) -> Result<()> {
    if !session.server.is_mariadb() {
        return Ok(());
    }
    let doing = "Looking for defaults from sequences";
    let sql = format!(
        "SELECT table_name, column_name, column_default FROM information_schema.columns \
         WHERE table_schema = {} AND locate('(`', column_default) > 0",
        Literal(database)
    );
    let (from, to) = (format!("val({}.", Name(before)), format!("val({}.", Name(database)));
    for row in session.rows(doing, &sql).await? {
        let Ok([Some(table), Some(column), Some(default)]) = <[Option<String>; 3]>::try_from(row) else {
            continue;
        };
        if !default.contains(&from) {
            continue;
        }
        let sql = format!(
            "ALTER TABLE {} ALTER COLUMN {} SET DEFAULT ({})",
            Qualified(database, &table),
            Name(&column),
            default.replace(&from, &to)
        );
        session.execute(&format!("Setting a default of {table}"), &sql).await?;
    }
    Ok(())
}
