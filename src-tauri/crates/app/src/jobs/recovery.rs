//! After a crash: what was running in a process that is gone did not finish, and says so.

use holdfast_contract::backup::BackupState;
use holdfast_contract::event::Event;
use holdfast_contract::job::JobState;
use holdfast_contract::{ApiError, ErrorCode};

use super::Inner;

/// 90 days.
const LOG_KEPT_MS: i64 = 90 * 24 * 3_600_000;

/// Idempotent; any process may do it at any time.
pub(super) async fn recover(inner: &Inner) -> Result<(), ApiError> {
    let now = inner.clock.now_ms();
    for row in inner.catalog.jobs().active().await? {
        if inner.home.is_alive(&row.instance) {
            continue;
        }
        let mut job = row.job;
        job.state = JobState::Interrupted;
        job.ended_at_ms = Some(now);
        job.error = Some(interrupted());
        if inner.catalog.jobs().end(job.clone(), row.audit).await? {
            inner.events.send(Event::Job { job });
        }
    }
    for mut attempt in inner.catalog.attempts().running().await? {
        if inner.home.is_alive(&attempt.instance) {
            continue;
        }
        attempt.backup.state = BackupState::Interrupted;
        attempt.backup.error = Some(interrupted());
        attempt.ended_at_ms = Some(now);
        inner.catalog.attempts().put(attempt).await?;
    }
    inner.catalog.job_log().forget_before(now.saturating_sub(LOG_KEPT_MS)).await?;
    inner.home.sweep();
    Ok(())
}

fn interrupted() -> ApiError {
    ApiError::new(
        ErrorCode::Interrupted,
        "The program ended while this was running; nothing unfinished counts as done.",
    )
    .hint("Run it again.")
    .retry()
}
