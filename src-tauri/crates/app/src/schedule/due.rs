//! From a schedule and two looks at the clock to at most one run.

use holdfast_contract::schedule::Missed;
use holdfast_contract::{ApiError, ErrorCode, RunId};
use sha2::{Digest, Sha256};

use crate::catalog::{DueRun, ScheduleRow};
use crate::clock::new_id;
use crate::timing::Timetable;

/// A run that starts this late after its due time was missed: the machine slept, or nobody ran schedules.
const LATE_MS: i64 = 10 * 60 * 1000;
/// A clock that goes back by more than this was wrong before: due times count from now again. Those that have had
/// their run keep it; less is a correction, and waiting it out does no harm.
const BACK_MS: i64 = 60 * 60 * 1000;

/// What one look finds.
#[derive(Debug, PartialEq)]
pub(super) enum Look {
    Nothing,
    /// `seen_ms` moves, without a run.
    Seen(i64),
    Run(i64, DueRun),
}

pub(super) fn look(row: &ScheduleRow, table: &Timetable, now_ms: i64) -> Look {
    if row.seen_ms - now_ms > BACK_MS {
        return Look::Seen(now_ms);
    }
    let Some(due) = table.due(row.seen_ms, now_ms) else { return Look::Nothing };
    let late = now_ms - due.at_ms > LATE_MS;
    let skipped = (late && row.timing.missed == Missed::Skip).then(missed);
    let starts_at_ms = (due.at_ms + spread(row, due.at_ms)).max(now_ms);
    let id = RunId(new_id());
    Look::Run(now_ms, DueRun { id, due_ms: due.at_ms, missed: due.count - 1, starts_at_ms, skipped })
}

/// A run that does not come from the clock: at the program's start, or because a person wants it now.
pub(super) fn now(now_ms: i64) -> DueRun {
    DueRun { id: RunId(new_id()), due_ms: now_ms, missed: 0, starts_at_ms: now_ms, skipped: None }
}

/// The same for the same run, so that a restart does not draw again.
fn spread(row: &ScheduleRow, due_ms: i64) -> i64 {
    let widest = u64::from(row.timing.jitter_seconds) * 1000;
    let digest = Sha256::new().chain_update(row.id.as_str()).chain_update(due_ms.to_le_bytes()).finalize();
    let drawn = digest.iter().take(8).fold(0u64, |number, byte| number << 8 | u64::from(*byte));
    (drawn % (widest + 1)) as i64
}

fn missed() -> ApiError {
    ApiError::new(
        ErrorCode::Interrupted,
        "Nobody was there to run it at its time, and this schedule does not catch up.",
    )
    .hint("Run it now, or let the schedule catch up on missed runs.")
}
