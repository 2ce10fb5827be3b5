//! Guards through the application: what must be true before a command runs, what is asked afterwards, and what a crash leaves.

use crate::stage::{Stage, app, dump, run_sql, text};
use holdfast_contract::ErrorCode;
use holdfast_contract::job::JobState;
use holdfast_contract::policy::Confirmation;
use serde_json::{Value, json};

const CHECK: &str = "SELECT count(*) > 0 FROM orders";

async fn ready(stage: &Stage) -> Value {
    let request = json!({ "connection": "Shop", "checks": [CHECK] });
    let (id, guard) = stage.done("guard.begin", request).await;
    assert_eq!((&guard["id"], &guard["state"]), (&json!(id), &json!("ready")));
    guard
}

async fn get(stage: &Stage, guard: &Value) -> Value {
    stage.call("guard.get", json!({ "guard": guard["id"] })).await
}

#[tokio::test(flavor = "multi_thread")]
async fn from_the_backup_to_the_way_back() {
    let stage = Stage::new().await;
    let live = stage.path("shop.sqlite");
    let before = dump(&live);
    let guard = ready(&stage).await;
    let backup = stage.backup(&text(&guard["backup_id"])).await;
    assert_eq!(
        (&backup["level"], &backup["name"]),
        (&json!("restored"), &json!("Before a guarded command")),
        "proven"
    );
    // The way back stays as long as it may be needed.
    let of_backup = json!({ "backup": guard["backup_id"] });
    assert_eq!(stage.refused("backup.delete.plan", of_backup.clone()).await, ErrorCode::VaultBusy);

    // The command does well, then it does not.
    let well = stage.call("guard.check", json!({ "guard": guard["id"] })).await;
    assert_eq!((&well["state"], &well["problems"]), (&json!("well"), &json!([])));
    run_sql(&live, "DELETE FROM orders");
    let failure = "The command ended with exit status: 3.";
    let broken = stage.call("guard.check", json!({ "guard": guard["id"], "failure": failure })).await;
    assert_eq!(broken["state"], "broken");
    assert_eq!(broken["problems"][0], failure);
    assert!(text(&broken["problems"][1]).contains("answered 0"), "{broken}");
    let open = json!({ "connection": "Shop", "open_only": true });
    assert_eq!(stage.call("guard.list", open.clone()).await["guards"][0]["state"], "broken");

    // Only the restore of this backup, in place, brings it back.
    let elsewhere = json!({ "backup": guard["backup_id"], "to": "Shop", "database": stage.path("x.sqlite") });
    let (aside, _) = stage.carry_out("restore", elsewhere).await;
    let with = |restore: &str| json!({ "guard": guard["id"], "restore": restore });
    assert_eq!(stage.refused("guard.end", with(&aside)).await, ErrorCode::BadRequest);
    let in_place = json!({ "backup": guard["backup_id"], "to": "Shop", "replace": true });
    let (restore, job) = stage.carry_out("restore", in_place).await;
    assert_eq!(job.state, JobState::Succeeded, "{:?}", job.error);
    let ended = stage.call("guard.end", with(&restore)).await;
    assert_eq!((&ended["state"], &ended["restore_id"]), (&json!("restored"), &json!(restore)));
    assert_eq!(dump(&live), before);

    for (operation, request) in
        [("guard.end", with(&restore)), ("guard.check", json!({ "guard": guard["id"] }))]
    {
        assert_eq!(stage.refused(operation, request).await, ErrorCode::BadRequest, "{operation}");
    }
    assert_eq!(stage.call("guard.list", open).await["guards"], json!([]));
    stage.call("backup.delete.plan", of_backup).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_may_not_run_is_refused_and_remembered() {
    let stage = Stage::new().await;
    run_sql(&stage.path("shop.sqlite"), "DELETE FROM orders");
    let error = stage.fails("guard.begin", json!({ "connection": "Shop", "checks": [CHECK] })).await;
    assert_eq!(error.code, ErrorCode::NotAllowed);
    assert!(error.message.starts_with("Already before: "), "{error:?}");
    let backups = stage.call("backup.list", json!({})).await;
    assert_eq!(backups["backups"], json!([]), "nothing is backed up for nothing");
    // A question is no way to write.
    let planted = json!({ "connection": "Shop", "checks": ["CREATE TABLE planted (x)"] });
    assert_eq!(stage.fails("guard.begin", planted).await.code, ErrorCode::NotAllowed);
    assert_eq!(stage.refused("guard.begin", json!({ "connection": "nowhere" })).await, ErrorCode::NotFound);
    let guards = stage.call("guard.list", json!({})).await;
    let refused = guards["guards"].as_array().unwrap();
    assert_eq!(refused.len(), 2);
    assert!(
        refused.iter().all(|guard| guard["state"] == "refused" && guard["error"].is_object()),
        "{guards}"
    );
    assert_eq!(stage.refused("guard.get", json!({ "guard": "none" })).await, ErrorCode::NotFound);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_guard_is_found_again_after_a_crash() {
    let stage = Stage::new().await;
    let (run, prepared) = (ready(&stage).await, ready(&stage).await);
    let catalog = stage.catalog();
    catalog.execute("UPDATE guards SET instance = 'an-instance-that-is-gone'", []).unwrap();
    let preparing = prepared.to_string().replace("\"ready\"", "\"preparing\"");
    catalog
        .execute("UPDATE guards SET guard = ?1 WHERE id = ?2", [&preparing, &text(&prepared["id"])])
        .unwrap();
    drop(catalog);
    let Stage { folder, app: old } = stage;
    old.shutdown().await;
    drop(old);
    let stage = Stage { app: app(&folder.path().join("home")).await, folder };

    let refused = get(&stage, &prepared).await;
    assert_eq!((&refused["state"], &refused["error"]["code"]), (&json!("refused"), &json!("interrupted")));
    let cut_short = get(&stage, &run).await;
    assert_eq!((&cut_short["state"], &cut_short["backup_id"]), (&json!("cut_short"), &run["backup_id"]));
    // Looked at and settled by whoever finds it.
    let checked = stage.call("guard.check", json!({ "guard": run["id"] })).await;
    assert_eq!(checked["state"], "well");
    let end = json!({ "guard": run["id"] });
    let ended = stage.try_call("guard.end", end, Confirmation::default()).await.unwrap();
    assert_eq!(ended["state"], "kept");
}
