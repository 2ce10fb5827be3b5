//! A home of its own with an open vault and a small SQLite shop: the ground of the stories beside it.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use holdfast_app::clock::SystemClock;
use holdfast_app::secrets::MemoryKeychain;
use holdfast_app::{App, AppConfig, NoPassphrase, ProcessKind, SecretsChoice};
use holdfast_contract::job::{Job, JobState};
use holdfast_contract::policy::{Confirmation, Principal};
use holdfast_contract::{ApiError, ErrorCode};
use serde_json::{Value, json};

pub const PASSPHRASE: &str = "correct horse battery staple";

pub struct Stage {
    pub folder: tempfile::TempDir,
    pub app: App,
}

pub async fn app(home: &Path) -> App {
    App::open(AppConfig {
        home: home.to_owned(),
        secrets: SecretsChoice::Keychain,
        clock: Arc::new(SystemClock),
        passphrase: Arc::new(NoPassphrase),
        keychain: Arc::new(MemoryKeychain::default()),
        process: ProcessKind::CommandLine,
    })
    .await
    .unwrap()
}

impl Stage {
    /// Vault open, `Shop` connected.
    pub async fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let app = app(&folder.path().join("home")).await;
        let stage = Self { folder, app };
        shop(&stage.path("shop.sqlite"));
        stage.call("vault.init", json!({ "passphrase": PASSPHRASE })).await;
        stage.connect("Shop", "shop.sqlite", "development").await;
        stage
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    pub async fn connect(&self, name: &str, file: &str, environment: &str) {
        let spec = json!({ "engine": "sqlite", "path": self.path(file) });
        let request =
            json!({ "name": name, "spec": spec, "environment": environment, "prove_after_backup": false });
        self.call("connection.add", request).await;
    }

    pub async fn try_call(
        &self,
        operation: &str,
        request: Value,
        confirmation: Confirmation,
    ) -> Result<Value, ApiError> {
        self.app.call(Principal::CommandLine("tester".into()), operation, request, confirmation).await
    }

    pub async fn call(&self, operation: &str, request: Value) -> Value {
        match self.try_call(operation, request, Confirmation::default()).await {
            Ok(answer) => answer,
            Err(error) => panic!("{operation}: {error:?}"),
        }
    }

    pub async fn refused(&self, operation: &str, request: Value) -> ErrorCode {
        self.try_call(operation, request, Confirmation::default()).await.unwrap_err().code
    }

    /// Waits for the job that an answer speaks of.
    pub async fn job(&self, started: &Value) -> Job {
        self.app.idle().await;
        let job = self.call("job.get", json!({ "job": started["job_id"] })).await;
        serde_json::from_value(job).unwrap()
    }

    /// Starts long work and waits for its good end; the id of what it made and its result.
    pub async fn done(&self, operation: &str, request: Value) -> (String, Value) {
        let started = self.call(operation, request).await;
        let job = self.job(&started).await;
        assert_eq!(job.state, JobState::Succeeded, "{operation}: {:?}", job.error);
        (text(&started["id"]), job.result.unwrap())
    }

    /// Starts long work and waits for its bad end.
    pub async fn fails(&self, operation: &str, request: Value) -> ApiError {
        let started = self.call(operation, request).await;
        let job = self.job(&started).await;
        job.error.unwrap_or_else(|| panic!("{operation} succeeded: {:?}", job.result))
    }

    pub async fn back_up(&self) -> String {
        self.done("backup.create", json!({ "connection": "Shop" })).await.0
    }

    /// Applies a plan as a person would who has looked at it and typed what it asks for.
    pub async fn apply(&self, operation: &str, plan: &Value) -> Result<Value, ApiError> {
        let confirmation = Confirmation {
            digest: plan["digest"].as_str().map(str::to_owned),
            name: plan["confirm_name"].as_str().map(str::to_owned),
        };
        self.try_call(operation, json!({ "plan_id": plan["plan_id"] }), confirmation).await
    }

    /// Plans, applies and waits: the job as it ended, and the id of what was started.
    pub async fn carry_out(&self, name: &str, request: Value) -> (String, Job) {
        let plan = self.call(&format!("{name}.plan"), request).await;
        let started = self.apply(&format!("{name}.apply"), &plan).await.unwrap();
        let job = self.job(&started).await;
        (text(&started["id"]), job)
    }

    pub async fn backup(&self, id: &str) -> Value {
        self.call("backup.get", json!({ "backup": id })).await["backup"].clone()
    }

    pub async fn restore(&self, id: &str) -> Value {
        self.call("restore.get", json!({ "restore": id })).await
    }

    /// Flips one bit in the middle of the largest file of the vault: a pack.
    pub fn damage_a_pack(&self) {
        let mut files = Vec::new();
        collect(&self.path("home/vault"), &mut files);
        let pack = files.into_iter().max_by_key(|path| std::fs::metadata(path).unwrap().len()).unwrap();
        let mut bytes = std::fs::read(&pack).unwrap();
        let middle = bytes.len() / 2;
        bytes[middle] ^= 1;
        let mut permissions = std::fs::metadata(&pack).unwrap().permissions();
        #[allow(clippy::permissions_set_readonly_false)]
        permissions.set_readonly(false);
        std::fs::set_permissions(&pack, permissions).unwrap();
        std::fs::write(&pack, bytes).unwrap();
    }

    pub fn catalog(&self) -> rusqlite::Connection {
        rusqlite::Connection::open(self.path("home/catalog.sqlite")).unwrap()
    }

    /// Everything beside the live file whose name was made up.
    pub fn beside(&self) -> Vec<String> {
        let mut names: Vec<String> = std::fs::read_dir(self.folder.path())
            .unwrap()
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .filter(|name| name != "home" && !name.starts_with("shop.sqlite"))
            .collect();
        names.sort();
        names
    }
}

fn collect(folder: &Path, files: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() { collect(&path, files) } else { files.push(path) }
    }
}

/// Two tables, a view, an index; a few hundred pages.
pub fn shop(path: &Path) {
    let shop = rusqlite::Connection::open(path).unwrap();
    shop.execute_batch(
        "PRAGMA journal_mode = wal;
         CREATE TABLE customers (id INTEGER PRIMARY KEY, name TEXT NOT NULL, note BLOB);
         CREATE TABLE orders (id INTEGER PRIMARY KEY, customer INTEGER REFERENCES customers, total REAL);
         CREATE INDEX orders_of ON orders (customer);
         CREATE VIEW totals AS SELECT customer, sum(total) AS total FROM orders GROUP BY customer;
         WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 500)
         INSERT INTO customers SELECT i, 'customer ' || i, randomblob(1000) FROM n;
         WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 2000)
         INSERT INTO orders SELECT i, 1 + i % 500, i / 7.0 FROM n;",
    )
    .unwrap();
}

pub fn count(path: &Path, table: &str) -> i64 {
    let database = rusqlite::Connection::open(path).unwrap();
    database.query_row(&format!("SELECT count(*) FROM {table}"), [], |row| row.get(0)).unwrap()
}

pub fn run_sql(path: &Path, sql: &str) {
    rusqlite::Connection::open(path).unwrap().execute_batch(sql).unwrap();
}

/// What the reference program says is in a database: an independent witness.
pub fn dump(path: &Path) -> String {
    let out = std::process::Command::new("sqlite3").arg(path).arg(".dump").output().unwrap();
    assert!(out.status.success(), "{}", String::from_utf8_lossy(&out.stderr));
    String::from_utf8(out.stdout).unwrap()
}

pub fn text(value: &Value) -> String {
    value.as_str().unwrap().to_owned()
}
