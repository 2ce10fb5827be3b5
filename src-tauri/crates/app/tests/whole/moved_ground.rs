//! Every planned operation of the list: plan, change the ground, apply: refused as moved, and everything is as it was. The list
//! is the application's own, so an operation without a case here fails.

use std::path::PathBuf;

use crate::stage::{Stage, dump, run_sql, text};
use holdfast_app::App;
use holdfast_contract::ErrorCode;
use holdfast_contract::policy::{Confirmation, Principal};
use holdfast_testkit::postgres;
use serde_json::{Value, json};

/// A file, a server's database, two backups of the file.
struct Ground {
    stage: Stage,
    backups: [String; 2],
}

impl Ground {
    async fn new() -> Self {
        let stage = Stage::new().await;
        let server = postgres::Server::shared();
        // One test of this program asks for it.
        server.run("postgres", "CREATE TABLE IF NOT EXISTS t (id int)").await;
        let spec = json!({ "engine": "postgres", "host": server.socket_dir(), "port": server.port(),
            "database": "postgres", "user": postgres::SUPERUSER });
        stage
            .call("connection.add", json!({ "name": "Server", "spec": spec, "environment": "development" }))
            .await;
        let first = stage.back_up().await;
        run_sql(&stage.path("shop.sqlite"), "UPDATE customers SET name = 'renamed' WHERE id = 1");
        let backups = [first, stage.back_up().await];
        Self { stage, backups }
    }

    fn shop(&self) -> PathBuf {
        self.stage.path("shop.sqlite")
    }

    async fn update(&self, connection: &str, what: Value) {
        let all = self.stage.call("connection.list", json!({})).await;
        let found =
            all["connections"].as_array().unwrap().iter().find(|one| one["name"] == connection).unwrap();
        let mut request = what;
        request["id"] = found["id"].clone();
        self.stage.call("connection.update", request).await;
    }

    async fn becomes(&self, connection: &str, environment: &str) {
        self.update(connection, json!({ "environment": environment })).await;
    }

    /// A plan of `apply`, and what it was made for has changed since.
    async fn moved(&self, apply: &str) -> Value {
        let (stage, [_, newest]) = (&self.stage, &self.backups);
        let plan = async |request: Value| stage.call(&apply.replace(".apply", ".plan"), request).await;
        match apply {
            "vault.prune.apply" => {
                let made = plan(json!({})).await;
                self.delete(&self.backups[0]).await;
                self.delete(newest).await;
                made
            }
            "backup.delete.apply" => {
                // It is the newest proven one now.
                let made = plan(json!({ "backup": newest })).await;
                stage.done("backup.verify", json!({ "backup": newest, "level": "restored" })).await;
                made
            }
            "restore.apply" => {
                let made = plan(json!({ "backup": newest, "to": "Shop", "replace": true })).await;
                self.becomes("Shop", "staging").await;
                made
            }
            "restore.undo.apply" | "restore.release.apply" => {
                let request = json!({ "backup": newest, "to": "Shop", "replace": true });
                let (restore, _) = stage.carry_out("restore", request).await;
                let made = plan(json!({ "restore": restore })).await;
                self.update("Shop", json!({ "name": "Renamed" })).await;
                made
            }
            "import.apply" => {
                let file = stage.path("file.sql");
                std::fs::write(&file, "create table fresh(id integer);\n").unwrap();
                let request = json!({ "file": file, "to": "Shop", "into": "live", "dialect": "sqlite" });
                let (_, made) = stage.done("import.plan", request).await;
                // Another file in its place is found by the job, by its hash.
                self.becomes("Shop", "production").await;
                made
            }
            "retention.apply" => {
                self.keep_last("Shop", 1).await;
                let made = plan(json!({ "connection": "Shop" })).await;
                stage.back_up().await;
                made
            }
            "retention.set.apply" => {
                let made = plan(json!({ "connection": "Shop", "rules": { "keep_last": 1 } })).await;
                self.keep_last("Shop", 7).await;
                made
            }
            "retention.group.set.apply" => {
                self.update("Shop", json!({ "group": "shops" })).await;
                let made = plan(json!({ "group": "shops", "rules": { "keep_last": 1 } })).await;
                self.update("Server", json!({ "group": "shops" })).await;
                made
            }
            "maintenance.apply" => {
                let made = plan(json!({ "connection": "Shop", "action": "vacuum" })).await;
                self.becomes("Shop", "production").await;
                made
            }
            "table.clear.apply" => {
                let made = plan(json!({ "connection": "Shop", "table": { "name": "orders" } })).await;
                run_sql(&self.shop(), "INSERT INTO orders VALUES (9999, 1, 1.5)");
                made
            }
            "cleanup.set.apply" => {
                let rows = json!({ "kind": "matching", "condition": "id = 1" });
                let request =
                    json!({ "connection": "Shop", "name": "r", "table": { "name": "orders" }, "rows": rows });
                let made = plan(request).await;
                self.becomes("Shop", "production").await;
                made
            }
            "session.close.apply" => {
                let made = plan(json!({ "connection": "Server", "idle_ms": 1000 })).await;
                self.becomes("Server", "production").await;
                made
            }
            "schedule.agree.apply" => {
                let schedule = self.schedule().await;
                let made = plan(json!({ "schedule": schedule })).await;
                self.becomes("Server", "production").await;
                made
            }
            other => panic!("{other} has no case here"),
        }
    }

