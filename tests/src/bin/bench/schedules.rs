//! Does looking at schedules stay quick when there are many? 1,000 schedules, 100,000 past runs; 50 ms is the promise for the
//! list and for the computation of every next run.

use std::process::{Command, Stdio};
use std::sync::Arc;
use std::time::Instant;

use holdfast_app::clock::SystemClock;
use holdfast_app::secrets::MemoryKeychain;
use holdfast_app::{App, AppConfig, NoPassphrase, ProcessKind, SecretsChoice};
use holdfast_contract::policy::{Confirmation, Principal};
use serde_json::{Value, json};

const SCHEDULES: u32 = 1_000;
const RUNS: u32 = 100_000;
const ROUNDS: usize = 15;
/// Milliseconds.
const PROMISE: f64 = 50.0;

pub fn all() {
    let folder = tempfile::tempdir().unwrap();
    let runtime = tokio::runtime::Runtime::new().unwrap();
    runtime.block_on(async {
        // Makes the catalog.
        open(folder.path()).await.shutdown().await;
        fill(&folder.path().join("catalog.sqlite"));
        let app = open(folder.path()).await;
        println!("{SCHEDULES} schedules, {RUNS} past runs; median of {ROUNDS}, promised {PROMISE} ms");
        let all =
            measure(&app, "the list, each with its next and last run", "schedule.list", json!({})).await;
        assert_eq!(all["schedules"].as_array().map(Vec::len), Some(SCHEDULES as usize));
        let with_next = |schedule: &&Value| schedule["next_run_ms"].is_i64();
        assert_eq!(all["schedules"].as_array().unwrap().iter().filter(with_next).count(), SCHEDULES as usize);
        measure(&app, "the newest 100 runs of all", "run.list", json!({ "limit": 100 })).await;
        let one = all["schedules"][7]["id"].clone();
        measure(&app, "the newest 100 runs of one", "run.list", json!({ "schedule": one, "limit": 100 }))
            .await;
        let old = json!({ "before_ms": START_MS + 1_000_000, "limit": 100 });
        measure(&app, "100 runs far back", "run.list", old).await;
        let day = now_ms() + 24 * 60 * 60 * 1000;
        measure(&app, "every due time of the coming day", "schedule.coming", json!({ "until_ms": day }))
            .await;
    });
}

/// 2026-01-01.
const START_MS: i64 = 1_767_225_600_000;

fn now_ms() -> i64 {
    std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap().as_millis() as i64
}

async fn open(home: &std::path::Path) -> App {
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

/// Straight into the tables: adding a thousand schedules by hand is not what is measured. Half are patterns in zones with
/// daylight saving, a quarter has a window, a quarter is an interval.
fn fill(catalog: &std::path::Path) {
    let sql = format!(
        r#"BEGIN;
        WITH RECURSIVE n(i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i < {last_schedule})
        INSERT INTO schedules SELECT printf('%032x', i), 'schedule ' || i, NULL, 'vault.check', '{{}}',
          CASE i % 4
            WHEN 0 THEN '{{"when": {{"kind": "cron", "pattern": "' || (i % 60) || ' ' || (i % 24) || ' * * *"}}, "zone": "Europe/Berlin"}}'
            WHEN 1 THEN '{{"when": {{"kind": "cron", "pattern": "' || (i % 60) || ' 3 * * SUN"}}, "zone": "America/New_York"}}'
            WHEN 2 THEN '{{"when": {{"kind": "cron", "pattern": "*/15 * * * *"}}, "zone": "UTC", "window": {{"days": ["sat", "sun"], "from": "22:00", "until": "06:00"}}}}'
            ELSE '{{"when": {{"kind": "every", "seconds": ' || (3600 + i) || '}}, "zone": "UTC"}}' END,
          1, {START_MS}, {now}, NULL FROM n;
        WITH RECURSIVE n(i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i < {last_run})
        INSERT INTO runs SELECT printf('%032x', 1000000 + i), printf('%032x', i % {SCHEDULES}), 'schedule ' || (i % {SCHEDULES}),
          {START_MS} + i * 60000, 1, 0, CASE i % 10 WHEN 0 THEN 'failed' ELSE 'succeeded' END,
          {START_MS} + i * 60000, {START_MS} + i * 60000, {START_MS} + i * 60000 + 5000, NULL,
          CASE i % 10 WHEN 0 THEN '{{"code": "connection_refused", "message": "Nothing listens there.", "retry": true}}' END, NULL FROM n;
        COMMIT;"#,
        last_schedule = SCHEDULES - 1,
        last_run = RUNS - 1,
        now = now_ms(),
    );
    let filled = Command::new("sqlite3")
        .args(["-bail", "-cmd", ".timeout 20000"])
        .arg(catalog)
        .arg(sql)
        .stdout(Stdio::null())
        .status()
        .unwrap();
    assert!(filled.success(), "the catalog is filled");
}

/// Through the gate, as the window asks; the answer as JSON is part of it.
async fn measure(app: &App, what: &str, operation: &str, request: Value) -> Value {
    let mut times = Vec::new();
    let mut answer = Value::Null;
    for _ in 0..=ROUNDS {
        let begun = Instant::now();
        let asking = app.call(
            Principal::CommandLine("bench".into()),
            operation,
            request.clone(),
            Confirmation::default(),
        );
        answer = asking.await.unwrap_or_else(|error| panic!("{operation}: {error}"));
        times.push(begun.elapsed().as_secs_f64() * 1000.0);
    }
    // The first one warms up.
    times.remove(0);
    times.sort_by(f64::total_cmp);
    let (middle, worst) = (times[times.len() / 2], times[times.len() - 1]);
    let verdict = if middle <= PROMISE { "kept" } else { "BROKEN" };
    println!("  {what:<44} {middle:7.1} ms [..{worst:.1}]  {verdict}");
    answer
}
