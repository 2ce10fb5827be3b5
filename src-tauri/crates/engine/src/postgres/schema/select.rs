//! The part of the schema that a scope names.
//!
//! Full and schema-only backups hold every object. A data-only backup holds the state of sequences. When tables are
//! chosen, they come with their parts and with what these need, but never with another table or a view: a
//! foreign key to a table outside is left out and said so.

use std::collections::HashSet;

use holdfast_contract::snapshot::{BackupKind, Scope, TableName};

use super::catalog::Address;
use super::draft::{Draft, Lost, Node, Rank};
use crate::{Result, pattern};

pub const CHOSEN_ONLY: &str = "The backup was asked to hold chosen tables only.";

/// Refuses a pattern that names no table, with close names.
pub fn require_tables(draft: &Draft, scope: &Scope) -> Result<()> {
    let mut names: Vec<TableName> = draft
        .relations
        .values()
        .filter(|relation| matches!(relation.kind, 'r' | 'p'))
        .map(|relation| relation.table_name())
        .collect();
    names.sort();
    pattern::require_hits(scope, names.iter())
}

/// Marks as lost, by request, what the scope does not name. Call after the draft is linked.
pub fn select(draft: &mut Draft, scope: &Scope) {
    if scope.kind == BackupKind::Data {
        let state = |node: &Node| node.rank == Rank::SequenceState;
        lose(draft, |node| !state(node), "The backup was asked to hold data only.");
        // The sequences themselves are expected to be there.
        draft.nodes.iter_mut().filter(|node| state(node)).for_each(|node| node.needs.clear());
        return;
    }
    if scope.kind == BackupKind::Schema {
        let rows = |node: &Node| matches!(node.rank, Rank::SequenceState | Rank::Refresh | Rank::LargeObject);
        lose(draft, |node| rows(node), "The backup was asked to hold the schema only.");
    }
    lose_keys_to_empty_tables(draft, scope);
    if scope.tables.is_empty() {
        return;
    }
    let chosen = named(draft, &scope.tables);
    let kept = keep(draft, &chosen);
    for (index, node) in draft.nodes.iter_mut().enumerate() {
        if !kept.contains(&index) && node.lost.is_none() {
            node.lost = Some(Lost { reason: CHOSEN_ONLY.into(), by_request: true });
        }
    }
}

/// A foreign key to a table whose rows are left out could not be put on again over rows that point there.
fn lose_keys_to_empty_tables(draft: &mut Draft, scope: &Scope) {
    if scope.kind == BackupKind::Schema || scope.exclude.is_empty() {
        return;
    }
    let excluded = named(draft, &scope.exclude);
    let empty: Vec<(usize, String)> = excluded
        .iter()
        .filter_map(|oid| {
            Some((draft.at(Address::relation(*oid))?, draft.relations.get(oid)?.table_name().to_string()))
        })
        .collect();
    for node in &mut draft.nodes {
        let own = node.table.as_ref().map(ToString::to_string);
        let parent =
            empty.iter().find(|(index, name)| node.needs.contains(index) && own.as_ref() != Some(name));
        let from_empty = empty.iter().any(|(_, name)| own.as_ref() == Some(name));
        if let (Some((_, parent)), Rank::ForeignKey, None, false) =
            (parent, node.rank, &node.lost, from_empty)
        {
            let reason = format!("It points to {parent}, whose rows were asked to be left out.");
            node.lost = Some(Lost { reason, by_request: true });
        }
    }
}

fn lose(draft: &mut Draft, unwanted: impl Fn(&Node) -> bool, reason: &str) {
    for node in &mut draft.nodes {
        if node.lost.is_none() && unwanted(node) {
            node.lost = Some(Lost { reason: reason.to_owned(), by_request: true });
        }
    }
}

/// The named tables, and the partitions under them.
pub fn named(draft: &Draft, patterns: &[String]) -> HashSet<u32> {
    let tables = draft.relations.values().filter(|relation| matches!(relation.kind, 'r' | 'p'));
    let mut chosen: HashSet<u32> = tables
        .filter(|relation| patterns.iter().any(|wanted| pattern::matches(wanted, &relation.table_name())))
        .map(|relation| relation.oid)
        .collect();
    let attached: Vec<(u32, u32)> = draft
        .dependencies
        .iter()
        .filter(|row| {
            row.kind == 'a' && draft.relations.get(&row.oid).is_some_and(|child| child.is_partition)
        })
        .map(|row| (row.oid, row.ref_oid))
        .collect();
    loop {
        let before = chosen.len();
        chosen.extend(
            attached
                .iter()
                .filter(|(_, parent)| chosen.contains(parent))
                .map(|(child, _)| *child)
                .collect::<Vec<_>>(),
        );
        if chosen.len() == before {
            return chosen;
        }
    }
}

fn keep(draft: &Draft, chosen: &HashSet<u32>) -> HashSet<usize> {
    let mut kept = HashSet::new();
    for table in chosen {
        if let Some(index) = draft.at(Address::relation(*table)) {
            // What a table itself needs comes along, be it another table (a parent, a row type).
            kept.extend(closure(draft, index));
        }
    }
    // Parts of kept objects, and parts of these (the comment of an index).
    loop {
        let before = kept.len();
        for (index, node) in draft.nodes.iter().enumerate() {
            let of_kept = node
                .subject
                .and_then(|subject| draft.at(subject))
                .is_some_and(|subject| kept.contains(&subject));
            if !of_kept || kept.contains(&index) || node.lost.is_some() {
                continue;
            }
            let needs = closure(draft, index);
            let foreign = |need: &usize| {
                let node = &draft.nodes[*need];
                !kept.contains(need) && matches!(node.rank, Rank::Table | Rank::View)
            };
            if !needs.iter().any(foreign) {
                kept.extend(needs);
            }
        }
        if kept.len() == before {
            return kept;
        }
    }
}

fn closure(draft: &Draft, start: usize) -> HashSet<usize> {
    let mut seen = HashSet::from([start]);
    let mut open = vec![start];
    while let Some(index) = open.pop() {
        open.extend(draft.nodes[index].needs.iter().copied().filter(|need| seen.insert(*need)));
    }
    seen
}
