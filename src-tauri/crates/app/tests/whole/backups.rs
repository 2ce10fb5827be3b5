//! Backups of a SQLite file through the application: made, listed, proven, damaged, exported, let go.

use crate::stage::{PASSPHRASE, Stage, app, count, dump, run_sql, text};
use holdfast_contract::ErrorCode;
use holdfast_contract::policy::Confirmation;
use serde_json::json;

#[tokio::test(flavor = "multi_thread")]
async fn three_levels_each_earned() {
    let stage = Stage::new().await;
    let (id, result) = stage
        .done("backup.create", json!({ "connection": "Shop", "note": "before the sale\nsecond line" }))
        .await;
    assert_eq!(result["id"], id.as_str());
    let listed = stage.call("backup.list", json!({ "connection": "Shop" })).await["backups"].clone();
    assert_eq!(listed.as_array().unwrap().len(), 1);
    assert_eq!((&listed[0]["state"], &listed[0]["level"]), (&json!("complete"), &json!("stored")));
    assert_eq!((&listed[0]["name"], &listed[0]["row_count"]), (&json!("before the sale"), &json!(2500)));

    let prefix = &id[..8];
    for level in ["decoded", "restored"] {
        let (_, proof) = stage.done("backup.verify", json!({ "backup": prefix, "level": level })).await;
        assert_eq!((&proof["passed"], &proof["level"]), (&json!(true), &json!(level)));
        assert_eq!(stage.backup(&id).await["level"], level);
    }
    let detail = stage.call("backup.get", json!({ "backup": prefix })).await;
    let newest = &detail["proofs"][0];
    let proven: Vec<_> = newest["tables"]
        .as_array()
        .unwrap()
        .iter()
        .map(|table| (text(&table["name"]), table["found_rows"].clone()))
        .collect();
    assert!(proven.contains(&("orders".into(), json!(2000))), "{proven:?}");
    assert!(newest["restore_ms"].is_u64() && newest["server"]["version"].is_string());
    assert_eq!(detail["proofs"].as_array().unwrap().len(), 3);

    stage.done("backup.verify", json!({ "backup": prefix, "level": "stored" })).await;
    assert_eq!(stage.backup(&id).await["level"], "restored", "a lower check takes nothing back");
    assert_eq!(stage.refused("backup.get", json!({ "backup": "ffff0000" })).await, ErrorCode::NotFound);
    assert_eq!(stage.refused("backup.get", json!({ "backup": "newest" })).await, ErrorCode::BadRequest);
    assert!(stage.beside().is_empty(), "scratch databases are gone: {:?}", stage.beside());
}

#[tokio::test(flavor = "multi_thread")]
async fn damage_is_found_named_and_shown() {
    let stage = Stage::new().await;
    let (id, _) = stage.done("backup.create", json!({ "connection": "Shop", "prove": true })).await;
    assert_eq!(stage.backup(&id).await["level"], "restored");
    stage.damage_a_pack();
    for level in ["restored", "decoded", "stored"] {
        let error = stage.fails("backup.verify", json!({ "backup": id, "level": level })).await;
        assert_eq!(error.code, ErrorCode::VerificationFailed, "{level}: {error:?}");
        assert!(error.message.contains(level) && error.hint.is_some());
    }
    let backup = stage.backup(&id).await;
    assert_eq!(
        (&backup["level"], &backup["damaged"]),
        (&json!(null), &json!(true)),
        "a badge never claims more than was done"
    );
    let proofs = stage.call("backup.get", json!({ "backup": id })).await["proofs"].clone();
    assert_eq!(proofs[0]["passed"], false);
    assert!(!proofs[0]["problems"].as_array().unwrap().is_empty());
    assert!(text(&proofs[1]["problems"][0]).contains("database pages"), "{}", proofs[1]);

    let plan = stage.call("restore.plan", json!({ "backup": id, "to": "Shop" })).await;
    assert!(plan["warnings"].to_string().contains("damage"));
    let started = stage.apply("restore.apply", &plan).await.unwrap();
    let job = stage.job(&started).await;
    assert_eq!(job.error.unwrap().code, ErrorCode::VaultDamaged);
    assert!(stage.beside().is_empty(), "nothing half-restored stays: {:?}", stage.beside());
}

