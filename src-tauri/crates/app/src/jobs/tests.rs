#![allow(clippy::unwrap_used)]

use std::path::Path;
use std::time::Duration;

use holdfast_contract::policy::Principal;
use holdfast_engine::Progress as _;
use serde_json::json;
use tokio::sync::{broadcast, oneshot};

use super::*;
use crate::clock::FixedClock;
use crate::home::ProcessKind;

/// One process's share of a home.
struct Process {
    jobs: Jobs,
    catalog: Catalog,
    events: Events,
}

fn process(root: &Path) -> Process {
    let home = Arc::new(Home::open(root, ProcessKind::Worker).unwrap());
    let events = Events::default();
    let catalog = Catalog::open(&home.catalog(), events.clone()).unwrap();
    let jobs = Jobs::new(home, Arc::new(FixedClock::at(1000)), catalog.clone(), events.clone());
    Process { jobs, catalog, events }
}

fn new_job(connection: Option<&str>) -> NewJob {
    NewJob {
        operation: "backup.create".into(),
        title: "Back up Shop".into(),
        connection_id: connection.map(ConnectionId::from),
        cancellable: true,
        audit: Some(JobAudit {
            principal: Principal::CommandLine("ann".into()),
            touched: Vec::new(),
            target_name: Some("Shop".into()),
        }),
    }
}

async fn wait_for(events: &mut broadcast::Receiver<Event>, mut wanted: impl FnMut(&Event) -> bool) -> Event {
    tokio::time::timeout(Duration::from_secs(20), async {
        loop {
            let event = events.recv().await.unwrap();
            if wanted(&event) {
                return event;
            }
        }
    })
    .await
    .expect("the event comes")
}

fn ended(id: &JobId) -> impl FnMut(&Event) -> bool {
    let id = id.clone();
    move |event| matches!(event, Event::Job { job } if job.id == id && job.state.ended())
}

async fn until_cancelled(job: JobContext) -> Result<Value, ApiError> {
    job.cancel.cancelled().await;
    Err(cancelled())
}

#[tokio::test]
async fn every_end_is_on_record_and_in_the_audit_log() {
    let folder = tempfile::tempdir().unwrap();
    let Process { jobs, catalog, events } = process(folder.path());
    let mut listening = events.subscribe();
    let good = jobs
        .submit(new_job(None), |job| async move {
            job.progress.step(1, 2, "Reading");
            job.progress.phase("Reading orders");
            job.progress.advance(10, 1);
            assert!(job.scratch_dir().unwrap().is_dir());
            Ok(json!({"path": job.scratch_dir().unwrap()}))
        })
        .await
        .unwrap();
    let bad = jobs
        .submit(new_job(None), |_| async { Err(ApiError::new(ErrorCode::StorageFull, "full")) })
        .await
        .unwrap();
    let worse = jobs.submit(new_job(None), |_| async { panic!("on purpose") }).await.unwrap();
    let stopped = jobs.submit(new_job(None), until_cancelled).await.unwrap();
    jobs.cancel(&stopped).await.unwrap();
    jobs.idle().await;
    let mut states = Vec::new();
    for id in [&good, &bad, &worse, &stopped] {
        let job = catalog.jobs().get(id).await.unwrap();
        states.push((job.state, job.error.map(|error| error.code)));
        assert_eq!(job.ended_at_ms, Some(1000));
    }
    assert_eq!(
        states,
        [
            (JobState::Succeeded, None),
            (JobState::Failed, Some(ErrorCode::StorageFull)),
            (JobState::Failed, Some(ErrorCode::Internal)),
            (JobState::Cancelled, Some(ErrorCode::Cancelled)),
        ]
    );
    let done = catalog.jobs().get(&good).await.unwrap();
    assert_eq!((done.progress.done_bytes, done.progress.phase.as_str()), (10, "Reading orders"));
    let log = catalog.job_log().of(&good).await.unwrap();
    let told: Vec<_> = log.iter().map(|line| (line.step, line.text.as_str())).collect();
    assert_eq!(told, [(Some(1), "Reading"), (Some(1), "Reading orders")]);
    let scratch = done.result.unwrap()["path"].as_str().unwrap().to_owned();
    assert!(!Path::new(&scratch).exists(), "temporary files are gone");
    let (entries, _) = catalog.audit().list(None, 100, None).await.unwrap();
    let mut outcomes: Vec<_> = entries.iter().filter_map(|entry| entry.outcome.clone()).collect();
    outcomes.sort();
    assert_eq!(outcomes, ["cancelled", "failed", "failed", "succeeded"]);
    wait_for(&mut listening, ended(&good)).await;
}

