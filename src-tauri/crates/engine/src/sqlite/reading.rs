//! How far one of SQLite's own long statements is. It does not say; but it counts the pages that a connection has read, and asks
//! us now and then whether to go on.

use std::path::Path;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use rusqlite::{Connection, ffi};
use tokio_util::sync::CancellationToken;

use super::error::Explain;
use crate::Result;
use crate::maintain::Meter;

/// Steps between two looks. A check of the pages takes one step for each page: 2 MB of a usual file.
const STEPS: i32 = 500;

/// Tells its meter what part of the present statement is done, as long as the connection lives.
#[derive(Clone)]
pub(super) struct Reading(Arc<Mutex<Told>>);

struct Told {
    meter: Meter,
    /// What the present statement will have read at its end.
    expected: u64,
}

impl Reading {
    /// Takes the place of the connection's look at `cancel`.
    pub(super) fn watch(
        connection: &mut Connection,
        path: &Path,
        cancel: &CancellationToken,
        meter: Meter,
    ) -> Result<Self> {
        let doing = "opening it";
        let page: i64 =
            connection.query_row("PRAGMA page_size", [], |row| row.get(0)).explain(path, doing)?;
        let this = Self(Arc::new(Mutex::new(Told { meter, expected: 0 })));
        let (told, cancel, handle) = (this.clone(), cancel.clone(), Handle::of(connection));
        let look = move || {
            told.at(handle.pages_read() * page.unsigned_abs());
            cancel.is_cancelled()
        };
        connection.progress_handler(STEPS, Some(look)).explain(path, doing)?;
        Ok(this)
    }

    /// The next statement, for `size` bytes of the whole; it reads about `expected` bytes.
    pub(super) fn begin(&self, connection: &Connection, title: String, size: u64, expected: u64) {
        Handle::of(connection).forget();
        let mut told = self.told();
        told.expected = expected;
        told.meter.begin(title, size);
    }

    pub(super) fn finish(&self) {
        self.told().meter.finish();
    }

    fn at(&self, read: u64) {
        let mut told = self.told();
        let part = read as f64 / told.expected.max(1) as f64;
        told.meter.at("", share(part));
    }

    fn told(&self) -> MutexGuard<'_, Told> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Pages that are needed again are read again, more often the larger the file is: whoever has read what was expected is near the
/// end, and then comes nearer and nearer.
fn share(part: f64) -> f64 {
    const NEAR: f64 = 0.9;
    if part <= 1.0 { NEAR * part } else { 1.0 - (1.0 - NEAR) / part }
}

/// The connection as the library's C interface knows it.
#[derive(Clone, Copy)]
struct Handle(*mut ffi::sqlite3);

// SAFETY: used only by the thread that works with the connection: in `begin`, and by its progress handler, which it calls
// itself and which goes with it.
#[expect(unsafe_code, reason = "the pointer travels in the handler of its own connection")]
unsafe impl Send for Handle {}

impl Handle {
    fn of(connection: &Connection) -> Self {
        // SAFETY: only counters are read through it, while the connection is open.
        #[expect(unsafe_code, reason = "no safe function reads this counter")]
        Self(unsafe { connection.handle() })
    }

    /// Pages that were not in the connection's memory, since [`Self::forget`].
    fn pages_read(self) -> u64 {
        self.status(false)
    }

    fn forget(self) {
        self.status(true);
    }

    fn status(self, reset: bool) -> u64 {
        let (mut now, mut most) = (0, 0);
        // SAFETY: the connection is open, and this is the thread that works with it; reading a counter changes nothing of
        // the statement that runs.
        #[expect(unsafe_code, reason = "no safe function reads this counter")]
        unsafe {
            ffi::sqlite3_db_status(
                self.0,
                ffi::SQLITE_DBSTATUS_CACHE_MISS,
                &raw mut now,
                &raw mut most,
                i32::from(reset),
            );
        }
        u64::from(now.unsigned_abs())
    }
}
