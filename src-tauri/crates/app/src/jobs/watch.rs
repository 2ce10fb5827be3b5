//! Seeing what other processes of this home do: the catalog's version is looked at once a second.

use std::collections::HashMap;
use std::time::Duration;

use holdfast_contract::JobId;
use holdfast_contract::event::Event;
use holdfast_contract::job::Job;
use tokio_util::sync::CancellationToken;

use super::Inner;

const EVERY: Duration = Duration::from_secs(1);

pub(super) async fn watch(inner: &Inner, stop: CancellationToken) {
    let mut seen = None;
    let mut theirs: HashMap<JobId, Job> = HashMap::new();
    let mut tick = tokio::time::interval(EVERY);
    tick.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    loop {
        tokio::select! {
            () = stop.cancelled() => return,
            _ = tick.tick() => {}
        }
        match inner.catalog.poll(seen).await {
            Ok((version, moved)) => {
                seen = Some(version);
                if !moved {
                    continue;
                }
            }
            // A busy or unplugged disk: the next look tells.
            Err(error) => {
                tracing::debug!(%error, "looking at the catalog failed");
                continue;
            }
        }
        if let Err(error) = tell_of_their_jobs(inner, &mut theirs).await {
            tracing::debug!(%error, "looking at other processes' jobs failed");
        }
    }
}

async fn tell_of_their_jobs(
    inner: &Inner,
    theirs: &mut HashMap<JobId, Job>,
) -> Result<(), holdfast_contract::ApiError> {
    let active = inner.catalog.jobs().active().await?;
    let mut now = HashMap::new();
    for row in active.into_iter().filter(|row| row.instance != inner.home.instance()) {
        if theirs.get(&row.job.id) != Some(&row.job) {
            inner.events.send(Event::Job { job: row.job.clone() });
        }
        now.insert(row.job.id.clone(), row.job);
    }
    for id in theirs.keys().filter(|id| !now.contains_key(*id)) {
        inner.events.send(Event::Job { job: inner.catalog.jobs().get(id).await? });
    }
    *theirs = now;
    Ok(())
}
