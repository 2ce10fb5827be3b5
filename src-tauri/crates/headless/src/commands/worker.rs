//! `holdfastctl worker`: runs schedules where no window is open.

use holdfast_contract::event::Event;
use holdfast_contract::job::JobState;
use tokio::sync::broadcast::error::RecvError;

use crate::failure::{Result, internal};
use crate::host::Host;
use crate::output::Output;
use crate::text;

/// Until Ctrl-C or SIGTERM. Jobs that are running then are cancelled, and told as such.
pub async fn run(host: &Host, output: &Output) -> Result<()> {
    let mut events = host.app.events();
    output.remark("Running schedules. End with Ctrl-C.");
    let ended = ended()?;
    tokio::pin!(ended);
    loop {
        tokio::select! {
            () = &mut ended => return Ok(()),
            event = events.recv() => match event {
                Ok(event) => tell(output, event),
                Err(RecvError::Lagged(_)) => {}
                Err(RecvError::Closed) => return Ok(()),
            },
        }
    }
}

fn tell(output: &Output, event: Event) {
    match event {
        Event::Job { job } if job.state.ended() => {
            let why =
                job.error.map(|error| format!(": {}", text::visible(&error.message))).unwrap_or_default();
            let at = text::time(job.ended_at_ms.unwrap_or(job.created_at_ms));
            output.remark(&format!("{at} {}: {}{why}", text::visible(&job.title), text::word(&job.state)));
        }
        Event::Job { job } if job.state == JobState::Queued => {
            output.remark(&format!("{} {}", text::time(job.created_at_ms), text::visible(&job.title)));
        }
        Event::Notice { title, text: words, .. } => {
            output.remark(&format!("{}: {}", text::visible(&title), text::visible(&words)));
        }
        _ => {}
    }
}

#[cfg(unix)]
fn ended() -> Result<impl Future<Output = ()>> {
    use tokio::signal::unix::{SignalKind, signal};
    let listen = |kind| signal(kind).map_err(|error| internal(format!("Signals cannot be heard: {error}.")));
    let (mut interrupt, mut terminate) = (listen(SignalKind::interrupt())?, listen(SignalKind::terminate())?);
    Ok(async move {
        tokio::select! {
            _ = interrupt.recv() => {}
            _ = terminate.recv() => {}
        }
    })
}

#[cfg(not(unix))]
fn ended() -> Result<impl Future<Output = ()>> {
    Ok(async {
        // Without a way to hear it, the worker runs until it is ended from outside.
        if let Err(error) = tokio::signal::ctrl_c().await {
            tracing::warn!(%error, "Ctrl-C cannot be heard");
            std::future::pending::<()>().await;
        }
    })
}
