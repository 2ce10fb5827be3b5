//! Maintenance on real servers: what it does shows outside, a cancel reaches the server, a killed program leaves the truth.
#![allow(clippy::unwrap_used)]

use std::path::Path;
use std::time::{Duration, Instant};

use holdfast_tests::ctl::Ctl;
use holdfast_tests::sqlite::run as sqlite;
use holdfast_tests::{mariadb, postgres};
use serde_json::Value;

/// More than a slow machine needs.
const PATIENCE: Duration = Duration::from_secs(120);

fn until<T>(what: &str, mut look: impl FnMut() -> Option<T>) -> T {
    let begun = Instant::now();
    loop {
        if let Some(found) = look() {
            return found;
        }
        assert!(begun.elapsed() < PATIENCE, "{what} did not come");
        std::thread::sleep(Duration::from_millis(100));
    }
}

fn with_connection(name: &str, url: &str) -> Ctl {
    let ctl = Ctl::with_vault();
    ctl.run(&["connection", "add", name, "--url", url]).ok();
    ctl
}

fn history(ctl: &Ctl, connection: &str) -> Vec<Value> {
    ctl.json(&["maintenance", "history", connection])["runs"].as_array().unwrap().clone()
}

fn action<'a>(list: &'a Value, kind: &str) -> &'a Value {
    list["actions"].as_array().unwrap().iter().find(|action| action["kind"] == kind).unwrap()
}

#[test]
fn postgres_is_vacuumed_analyzed_reindexed_and_checked() {
    let server = postgres::Server::shared();
    server.psql("postgres", "create database upkeep");
    server.run_script(
        "upkeep",
        "create schema \"Sh op\"; create table \"Sh op\".\"Or\"\"ders\" (id int primary key, what text);
         insert into \"Sh op\".\"Or\"\"ders\" select i, repeat('x', 200) from generate_series(1, 60000) i;
         create index on \"Sh op\".\"Or\"\"ders\" (what);
         create table small (id int primary key); insert into small values (1);
         delete from \"Sh op\".\"Or\"\"ders\" where id % 3 > 0;",
    );
    let ctl = with_connection("upkeep", &server.url("upkeep"));
    let size = || -> u64 {
        server.psql("upkeep", "select pg_total_relation_size('\"Sh op\".\"Or\"\"ders\"')").parse().unwrap()
    };
    let full = size();

    ctl.run(&["maintenance", "run", "upkeep", "analyze"]).ok();
    let analyzed = "select count(*) from pg_stat_user_tables where last_analyze is not null";
    until("the statistics", || (server.psql("upkeep", analyzed) == "2").then_some(()));
    let bloat = ctl.json(&["maintenance", "run", "upkeep", "bloat"]);
    let finding = &bloat["report"]["findings"][0];
    assert_eq!(finding["table"], "Sh op.Or\"ders");
    assert!(finding["bytes"].as_u64().unwrap() > full / 4, "two thirds of the rows are gone: {finding}");

    ctl.run(&["maintenance", "run", "upkeep", "vacuum", "--table", "Sh op.Or\"ders"]).ok();
    let vacuumed = "select string_agg(relname, ',') from pg_stat_user_tables where last_vacuum is not null";
    until("the vacuum", || (server.psql("upkeep", vacuumed) == "Or\"ders").then_some(()));

    // The warned one wants to be told.
    let refused = ctl.run(&["--json", "maintenance", "run", "upkeep", "vacuum-full"]).fails_with(3).json();
    assert_eq!(refused["error"]["code"], "confirmation_missing");
    let plan = ctl.json(&["maintenance", "run", "upkeep", "vacuum-full", "--dry-run"]);
    assert_eq!(plan["extent"]["tables"], 2);
    assert!(plan["action"]["warning"].is_string() && plan["estimated_ms"].is_null());
    let done = ctl.json(&["maintenance", "run", "upkeep", "vacuum-full", "--accept-warning"]);
    assert!(size() < full / 2, "the room went back to the disk");
    assert!(done["report"]["bytes_after"].as_u64() < done["report"]["bytes_before"].as_u64());
    let plan = ctl.json(&["maintenance", "run", "upkeep", "vacuum-full", "--dry-run"]);
    assert!(plan["estimated_ms"].is_u64(), "judged by the last time: {plan}");

    let node = "select string_agg(relfilenode::text, ',' order by relname) from pg_class where relkind = 'i' and relname in ('Or\"ders_pkey', 'small_pkey')";
    let before = server.psql("upkeep", node);
    // What an earlier, interrupted rebuild left.
    server.psql("upkeep", "create index small_pkey_ccnew on small (id); update pg_index set indisvalid = false where indexrelid = 'small_pkey_ccnew'::regclass");
    let done = ctl.json(&["maintenance", "run", "upkeep", "reindex"]);
    assert_ne!(server.psql("upkeep", node), before, "built anew");
    assert_eq!(server.psql("upkeep", "select count(*) from pg_class where relname ~ '_cc(new|old)'"), "0");
    assert!(done["report"]["findings"][0]["text"].as_str().unwrap().contains("small_pkey_ccnew"));

    // amcheck: first not installed, then it finds what was damaged on purpose.
    let list = ctl.json(&["maintenance", "list", "upkeep"]);
    assert!(action(&list, "check")["unavailable"].as_str().unwrap().contains("amcheck"));
    assert_eq!(action(&list, "vacuum")["last"]["state"], "succeeded");
    ctl.run(&["maintenance", "run", "upkeep", "check"]).fails_with(1);
    server.psql("upkeep", "create extension amcheck");
    ctl.run(&["maintenance", "run", "upkeep", "check"]).ok();
    // An index that lost a row: its table was told that the entry was never made.
    server.run_script(
        "upkeep",
        "update pg_index set indisready = false, indislive = true where indexrelid = 'small_pkey'::regclass;
         insert into small values (2);
         update pg_index set indisready = true where indexrelid = 'small_pkey'::regclass;",
    );
    let found = ctl.run(&["--json", "maintenance", "run", "upkeep", "check", "--table", "public.small"]);
    let found = found.fails_with(4).json();
    assert_eq!(found["error"]["code"], "database_damaged", "{found}");

    ctl.run(&["maintenance", "run", "upkeep", "vacuum", "--table", "nowhere"]).fails_with(1);
    ctl.run(&["maintenance", "run", "upkeep", "optimize"]).fails_with(1);
    assert_eq!(history(&ctl, "upkeep")[0]["state"], "failed");
    assert!(history(&ctl, "upkeep")[0]["error"]["message"].as_str().unwrap().contains("small_pkey"));
    // A read-only connection: refused before anything runs; looking is allowed.
    ctl.run(&["connection", "add", "look", "--read-only", "--url", &server.url("upkeep")]).ok();
    let refused = ctl.run(&["--json", "maintenance", "run", "look", "vacuum"]).fails_with(1).json();
    assert_eq!(refused["error"]["code"], "read_only");
    ctl.run(&["maintenance", "run", "look", "bloat"]).ok();
    assert_eq!(history(&ctl, "look").len(), 1, "what was refused is no run");
    // A login that owns nothing may not, and says so.
    server.psql("upkeep", "create role guest login; grant usage on schema public to guest");
    ctl.run(&["connection", "add", "guest", "--url", &server.url_as("upkeep", "guest")]).ok();
    let refused = ctl.run(&["--json", "maintenance", "run", "guest", "vacuum"]).fails_with(1).json();
    assert_eq!(refused["error"]["code"], "permission_denied");
}

