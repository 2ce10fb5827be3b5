//! Rows that go: a whole table after its typed name, old rows by rules, never without a proven backup of them. And rules of
//! retention for a group, with the room freed afterwards.
#![allow(clippy::unwrap_used)]

use holdfast_tests::ctl::Ctl;
use holdfast_tests::sqlite::run as sqlite;
use holdfast_tests::{mariadb, postgres};
use serde_json::Value;

fn connected(name: &str, url: &str) -> Ctl {
    let ctl = Ctl::with_vault();
    ctl.run(&["connection", "add", name, "--url", url]).ok();
    ctl
}

fn deleted(answer: &Value) -> (u64, u64) {
    let outcome = &answer["outcome"];
    (outcome["deleted"].as_u64().unwrap(), outcome["left"].as_u64().unwrap())
}

/// The same story on each engine; `sql` asks its own client program.
fn a_table_and_a_rule(ctl: &Ctl, name: &str, age: &str, sql: &dyn Fn(&str) -> String) {
    // Others point at it and refuse: the plan tells, nothing runs.
    let plan = ctl.json(&["cleanup", "table", name, "parents", "--dry-run"])["plan"].clone();
    assert_eq!(plan["rows"], 3);
    assert!(plan["blockers"][0].as_str().unwrap().contains("strict_children"), "{plan}");
    ctl.run(&["cleanup", "table", name, "parents", "--confirm", "parents"]).fails_with(1);
    // Wrong and missing names.
    ctl.run(&["cleanup", "table", name, "events", "--confirm", "Events"]).fails_with(3);
    ctl.run(&["cleanup", "table", name, "events"]).fails_with(3);
    ctl.run(&["cleanup", "table", name, "nowhere", "--dry-run"]).fails_with(1);
    assert_eq!(sql("select count(*) from events"), "1000");
    assert_eq!(ctl.backups().len(), 0, "what was refused made no backup");

    // Rules: wrong SQL, more than one statement, everything.
    let rule = |extra: &[&str]| {
        ctl.run(
            &[&["--json", "cleanup", "rule", "old", "--connection", name, "--table", "events"][..], extra]
                .concat(),
        )
    };
    rule(&["--where", "no such column"]).fails_with(2);
    rule(&["--where", "1=1) then 1 else 0 end),0) from events; delete from events; --"]).fails_with(2);
    rule(&["--where", "id > 0"]).fails_with(1);
    rule(&["--column", "nothing", "--older-days", "10"]).fails_with(2);
    rule(&["--column", "at", "--older-days", "0"]).fails_with(2);
    assert_eq!(ctl.json(&["cleanup", "list"])["rules"].as_array().unwrap().len(), 0);
    let preview = rule(&["--column", "at", "--older-days", "90", "--dry-run"]).ok().json();
    assert_eq!((preview["total"].as_u64(), preview["matching"].as_u64()), (Some(1000), Some(400)), "{age}");
    rule(&["--column", "at", "--older-days", "90", "--batch", "70"]).ok();
    let before = sql("select id from events where id <= 400 order by id");
    assert_eq!(deleted(&ctl.json(&["cleanup", "run", "old"])), (400, 600));
    assert_eq!(sql("select min(id) from events"), "401");
    // Again: nothing to do, and no archive of nothing.
    assert_eq!(deleted(&ctl.json(&["cleanup", "run", "old"])), (0, 600));
    assert_eq!(ctl.backups().len(), 1);
    // What went is in a proven and pinned backup.
    let archive = ctl.backups()[0].0.clone();
    let shown = ctl.json(&["backup", "show", &archive]);
    assert_eq!(shown["backup"]["level"], "restored", "{shown}");
    ctl.run(&["retention", "set", name, "--last", "1"]).ok();
    let stays = ctl.json(&["retention", "plan", name])["staying"].clone();
    assert!(stays[0]["reasons"].to_string().contains("pinned"), "{stays}");
    // The rule became wrong since: it refuses to take everything.
    sql("delete from events");
    sql(&format!("insert into events values (1, {age})"));
    let refused = ctl.run(&["--json", "cleanup", "run", "old"]).fails_with(1).json();
    assert_eq!(refused["error"]["code"], "not_allowed");
    assert_eq!(sql("select count(*) from events"), "1");
    drop(before);

    // A whole table, and the children that go with it.
    sql("delete from strict_children");
    let plan = ctl.json(&["cleanup", "table", name, "parents", "--dry-run"])["plan"].clone();
    assert!(plan["steps"].to_string().contains("Up to 2 rows"), "{plan}");
    let cleared = ctl.json(&["cleanup", "table", name, "parents", "--confirm", "parents"]);
    assert_eq!(deleted(&cleared), (3, 0));
    assert_eq!(sql("select count(*) from children"), "0");
    let backup = cleared["outcome"]["backup_id"].as_str().unwrap();
    assert_eq!(ctl.json(&["backup", "show", backup])["backup"]["level"], "restored");

    // By itself, and only as an operation that may be scheduled.
    ctl.run(&[
        "schedule",
        "add",
        "clean",
        "--call",
        "cleanup.run",
        "--request",
        r#"{"rule": "old"}"#,
        "--every",
        "1d",
    ])
    .ok();
    ctl.run(&[
        "schedule",
        "add",
        "bad",
        "--call",
        "table.clear.apply",
        "--request",
        r#"{"plan_id": "x"}"#,
        "--every",
        "1d",
    ])
    .fails_with(1);
    let kept = ctl.json(&["schedule", "list"])["schedules"][0].clone();
    assert_eq!(kept["connection_id"], ctl.json(&["connection", "list"])["connections"][0]["id"], "{kept}");
    ctl.run(&["cleanup", "remove", "old"]).ok();
    ctl.run(&["cleanup", "run", "old"]).fails_with(1);
}