#[tokio::test]
async fn two_on_one_server_and_the_third_waits() {
    let folder = tempfile::tempdir().unwrap();
    let Process { jobs, catalog, events } = process(folder.path());
    for (id, database, host) in
        [("c", "shop", "db.example.com"), ("c2", "wiki", "DB.example.com"), ("d", "shop", "other")]
    {
        let spec =
            json!({"engine": "postgres", "host": host, "port": 5432, "database": database, "user": "u"});
        let connection = json!({"id": id, "name": id, "spec": spec, "environment": "development", "read_only": false,
            "prove_after_backup": false, "has_password": false, "sample": false, "created_at_ms": 0});
        catalog.connections().insert(serde_json::from_value(connection).unwrap()).await.unwrap();
    }
    let mut listening = events.subscribe();
    let (first_ends, first_waits) = oneshot::channel::<()>();
    let first = jobs
        .submit(new_job(Some("c")), move |_| async move {
            first_waits.await.unwrap();
            Ok(Value::Null)
        })
        .await
        .unwrap();
    let second = jobs.submit(new_job(Some("c2")), until_cancelled).await.unwrap();
    for id in [&first, &second] {
        let running = |event: &Event| matches!(event, Event::Job { job } if &job.id == id && job.state == JobState::Running);
        if catalog.jobs().get(id).await.unwrap().state == JobState::Queued {
            wait_for(&mut listening, running).await;
        }
    }
    let third = jobs.submit(new_job(Some("c")), |_| async { Ok(json!("third")) }).await.unwrap();
    let other = jobs.submit(new_job(Some("d")), |_| async { Ok(json!("other")) }).await.unwrap();
    wait_for(&mut listening, ended(&other)).await;
    assert_eq!(catalog.jobs().get(&third).await.unwrap().state, JobState::Queued);
    first_ends.send(()).unwrap();
    wait_for(&mut listening, ended(&third)).await;
    jobs.cancel_all();
    jobs.idle().await;
}

#[tokio::test]
async fn what_ended_with_its_process_is_interrupted_and_what_lives_is_not() {
    let folder = tempfile::tempdir().unwrap();
    let dead = process(folder.path());
    let lost = dead.jobs.submit(new_job(None), until_cancelled).await.unwrap();
    let mut row = dead.catalog.jobs().active().await.unwrap().remove(0);
    // As it looks after a kill: the row stays, the lock is free.
    row.job.id = JobId::from("killed");
    row.instance = "0123".into();
    dead.catalog.jobs().insert(row).await.unwrap();

    let next = process(folder.path());
    next.jobs.recover().await.unwrap();
    let killed = next.catalog.jobs().get(&JobId::from("killed")).await.unwrap();
    assert_eq!(killed.state, JobState::Interrupted);
    assert!(killed.error.unwrap().retry);
    assert!(!next.catalog.jobs().get(&lost).await.unwrap().state.ended(), "its process lives");
    let (entries, _) = next.catalog.audit().list(None, 10, None).await.unwrap();
    assert_eq!(entries[0].outcome.as_deref(), Some("interrupted"));
    dead.jobs.cancel_all();
    dead.jobs.idle().await;
}

#[tokio::test]
async fn processes_of_one_home_see_and_stop_each_others_work() {
    let folder = tempfile::tempdir().unwrap();
    let (here, there) = (process(folder.path()), process(folder.path()));
    let mut told = there.events.subscribe();
    let stop = CancellationToken::new();
    tokio::spawn(there.jobs.clone().watch(stop.clone()));
    // The watcher must have looked once before it can see a difference.
    let looked = there.catalog.poll(None).await.unwrap();
    let id = here.jobs.submit(new_job(None), until_cancelled).await.unwrap();
    here.catalog
        .settings()
        .update(|settings| {
            settings.parallel = 3;
            Ok(())
        })
        .await
        .unwrap();
    assert!(there.catalog.poll(Some(looked.0)).await.unwrap().1, "others' writes show");
    wait_for(&mut told, |event| {
        matches!(event, Event::Changed { what: holdfast_contract::event::Topic::Settings })
    })
    .await;
    wait_for(&mut told, |event| matches!(event, Event::Job { job } if job.id == id)).await;
    there.jobs.cancel(&id).await.unwrap();
    tokio::time::timeout(Duration::from_secs(20), here.jobs.idle()).await.unwrap();
    wait_for(&mut told, ended(&id)).await;
    assert_eq!(here.catalog.jobs().get(&id).await.unwrap().state, JobState::Cancelled);
    stop.cancel();
}
