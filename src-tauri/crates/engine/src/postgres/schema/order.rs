//! The load order: everything after what it needs; else by family, schema and name, so that one schema always
//! yields one list.

use std::cmp::Reverse;
use std::collections::{BinaryHeap, HashSet};

use holdfast_contract::snapshot::Phase;

use super::draft::{Draft, Rank};
use super::link;

type Key = (bool, Rank, Option<String>, String, usize);

/// Indices of all nodes that are not lost.
pub fn order(draft: &mut Draft) -> Vec<usize> {
    loop {
        let (ordered, stuck) = attempt(draft);
        if stuck.is_empty() {
            return ordered;
        }
        break_circle(draft, &stuck);
    }
}

fn key(draft: &Draft, index: usize) -> Reverse<Key> {
    let node = &draft.nodes[index];
    Reverse((node.phase == Phase::After, node.rank, node.schema.clone(), node.name.clone(), index))
}

fn attempt(draft: &Draft) -> (Vec<usize>, HashSet<usize>) {
    let alive = |index: &usize| draft.nodes[*index].lost.is_none();
    let count = draft.nodes.len();
    let mut dependents: Vec<Vec<usize>> = vec![Vec::new(); count];
    let mut missing = vec![0usize; count];
    for index in (0..count).filter(alive) {
        for need in draft.nodes[index].needs.iter().filter(|need| alive(need)) {
            dependents[*need].push(index);
            missing[index] += 1;
        }
    }
    let mut ready: BinaryHeap<Reverse<Key>> = (0..count)
        .filter(alive)
        .filter(|index| missing[*index] == 0)
        .map(|index| key(draft, index))
        .collect();
    let mut ordered = Vec::with_capacity(count);
    while let Some(Reverse((_, _, _, _, index))) = ready.pop() {
        ordered.push(index);
        for dependent in &dependents[index] {
            missing[*dependent] -= 1;
            if missing[*dependent] == 0 {
                ready.push(key(draft, *dependent));
            }
        }
    }
    let done: HashSet<usize> = ordered.iter().copied().collect();
    let stuck = (0..count).filter(alive).filter(|index| !done.contains(index)).collect();
    (ordered, stuck)
}

/// Finds one circle among the stuck and cuts it where it hurts least: a view gets a stand-in.
fn break_circle(draft: &mut Draft, stuck: &HashSet<usize>) {
    let circle = circle(draft, stuck);
    let view = circle.iter().copied().find(|index| draft.nodes[*index].placeholder.is_some());
    if let Some(view) = view
        && let Some(early) = link::stand_in(draft, view, &circle)
    {
        for index in &circle {
            if *index != view && draft.nodes[*index].needs.remove(&view) {
                draft.nodes[*index].needs.insert(early);
            }
        }
        return;
    }
    // A function is the cheapest to lose, a table the dearest.
    let worst = circle
        .iter()
        .copied()
        .max_by_key(|index| (draft.nodes[*index].rank != Rank::Table, draft.nodes[*index].rank));
    let Some(index) = worst else { return };
    let need = draft.nodes[index].needs.iter().copied().find(|need| circle.contains(need)).unwrap_or(index);
    link::give_up(draft, index, need);
}

fn circle(draft: &Draft, stuck: &HashSet<usize>) -> Vec<usize> {
    let mut path: Vec<usize> = Vec::new();
    let mut at = stuck.iter().copied().min();
    // Everyone stuck needs somebody stuck: walking on must come back.
    while let Some(index) = at {
        if let Some(start) = path.iter().position(|seen| *seen == index) {
            return path.split_off(start);
        }
        path.push(index);
        at = draft.nodes[index].needs.iter().copied().find(|need| stuck.contains(need));
    }
    path
}
