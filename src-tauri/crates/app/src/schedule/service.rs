//! The loop that looks. One for each data folder: whoever holds its scheduler lock; others stand by to take over.

use std::sync::Arc;
use std::time::Duration;

use holdfast_contract::event::{Event, Topic};
use tokio::sync::broadcast::Receiver;
use tokio::sync::broadcast::error::RecvError;
use tokio_util::sync::CancellationToken;

use super::Runner;
use crate::home::Home;

/// Between two looks when nothing happens: short enough that a machine that slept is seen soon.
const EVERY: Duration = Duration::from_secs(20);
/// Between two tries to become the runner.
const STAND_BY: Duration = Duration::from_secs(10);
/// Many changes at once are one reason to look.
const SETTLE: Duration = Duration::from_millis(300);

/// Runs until `stop`. `started`: what runs at the start of the program is due. A look that fails (a busy disk) is made again at the next.
pub async fn serve(
    home: Arc<Home>,
    mut runner: Runner,
    mut events: Receiver<Event>,
    started: bool,
    stop: CancellationToken,
) {
    let _lock = loop {
        match home.claim_scheduler() {
            Ok(Some(lock)) => break lock,
            Ok(None) => {}
            Err(error) => tracing::warn!(%error, "the scheduler's lock cannot be asked for"),
        }
        tokio::select! {
            () = stop.cancelled() => return,
            () = tokio::time::sleep(STAND_BY) => {}
        }
    };
    if let Err(error) = runner.begin(started).await {
        tracing::warn!(%error, "schedules could not be taken up");
    }
    loop {
        if let Err(error) = runner.look().await {
            tracing::warn!(%error, "looking at the schedules failed");
        }
        tokio::select! {
            () = stop.cancelled() => return,
            () = tokio::time::sleep(EVERY) => {}
            () = reason(&mut events) => tokio::time::sleep(SETTLE).await,
        }
    }
}

/// Something happened that a run may wait for: an edited schedule, an ended job, an opened vault.
async fn reason(events: &mut Receiver<Event>) {
    loop {
        match events.recv().await {
            Ok(Event::Changed { what: Topic::Schedules | Topic::Vault | Topic::Everything })
            | Err(RecvError::Lagged(_)) => return,
            Ok(Event::Job { job }) if job.state.ended() => return,
            Ok(_) => {}
            // No more events: the clock remains.
            Err(RecvError::Closed) => std::future::pending().await,
        }
    }
}

/// Whether any process runs this folder's schedules.
pub fn is_present(home: &Home) -> bool {
    // Held for a moment only: somebody who wants it at this very moment tries again.
    !matches!(home.claim_scheduler(), Ok(Some(_)))
}
