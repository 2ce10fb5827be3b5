//! The part of the schema that a scope names.
//!
//! Full and schema-only backups hold every object. A data-only backup holds the state of sequences. When tables are
//! chosen, they come with their parts and with what these need, but never with another table or a view: a
//! foreign key to a table outside is left out and said so.

use std::collections::HashSet;

use holdfast_contract::snapshot::{BackupKind, Scope};

use super::catalog::Address;
use super::draft::{Draft, Lost, Node, Rank};
use crate::pattern;

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
    if scope.tables.is_empty() {
        return;
    }
    let chosen = chosen(draft, scope);
    let kept = keep(draft, &chosen);
    for (index, node) in draft.nodes.iter_mut().enumerate() {
        if !kept.contains(&index) && node.lost.is_none() {
            node.lost = Some(Lost {
                reason: "The backup was asked to hold chosen tables only.".into(),
                by_request: true,
            });
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
pub fn chosen(draft: &Draft, scope: &Scope) -> HashSet<u32> {
    let tables = draft.relations.values().filter(|relation| matches!(relation.kind, 'r' | 'p'));
    let mut chosen: HashSet<u32> = tables
        .filter(|relation| scope.tables.iter().any(|wanted| pattern::matches(wanted, &relation.table_name())))
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
