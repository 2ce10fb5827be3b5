//! Following a job to its end: progress on the terminal, Ctrl-C asks it to stop.

use std::time::Duration;

use holdfast_contract::ErrorCode;
use holdfast_contract::backup::Started;
use holdfast_contract::job::{Job, JobRef, JobState};
use holdfast_contract::{ApiError, JobId};
use indicatif::{ProgressBar, ProgressStyle};

use crate::detach;
use crate::failure::Result;
use crate::host::Host;
use crate::output::Output;
use crate::text;

/// Often enough to feel immediate, rarely enough to cost nothing.
const POLL: Duration = Duration::from_millis(100);

/// Waits for the job and gives it back as it ended; a job that did not succeed is its error.
/// Also works for jobs of other processes.
pub async fn to_the_end(host: &Host, output: &Output, started: &Started) -> Result<Job> {
    detach::announce(output, started)?;
    quietly(host, output, started).await
}

/// The same for a step on the way: whoever waits for the ids of the real work does not hear of it.
pub async fn quietly(host: &Host, output: &Output, started: &Started) -> Result<Job> {
    let job = watch(host, output, &started.job_id).await?;
    match (&job.error, job.state) {
        (_, JobState::Succeeded) => Ok(job),
        (Some(error), _) => Err(error.clone().into()),
        (None, JobState::Cancelled) => {
            Err(ApiError::new(ErrorCode::Cancelled, "Cancelled; nothing was changed.").into())
        }
        (None, _) => Err(ApiError::new(ErrorCode::Interrupted, "The job was interrupted.").retry().into()),
    }
}

/// Waits until the job has ended, however it ended.
pub async fn watch(host: &Host, output: &Output, id: &JobId) -> Result<Job> {
    let bar = if output.draws_progress() { progress_bar() } else { ProgressBar::hidden() };
    let request = JobRef { job: id.to_string() };
    let mut asked_to_stop = false;
    loop {
        let job: Job = host.call("job.get", &request).await?;
        draw(&bar, &job);
        if job.state.ended() {
            bar.finish_and_clear();
            return Ok(job);
        }
        tokio::select! {
            () = tokio::time::sleep(POLL) => {}
            _ = tokio::signal::ctrl_c() => {
                if asked_to_stop {
                    // A second Ctrl-C: the job is marked interrupted by whoever starts next.
                    return Err(ApiError::new(ErrorCode::Interrupted, "Left without waiting for the job to stop.").into());
                }
                asked_to_stop = true;
                output.remark("Stopping; press Ctrl-C again to leave at once.");
                let _: Job = host.call("job.cancel", &request).await?;
            }
        }
    }
}

fn progress_bar() -> ProgressBar {
    let bar = ProgressBar::new(0);
    let style = ProgressStyle::with_template("{spinner} {wide_msg} {bar:24.cyan} {prefix}");
    bar.set_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()));
    bar.enable_steady_tick(Duration::from_millis(120));
    bar
}

fn draw(bar: &ProgressBar, job: &Job) {
    let progress = &job.progress;
    bar.set_length(progress.total_bytes.unwrap_or(0));
    bar.set_position(progress.done_bytes);
    bar.set_message(text::visible(if progress.phase.is_empty() { &job.title } else { &progress.phase }));
    let mut numbers = match progress.total_bytes {
        Some(total) => format!("{} of {}", text::bytes(progress.done_bytes), text::bytes(total)),
        None => text::bytes(progress.done_bytes),
    };
    if progress.bytes_per_second > 0 {
        numbers += &format!(", {}/s", text::bytes(progress.bytes_per_second));
    }
    if let Some(eta) = progress.eta_ms {
        numbers += &format!(", {} left", text::duration(eta));
    }
    bar.set_prefix(numbers);
}
