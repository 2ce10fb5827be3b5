//! SQLite through `holdfastctl`, with the `sqlite3` program as the witness.
#![allow(clippy::unwrap_used)]

use std::path::PathBuf;

use holdfast_tests::ctl::Ctl;
use holdfast_tests::sqlite;

fn connected(sql: &str) -> (Ctl, PathBuf) {
    let ctl = Ctl::with_vault();
    let file = ctl.outside("shop.sqlite");
    sqlite::run(&file, sql);
    ctl.run(&["connection", "add", "shop", "--url", &format!("sqlite://{}", file.display())]).ok();
    (ctl, file)
}

const KINDS: &str = "
create table counted(id integer primary key autoincrement, v); insert into counted(v) values ('a'), ('b'); delete from counted where id = 2;
create table pairs(a text collate nocase, b int, primary key(b, a)) without rowid; insert into pairs values ('x', 1), ('y', 1);
create table strictly(i integer primary key, a any) strict; insert into strictly values (1, x'00ff'), (2, 1e999);
create table made(a int, b as (a * 2) virtual, c int generated always as (a * 3) stored); insert into made(a) values (4);
create virtual table search using fts5(t); insert into search values ('red fox'); create virtual table boxes using rtree(id, x0, x1); insert into boxes values (1, 2, 3);
create view broken as select * from nowhere; create trigger adrift after insert on made begin insert into nowhere values (1); end;
create table child(p references counted(id)); insert into child values (1), (77);
pragma user_version=12; pragma application_id=99;";

#[test]
fn every_kind_of_table_comes_back_and_what_is_odd_is_named() {
    let (ctl, live) = connected(KINDS);
    let plan = ctl.json(&["backup", "plan", "shop"]);
    let remark = "1 rows point to parents that do not exist (1 in “child”); they are kept as they are.";
    assert_eq!(plan["remarks"], serde_json::json!([remark]), "before the backup");
    assert_eq!(plan["omissions"], serde_json::json!([]));
    let created = ctl.json(&["backup", "create", "shop", "--prove"]);
    assert_eq!(
        (created["backup"]["state"].as_str(), created["backup"]["level"].as_str()),
        (Some("complete"), Some("restored"))
    );
    let id = created["id"].as_str().unwrap();
    assert_eq!(ctl.json(&["backup", "show", id])["remarks"], serde_json::json!([remark]), "and with it");
    let copy = ctl.outside("copy.sqlite");
    ctl.run(&["restore", id, "--to", "shop", "--database", copy.to_str().unwrap()]).ok();
    assert_eq!(sqlite::hash(&copy), sqlite::hash(&live));
    let ask = "pragma integrity_check; pragma user_version; pragma application_id; select * from search where t match 'fox'; select seq from sqlite_sequence;";
    assert_eq!(sqlite::run(&copy, ask), sqlite::run(&live, ask));

    // Only some of it: said, and whole for what it is.
    let some = ctl.json(&["backup", "create", "shop", "--table", "search", "--table", "counted", "--prove"]);
    let part = ctl.outside("part.sqlite");
    ctl.run(&["restore", some["id"].as_str().unwrap(), "--to", "shop", "--database", part.to_str().unwrap()])
        .ok();
    assert_eq!(
        sqlite::run(
            &part,
            "select * from search where t match 'fox'; select count(*) from pairs; select seq from sqlite_sequence"
        ),
        "red fox\n0\n2"
    );
}

#[test]
fn damaged_and_encrypted_files_say_so_and_are_never_good_backups() {
    let (ctl, live) = connected(
        "create table fine(x); insert into fine values ('here'); create table orders(id integer primary key, t);
         with recursive n(i) as (select 1 union all select i + 1 from n where i < 3000) insert into orders select i, 'order ' || i from n;",
    );
    let good = ctl.run(&["--json", "backup", "create", "shop"]).ok().id();
    let mut bytes = std::fs::read(&live).unwrap();
    let last = bytes.len() - 4096;
    bytes[last] = 0x77;
    std::fs::write(&live, &bytes).unwrap();
    let error = ctl.run(&["--json", "backup", "create", "shop"]).fails_with(1).json()["error"].clone();
    assert_eq!(error["code"], "database_damaged");
    let message = error["message"].as_str().unwrap();
    assert!(message.contains("table “orders”") && message.contains("“orders” breaks off after"), "{message}");
    assert!(error["hint"].as_str().unwrap().contains("last proven backup"));

    let noise: Vec<u8> = (0..8192u64)
        .map(|i| {
            (i.wrapping_mul(6_364_136_223_846_793_005).rotate_left(17).wrapping_mul(0x9e37_79b9_7f4a_7c15)
                >> 56) as u8
        })
        .collect();
    std::fs::write(&live, noise).unwrap();
    let error = ctl.run(&["--json", "backup", "create", "shop"]).fails_with(1).json()["error"].clone();
    assert_eq!(error["code"], "database_encrypted");

    let states: Vec<(String, String, bool)> = ctl.backups();
    assert_eq!(states.iter().filter(|(_, state, _)| state == "complete").count(), 1);
    assert!(states.iter().any(|(id, state, _)| *id == good && state == "complete"));
    assert_eq!(states.iter().filter(|(_, state, _)| state == "failed").count(), 2);
    // And the good one still makes the database it was taken of.
    let again = ctl.outside("again.sqlite");
    ctl.run(&["restore", &good, "--to", "shop", "--database", again.to_str().unwrap()]).ok();
    assert_eq!(sqlite::run(&again, "select count(*) from orders; pragma integrity_check"), "3000\nok");
}
