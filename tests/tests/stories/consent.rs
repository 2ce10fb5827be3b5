//! Nothing is destroyed that nobody agreed to: rules wait for consent, act only as they were agreed to, and the log names the
//! database that was touched.
#![allow(clippy::unwrap_used)]

use std::path::{Path, PathBuf};

use holdfast_tests::ctl::Ctl;
use holdfast_tests::sqlite::run as sqlite;
use serde_json::{Value, json};

const FILL: &str = "create table t(id integer primary key, at text); with recursive c(n) as (select 1 union all \
                    select n + 1 from c where n < 1005) insert into t(id) select n from c";

fn files(ctl: &Ctl) -> [PathBuf; 2] {
    let [prod, other] = ["prod.sqlite", "other.sqlite"].map(|name| ctl.outside(name));
    for (file, name, environment) in [(&prod, "prod", "production"), (&other, "other", "development")] {
        sqlite(file, FILL);
        let url = format!("sqlite://{}", file.display());
        ctl.run(&["connection", "add", name, "--url", &url, "--env", environment]).ok();
    }
    [prod, other]
}

fn rows(file: &Path) -> String {
    sqlite(file, "select count(*) from t").trim().to_owned()
}

fn forget_consents(ctl: &Ctl) {
    sqlite(&ctl.home().join("catalog.sqlite"), "DELETE FROM standing_consents");
}

fn call(ctl: &Ctl, operation: &str, request: Value) -> Value {
    ctl.json(&["call", operation, &request.to_string()])
}

/// Rows of a production database went for ever by a rule that nobody had agreed to; and the log told of another database.
#[test]
fn a_rule_without_archive_is_agreed_to_by_the_databases_name() {
    let ctl = Ctl::with_vault();
    let [prod, other] = files(&ctl);
    let request = json!({"connection": "prod", "name": "other", "table": {"name": "t"}, "archive": false,
        "rows": {"kind": "matching", "condition": "id <= 1000"}});
    // The way there was before.
    ctl.run(&["call", "cleanup.set", &request.to_string()]).fails_with(2);
    let plan = call(&ctl, "cleanup.set.plan", request);
    assert_eq!(plan["preview"]["matching"], 1000);
    let name = plan["confirm_name"].as_str().unwrap().to_owned();
    let rule = |extra: &[&str]| {
        let words =
            ["cleanup", "rule", "other", "--connection", "prod", "--table", "t", "--where", "id <= 1000"];
        ctl.run(&[&words[..], &["--no-archive"], extra].concat())
    };
    rule(&[]).fails_with(3);
    rule(&["--confirm", "other"]).fails_with(3);
    ctl.run(&["cleanup", "run", "other"]).fails_with(1);
    assert_eq!((rows(&prod), rows(&other)), ("1005".into(), "1005".into()), "nothing was kept, nothing ran");
    rule(&["--confirm", &name]).ok();
    let done = ctl.json(&["cleanup", "run", "other"]);
    assert_eq!(done["outcome"]["deleted"], 1000);
    assert_eq!((rows(&prod), rows(&other)), ("5".into(), "1005".into()));

    // The database that was touched, though the rule is called like another connection.
    let log = ctl.json(&["audit", "list", "--search", "prod"]);
    let runs: Vec<&Value> = log["entries"]
        .as_array()
        .unwrap()
        .iter()
        .filter(|entry| entry["operation"] == "cleanup.run")
        .collect();
    assert!(runs.len() >= 3, "intent, start and end: {log}");
    for entry in &runs {
        let named = entry["touched"].as_array().unwrap().iter().find(|thing| thing["kind"] == "connection");
        assert_eq!(named.unwrap()["name"], "prod", "{entry}");
    }
    ctl.run(&["audit", "verify"]).ok();
}

/// As rules of earlier versions are: nobody has agreed to them yet.
#[test]
fn a_rule_waits_until_somebody_agrees_to_it_as_it_is() {
    let ctl = Ctl::with_vault();
    let [prod, other] = files(&ctl);
    let state = || ctl.json(&["cleanup", "list"])["rules"][0]["consent"].clone();
    let words = ["cleanup", "rule", "old", "--connection", "other", "--table", "t", "--where", "id <= 5"];
    ctl.run(&[&words[..], &["--most", "5"]].concat()).ok();
    assert_eq!((state()["kind"].as_str(), state()["most"].as_u64()), (Some("given"), Some(5)));

    forget_consents(&ctl);
    assert_eq!(state()["kind"], "waiting");
    let refused = ctl.run(&["cleanup", "run", "old"]).fails_with(3);
    assert!(refused.stderr.contains("agree"), "{}", refused.stderr);
    ctl.run(&["cleanup", "agree", "old", "--dry-run"]).ok();
    assert_eq!(state()["kind"], "waiting", "looking agrees to nothing");
    ctl.run(&["cleanup", "agree", "old", "--most", "5"]).ok();

    // More than was agreed to: it stops and asks.
    sqlite(&other, "insert into t(id) values (0), (-1)");
    ctl.run(&["cleanup", "run", "old"]).fails_with(3);
    assert_eq!(rows(&other), "1007", "nothing went");
    assert_eq!(ctl.backups().len(), 0, "and nothing was archived");

    // Another database behind the connection is another rule.
    let id = ctl.json(&["connection", "list"])["connections"]
        .as_array()
        .unwrap()
        .iter()
        .find(|connection| connection["name"] == "other")
        .unwrap()["id"]
        .clone();
    let spec = json!({"engine": "sqlite", "path": prod});
    call(&ctl, "connection.update", json!({"id": id, "spec": spec}));
    assert_eq!(state()["kind"], "waiting");
    ctl.run(&["cleanup", "run", "old"]).fails_with(3);
    assert_eq!(rows(&prod), "1005");
}

#[test]
fn retention_waits_for_consent_of_each_connection() {
    let ctl = Ctl::with_vault();
    let [_, other] = files(&ctl);
    for round in 0..3 {
        sqlite(&other, &format!("update t set at = {round} where id = 1"));
        ctl.run(&["backup", "create", "other"]).ok();
    }
    ctl.run(&["retention", "set", "other", "--last", "1"]).ok();
    let consent = || ctl.json(&["retention", "show", "other"])["consent"].clone();
    assert_eq!(consent()["kind"], "given");
    forget_consents(&ctl);
    assert_eq!(consent()["kind"], "waiting");
    ctl.run(&["call", "retention.run", r#"{"connection": "other"}"#]).fails_with(3);
    assert_eq!(ctl.backups().len(), 3, "nothing went");
    ctl.run(&["retention", "set", "other", "--last", "1", "--most", "1"]).ok();
    ctl.run(&["call", "retention.run", r#"{"connection": "other"}"#]).fails_with(3);
    assert_eq!(ctl.backups().len(), 3, "two would go, one was agreed to");
    ctl.run(&["retention", "set", "other", "--last", "1"]).ok();
    ctl.run(&["call", "retention.run", r#"{"connection": "other"}"#]).ok();
    assert_eq!(ctl.backups().len(), 1);
}