#[test]
fn a_cancel_reaches_the_postgres_server_and_progress_is_its_own() {
    let server = postgres::Server::shared();
    server.psql("postgres", "create database long_work");
    server.psql("long_work", "create table big (id int primary key, what text)");
    server.psql("long_work", "insert into big select i, md5(i::text) from generate_series(1, 400000) i");
    let ctl = with_connection("long", &server.url("long_work"));
    // It waits for a lock that is never given.
    let mut blocker = server.open_session("long_work");
    std::io::Write::write_all(
        blocker.stdin.as_mut().unwrap(),
        b"begin; lock table big in access exclusive mode; select 'held';\n",
    )
    .unwrap();
    let waiting =
        "select count(*) from pg_stat_activity where query like 'VACUUM%' and application_name = 'holdfast'";
    until("the lock", || {
        (server.psql("long_work", "select count(*) from pg_locks where mode = 'AccessExclusiveLock' and granted and relation = 'big'::regclass") == "1")
            .then_some(())
    });
    let running = ctl.start(&["--json", "maintenance", "run", "long", "vacuum"]);
    until("the vacuum", || (server.psql("long_work", waiting) == "1").then_some(()));
    let job = ctl.json(&["job", "list"])["jobs"][0]["id"].as_str().unwrap().to_owned();
    ctl.run(&["job", "cancel", &job]).ok();
    let ended = running.wait_with_output().unwrap();
    assert_eq!(ended.status.code(), Some(1));
    let still = "select count(*) from pg_stat_activity where query like 'VACUUM%' and state = 'active'";
    assert_eq!(server.psql("long_work", still), "0", "nothing goes on on the server");
    assert_eq!(history(&ctl, "long")[0]["state"], "cancelled");

    // A killed program: the history tells, the server stops by itself, and it can be done again.
    let mut running = ctl.start(&["maintenance", "run", "long", "reindex"]);
    let reindexing = "select count(*) from pg_stat_activity where query like 'REINDEX%' and application_name = 'holdfast' and state = 'active'";
    until("the reindex", || (server.psql("long_work", reindexing) == "1").then_some(()));
    running.kill().unwrap();
    running.wait().unwrap();
    blocker.kill().unwrap();
    blocker.wait().unwrap();
    assert_eq!(history(&ctl, "long")[0]["state"], "interrupted");
    until("the server's own end of it", || (server.psql("long_work", reindexing) == "0").then_some(()));
    ctl.run(&["maintenance", "run", "long", "reindex"]).ok();
    assert_eq!(
        server.psql("long_work", "select count(*) from pg_index where not indisvalid"),
        "0",
        "what the cut rebuild left is gone"
    );
    // What the server told on the way.
    let job = ctl.json(&["job", "list"])["jobs"][0].clone();
    assert_eq!(job["progress"]["done_bytes"], job["progress"]["total_bytes"]);
    assert!(job["progress"]["phase"].as_str().unwrap().starts_with("Rebuilding the indexes of public.big"));
}

