//! Work of several steps tells which one it is at; each counts its bytes from zero.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use super::JobProgress;

pub(crate) struct Stages {
    progress: Arc<JobProgress>,
    steps: u32,
    at: AtomicU32,
}

impl Stages {
    pub(crate) fn new(progress: Arc<JobProgress>, steps: u32) -> Self {
        Self { progress, steps, at: AtomicU32::new(0) }
    }

    pub(crate) fn next(&self, phase: &str) {
        let step = self.at.fetch_add(1, Ordering::Relaxed) + 1;
        self.progress.step(step, self.steps.max(step), phase);
    }
}
