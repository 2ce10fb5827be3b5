//! Restores and imports that were journaled before each kind of change had facts of its own. What that version wrote is recorded
//! from its runs on a SQLite file, in every state; here it is listed, recovered, undone and let go.

use crate::stage::{Stage, app, dump, run_sql, text};
use holdfast_contract::ErrorCode;
use holdfast_contract::job::JobState;
use serde_json::{Value, json};

const RECORDED: &str = include_str!("fixtures/journals_before_kinds.json");
const KINDS: [&str; 7] =
    ["new", "replace", "tables beside", "tables", "import new", "import live", "import replace"];

/// The facts as recorded, with another folder, tag and connection.
fn recorded(kind: &str, state: &str, folder: &str, tag: &str, connection: &str) -> Option<String> {
    let all: Vec<Value> = serde_json::from_str(RECORDED).unwrap();
    let one = all.iter().find(|one| one["kind"] == kind && one["state"] == state)?;
    let intent = &one["facts"]["intent"];
    let (then, theirs) = (tag_in(&text(&intent["staging"])), text(&intent["connection"]));
    let facts = one["facts"].to_string();
    Some(facts.replace("FOLDER", folder).replace(&then, tag).replace(&theirs, connection))
}

/// The made-up part of a made-up name.
fn tag_in(name: &str) -> String {
    let hex = |word: &&str| word.len() == 8 && word.bytes().all(|byte| byte.is_ascii_hexdigit());
    name.split(|letter: char| !letter.is_ascii_alphanumeric()).rfind(hex).unwrap().to_owned()
}

/// A connected file with the tables of the recording, a backup of it, and a change since.
async fn ground() -> (Stage, String) {
    let stage = Stage::new().await;
    let live = stage.path("shop.sqlite");
    run_sql(
        &live,
        "DROP VIEW totals; DROP TABLE orders; DROP TABLE customers;
         CREATE TABLE orders(id integer primary key, what text); INSERT INTO orders VALUES (1, 'a'), (2, 'b'), (3, 'c');",
    );
    let backup = stage.back_up().await;
    run_sql(&live, "DELETE FROM orders WHERE id = 2");
    std::fs::write(stage.path("file.sql"), "create table fresh(id integer); insert into fresh values (1);\n")
        .unwrap();
    (stage, backup)
}

/// Carries one out as this version does; its id.
async fn carried_out(stage: &Stage, kind: &str, backup: &str) -> String {
    let request = match kind {
        "new" => json!({ "backup": backup, "to": "Shop", "database": stage.path("second.sqlite") }),
        "replace" => json!({ "backup": backup, "to": "Shop", "replace": true }),
        "tables beside" => {
            json!({ "backup": backup, "to": "Shop", "tables": ["orders"], "table_name": "orders_then" })
        }
        "tables" => json!({ "backup": backup, "to": "Shop", "tables": ["orders"], "replace": true }),
        _ => return imported(stage, kind).await,
    };
    let (id, job) = stage.carry_out("restore", request).await;
    assert_eq!(job.state, JobState::Succeeded, "{kind}: {:?}", job.error);
    id
}

async fn imported(stage: &Stage, kind: &str) -> String {
    let into = kind.rsplit(' ').next().unwrap();
    let mut request =
        json!({ "file": stage.path("file.sql"), "to": "Shop", "into": into, "dialect": "sqlite" });
    if into == "new" {
        request["database"] = json!(stage.path("imported.sqlite"));
    }
    let (_, plan) = stage.done("import.plan", request).await;
    let started = stage.apply("import.apply", &plan).await.unwrap();
    let job = stage.job(&started).await;
    assert_eq!(job.state, JobState::Succeeded, "{kind}: {:?}", job.error);
    text(&started["id"])
}

/// Puts into the journal of this restore what the version before would have written in that state.
fn as_before(stage: &Stage, restore: &str, kind: &str, state: &str) {
    let catalog = stage.catalog();
    let (facts, connection): (String, String) = catalog
        .query_row("SELECT facts, connection_id FROM restores WHERE id = ?1", [restore], |row| {
            Ok((row.get(0)?, row.get(1)?))
        })
        .unwrap();
    let now: Value = serde_json::from_str(&facts).unwrap();
    // Written by either version.
    let staging = now["target"]["staging"].as_str().or(now["intent"]["staging"].as_str()).unwrap();
    let folder = stage.folder.path().display().to_string();
    let facts = recorded(kind, state, &folder, &tag_in(staging), &connection).unwrap();
    let under_way = ["swapping", "undoing"].contains(&state);
    catalog
        .execute(
            "UPDATE restores SET state = ?2, facts = ?3, instance = 'an-instance-that-is-gone', ended_at_ms = CASE WHEN ?4 THEN NULL ELSE ended_at_ms END WHERE id = ?1",
            (restore, state, &facts, under_way),
        )
        .unwrap();
}

async fn reopened(stage: Stage) -> Stage {
    let Stage { folder, app: old } = stage;
    old.shutdown().await;
    drop(old);
    Stage { app: app(&folder.path().join("home")).await, folder }
}

/// What a person is told of it, but for what differs between two runs.
fn told(restore: &Value) -> Value {
    let names = [
        "state",
        "replace",
        "database",
        "kept_as",
        "can_undo",
        "can_release",
        "backup_name",
        "imported_from",
        "imported_into",
    ];
    let mut told: serde_json::Map<String, Value> =
        names.iter().map(|name| ((*name).to_owned(), restore[*name].clone())).collect();
    let chosen = restore["chosen"].as_array().unwrap().iter();
    told.insert("chosen".into(), chosen.map(|one| json!([one["from"], one["to"], one["kept_as"]])).collect());
    told.insert("of_a_backup".into(), json!(!text(&restore["backup_id"]).is_empty()));
    Value::Object(told)
}