#[test]
fn mariadb_is_analyzed_optimized_checked_and_repaired() {
    let server = mariadb::Server::shared();
    server.sql(
        "",
        "create database upkeep; use upkeep;
         create table `or``ders` (id int primary key, what varchar(200));
         insert into `or``ders` select seq, repeat('x', 200) from seq_1_to_50000;
         create table old (id int primary key, what varchar(50)) engine=MyISAM;
         insert into old select seq, md5(seq) from seq_1_to_2000;
         delete from `or``ders` where id % 3 > 0;",
    );
    let ctl = with_connection("upkeep", &server.url("upkeep"));
    for action in ["analyze", "check", "bloat"] {
        ctl.run(&["maintenance", "run", "upkeep", action]).ok();
    }
    ctl.run(&["maintenance", "run", "upkeep", "optimize"]).fails_with(3);
    let done =
        ctl.json(&["maintenance", "run", "upkeep", "optimize", "--accept-warning", "--table", "or`ders"]);
    assert_eq!(done["report"]["tables"], 1);

    // A MyISAM table whose index file is overwritten: found, repaired, sound again.
    server.sql("upkeep", "flush tables old");
    spoil(&server.data_dir().join("upkeep/old.MYI"));
    let found = ctl.run(&["--json", "maintenance", "run", "upkeep", "check"]).fails_with(4).json();
    assert_eq!(found["error"]["code"], "database_damaged", "{found}");
    assert!(found["error"]["message"].as_str().unwrap().contains("old"));
    ctl.run(&["maintenance", "run", "upkeep", "repair", "--accept-warning"]).ok();
    ctl.run(&["maintenance", "run", "upkeep", "check"]).ok();
    assert_eq!(server.sql("upkeep", "select count(*) from old"), "2000");
    let states: Vec<String> =
        history(&ctl, "upkeep").iter().map(|run| run["state"].as_str().unwrap().to_owned()).collect();
    assert_eq!(
        states,
        ["succeeded", "succeeded", "failed", "succeeded", "succeeded", "succeeded", "succeeded"]
    );
    // Errors stand in rows: a login without the right fails.
    server.sql("", "create user peek@'127.0.0.1'; grant select on upkeep.* to peek@'127.0.0.1'");
    ctl.run(&["connection", "add", "peek", "--url", &server.url_as("upkeep", "peek")]).ok();
    let refused = ctl.run(&["--json", "maintenance", "run", "peek", "analyze"]).fails_with(1).json();
    assert!(refused["error"]["message"].as_str().unwrap().contains("denied"), "{refused}");
}

fn spoil(index: &Path) {
    use std::io::{Seek, SeekFrom, Write};
    let mut file = std::fs::OpenOptions::new().write(true).open(index).unwrap();
    file.seek(SeekFrom::Start(1024)).unwrap();
    file.write_all(&[0x5a; 4096]).unwrap();
}

#[test]
fn a_cancel_reaches_the_mariadb_server() {
    let server = mariadb::Server::shared();
    server.sql("", "create database long_work; use long_work; create table big (id int primary key); insert into big values (1)");
    let ctl = with_connection("long", &server.url("long_work"));
    let mut blocker = server.open_session("long_work");
    std::io::Write::write_all(blocker.stdin.as_mut().unwrap(), b"lock tables big write; select 'held';\n")
        .unwrap();
    let running = ctl.start(&["maintenance", "run", "long", "optimize", "--accept-warning"]);
    let waiting = "select count(*) from information_schema.processlist where info like 'OPTIMIZE%' and state like 'Waiting%'";
    until("the wait", || (server.sql("", waiting) == "1").then_some(()));
    let job = ctl.json(&["job", "list"])["jobs"][0]["id"].as_str().unwrap().to_owned();
    ctl.run(&["job", "cancel", &job]).ok();
    assert_eq!(running.wait_with_output().unwrap().status.code(), Some(1));
    assert_eq!(server.sql("", waiting), "0", "nothing goes on on the server");
    assert_eq!(history(&ctl, "long")[0]["state"], "cancelled");
    blocker.kill().unwrap();
    blocker.wait().unwrap();
}

