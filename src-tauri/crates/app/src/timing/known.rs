//! Timetables that have been understood, kept while the program runs: a thousand patterns are not parsed, put into words and
//! followed at every look at the list.

use std::collections::{HashMap, HashSet};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use holdfast_contract::ScheduleId;
use holdfast_contract::schedule::Timing;

use super::Timetable;

#[derive(Default)]
pub struct Known(Mutex<HashMap<ScheduleId, Entry>>);

struct Entry {
    timing: Timing,
    anchor_ms: i64,
    /// None: it cannot be understood.
    table: Option<Arc<Understood>>,
}

pub struct Understood {
    pub table: Timetable,
    pub words: String,
    /// From where the next due time was last looked for, and what was found.
    next: Mutex<Option<(i64, Option<i64>)>>,
}

impl Known {
    /// As [`Timetable::new`], but only once for the same timing.
    pub fn table(&self, id: &ScheduleId, timing: &Timing, anchor_ms: i64) -> Option<Arc<Understood>> {
        if let Some(entry) = lock(&self.0).get(id)
            && entry.anchor_ms == anchor_ms
            && entry.timing == *timing
        {
            return entry.table.clone();
        }
        let table = Timetable::new(timing, anchor_ms)
            .ok()
            .map(|table| Arc::new(Understood { words: table.words(), table, next: Mutex::default() }));
        let entry = Entry { timing: timing.clone(), anchor_ms, table: table.clone() };
        lock(&self.0).insert(id.clone(), entry);
        table
    }

    /// Forgets those that are not there any more.
    pub fn keep(&self, ids: &HashSet<&ScheduleId>) {
        lock(&self.0).retain(|id, _| ids.contains(id));
    }
}

impl Understood {
    /// As [`Timetable::after`]. What was found holds for every later moment before it.
    pub fn after(&self, from_ms: i64) -> Option<i64> {
        let mut kept = lock(&self.next);
        match *kept {
            Some((since, None)) if from_ms >= since => None,
            Some((since, Some(next))) if (since..next).contains(&from_ms) => Some(next),
            _ => {
                let next = self.table.after(from_ms);
                *kept = Some((from_ms, next));
                next
            }
        }
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn what_is_kept_is_what_would_be_computed() {
        let timing = |text: &str| serde_json::from_str::<Timing>(text).unwrap();
        let (known, id) = (Known::default(), ScheduleId::from("a"));
        let daily = timing(r#"{"when": {"kind": "cron", "pattern": "30 2 * * *"}, "zone": "Europe/Berlin"}"#);
        let (table, start) = (Timetable::new(&daily, 0).unwrap(), 1_774_000_000_000);
        // Forwards, over the night in which the clocks change, and back again.
        for step in (0..400).chain((0..400).rev()) {
            let at = start + step * 3_600_000;
            let kept = known.table(&id, &daily, 0).unwrap();
            assert_eq!(kept.after(at), table.after(at), "{step}");
        }
        let once = timing(r#"{"when": {"kind": "once", "at": "2026-03-01T02:00"}, "zone": "UTC"}"#);
        let kept = known.table(&id, &once, 0).unwrap();
        assert_eq!((kept.after(start), kept.after(start + 1)), (None, None));
        assert_eq!(kept.after(0), Timetable::new(&once, 0).unwrap().after(0), "a clock that went back");
        assert!(
            known
                .table(&id, &timing(r#"{"when": {"kind": "cron", "pattern": "x"}, "zone": "UTC"}"#), 0)
                .is_none()
        );
        known.keep(&HashSet::new());
        assert!(lock(&known.0).is_empty());
    }
}
