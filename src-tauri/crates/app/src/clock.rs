//! Time and identifiers as something passed in, so that tests decide them.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

/// Milliseconds since 1970, UTC.
pub trait Clock: Send + Sync {
    fn now_ms(&self) -> i64;
}

pub struct SystemClock;

impl Clock for SystemClock {
    fn now_ms(&self) -> i64 {
        chrono::Utc::now().timestamp_millis()
    }
}

/// The same clock as the engines want it.
pub(crate) fn reading(clock: &Arc<dyn Clock>) -> holdfast_engine::Clock {
    let clock = clock.clone();
    Arc::new(move || clock.now_ms())
}

/// Stands still until it is told to move.
pub struct FixedClock(AtomicI64);

impl FixedClock {
    pub fn at(now_ms: i64) -> Self {
        Self(AtomicI64::new(now_ms))
    }
    pub fn advance(&self, ms: i64) {
        self.0.fetch_add(ms, Ordering::SeqCst);
    }
}

impl Clock for FixedClock {
    fn now_ms(&self) -> i64 {
        self.0.load(Ordering::SeqCst)
    }
}

/// A new opaque id: 32 hex digits, unguessable in its second half, in order of creation.
pub fn new_id() -> String {
    uuid::Uuid::now_v7().simple().to_string()
}
