//! Who needs whom: dependencies become edges, what cannot be made takes its dependents along, and
//! what belongs before the rows is freed from what comes after them.

use std::collections::{HashMap, VecDeque};

use holdfast_contract::snapshot::Phase;

use super::catalog::class;
use super::draft::{Draft, Lost, Node, Rank};

pub fn link(draft: &mut Draft) {
    for index in 0..draft.nodes.len() {
        let wants = std::mem::take(&mut draft.nodes[index].wants);
        let needs: Vec<usize> =
            wants.iter().filter_map(|address| draft.at(*address)).filter(|need| *need != index).collect();
        draft.nodes[index].needs.extend(needs);
        draft.nodes[index].wants = wants;
    }
    let mut edges = Vec::new();
    for row in &draft.dependencies {
        if matches!(row.kind, 'e' | 'x' | 'P') {
            continue;
        }
        let relations = row.class == class::RELATION && row.ref_class == class::RELATION;
        if relations && row.kind == 'a' {
            let child = draft.relations.get(&row.oid);
            // A sequence is told its owner later; a partition is attached later.
            if child.is_some_and(|child| child.kind == 'S' || child.is_partition) {
                continue;
            }
        }
        if let (Some(from), Some(to)) = (draft.at(row.from()), draft.at(row.to()))
            && from != to
        {
            edges.push((from, to));
        }
    }
    for (from, to) in edges {
        // A child's key is attached to the parent's: by a node of its own.
        let (child, parent) = (&draft.nodes[from], &draft.nodes[to]);
        if child.rank == Rank::Key && parent.rank == Rank::Key {
            continue;
        }
        draft.nodes[from].needs.insert(to);
    }
    use_shells(draft);
    refresh_order(draft);
}

/// A type's own functions need only its shell; everything else needs it whole.
fn use_shells(draft: &mut Draft) {
    for (whole, shell) in draft.shells.clone() {
        let functions: Vec<usize> = draft.nodes[whole]
            .needs
            .iter()
            .copied()
            .filter(|need| draft.nodes[*need].rank == Rank::Function)
            .collect();
        for function in functions {
            if draft.nodes[function].needs.remove(&whole) {
                draft.nodes[function].needs.insert(shell);
            }
        }
    }
}

/// A materialised view is filled after those it reads, also through views between them.
fn refresh_order(draft: &mut Draft) {
    let refreshes: HashMap<usize, usize> = draft
        .nodes
        .iter()
        .enumerate()
        .filter(|(_, node)| node.rank == Rank::Refresh)
        .filter_map(|(index, node)| Some((draft.at(node.subject?)?, index)))
        .collect();
    let stored = |node: &Node| node.kind == "materialised view";
    let mut changes: Vec<(usize, Result<usize, usize>)> = Vec::new();
    for (view, refresh) in &refreshes {
        let mut seen = std::collections::HashSet::from([*view]);
        let mut queue = VecDeque::from([*view]);
        while let Some(at) = queue.pop_front() {
            for need in draft.nodes[at].needs.iter().filter(|need| draft.nodes[**need].rank >= Rank::Function)
            {
                if !seen.insert(*need) {
                    continue;
                }
                if stored(&draft.nodes[*need]) {
                    changes.push((*refresh, refreshes.get(need).copied().ok_or(*need)));
                } else {
                    queue.push_back(*need);
                }
            }
        }
    }
    for (refresh, first) in changes {
        match first {
            Ok(first) => {
                draft.nodes[refresh].needs.insert(first);
            }
            Err(empty) => {
                let reason = format!(
                    "It reads {}, which holds no data in the source, so it cannot be filled in a restored database.",
                    draft.nodes[empty].title()
                );
                draft.nodes[refresh].lost.get_or_insert(Lost { reason, by_request: false });
            }
        }
    }
}

/// Dependents of what is lost are lost.
pub fn spread_losses(draft: &mut Draft) {
    let mut dependents: Vec<Vec<usize>> = vec![Vec::new(); draft.nodes.len()];
    for (index, node) in draft.nodes.iter().enumerate() {
        for need in &node.needs {
            dependents[*need].push(index);
        }
    }
    let mut queue: VecDeque<usize> =
        (0..draft.nodes.len()).filter(|index| draft.nodes[*index].lost.is_some()).collect();
    while let Some(index) = queue.pop_front() {
        let title = draft.nodes[index].title();
        let by_request = draft.nodes[index].lost.as_ref().is_some_and(|lost| lost.by_request);
        for dependent in &dependents[index] {
            let node = &mut draft.nodes[*dependent];
            if node.lost.is_none() {
                node.lost = Some(Lost {
                    reason: format!("It needs {title}, which is not in the backup."),
                    by_request,
                });
                queue.push_back(*dependent);
            }
        }
    }
}

/// Nothing before the rows may need anything after them: what can wait, waits; a view that something needs early
/// gets a stand-in.
pub fn settle_phases(draft: &mut Draft) {
    loop {
        let late: Vec<(usize, usize)> = draft
            .nodes
            .iter()
            .enumerate()
            .filter(|(_, node)| node.phase == Phase::Before && node.lost.is_none())
            .flat_map(|(index, node)| node.needs.iter().map(move |need| (index, *need)))
            .filter(|(_, need)| draft.nodes[*need].phase == Phase::After && draft.nodes[*need].lost.is_none())
            .collect();
        if late.is_empty() {
            return;
        }
        for (index, need) in late {
            let rank = draft.nodes[index].rank;
            let can_wait = matches!(rank, Rank::View | Rank::Default | Rank::Rule)
                || (Rank::Function..=Rank::Aggregate).contains(&rank);
            if can_wait {
                draft.nodes[index].phase = Phase::After;
            } else if let Some(stand_in) = stand_in(draft, need, &[]) {
                draft.nodes[index].needs.remove(&need);
                draft.nodes[index].needs.insert(stand_in);
            } else {
                give_up(draft, index, need);
            }
        }
    }
}

/// Splits a view: its columns early, its query later. Returns the early one; `circle` are nodes it must not need.
pub fn stand_in(draft: &mut Draft, view: usize, circle: &[usize]) -> Option<usize> {
    let sql = draft.nodes[view].placeholder.take()?;
    let node = &draft.nodes[view];
    let mut early = Node::new("view stand-in", Rank::View, node.schema.as_deref(), &node.name).sql(sql);
    let early_needs: Vec<usize> = node
        .needs
        .iter()
        .copied()
        .filter(|need| !circle.contains(need) && draft.nodes[*need].phase == Phase::Before)
        .filter(|need| draft.nodes[*need].rank <= Rank::Type || draft.nodes[*need].rank == Rank::Table)
        .collect();
    early.needs.extend(early_needs);
    let index = draft.add(early);
    draft.nodes[view].needs.insert(index);
    Some(index)
}

/// The last resort: the order is kept possible, and the backup says that this object may fail.
pub fn give_up(draft: &mut Draft, index: usize, need: usize) {
    draft.nodes[index].needs.remove(&need);
    let reason = format!(
        "{} and {} need each other in a way that no order of statements can satisfy; it is left out.",
        draft.nodes[index].title(),
        draft.nodes[need].title()
    );
    draft.nodes[index].lost = Some(Lost { reason, by_request: false });
    spread_losses(draft);
}
