//! Work that happens by itself: a worker beside the command line, killed and started again.
#![allow(clippy::unwrap_used)]

use std::process::Child;
use std::time::{Duration, Instant};

use holdfast_tests::ctl::Ctl;
use holdfast_tests::postgres;
use holdfast_tests::sqlite::run as sqlite;
use serde_json::{Value, json};

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

/// Each kind of work stands before a locked table when the worker is killed; the next one does all of it again.
#[test]
fn whatever_the_killed_worker_did_is_told_and_done_again() {
    let server = postgres::Server::shared();
    server.psql("postgres", "create database cut_short");
    server.run_script(
        "cut_short",
        "create table events (id int primary key, at timestamptz not null, what text);
         insert into events select i, now() - (case when i <= 4000 then 100 else 1 end) * interval '1 day', md5(i::text) from generate_series(1, 10000) i;
         create index on events (what)",
    );
    let ctl = Ctl::with_vault();
    ctl.run(&["connection", "add", "cut", "--url", &server.url("cut_short")]).ok();
    let old = ["--table", "events", "--older-days", "30", "--column", "at"];
    ctl.run(&[&["cleanup", "rule", "old", "--connection", "cut"], old.as_slice()].concat()).ok();
    ctl.run(&["backup", "create", "cut"]).ok();
    let calls = [
        ("backup", "backup.create", json!({"connection": "cut"})),
        ("rebuild", "maintenance.run", json!({"connection": "cut", "action": "reindex"})),
        ("old rows", "cleanup.run", json!({"rule": "old"})),
        ("drill", "backup.drill", json!({"connection": "cut"})),
        ("vault", "vault.check", json!({"level": "decoded"})),
    ];
    for (name, operation, request) in &calls {
        let request = request.to_string();
        ctl.run(&["schedule", "add", name, "--call", operation, "--request", &request, "--every", "1d"]).ok();
    }
    let mut blocker = server.open_session("cut_short");
    let lock = b"begin; lock table events in access exclusive mode; select 'held';\n";
    std::io::Write::write_all(blocker.stdin.as_mut().unwrap(), lock).unwrap();
    let held = "select count(*) from pg_locks where mode = 'AccessExclusiveLock' and granted and relation = 'events'::regclass";
    let begun = Instant::now();
    while server.psql("cut_short", held) != "1" {
        assert!(begun.elapsed() < PATIENCE, "the lock did not come");
    }

    let worker = ctl.start(&["worker"]);
    for (name, ..) in &calls {
        ctl.run(&["schedule", "run", name]).ok();
    }
    wait_for(&ctl, "every job", |runs| {
        runs.len() == calls.len() && runs.iter().all(|run| run["job_id"].is_string())
    });
    end(worker);
    let of = |runs: &[Value], name: &str| -> Vec<String> {
        let of_it = runs.iter().filter(|run| run["schedule_name"] == name);
        of_it.map(|run| run["state"].as_str().unwrap().to_owned()).collect()
    };
    let cut = ctl.json(&["schedule", "runs"])["runs"].as_array().unwrap().clone();
    for name in ["backup", "rebuild", "old rows"] {
        assert!(!of(&cut, name).contains(&"succeeded".to_owned()), "{name} stood before the lock: {cut:#?}");
    }
    blocker.kill().unwrap();
    blocker.wait().unwrap();

    let worker = ctl.start(&["worker"]);
    let runs = wait_for(&ctl, "the second attempts", |runs| {
        calls.iter().all(|(name, ..)| of(runs, name).first().is_some_and(|state| state == "succeeded"))
    });
    for name in ["backup", "rebuild", "old rows"] {
        assert_eq!(of(&runs, name), ["succeeded", "interrupted"], "{name}");
    }
    end(worker);
    assert_eq!(server.psql("cut_short", "select count(*), min(id) from events"), "6000|4001");
    assert_eq!(server.psql("cut_short", "select count(*) from pg_index where not indisvalid"), "0");
    let left = server.psql(
        "postgres",
        "select string_agg(datname, ',') from pg_database where datname ~ 'holdfast|_restoring_|_scratch'",
    );
    assert_eq!(left, "", "no scratch database stays");
    // Interrupted jobs are told as such, and nothing is called running that is not.
    let jobs = ctl.json(&["job", "list"])["jobs"].as_array().unwrap().clone();
    assert!(jobs.iter().all(|job| job["state"] != "running" && job["state"] != "queued"), "{jobs:#?}");
}

/// At night nobody is asked: what makes others wait is agreed to with its schedule, and stops being so when it becomes another.
#[test]
fn a_schedule_of_what_makes_others_wait_runs_once_somebody_agreed() {
    let server = postgres::Server::shared();
    server.psql("postgres", "create database waits");
    server.psql("waits", "create table t as select i from generate_series(1, 1000) i");
    let place = || server.psql("waits", "select pg_relation_filenode('t')");
    let ctl = Ctl::with_vault();
    ctl.run(&["connection", "add", "waits", "--url", &server.url("waits")]).ok();
    let request = r#"{"connection": "waits", "action": "vacuum_full"}"#;
    let add =
        ["schedule", "add", "rewrite", "--call", "maintenance.run", "--request", request, "--every", "1d"];
    ctl.run(&add).ok();
    let consent = || ctl.json(&["schedule", "show", "rewrite"])["consent"]["kind"].clone();
    assert_eq!(consent(), "waiting");
    let before = place();
    let worker = ctl.start(&["worker"]);
    ctl.run(&["schedule", "run", "rewrite"]).ok();
    let refused =
        |runs: &[Value]| runs.first().is_some_and(|run| run["error"]["code"] == "confirmation_missing");
    wait_for(&ctl, "the refusal", refused);
    let shown = ctl.json(&["schedule", "show", "rewrite"]);
    assert_eq!(shown["problem"]["code"], "confirmation_missing", "{shown}");
    assert_eq!(place(), before, "nothing was rewritten");

    ctl.run(&["schedule", "agree", "rewrite", "--dry-run"]).ok();
    assert_eq!(consent(), "waiting", "looking agrees to nothing");
    ctl.run(&["schedule", "agree", "rewrite"]).ok();
    assert_eq!(consent(), "given");
    ctl.run(&["schedule", "run", "rewrite"]).ok();
    wait_for(&ctl, "the run", |runs| runs.first().is_some_and(|run| run["state"] == "succeeded"));
    assert_ne!(place(), before, "the table was rewritten");
    end(worker);

    let list = ctl.json(&["connection", "list"]);
    let update = serde_json::json!({ "id": list["connections"][0]["id"], "environment": "production" });
    ctl.run(&["call", "connection.update", &update.to_string()]).ok();
    assert_eq!(consent(), "waiting", "it was agreed to for a database that was no production one");
}
