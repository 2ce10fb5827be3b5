//! From what a server says about one statement to the progress of the whole run, which never goes back.

use std::sync::Arc;

use crate::{Progress, Work};

/// Counts in bytes of the tables: those that are done, and a part of the present one.
pub(crate) struct Meter {
    progress: Arc<dyn Progress>,
    done: u64,
    size: u64,
    told: u64,
    title: String,
}

impl Meter {
    pub(crate) fn new(work: &Work, total_bytes: u64) -> Self {
        work.progress.total_bytes(total_bytes);
        Self { progress: work.progress.clone(), done: 0, size: 0, told: 0, title: String::new() }
    }

    /// The one before is done.
    pub(crate) fn begin(&mut self, title: String, size: u64) {
        self.finish();
        self.progress.phase(&title);
        (self.title, self.size) = (title, size);
    }

    /// A server's phase, and what part of the statement is done then: 0 to 1. One that is less than an earlier one moves nothing.
    pub(crate) fn at(&mut self, phase: &str, share: f64) {
        if !phase.is_empty() {
            self.progress.phase(&format!("{}: {phase}", self.title));
        }
        self.reach(self.done + (self.size as f64 * share.clamp(0.0, 1.0)) as u64);
    }

    pub(crate) fn finish(&mut self) {
        self.done += std::mem::take(&mut self.size);
        self.reach(self.done);
    }

    fn reach(&mut self, bytes: u64) {
        if bytes > self.told {
            self.progress.advance(bytes - self.told, 0);
            self.told = bytes;
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use std::sync::{Arc, Mutex};

    use super::*;

    #[derive(Default)]
    struct Heard(Mutex<(u64, String)>);
    impl crate::Progress for Heard {
        fn phase(&self, text: &str) {
            self.0.lock().unwrap().1 = text.to_owned();
        }
        fn total_bytes(&self, _: u64) {}
        fn advance(&self, bytes: u64, _: u64) {
            self.0.lock().unwrap().0 += bytes;
        }
    }

    #[test]
    fn a_part_of_a_table_counts_and_nothing_counts_twice() {
        let heard = Arc::new(Heard::default());
        let work = Work {
            cancel: Default::default(),
            progress: heard.clone(),
            scratch_dir: Default::default(),
            parallel: 1,
            clock: Arc::new(|| 0),
        };
        let mut meter = Meter::new(&work, 300);
        let mut told = Vec::new();
        let now = || heard.0.lock().unwrap().0;
        meter.begin("Vacuuming a".into(), 100);
        for share in [0.5, 0.1, 2.0, 0.0] {
            meter.at("scanning heap", share);
            told.push(now());
        }
        assert_eq!(told, [50, 50, 100, 100]);
        assert_eq!(heard.0.lock().unwrap().1, "Vacuuming a: scanning heap");
        meter.begin("Vacuuming b".into(), 200);
        meter.finish();
        assert_eq!(now(), 300);
    }
}
