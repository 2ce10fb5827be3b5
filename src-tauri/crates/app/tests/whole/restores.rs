//! Restores of a SQLite file through the application: beside, in place, undone, let go, and cut short.

use crate::stage::{Stage, app, count, dump, run_sql, text};
use holdfast_contract::ErrorCode;
use holdfast_contract::job::JobState;
use holdfast_contract::policy::Confirmation;
use serde_json::{Value, json};

#[tokio::test(flavor = "multi_thread")]
async fn into_a_new_file() {
    let stage = Stage::new().await;
    let id = stage.back_up().await;
    let live = stage.path("shop.sqlite");
    let before = dump(&live);
    let target = stage.path("second.sqlite");
    let (restore, job) =
        stage.carry_out("restore", json!({ "backup": id, "to": "Shop", "database": target })).await;
    assert_eq!(job.state, JobState::Succeeded, "{:?}", job.error);
    assert_eq!(dump(&target), before);
    let restore = stage.restore(&restore).await;
    assert_eq!(
        (&restore["state"], &restore["can_undo"], &restore["can_release"]),
        (&json!("done"), &json!(false), &json!(false))
    );
    assert!(restore["proof"].as_array().unwrap().iter().all(|table| table["hash_equal"] == true));
    assert_eq!(stage.backup(&id).await["level"], "restored", "a restore is a proof");
    assert_eq!(stage.beside(), ["second.sqlite"], "no staging file stays");

    let taken = json!({ "backup": id, "to": "Shop", "database": target });
    assert_eq!(stage.refused("restore.plan", taken).await, ErrorCode::TargetExists);
    for bad in ["", "relative.sqlite"] {
        let request = json!({ "backup": id, "to": "Shop", "database": bad });
        assert_eq!(stage.refused("restore.plan", request).await, ErrorCode::BadRequest);
    }
    let made_up = stage.call("restore.plan", json!({ "backup": id, "to": "Shop" })).await;
    assert!(text(&made_up["database"]).contains("shop_restored_"));
}

