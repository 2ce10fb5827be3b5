//! Moving tables from one database to another: all of them in one statement, which the server takes as a whole.
//!
//! `RENAME TABLE` with many names is all or nothing also across a crash of the server from MariaDB 10.6 and MySQL
//! 8.0 (InnoDB); where it is not, what had been moved is told from what is where, because a table of the new side
//! is moved only when the old one of the same name has been.

use std::collections::BTreeSet;

use super::super::connect::Session;
use super::super::sql::{Literal, Qualified};
use super::journal::Journal;
use crate::Result;

/// Tables and sequences, without our own.
pub async fn list(session: &mut Session, database: &str) -> Result<Vec<String>> {
    let sql = format!(
        "SELECT table_name FROM information_schema.tables WHERE table_schema = {} \
         AND table_type NOT IN ('VIEW', 'SYSTEM VIEW') AND table_name NOT IN ({}) ORDER BY 1",
        Literal(database),
        super::super::own_tables()
    );
    let rows = session.rows("Listing the tables", &sql).await?;
    Ok(rows.into_iter().filter_map(|row| row.into_iter().next().flatten()).collect())
}

/// What is where, of an exchange that has been written down.
pub struct Whereabouts {
    staged: BTreeSet<String>,
    target: BTreeSet<String>,
    kept: BTreeSet<String>,
}

impl Whereabouts {
    pub async fn look(session: &mut Session, staged: &str, journal: &Journal) -> Result<Self> {
        let kept = match &journal.kept {
            Some(kept) => list(session, kept).await?,
            None => Vec::new(),
        };
        Ok(Self {
            staged: list(session, staged).await?.into_iter().collect(),
            target: list(session, &journal.target).await?.into_iter().collect(),
            kept: kept.into_iter().collect(),
        })
    }

    /// Whether the new tables, or some of them, have got their final name.
    pub fn has_moved(&self, journal: &Journal) -> bool {
        match (journal.new.tables.is_empty(), journal.old.tables.is_empty()) {
            (false, _) => journal.new.tables.iter().any(|table| !self.staged.contains(table)),
            (true, false) => journal.old.tables.iter().any(|table| self.kept.contains(table)),
            (true, true) => true,
        }
    }

    /// What is left to do, in order: old tables make room first.
    fn forward<'a>(&self, staged: &'a str, journal: &'a Journal) -> Vec<Move<'a>> {
        let Journal { target, kept, old, new, .. } = journal;
        let mut moves = Vec::new();
        for table in old.tables.iter().filter(|_| kept.is_some()) {
            let replaced = new.tables.contains(table) && !self.staged.contains(table);
            if self.target.contains(table) && !replaced {
                moves.push(Move { table, from: target, to: kept.as_deref().unwrap_or_default() });
            }
        }
        let waiting = new.tables.iter().filter(|table| self.staged.contains(*table));
        moves.extend(waiting.map(|table| Move { table, from: staged, to: target }));
        moves
    }

    fn backward<'a>(&self, staged: &'a str, journal: &'a Journal) -> Vec<Move<'a>> {
        let Journal { target, kept, old, new, .. } = journal;
        let mut moves = Vec::new();
        for table in &new.tables {
            if !self.staged.contains(table) && self.target.contains(table) {
                moves.push(Move { table, from: target, to: staged });
            }
        }
        if let Some(kept) = kept {
            let away = old.tables.iter().filter(|table| self.kept.contains(*table));
            moves.extend(away.map(|table| Move { table, from: kept, to: target }));
        }
        moves
    }
}

struct Move<'a> {
    table: &'a str,
    from: &'a str,
    to: &'a str,
}

#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Direction {
    Forward,
    Backward,
}

/// The statement that moves everything that is not where it belongs; None when all is.
pub async fn statement(
    session: &mut Session,
    staged: &str,
    journal: &Journal,
    direction: Direction,
) -> Result<Option<String>> {
    let places = Whereabouts::look(session, staged, journal).await?;
    let moves = match direction {
        Direction::Forward => places.forward(staged, journal),
        Direction::Backward => places.backward(staged, journal),
    };
    let each = moves
        .iter()
        .map(|one| format!("{} TO {}", Qualified(one.from, one.table), Qualified(one.to, one.table)));
    Ok((!moves.is_empty()).then(|| format!("RENAME TABLE {}", each.collect::<Vec<_>>().join(", "))))
}

#[cfg(test)]
mod tests {
    use super::super::journal::Side;
    use super::*;

    fn journal() -> Journal {
        let side = |tables: &[&str]| Side {
            tables: tables.iter().map(|table| (*table).to_owned()).collect(),
            ..Side::default()
        };
        Journal {
            target: "live".into(),
            kept: Some("kept".into()),
            old: side(&["a", "b"]),
            new: side(&["b", "c"]),
            foreign_keys: Vec::new(),
            grants: Vec::new(),
        }
    }

    fn places(staged: &[&str], target: &[&str], kept: &[&str]) -> Whereabouts {
        let set = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect();
        Whereabouts { staged: set(staged), target: set(target), kept: set(kept) }
    }

    fn said(moves: &[Move<'_>]) -> Vec<String> {
        moves.iter().map(|one| format!("{} {}>{}", one.table, one.from, one.to)).collect()
    }

    #[test]
    fn what_was_moved_is_told_from_what_is_where() {
        let journal = journal();
        // Every state between the old and the new one, in the order in which a server without atomic renames works.
        let states = [
            places(&["b", "c"], &["a", "b"], &[]),
            places(&["b", "c"], &["b"], &["a"]),
            places(&["b", "c"], &[], &["a", "b"]),
            places(&["c"], &["b"], &["a", "b"]),
            places(&[], &["b", "c"], &["a", "b"]),
        ];
        let forward = ["a live>kept", "b live>kept", "b staged>live", "c staged>live"];
        for (done, state) in states.iter().enumerate() {
            assert_eq!(said(&state.forward("staged", &journal)), forward[done..], "after {done} moves");
            let back = said(&state.backward("staged", &journal));
            assert_eq!(back.len(), done, "{back:?} after {done} moves");
            assert_eq!(state.has_moved(&journal), done > 2);
        }
        assert_eq!(
            said(&states[4].backward("staged", &journal)),
            ["b live>staged", "c live>staged", "a kept>live", "b kept>live"]
        );
    }
}
