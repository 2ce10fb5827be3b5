//! After a crash: a guard whose process is gone says so. Nobody knows whether its command ran, or how far: that is for a person
//! to look at, and the backup stays for it.

use holdfast_contract::guard::GuardState;
use holdfast_contract::{ApiError, ErrorCode};

use super::record::Record;
use crate::cx::Cx;

/// Idempotent; any process may do it at any time.
pub(crate) async fn all(cx: &Cx) -> Result<(), ApiError> {
    for row in cx.catalog().guards().list(None).await? {
        if cx.home().is_alive(&row.instance) {
            continue;
        }
        let mut record = Record::of(cx, row);
        match record.guard().state {
            GuardState::Preparing => record.refused(interrupted(), cx.now_ms()).await?,
            GuardState::Ready => {
                tracing::warn!(guard = %record.guard().id, "a guarded command was cut short");
                record.cut_short().await?;
            }
            _ => {}
        }
    }
    Ok(())
}

fn interrupted() -> ApiError {
    ApiError::new(ErrorCode::Interrupted, "The program ended before the guard was ready; nothing was run.")
        .hint("Begin it again.")
        .retry()
}