#[tokio::test(flavor = "multi_thread")]
async fn in_place_undone_and_let_go() {
    let stage = Stage::new().await;
    let id = stage.back_up().await;
    let live = stage.path("shop.sqlite");
    let before = dump(&live);
    run_sql(&live, "DELETE FROM orders WHERE id > 10; CREATE TABLE mistake (x)");
    let mistaken = dump(&live);

    let plan = stage.call("restore.plan", json!({ "backup": id, "to": "Shop", "replace": true })).await;
    assert_eq!(plan["confirm_name"], "shop.sqlite");
    assert!(plan["safety_backup"] == true && text(&plan["loses"]).contains("mistake"), "{plan}");
    let call = |name: Option<&str>| {
        let digest = plan["digest"].as_str().map(str::to_owned);
        let confirmation = Confirmation { digest, name: name.map(str::to_owned) };
        stage.try_call("restore.apply", json!({ "plan_id": plan["plan_id"] }), confirmation)
    };
    assert_eq!(call(None).await.unwrap_err().code, ErrorCode::ConfirmationMissing);
    assert_eq!(call(Some("shop")).await.unwrap_err().code, ErrorCode::ConfirmationWrong);
    assert_eq!(dump(&live), mistaken);

    let started = stage.apply("restore.apply", &plan).await.unwrap();
    let job = stage.job(&started).await;
    assert_eq!(job.state, JobState::Succeeded, "{:?}", job.error);
    assert_eq!(dump(&live), before);
    let restore = stage.restore(&text(&started["id"])).await;
    let kept = text(&restore["kept_as"]);
    assert_eq!(dump(kept.as_ref()), mistaken, "what was replaced is kept");
    let safety = stage.backup(&text(&restore["safety_backup_id"])).await;
    assert_eq!(
        (&safety["name"], &safety["level"]),
        (&json!("Safety backup before restore"), &json!("restored"))
    );

    let (_, job) = stage.carry_out("restore.undo", json!({ "restore": started["id"] })).await;
    assert_eq!(job.state, JobState::Succeeded, "{:?}", job.error);
    assert_eq!(dump(&live), mistaken);
    let undone = stage.restore(&text(&started["id"])).await;
    assert_eq!(
        (&undone["state"], &undone["can_undo"], &undone["can_release"]),
        (&json!("undone"), &json!(false), &json!(true))
    );
    assert_eq!(dump(text(&undone["kept_as"]).as_ref()), before, "the restored copy is kept");
    assert_eq!(
        stage.refused("restore.undo.plan", json!({ "restore": started["id"] })).await,
        ErrorCode::BadRequest
    );

    let (_, job) = stage.carry_out("restore.release", json!({ "restore": started["id"] })).await;
    assert_eq!(job.state, JobState::Succeeded, "{:?}", job.error);
    assert_eq!(stage.restore(&text(&started["id"])).await["state"], "released");
    assert!(stage.beside().is_empty(), "{:?}", stage.beside());
    assert_eq!(dump(&live), mistaken);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_plan_whose_ground_has_moved_is_not_applied() {
    let stage = Stage::new().await;
    let id = stage.back_up().await;
    let plan = stage.call("restore.plan", json!({ "backup": id, "to": "Shop", "replace": true })).await;
    crate::stage::shop(&stage.path("other.sqlite"));
    let connection = stage.call("connection.get", json!({ "connection": "Shop" })).await;
    let spec = json!({ "engine": "sqlite", "path": stage.path("other.sqlite") });
    stage.call("connection.update", json!({ "id": connection["id"], "spec": spec })).await;
    assert_eq!(stage.apply("restore.apply", &plan).await.unwrap_err().code, ErrorCode::PlanMoved);
    stage.call("connection.update", json!({ "id": connection["id"], "read_only": true })).await;
    let request = json!({ "backup": id, "to": "Shop", "replace": true });
    assert_eq!(stage.refused("restore.plan", request).await, ErrorCode::ReadOnly);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_live_file_that_is_noise_is_replaced_and_kept() {
    let stage = Stage::new().await;
    let id = stage.back_up().await;
    let live = stage.path("shop.sqlite");
    let before = dump(&live);
    for ending in ["-wal", "-shm"] {
        let _ = std::fs::remove_file(stage.path(&format!("shop.sqlite{ending}")));
    }
    let noise = vec![7u8; 8192];
    std::fs::write(&live, &noise).unwrap();
    let plan = stage.call("restore.plan", json!({ "backup": id, "to": "Shop", "replace": true })).await;
    assert_eq!(plan["safety_backup"], false);
    assert!(plan["warnings"].to_string().contains("No safety backup"), "{plan}");
    let started = stage.apply("restore.apply", &plan).await.unwrap();
    let job = stage.job(&started).await;
    assert_eq!(job.state, JobState::Succeeded, "{:?}", job.error);
    assert_eq!(dump(&live), before);
    let restore = stage.restore(&text(&started["id"])).await;
    assert_eq!(std::fs::read(text(&restore["kept_as"])).unwrap(), noise);
}

/// Writes into the journal what a process would leave that died in the given state.
fn died(stage: &Stage, id: &str, state: &str, edit: impl Fn(&mut Value)) {
    let catalog = stage.catalog();
    let facts: String =
        catalog.query_row("SELECT facts FROM restores WHERE id = ?1", [id], |row| row.get(0)).unwrap();
    let mut facts: Value = serde_json::from_str(&facts).unwrap();
    edit(&mut facts);
    catalog
        .execute(
            "UPDATE restores SET state = ?2, facts = ?3, ended_at_ms = NULL, instance = 'an-instance-that-is-gone' WHERE id = ?1",
            [id, state, &facts.to_string()],
        )
        .unwrap();
}

async fn reopened(stage: Stage) -> Stage {
    let Stage { folder, app: old } = stage;
    old.shutdown().await;
    drop(old);
    Stage { app: app(&folder.path().join("home")).await, folder }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_crash_before_the_swap_leaves_the_live_file_alone() {
    let stage = Stage::new().await;
    let id = stage.back_up().await;
    let live = stage.path("shop.sqlite");
    let before = dump(&live);
    for state in ["loading", "proving", "swapping"] {
        let target = stage.path(&format!("{state}.sqlite"));
        let (restore, _) =
            stage.carry_out("restore", json!({ "backup": id, "to": "Shop", "database": target })).await;
        let staging = stage.path(&format!("{state}_restoring_0.sqlite"));
        std::fs::rename(&target, &staging).unwrap();
        died(&stage, &restore, state, |facts| facts["target"]["staging"] = json!(staging));
    }
    let stage = reopened(stage).await;
    assert!(stage.beside().is_empty(), "half-made copies are gone: {:?}", stage.beside());
    assert_eq!(dump(&live), before);
    for restore in stage.call("restore.list", json!({})).await["restores"].as_array().unwrap() {
        assert_eq!(
            (&restore["state"], &restore["error"]["code"]),
            (&json!("interrupted"), &json!("interrupted"))
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_crash_after_the_swap_is_a_restore_that_can_be_undone() {
    let stage = Stage::new().await;
    let id = stage.back_up().await;
    let live = stage.path("shop.sqlite");
    let before = dump(&live);
    run_sql(&live, "DELETE FROM orders");
    let emptied = dump(&live);
    let (restore, job) =
        stage.carry_out("restore", json!({ "backup": id, "to": "Shop", "replace": true })).await;
    assert_eq!(job.state, JobState::Succeeded, "{:?}", job.error);
    died(&stage, &restore, "swapping", |facts| facts["kept"] = json!(null));
    let stage = reopened(stage).await;
    assert_eq!((dump(&live), &stage.restore(&restore).await["state"]), (before.clone(), &json!("done")));

    let (_, job) = stage.carry_out("restore.undo", json!({ "restore": restore })).await;
    assert_eq!(job.state, JobState::Succeeded, "{:?}", job.error);
    assert_eq!((dump(&live), count(&live, "orders")), (emptied.clone(), 0));
    // The same crash in the middle of the undo.
    died(&stage, &restore, "undoing", |facts| {
        facts["undo_keeps_as"] = facts["target"]["staging"].clone();
        facts["kept"] = facts["target"]["kept_as"].clone();
        facts["undone"] = json!(false);
    });
    let stage = reopened(stage).await;
    assert_eq!((dump(&live), &stage.restore(&restore).await["state"]), (emptied, &json!("undone")));
}