#[tokio::test(flavor = "multi_thread")]
async fn what_did_not_succeed_is_never_listed_as_good() {
    let stage = Stage::new().await;
    // Another program holds the file, so the backup waits for it and can be cancelled while it does.
    run_sql(&stage.path("shop.sqlite"), "PRAGMA journal_mode = delete");
    let holder = rusqlite::Connection::open(stage.path("shop.sqlite")).unwrap();
    holder.execute_batch("BEGIN EXCLUSIVE").unwrap();
    let started = stage.call("backup.create", json!({ "connection": "Shop" })).await;
    let listed = stage.call("backup.list", json!({})).await["backups"].clone();
    assert_eq!((&listed[0]["state"], &listed[0]["level"]), (&json!("running"), &json!(null)));
    stage.call("job.cancel", json!({ "job": started["job_id"] })).await;
    let job = stage.job(&started).await;
    assert_eq!(job.state, holdfast_contract::job::JobState::Cancelled, "{:?}", job.error);
    drop(holder);
    let cancelled = text(&started["id"]);
    assert_eq!(stage.backup(&cancelled).await["state"], "cancelled");

    std::fs::write(stage.path("noise.sqlite"), vec![7u8; 8192]).unwrap();
    stage.connect("Noise", "noise.sqlite", "development").await;
    let error = stage.fails("backup.create", json!({ "connection": "Noise" })).await;
    assert_eq!(error.code, ErrorCode::NotADatabase, "{error:?}");
    let listed = stage.call("backup.list", json!({ "connection": "Noise" })).await["backups"].clone();
    assert_eq!((&listed[0]["state"], &listed[0]["level"]), (&json!("failed"), &json!(null)));
    assert_eq!(listed[0]["error"]["code"], "not_a_database");

    for (operation, request) in [
        ("backup.verify", json!({ "backup": cancelled, "level": "stored" })),
        ("restore.plan", json!({ "backup": cancelled, "to": "Shop" })),
    ] {
        assert_eq!(stage.refused(operation, request).await, ErrorCode::Incomplete, "{operation}");
    }
    let plan = stage.call("backup.delete.plan", json!({ "backup": cancelled })).await;
    stage.apply("backup.delete.apply", &plan).await.unwrap();
    assert_eq!(stage.refused("backup.get", json!({ "backup": cancelled })).await, ErrorCode::NotFound);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_process_that_died_leaves_an_interrupted_backup() {
    let stage = Stage::new().await;
    let id = stage.back_up().await;
    let listed = stage.call("backup.list", json!({})).await["backups"][0].clone();
    let mut running = listed.clone();
    running["id"] = json!("0123456789abcdef0123456789abcdef");
    running["state"] = json!("running");
    running["level"] = json!("restored");
    stage
        .catalog()
        .execute(
            "INSERT INTO attempts
             SELECT ?1, ?2, NULL, 'running', ?3, NULL, ?4, 'an-instance-that-is-gone', id FROM vaults WHERE current",
            rusqlite::params![
                text(&running["id"]),
                text(&running["connection_id"]),
                running["created_at_ms"].as_i64(),
                running.to_string()
            ],
        )
        .unwrap();
    let dead = stage.backup("0123456789abcdef").await;
    assert_eq!((&dead["state"], &dead["level"]), (&json!("interrupted"), &json!(null)));
    assert_eq!(stage.backup(&id).await["state"], "complete", "earlier backups are untouched");
}

#[tokio::test(flavor = "multi_thread")]
async fn deleting_wants_the_plan_and_for_the_worst_the_name() {
    let stage = Stage::new().await;
    stage.connect("Live shop", "shop.sqlite", "production").await;
    let (id, _) = stage.done("backup.create", json!({ "connection": "Live shop", "prove": true })).await;
    let plan = stage.call("backup.delete.plan", json!({ "backup": id })).await;
    assert_eq!((&plan["newest_proven"], &plan["confirm_name"]), (&json!(true), &json!("Live shop")));
    let nothing = stage.refused("backup.delete.apply", json!({ "plan_id": plan["plan_id"] })).await;
    assert_eq!(nothing, ErrorCode::ConfirmationMissing);
    let wrong =
        Confirmation { digest: plan["digest"].as_str().map(str::to_owned), name: Some("Shop".into()) };
    let error = stage
        .try_call("backup.delete.apply", json!({ "plan_id": plan["plan_id"] }), wrong)
        .await
        .unwrap_err();
    assert_eq!(error.code, ErrorCode::ConfirmationWrong);

    // A newer proof moves the ground under the plan.
    stage.done("backup.create", json!({ "connection": "Live shop", "prove": true })).await;
    assert_eq!(stage.apply("backup.delete.apply", &plan).await.unwrap_err().code, ErrorCode::PlanMoved);
    let plan = stage.call("backup.delete.plan", json!({ "backup": id })).await;
    assert_eq!((&plan["newest_proven"], &plan["confirm_name"]), (&json!(false), &json!(null)));
    stage.apply("backup.delete.apply", &plan).await.unwrap();
    assert_eq!(stage.refused("backup.get", json!({ "backup": id })).await, ErrorCode::NotFound);
}

#[tokio::test(flavor = "multi_thread")]
async fn exports_load_with_the_reference_program() {
    let stage = Stage::new().await;
    let id = stage.back_up().await;
    let source = dump(&stage.path("shop.sqlite"));

    let file = stage.path("copy.sqlite");
    stage.done("backup.export", json!({ "backup": id, "to": file, "format": "sqlite" })).await;
    assert_eq!(dump(&file), source);

    let script = stage.path("copy.sql");
    stage.done("backup.export", json!({ "backup": id, "to": script, "format": "sql" })).await;
    let loaded = stage.path("loaded.sqlite");
    let out = std::process::Command::new("sqlite3")
        .arg(&loaded)
        .stdin(std::fs::File::open(&script).unwrap())
        .output()
        .unwrap();
    assert!(out.status.success() && out.stderr.is_empty(), "{}", String::from_utf8_lossy(&out.stderr));
    assert_eq!((count(&loaded, "customers"), count(&loaded, "orders")), (500, 2000));
    assert_eq!(dump(&loaded), source);

    let again = json!({ "backup": id, "to": script, "format": "sql" });
    assert_eq!(stage.refused("backup.export", again).await, ErrorCode::AlreadyExists);
    stage
        .done("backup.export", json!({ "backup": id, "to": script, "format": "sql", "overwrite": true }))
        .await;
    let relative = json!({ "backup": id, "to": "copy.sql", "format": "sql" });
    assert_eq!(stage.refused("backup.export", relative).await, ErrorCode::BadRequest);
    assert_eq!(stage.beside(), ["copy.sql", "copy.sqlite", "loaded.sqlite"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn another_machine_needs_only_the_vault_and_the_passphrase() {
    let stage = Stage::new().await;
    let id = stage.back_up().await;
    let source = dump(&stage.path("shop.sqlite"));
    stage.app.shutdown().await;

    let folder = tempfile::tempdir().unwrap();
    let other = Stage { app: app(&folder.path().join("home")).await, folder };
    assert_ne!(other.refused("backup.list", json!({})).await, ErrorCode::Internal);
    other.call("vault.attach", json!({ "path": stage.path("home/vault"), "passphrase": PASSPHRASE })).await;
    let listed = other.call("backup.list", json!({ "connection": "Shop" })).await["backups"].clone();
    assert_eq!((&listed[0]["id"], &listed[0]["connection_name"]), (&json!(id), &json!("Shop")));
    // No connection of that name here: a SQLite proof needs none.
    other.done("backup.verify", json!({ "backup": id, "level": "restored" })).await;

    crate::stage::shop(&other.path("elsewhere.sqlite"));
    other.connect("Elsewhere", "elsewhere.sqlite", "development").await;
    let target = other.path("rescued.sqlite");
    let (_, job) =
        other.carry_out("restore", json!({ "backup": id, "to": "Elsewhere", "database": target })).await;
    assert_eq!(job.error, None);
    assert_eq!(dump(&target), source);
}
