//! The log of a job: each thing it began to do, with its moment. Collected in memory, written down by the runner.

use std::time::Instant;

use holdfast_contract::job::JobLogLine;

/// Lines of one job that are kept. Ten thousand tables need no line each: the first ones tell what it does, and
/// the steps are told whatever their number.
const KEPT: usize = 500;

#[derive(Default)]
pub(super) struct Lines {
    waiting: Vec<(Instant, Option<u32>, String)>,
    told: usize,
    left_out: u64,
}

impl Lines {
    /// A step is told always, what happens within it while there is room.
    pub(super) fn add(&mut self, step: Option<u32>, begins_step: bool, text: &str) {
        if text.is_empty() {
            return;
        }
        if self.told >= KEPT && !begins_step {
            self.left_out += 1;
            return;
        }
        self.tell_left_out(step);
        self.told += 1;
        self.waiting.push((Instant::now(), step, text.to_owned()));
    }

    fn tell_left_out(&mut self, step: Option<u32>) {
        let count = std::mem::take(&mut self.left_out);
        if count > 0 {
            let before = step.map(|step| step.saturating_sub(1)).filter(|step| *step > 0);
            self.waiting.push((Instant::now(), before, format!("and {count} more like these")));
        }
    }

    /// What was not taken yet, oldest first, with moments on the clock that shows `now_ms` now.
    pub(super) fn take(&mut self, now_ms: i64, ended: bool) -> Vec<JobLogLine> {
        if ended {
            self.tell_left_out(None);
        }
        let taken = std::mem::take(&mut self.waiting).into_iter();
        taken
            .map(|(at, step, text)| {
                let ago = i64::try_from(at.elapsed().as_millis()).unwrap_or(0);
                JobLogLine { at_ms: now_ms.saturating_sub(ago), step, text }
            })
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_step_is_told_and_what_is_left_out_is_counted() {
        let mut lines = Lines::default();
        lines.add(Some(1), true, "Reading");
        for table in 0..KEPT * 2 {
            lines.add(Some(1), false, &format!("Reading t{table}"));
        }
        lines.add(Some(2), true, "Proving");
        let told = lines.take(1_000_000, false);
        assert_eq!(told.len(), KEPT + 2);
        assert_eq!(told[KEPT].text, format!("and {} more like these", KEPT + 1));
        assert_eq!((told[KEPT].step, told[KEPT + 1].step), (Some(1), Some(2)));
        assert!(lines.take(1_000_000, true).is_empty(), "each line once");
    }
}