#[test]
fn on_postgres() {
    let server = postgres::Server::shared();
    server.psql("postgres", "create database clearing");
    server.run_script(
        "clearing",
        "create table events (id int primary key, at timestamptz not null);
         insert into events select i, now() - (case when i <= 400 then 100 else 1 end) * interval '1 day' from generate_series(1, 1000) i;
         create table parents (id int primary key); insert into parents values (1), (2), (3);
         create table children (id int primary key, parent int references parents on delete cascade); insert into children values (1, 1), (2, 2);
         create table strict_children (id int primary key, parent int references parents); insert into strict_children values (1, 1);
         create table tmp_import (id int); create index twice_a on events (at); create index twice_b on events (at);
         select lo_create(0);",
    );
    let ctl = connected("pg", &server.url("clearing"));
    server.psql("postgres", "create database clearing_restoring_0a1b2c3d");
    let found = ctl.json(&["cleanup", "candidates", "pg"]).to_string();
    for wanted in ["twice_b", "tmp_import", "1 large objects", "clearing_restoring_0a1b2c3d"] {
        assert!(found.contains(wanted), "{wanted}: {found}");
    }
    server.psql("postgres", "drop database clearing_restoring_0a1b2c3d");
    a_table_and_a_rule(&ctl, "pg", "now() - interval '100 days'", &|sql| server.psql("clearing", sql));
    ctl.run(&["connection", "add", "look", "--read-only", "--url", &server.url("clearing")]).ok();
    let refused =
        ctl.run(&["--json", "cleanup", "table", "look", "events", "--dry-run"]).fails_with(1).json();
    assert_eq!(refused["error"]["code"], "read_only");
}

#[test]
fn on_mariadb() {
    let server = mariadb::Server::shared();
    server.sql(
        "",
        "create database clearing; use clearing;
         create table events (id int primary key, at datetime not null);
         insert into events select seq, utc_timestamp() - interval if(seq <= 400, 100, 1) day from seq_1_to_1000;
         create table parents (id int primary key); insert into parents values (1), (2), (3);
         create table children (id int primary key, parent int, foreign key (parent) references parents (id) on delete cascade); insert into children values (1, 1), (2, 2);
         create table strict_children (id int primary key, parent int, foreign key (parent) references parents (id)); insert into strict_children values (1, 1);
         create table old_bak (id int); create index twice_a on events (at); create index twice_b on events (at);",
    );
    let ctl = connected("maria", &server.url("clearing"));
    let found = ctl.json(&["cleanup", "candidates", "maria"]).to_string();
    assert!(found.contains("events.twice_b") && found.contains("old_bak"), "{found}");
    a_table_and_a_rule(&ctl, "maria", "utc_timestamp() - interval 100 day", &|sql| {
        server.sql("clearing", sql)
    });
}