    async fn delete(&self, backup: &str) {
        let plan = self.stage.call("backup.delete.plan", json!({ "backup": backup })).await;
        self.stage.apply("backup.delete.apply", &plan).await.unwrap();
    }

    async fn keep_last(&self, connection: &str, last: u32) {
        let request = json!({ "connection": connection, "rules": { "keep_last": last } });
        let plan = self.stage.call("retention.set.plan", request).await;
        self.stage.apply("retention.set.apply", &plan).await.unwrap();
    }

    /// Of something that others must wait for.
    async fn schedule(&self) -> String {
        let request = json!({ "name": "Nightly", "operation": "maintenance.run",
            "request": { "connection": "Server", "action": "vacuum_full" },
            "timing": { "when": { "kind": "cron", "pattern": "0 3 * * *" }, "zone": "UTC" } });
        text(&self.stage.call("schedule.add", request).await["id"])
    }

    /// Everything that a person would miss.
    async fn all(&self) -> Vec<String> {
        let list = async |operation: &str| self.stage.call(operation, json!({})).await.to_string();
        vec![
            dump(&self.shop()),
            list("backup.list").await,
            list("restore.list").await,
            list("cleanup.list").await,
            list("schedule.list").await,
            list("retention.group.list").await,
            self.stage
                .call("retention.get", json!({ "connection": self.connection_of(0).await }))
                .await
                .to_string(),
        ]
    }

    async fn connection_of(&self, index: usize) -> String {
        let all = self.stage.call("connection.list", json!({})).await;
        text(&all["connections"][index]["id"])
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_plan_whose_ground_has_moved_is_refused() {
    let planned = App::operations().into_iter().map(|info| info.name).filter(|name| name.ends_with(".apply"));
    for apply in planned {
        let ground = Ground::new().await;
        let plan = ground.moved(&apply).await;
        let before = ground.all().await;
        // What somebody else sends: the digest and the name are right, but he has not looked.
        let confirmation = Confirmation {
            digest: plan["digest"].as_str().map(str::to_owned),
            name: plan["confirm_name"].as_str().map(str::to_owned),
        };
        let request = json!({ "plan_id": plan["plan_id"] });
        let other = Principal::Window("somebody else".into());
        let refused = ground.stage.app.call(other, &apply, request, confirmation).await.unwrap_err();
        assert_eq!(refused.code, ErrorCode::NotAllowed, "{apply} by somebody else: {refused:?}");

        let refused = ground.stage.apply(&apply, &plan).await.expect_err(&apply);
        assert_eq!(refused.code, ErrorCode::PlanMoved, "{apply}: {refused:?}");
        assert!(refused.hint.is_some(), "{apply} says what to do");
        assert_eq!(ground.all().await, before, "{apply} left everything as it was");
        ground.stage.app.idle().await;
    }
}