async fn follow(stage: &Stage, what: &str, restore: &str) -> Value {
    let (_, job) = stage.carry_out(&format!("restore.{what}"), json!({ "restore": restore })).await;
    assert_eq!(job.state, JobState::Succeeded, "{what}: {:?}", job.error);
    stage.restore(restore).await
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_done_is_told_undone_and_let_go() {
    for kind in KINDS {
        let (stage, backup) = ground().await;
        let live = stage.path("shop.sqlite");
        let before = dump(&live);
        let id = carried_out(&stage, kind, &backup).await;
        let (made, new) = (dump(&live), stage.restore(&id).await);
        as_before(&stage, &id, kind, "done");
        assert_eq!(told(&stage.restore(&id).await), told(&new), "{kind}");
        let plan = json!({ "restore": id });
        if new["can_undo"] == false {
            assert_eq!(stage.refused("restore.undo.plan", plan).await, ErrorCode::BadRequest, "{kind}");
            continue;
        }
        let undone = follow(&stage, "undo", &id).await;
        assert_eq!((dump(&live).contains("_before_"), undone["state"] == "undone"), (false, true), "{kind}");
        assert_ne!(dump(&live), made, "{kind}");
        as_before(&stage, &id, kind, "undone");
        assert_eq!(told(&stage.restore(&id).await), told(&undone), "{kind}");
        let released = follow(&stage, "release", &id).await;
        assert_eq!(dump(&live), before, "{kind}: as it was, and nothing beside");
        as_before(&stage, &id, kind, "released");
        assert_eq!(told(&stage.restore(&id).await), told(&released), "{kind}");
        assert_eq!(stage.beside(), ["file.sql"], "{kind}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_crash_cut_short_is_brought_to_its_end() {
    for kind in KINDS.into_iter().filter(|kind| *kind != "import live") {
        let (stage, backup) = ground().await;
        let live = stage.path("shop.sqlite");
        let before = dump(&live);
        let id = carried_out(&stage, kind, &backup).await;
        let new = told(&stage.restore(&id).await);
        // The process died after the step, before it could write that it is done.
        as_before(&stage, &id, kind, "swapping");
        let mut stage = reopened(stage).await;
        let found = stage.restore(&id).await;
        assert_eq!(told(&found), new, "{kind}");
        assert!(found["remarks"].to_string().contains("found complete"), "{kind}: {found}");
        if new["can_undo"] == false {
            continue;
        }
        // Before the undo's step: it is as if it had not been asked for.
        as_before(&stage, &id, kind, "undoing");
        stage = reopened(stage).await;
        assert_eq!(told(&stage.restore(&id).await), new, "{kind}");
        let undone = told(&follow(&stage, "undo", &id).await);
        // After it.
        as_before(&stage, &id, kind, "undoing");
        stage = reopened(stage).await;
        assert_eq!(told(&stage.restore(&id).await), undone, "{kind}");
        follow(&stage, "release", &id).await;
        assert_eq!(dump(&live), before, "{kind}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_crash_cut_short_before_the_step_is_taken_away() {
    let (stage, _) = ground().await;
    let live = stage.path("shop.sqlite");
    let before = dump(&live);
    let folder = stage.folder.path().display().to_string();
    let connection = text(&stage.call("connection.get", json!({ "connection": "Shop" })).await["id"]);
    let mut rows = Vec::new();
    for kind in KINDS {
        for state in ["planned", "safety_backup", "loading", "proving", "swapping"] {
            let tag = format!("{:08x}", 0xfeed_0000_u32 + rows.len() as u32);
            let Some(facts) = recorded(kind, state, &folder, &tag, &connection) else { continue };
            let parsed: Value = serde_json::from_str(&facts).unwrap();
            if let Some(table) = parsed["order"]["tables"][0]["staging"]["name"].as_str() {
                run_sql(&live, &format!("CREATE TABLE {table} (id integer primary key, what text)"));
            } else if (kind, state) != ("import live", "swapping") {
                std::fs::copy(&live, text(&parsed["intent"]["staging"])).unwrap();
            }
            let id = format!("{:08x}-older", rows.len());
            stage
                .catalog()
                .execute(
                    "INSERT INTO restores VALUES (?1, ?2, ?3, NULL, ?4, NULL, ?5, 'an-instance-that-is-gone')",
                    (&id, state, &connection, rows.len() as i64, &facts),
                )
                .unwrap();
            rows.push((id, kind, state));
        }
    }
    assert!(rows.len() > 25, "the recording has every kind in every state: {rows:?}");
    let stage = reopened(stage).await;
    for (id, kind, state) in rows {
        let restore = stage.restore(&id).await;
        assert_eq!(restore["state"], "interrupted", "{kind} {state}: {restore}");
        let message = text(&restore["error"]["message"]);
        match (kind, state) {
            // SQLite keeps no record of a transaction.
            ("import live", "swapping") => {
                assert!(message.contains("moment of the commit"), "{message}");
                assert!(text(&restore["error"]["hint"]).contains("safety backup"), "{restore}");
            }
            _ => assert!(message.contains("the live database was not touched"), "{kind} {state}: {message}"),
        }
    }
    assert_eq!(dump(&live), before, "no unfinished table stays");
    assert_eq!(stage.beside(), ["file.sql"], "no unfinished file stays");
}
