//! Work that happens by itself: a worker beside the command line, killed and started again.
#![allow(clippy::unwrap_used)]

use std::process::Child;
use std::time::{Duration, Instant};

use holdfast_tests::ctl::Ctl;
use holdfast_tests::sqlite::run as sqlite;
use serde_json::Value;

/// More than a slow machine needs.
const PATIENCE: Duration = Duration::from_secs(120);

fn stage(rows: u32) -> Ctl {
    let ctl = Ctl::with_vault();
    let file = ctl.outside("shop.sqlite");
    sqlite(&file, "create table orders (id integer primary key, what text)");
    sqlite(
        &file,
        &format!(
            "with recursive n(i) as (select 1 union all select i + 1 from n where i < {rows})
             insert into orders select i, hex(randomblob(100)) from n"
        ),
    );
    ctl.run(&["connection", "add", "shop", "--url", &format!("sqlite://{}", file.display())]).ok();
    ctl
}

/// Looks until the newest runs are as wanted.
fn wait_for(ctl: &Ctl, what: &str, wanted: impl Fn(&[Value]) -> bool) -> Vec<Value> {
    let begun = Instant::now();
    loop {
        let runs = ctl.json(&["schedule", "runs"])["runs"].as_array().unwrap().clone();
        if wanted(&runs) {
            return runs;
        }
        assert!(begun.elapsed() < PATIENCE, "{what} did not come: {runs:#?}");
        std::thread::sleep(Duration::from_millis(200));
    }
}

fn end(mut worker: Child) {
    worker.kill().unwrap();
    worker.wait().unwrap();
}

#[test]
fn a_killed_worker_leaves_a_truthful_history_and_the_next_one_goes_on() {
    let ctl = stage(300_000);
    ctl.run(&["schedule", "add", "nightly", "--backup", "shop", "--every", "1d", "--zone", "UTC"]).ok();
    let listed = ctl.json(&["schedule", "list"]);
    assert_eq!(listed["runner_present"], false);

    let worker = ctl.start(&["worker"]);
    ctl.run(&["schedule", "run", "nightly"]).ok();
    wait_for(&ctl, "a run", |runs| runs.first().is_some_and(|run| run["job_id"].is_string()));
    end(worker);
    let cut = ctl.json(&["schedule", "runs"])["runs"][0].clone();
    assert_ne!(cut["state"], "succeeded", "it was killed in the middle");

    let worker = ctl.start(&["worker"]);
    let runs = wait_for(&ctl, "the second attempt", |runs| {
        runs.first().is_some_and(|run| run["state"] == "succeeded" && run["attempt"] == 2)
    });
    assert_eq!(runs[1]["state"], "interrupted");
    assert_eq!(ctl.json(&["schedule", "list"])["runner_present"], true);
    // A second worker stands by and runs nothing twice.
    let second = ctl.start(&["worker"]);
    ctl.run(&["schedule", "run", "nightly"]).ok();
    let runs = wait_for(&ctl, "one more run", |runs| {
        runs.first().is_some_and(|run| run["attempt"] == 1 && run["state"] == "succeeded")
    });
    assert_eq!(runs.len(), 3);
    end(worker);
    end(second);
    let states: Vec<String> = ctl.backups().into_iter().map(|(_, state, _)| state).collect();
    assert_eq!(states.iter().filter(|state| *state == "complete").count(), 2);
    assert!(states.iter().all(|state| state == "complete" || state == "interrupted"), "{states:?}");
}

#[test]
fn rules_let_old_backups_go_and_never_what_is_pinned_proven_or_newest() {
    let ctl = stage(10);
    let ids: Vec<String> =
        (0..5).map(|_| ctl.run(&["--json", "backup", "create", "shop"]).ok().id()).collect();
    // Backups of SQLite are proven by themselves; the third is damaged by nothing and pinned.
    ctl.run(&["backup", "pin", &ids[1]]).ok();
    let tried = ctl.json(&["retention", "plan", "shop", "--last", "2"]);
    assert_eq!(tried["going"].as_array().unwrap().len(), 2);
    // Rules that are only tried out are not those that would be carried out.
    ctl.run(&["retention", "apply", "shop"]).ok();
    assert_eq!(ctl.backups().len(), 5, "no rules, nothing goes");
    ctl.run(&["retention", "set", "shop", "--last", "2"]).ok();
    let outcome = ctl.json(&["retention", "apply", "shop"]);
    assert_eq!(outcome["deleted"].as_array().unwrap().len(), 2);
    let left: Vec<String> = ctl.backups().into_iter().map(|(id, ..)| id).collect();
    for id in [&ids[1], &ids[3], &ids[4]] {
        assert!(left.contains(id));
    }
    // Backups of chosen tables take no whole one's place.
    for _ in 0..2 {
        ctl.run(&["backup", "create", "shop", "--table", "orders"]).ok();
    }
    ctl.run(&["retention", "set", "shop", "--last", "1"]).ok();
    ctl.run(&["retention", "apply", "shop"]).ok();
    let left: Vec<String> = ctl.backups().into_iter().map(|(id, ..)| id).collect();
    assert_eq!(left.len(), 3, "the pinned, the newest whole one and the newest of chosen tables");
    assert!(left.contains(&ids[1]) && left.contains(&ids[4]));
    ctl.run(&["schedule", "add", "bad", "--call", "backup.delete.apply", "--every", "1d"]).fails_with(1);
    ctl.run(&["schedule", "add", "bad", "--backup", "shop", "--cron", "0 0 31 2 *"]).fails_with(2);
    ctl.run(&["schedule", "add", "bad", "--backup", "nowhere", "--every", "1d"]).fails_with(1);
    assert_eq!(ctl.json(&["schedule", "list"])["schedules"].as_array().unwrap().len(), 0);
}