#[test]
fn sqlite_is_rewritten_checked_and_tidied() {
    let ctl = Ctl::with_vault();
    let file = ctl.outside("shop.sqlite");
    sqlite(
        &file,
        "pragma journal_mode=wal; create table orders (id integer primary key, what text); create index by_what on orders (what);
         create table lines (id integer primary key, order_id integer references orders);
         with recursive n(i) as (select 1 union all select i + 1 from n where i < 20000) insert into orders select i, hex(randomblob(50)) from n;
         insert into lines values (1, 7), (2, 999999); delete from orders where id > 5000;",
    );
    ctl.run(&["connection", "add", "shop", "--url", &format!("sqlite://{}", file.display())]).ok();
    let size = || std::fs::metadata(&file).unwrap().len();
    let bloat = ctl.json(&["maintenance", "run", "shop", "bloat"]);
    assert!(bloat["report"]["findings"][0]["bytes"].as_u64().unwrap() > 0);
    for action in ["checkpoint", "check", "quick-check", "analyze", "optimize", "reindex"] {
        ctl.run(&["maintenance", "run", "shop", action]).ok();
    }
    assert_eq!(sqlite(&file, "select count(*) from sqlite_stat1 where tbl = 'orders'"), "1");
    let keys = ctl.json(&["maintenance", "run", "shop", "foreign-key-check"]);
    assert_eq!(keys["report"]["findings"][0]["table"], "lines");
    let (before, hash) = (size(), holdfast_tests::sqlite::hash(&file));
    ctl.run(&["maintenance", "run", "shop", "vacuum"]).ok();
    ctl.run(&["maintenance", "run", "shop", "checkpoint"]).ok();
    assert!(size() < before / 2, "{} of {before}", size());
    assert_eq!(holdfast_tests::sqlite::hash(&file), hash, "no row was changed");
    ctl.run(&["maintenance", "run", "shop", "vacuum", "--table", "orders"]).fails_with(2);
    ctl.run(&["maintenance", "run", "shop", "analyze", "--table", "nowhere"]).fails_with(1);

    // An index that does not know its rows.
    sqlite(
        &file,
        "pragma writable_schema=on; create table other (what text); insert into other values ('a'); create index broken on other (what)",
    );
    sqlite(
        &file,
        "pragma writable_schema=on; update sqlite_schema set rootpage = (select rootpage from sqlite_schema where name = 'by_what') where name = 'broken'",
    );
    let found = ctl.run(&["--json", "maintenance", "run", "shop", "check"]).fails_with(4).json();
    assert_eq!(found["error"]["code"], "database_damaged", "{found}");
    // What holds a lock is waited for, then told.
    ctl.run(&["connection", "add", "look", "--read-only", "--url", &format!("sqlite://{}", file.display())])
        .ok();
    let refused = ctl.run(&["--json", "maintenance", "run", "look", "vacuum"]).fails_with(1).json();
    assert_eq!(refused["error"]["code"], "read_only");
}

#[test]
fn a_schedule_does_it_and_the_worker_tells() {
    let ctl = Ctl::with_vault();
    let file = ctl.outside("shop.sqlite");
    sqlite(
        &file,
        "create table orders (id integer primary key, what text); create index by_what on orders (what); insert into orders values (1, 'a')",
    );
    ctl.run(&["connection", "add", "shop", "--url", &format!("sqlite://{}", file.display())]).ok();
    ctl.run(&[
        "schedule",
        "add",
        "statistics",
        "--call",
        "maintenance.run",
        "--request",
        r#"{"connection": "shop", "action": "analyze"}"#,
        "--every",
        "1d",
    ])
    .ok();
    let mut worker = ctl.start(&["worker"]);
    ctl.run(&["schedule", "run", "statistics"]).ok();
    until("the run", || {
        let runs = ctl.json(&["schedule", "runs"])["runs"].as_array().unwrap().clone();
        runs.first().is_some_and(|run| run["state"] == "succeeded").then_some(())
    });
    worker.kill().unwrap();
    worker.wait().unwrap();
    assert_eq!(history(&ctl, "shop")[0]["state"], "succeeded");
    assert_eq!(sqlite(&file, "select tbl from sqlite_stat1"), "orders");
}