#[test]
fn on_sqlite() {
    let ctl = Ctl::with_vault();
    let file = ctl.outside("shop.sqlite");
    sqlite(
        &file,
        "create table events (id integer primary key, at text not null);
         with recursive n(i) as (select 1 union all select i + 1 from n where i < 1000)
         insert into events select i, datetime('now', iif(i <= 400, '-100 days', '-1 day')) from n;
         create table parents (id integer primary key); insert into parents values (1), (2), (3);
         create table children (id integer primary key, parent integer references parents on delete cascade); insert into children values (1, 1), (2, 2);
         create table strict_children (id integer primary key, parent integer references parents); insert into strict_children values (1, 1);
         create table temp_list (id); create index twice_a on events (at); create index twice_b on events (at);
         analyze;",
    );
    ctl.run(&["connection", "add", "lite", "--url", &format!("sqlite://{}", file.display())]).ok();
    let found = ctl.json(&["cleanup", "candidates", "lite"]).to_string();
    assert!(found.contains("events.twice_b") && found.contains("temp_list"), "{found}");
    a_table_and_a_rule(&ctl, "lite", "datetime('now', '-100 days')", &|sql| sqlite(&file, sql));
}

#[test]
fn rules_of_a_group_hold_for_those_without_their_own_and_the_room_is_freed() {
    let ctl = Ctl::with_vault();
    for name in ["one", "two", "alone"] {
        let file = ctl.outside(&format!("{name}.sqlite"));
        sqlite(&file, "create table orders (id integer primary key, what text)");
        let url = format!("sqlite://{}", file.display());
        let group: &[&str] = if name == "alone" { &[] } else { &["--group", "shops"] };
        ctl.run(&[&["connection", "add", name, "--url", &url][..], group].concat()).ok();
        for round in 0..3 {
            sqlite(
                &file,
                &format!("delete from orders; insert into orders values ({round}, hex(randomblob(200000)))"),
            );
            ctl.run(&["backup", "create", name]).ok();
        }
    }
    ctl.run(&["retention", "group", "nobody", "--last", "1"]).fails_with(1);
    ctl.run(&["retention", "group", "nobody", "--last", "1", "--dry-run"]).fails_with(1);
    let tried = ctl.json(&["retention", "group", "shops", "--last", "1", "--dry-run"])["members"].clone();
    assert_eq!(
        (tried[0]["connection"].as_str(), tried[1]["connection"].as_str()),
        (Some("one"), Some("two"))
    );
    assert_eq!((tried[0]["going"].as_array().unwrap().len(), tried[0]["own"].as_bool()), (2, Some(false)));
    assert_eq!(
        ctl.json(&["retention", "group"])["groups"],
        serde_json::json!([]),
        "nothing is set by looking"
    );
    ctl.run(&["retention", "group", "shops", "--last", "1", "--zone", "Europe/Berlin"]).ok();
    assert_eq!(ctl.json(&["retention", "show", "one"])["of_group"], "shops");
    ctl.run(&["retention", "set", "two", "--last", "2"]).ok();
    assert!(ctl.json(&["retention", "show", "two"])["of_group"].is_null(), "its own rules go before");
    let held = ctl.json(&["retention", "group", "shops", "--dry-run"])["members"].clone();
    assert_eq!((held[1]["own"].as_bool(), held[1]["going"].as_array().unwrap().len()), (Some(true), 1));
    ctl.run(&["call", "settings.update", r#"{"prune_grace_hours": 0}"#]).ok();
    let done = ctl.json(&["retention", "run", "shops"]);
    assert_eq!(done["outcome"]["deleted"].as_array().unwrap().len(), 2 + 1);
    assert!(done["freed"]["freed_bytes"].as_u64().unwrap() > 0, "{done}");
    assert_eq!(ctl.backups().len(), 1 + 2 + 3, "who is in no group keeps everything");
    ctl.run(&["retention", "set", "two", "--inherit"]).ok();
    assert_eq!(ctl.json(&["retention", "show", "two"])["of_group"], "shops");
    let done = ctl.json(&["retention", "apply", "two", "--prune"]);
    assert_eq!(done["deleted"].as_array().unwrap().len(), 1);
    ctl.run(&["retention", "group", "shops", "--forget"]).ok();
    assert!(ctl.json(&["retention", "show", "two"])["rules"]["keep_last"].is_null());
    // As a schedule: the run waits for the collection.
    ctl.run(&[
        "schedule",
        "add",
        "thin",
        "--call",
        "retention.run",
        "--request",
        r#"{"connection": "alone"}"#,
        "--every",
        "1d",
    ])
    .ok();
    ctl.run(&["vault", "check", "--read-data"]).ok();
}
