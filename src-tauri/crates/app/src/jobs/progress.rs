//! How far a job is. Engines report every block; listeners hear of it a few times a second.

use std::collections::VecDeque;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use holdfast_contract::job::{JobLogLine, Progress};

use super::log::Lines;

/// The rate is that of this last while.
const WINDOW: Duration = Duration::from_secs(5);

#[derive(Default)]
pub struct JobProgress(Mutex<State>);

#[derive(Default)]
struct State {
    progress: Progress,
    /// Bytes done at moments within the window, oldest first.
    samples: VecDeque<(Instant, u64)>,
    dirty: bool,
    lines: Lines,
}

impl JobProgress {
    /// Begins step `step` of `steps`: bytes and rows count from zero again.
    pub fn step(&self, step: u32, steps: u32, phase: &str) {
        let mut state = self.lock();
        state.progress =
            Progress { phase: phase.to_owned(), step: Some(step), steps: Some(steps), ..Progress::default() };
        state.samples.clear();
        state.dirty = true;
        state.lines.add(Some(step), true, phase);
    }

    /// For work that knows where it stands, not how far it came.
    pub fn at(&self, done_bytes: u64, total_bytes: u64) {
        let mut state = self.lock();
        state.progress.done_bytes = done_bytes;
        state.progress.total_bytes = Some(total_bytes);
        state.dirty = true;
    }

    /// Rate and remaining time as of `now`; None when nothing moved since the last look.
    pub(super) fn take(&self, now: Instant) -> Option<Progress> {
        let mut state = self.lock();
        state.sample(now);
        std::mem::take(&mut state.dirty).then(|| state.progress.clone())
    }

    /// Lines of the log that were not taken yet.
    pub(super) fn take_log(&self, now_ms: i64, ended: bool) -> Vec<JobLogLine> {
        self.lock().lines.take(now_ms, ended)
    }

    pub(super) fn now(&self) -> Progress {
        self.lock().progress.clone()
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn sample(&mut self, now: Instant) {
        let done = self.progress.done_bytes;
        self.samples.push_back((now, done));
        while self.samples.len() > 2 && self.samples.front().is_some_and(|(at, _)| now - *at > WINDOW) {
            self.samples.pop_front();
        }
        let Some((since, before)) = self.samples.front() else { return };
        let elapsed = (now - *since).as_millis() as u64;
        let rate = done.saturating_sub(*before).saturating_mul(1000).checked_div(elapsed).unwrap_or(0);
        self.dirty |= rate != self.progress.bytes_per_second;
        self.progress.bytes_per_second = rate;
        self.progress.eta_ms = match self.progress.total_bytes {
            Some(total) if rate > 0 => Some(total.saturating_sub(done).saturating_mul(1000) / rate),
            _ => None,
        };
    }
}

impl holdfast_engine::Progress for JobProgress {
    fn phase(&self, text: &str) {
        let mut state = self.lock();
        if state.progress.phase != text {
            text.clone_into(&mut state.progress.phase);
            state.dirty = true;
            let step = state.progress.step;
            state.lines.add(step, false, text);
        }
    }
    fn total_bytes(&self, total: u64) {
        let mut state = self.lock();
        state.progress.total_bytes = Some(total);
        state.dirty = true;
    }
    fn advance(&self, bytes: u64, rows: u64) {
        let mut state = self.lock();
        state.progress.done_bytes += bytes;
        state.progress.done_rows += rows;
        state.dirty = true;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use holdfast_engine::Progress as _;

    #[test]
    fn the_rate_is_that_of_the_last_seconds() {
        let progress = JobProgress::default();
        let start = Instant::now();
        let at = |ms: u64| start + Duration::from_millis(ms);
        progress.total_bytes(100_000);
        progress.take(start);
        progress.advance(10_000, 5);
        let seen = progress.take(at(1000)).expect("it moved");
        assert_eq!((seen.bytes_per_second, seen.eta_ms, seen.done_rows), (10_000, Some(9000), 5));
        for second in 2..=9 {
            progress.take(at(second * 1000));
        }
        let seen = progress.now();
        assert_eq!((seen.bytes_per_second, seen.eta_ms), (0, None), "it has stood still");
        assert!(progress.take(at(10_000)).is_none(), "nothing to tell");
        progress.step(2, 3, "Proving");
        assert_eq!(progress.now().done_bytes, 0);
    }
}
