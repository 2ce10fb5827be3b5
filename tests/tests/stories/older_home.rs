//! A data folder of the version before consent was kept: opened unchanged, with its rules, schedules and a replacement that was
//! killed under way. Nothing is deleted that nobody agreed to, and everything says what it waits for.
#![allow(clippy::unwrap_used)]

use std::io::Write;
use std::process::{Command, Stdio};

use holdfast_tests::ctl::Ctl;
use holdfast_tests::sqlite::run as sqlite;
use serde_json::{Value, json};

const FOLDER: &[u8] = include_bytes!("../../fixtures/older_home.tar.zst");
const MADE_IN: &str = "/srv/older";

/// As it was, in this test's folder.
fn older() -> Ctl {
    let ctl = Ctl::new();
    let folder = ctl.home().parent().unwrap().to_owned();
    let mut tar =
        Command::new("tar").arg("-xC").arg(&folder).stdin(Stdio::piped()).spawn().expect("tar starts");
    let archive = zstd::decode_all(FOLDER).unwrap();
    tar.stdin.take().unwrap().write_all(&archive).unwrap();
    assert!(tar.wait().unwrap().success());
    // What is told by the audit log stays as it was said.
    let here = folder.display();
    let places =
        [("connections", "spec"), ("vaults", "location"), ("restores", "facts"), ("plans", "request")];
    for (table, column) in places {
        let moved = format!("UPDATE {table} SET {column} = replace({column}, '{MADE_IN}', '{here}')");
        sqlite(&ctl.home().join("catalog.sqlite"), &moved);
    }
    ctl
}

fn orders(ctl: &Ctl) -> String {
    sqlite(&ctl.outside("shop.sqlite"), "select count(*) from orders").trim().to_owned()
}

fn list(ctl: &Ctl, operation: &str, field: &str) -> Vec<Value> {
    ctl.json(&["call", operation, "{}"])[field].as_array().unwrap().clone()
}

#[test]
fn rules_and_schedules_wait_for_somebody_to_agree() {
    let ctl = older();
    assert_eq!(ctl.backups().len(), 6);
    let schedules = list(&ctl, "schedule.list", "schedules");
    let names: Vec<&str> = schedules.iter().filter_map(|one| one["name"].as_str()).collect();
    assert_eq!(names, ["keep", "nightly", "tidy", "vacuum"]);

    let rules = list(&ctl, "cleanup.list", "rules");
    assert_eq!(rules.len(), 2);
    assert!(rules.iter().all(|rule| rule["consent"]["kind"] == "waiting"), "{rules:?}");
    for connection in ["Shop", "Other"] {
        let held = ctl.json(&["retention", "show", connection]);
        assert_eq!((&held["rules"]["keep_last"], &held["consent"]["kind"]), (&json!(2), &json!("waiting")));
    }
    // By whom it may be called: nothing goes.
    let before = (orders(&ctl), ctl.backups().len());
    for (operation, request) in [
        ("cleanup.run", json!({ "rule": "old-orders" })),
        ("cleanup.run", json!({ "rule": "no-archive" })),
        ("retention.run", json!({ "group": "shops" })),
        ("retention.run", json!({ "connection": "Other" })),
    ] {
        let refused = ctl.run(&["call", operation, &request.to_string()]).fails_with(3);
        assert!(refused.stderr.contains("agree"), "{operation}: {}", refused.stderr);
    }
    assert_eq!((orders(&ctl), ctl.backups().len()), before);

    // As soon as somebody has, they act as they did.
    ctl.run(&["cleanup", "agree", "old-orders"]).ok();
    let deleted = ctl.json(&["cleanup", "run", "old-orders"])["outcome"]["deleted"].as_u64().unwrap();
    assert!(deleted >= 8, "{deleted}");
    ctl.run(&["retention", "group", "shops", "--last", "2"]).ok();
    ctl.run(&["call", "retention.run", r#"{"connection": "Shop"}"#]).ok();
    assert!(ctl.backups().len() < before.1 + 1, "{}", ctl.backups().len());
    ctl.run(&["backup", "create", "Shop"]).ok();
    ctl.run(&["audit", "verify"]).ok();
}

#[test]
fn what_was_killed_under_way_is_recovered_and_what_was_done_can_be_undone() {
    let ctl = older();
    let restores = list(&ctl, "restore.list", "restores");
    let states: Vec<&str> = restores.iter().map(|one| one["state"].as_str().unwrap()).collect();
    assert_eq!(states.len(), 2);
    assert!(!states.contains(&"swapping"), "recovered at the start: {states:?}");
    let sound = sqlite(&ctl.outside("shop.sqlite"), "pragma integrity_check");
    assert_eq!(sound.trim(), "ok");
    // 40 rows by the first one, 38 by the second.
    let (done, rows) = (states.iter().filter(|state| **state == "done").count(), orders(&ctl));
    assert_eq!(rows, if done == 2 { "38" } else { "40" }, "{states:?}");

    let last = restores.iter().find(|one| one["can_undo"] == true).expect("one can be undone");
    let name = last["id"].as_str().unwrap();
    ctl.run(&["restore", "undo", name, "--confirm", "shop.sqlite"]).ok();
    assert_eq!(orders(&ctl), if done == 2 { "40" } else { "38" }, "what was replaced is back");
    ctl.run(&["vault", "check"]).ok();
    let journal = |file: &str| sqlite(&ctl.outside(file), "pragma integrity_check").trim().to_owned();
    assert_eq!(journal("other.sqlite"), "ok");
}
