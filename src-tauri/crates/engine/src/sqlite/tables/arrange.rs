//! What a restore of tables into the live file would do, and what would stop it.

use std::collections::BTreeSet;

use holdfast_contract::snapshot::{BackupKind, Column, EngineKind, SchemaObject, Snapshot, TableName};
use tokio_util::sync::CancellationToken;

use super::replaces;
use crate::sqlite::Sqlite;
use crate::sqlite::introspect::{self, TableKind};
use crate::tables::{Arranged, Placing, TableOrder, TableStep, TableWish, Way, choose};
use crate::{EngineError, NamePurpose, Result};

pub(super) fn arrange(
    this: &Sqlite,
    wish: &TableWish,
    snapshot: &Snapshot,
    objects: &[SchemaObject],
) -> Result<Arranged> {
    if snapshot.server.engine != EngineKind::Sqlite {
        return Err(EngineError::OtherKind { wanted: EngineKind::Sqlite });
    }
    let chosen = choose(&wish.tables, snapshot, objects)?;
    let connection = this.open_live(&CancellationToken::new())?;
    let tables = introspect::tables(&connection, &this.path)?;
    let live = introspect::objects(&connection, &this.path, &tables)?;
    let mut found = Arranged {
        order: TableOrder { wish: wish.clone(), tables: vec![] },
        notes: vec![],
        blockers: vec![],
        warnings: vec![],
    };
    if this.read_only {
        found.blockers.push("The connection is read-only.".into());
    }
    let targets = targets(wish, &chosen)?;
    for (from, to) in chosen.iter().zip(targets) {
        let there = tables.iter().find(|table| table.name.eq_ignore_ascii_case(&to.name));
        let taken = live.iter().any(|object| object.name.eq_ignore_ascii_case(&to.name));
        let stored = snapshot.tables.iter().find(|table| table.table == *from);
        let way = match (&wish.placing, there, stored) {
            (Placing::Beside { .. }, ..) => Way::Beside,
            (_, None, _) => Way::Missing,
            (_, Some(there), Some(stored)) if !same(&there.line_columns(), &stored.columns) => Way::Structure,
            _ => Way::Contents,
        };
        // SQLite names a table as it was made.
        let to = match (way, there) {
            (Way::Contents | Way::Structure, Some(there)) => there.key(),
            _ => to,
        };
        let mut stop = |why: String| found.blockers.push(why);
        if objects.iter().any(|object| object.name == from.name && object.kind != "table")
            || from.name.starts_with("sqlite_")
            || there.is_some_and(|table| table.kind != TableKind::Ordinary)
        {
            stop(format!(
                "“{from}” is kept by SQLite or by a virtual table, whose rows are in several tables: restore the whole database beside."
            ));
        }
        if stored.is_none_or(|table| !table.has_rows) {
            stop(format!("The backup holds no rows of “{from}”."));
        }
        if matches!(way, Way::Beside | Way::Missing) && taken {
            stop(format!("“{to}” exists already."));
        }
        if snapshot.scope.kind == BackupKind::Data && matches!(way, Way::Structure) {
            stop(format!(
                "The columns of “{to}” are not those of the backup, which was asked to hold rows only."
            ));
        }
        let own: Vec<&SchemaObject> = live
            .iter()
            .filter(|object| {
                object.table.as_ref().is_some_and(|table| table.name.eq_ignore_ascii_case(&to.name))
                    || (object.kind == "table" && object.name.eq_ignore_ascii_case(&to.name))
            })
            .collect();
        let triggers = named(&own, "trigger");
        found.notes.push(notes(way, &triggers));
        if replaces(way) && !triggers.is_empty() {
            found.warnings.push(format!("What the triggers of “{to}” maintain elsewhere (a search index, a log) is not changed with it: {}.", triggers.join(", ")));
        }
        found.order.tables.push(TableStep {
            from: from.clone(),
            staging: made_up(&to, NamePurpose::Staging, &wish.tag),
            kept: replaces(way).then(|| made_up(&to, NamePurpose::Kept, &wish.tag)),
            to,
            way,
            back: if replaces(way) {
                own.iter().flat_map(|object| object.sql.clone()).collect()
            } else {
                vec![]
            },
        });
    }
    if found.order.tables.is_empty() {
        found.blockers.push("None of these tables has rows in the backup.".into());
    }
    Ok(found)
}

pub(super) fn same(one: &[Column], other: &[Column]) -> bool {
    let sorted = |columns: &[Column]| {
        let mut pairs: Vec<_> = columns
            .iter()
            .map(|column| (column.name.clone(), column.type_name.to_ascii_lowercase()))
            .collect();
        pairs.sort();
        pairs
    };
    sorted(one) == sorted(other)
}

fn made_up(table: &TableName, purpose: NamePurpose, tag: &str) -> TableName {
    TableName { schema: None, name: format!("{}_{}_{tag}", table.name, purpose.word()) }
}

fn targets(wish: &TableWish, chosen: &[TableName]) -> Result<Vec<TableName>> {
    let bad = |message: &str| Err(EngineError::misuse(message));
    let Placing::Beside { schema, suffix, name } = &wish.placing else { return Ok(chosen.to_vec()) };
    if schema.is_some() {
        return bad("A SQLite file has no schemas: give a name or a suffix.");
    }
    if name.is_some() && chosen.len() != 1 {
        return bad("One name is for one table; these are several. Give a suffix.");
    }
    let targets: Vec<TableName> = chosen
        .iter()
        .map(|from| match (name, suffix) {
            (Some(name), _) => TableName { schema: None, name: name.clone() },
            (None, Some(suffix)) => TableName { schema: None, name: format!("{}{suffix}", from.name) },
            (None, None) => made_up(from, NamePurpose::Restored, &wish.tag),
        })
        .collect();
    let wrong = |table: &TableName| {
        table.name.is_empty()
            || table.name.contains('\0')
            || table.name.to_ascii_lowercase().starts_with("sqlite_")
    };
    if targets.iter().any(wrong) {
        return bad(
            "A table's name has at least one character, no zero byte, and does not begin with sqlite_.",
        );
    }
    let unlike: BTreeSet<String> = targets.iter().map(|table| table.name.to_ascii_lowercase()).collect();
    if unlike.len() < targets.len() {
        return bad("Two of these tables would get the same name.");
    }
    Ok(targets)
}

fn named(objects: &[&SchemaObject], kind: &str) -> Vec<String> {
    objects.iter().filter(|object| object.kind == kind).map(|object| object.name.clone()).collect()
}

fn notes(way: Way, triggers: &[String]) -> Vec<String> {
    let mut notes = vec![match way {
        Way::Beside => "With its columns, checks and keys. Without its other indexes and its triggers: a copy to look at and to take rows from.".into(),
        Way::Missing => "It is not there: it is made as it was, with its indexes and triggers.".into(),
        Way::Contents => "The columns are the same, so the table stays with its indexes and triggers, and its rows are replaced.".into(),
        Way::Structure => "The columns are not the same, so the table comes back as it was defined, with the indexes and triggers of the backup.".to_owned(),
    }];
    if replaces(way) {
        if !triggers.is_empty() {
            notes.push(format!("Its triggers do not fire for it: {}.", triggers.join(", ")));
        }
        notes.push("An AUTOINCREMENT counter never goes back. Foreign keys are checked for all rows before anything lasts.".into());
    }
    notes
}
